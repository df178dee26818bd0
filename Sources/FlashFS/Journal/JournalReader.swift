/// Finds anchors and frames on the flash; writes nothing.
struct JournalReader {
  struct FoundAnchor {
    var anchor: AnchorPage
    var block: Int
    var page: Int
  }
  /// A committed frame.
  struct FoundFrame {
    /// Behind its last page.
    var end: RingPosition
    var lastPageOffset: Int
  }

  let device: any FlashDevice
  let layout: ImageLayout

  func anchorOffset(block: Int, page: Int) -> Int {
    (layout.firstAnchorBlock + block) * FlashGeometry.eraseBytes + page * FlashGeometry.pageBytes
  }

  func newestAnchor() throws(FlashError) -> FoundAnchor? {
    var newest: FoundAnchor?
    for block in 0..<2 {
      for page in 0..<FlashGeometry.pagesPerBlock {
        let anchor = try withPage(anchorOffset(block: block, page: page)) { AnchorPage($0, layout: layout) }
        if let anchor, newest.map({ $0.anchor.sequence < anchor.sequence }) ?? true {
          newest = FoundAnchor(anchor: anchor, block: block, page: page)
        }
      }
    }
    return newest
  }

  /// The epoch of each ring block that has a header.
  func ringEpochs() throws(FlashError) -> [UInt64?] {
    var epochs: [UInt64?] = []
    for block in 0..<layout.ringBlocks {
      epochs.append(try withPage(ringOffset(block: block, page: 0)) { RingBlockHeader($0)?.epoch })
    }
    return epochs
  }

  func ringOffset(block: Int, page: Int) -> Int {
    (layout.firstRingBlock + block) * FlashGeometry.eraseBytes + page * FlashGeometry.pageBytes
  }

  /// Reads the frame `sequence` that starts at `start`; nil when no committed frame of that number does.
  func readFrame(
    at start: RingPosition, sequence: UInt64, epochs: [UInt64?], into frame: Frame
  ) throws(FlashError) -> FoundFrame? {
    let pageBytes = FlashGeometry.pageBytes
    var at = start
    var done = 0
    var total = pageBytes
    var lastPageOffset = 0
    while done < total {
      at = at.normalized(ringBlocks: layout.ringBlocks)
      guard epochs[at.block] == at.epoch else { return nil }
      // The first page tells how many there are; then as many at once as the block holds.
      let count = done == 0 ? pageBytes : min(total - done, (FlashGeometry.pagesPerBlock - at.page) * pageBytes)
      frame.reserve(done + count)
      try device.read(
        ringOffset(block: at.block, page: at.page),
        into: UnsafeMutableRawBufferPointer(rebasing: frame.memory[done..<done + count]))
      if done == 0 {
        guard frame.acceptHeader(sequence: sequence), frame.pages <= layout.maximumFramePages else { return nil }
        total = frame.pages * pageBytes
      }
      at.page += count / pageBytes
      done += count
      lastPageOffset = ringOffset(block: at.block, page: at.page - 1)
    }
    guard frame.acceptRest(sequence: sequence) else { return nil }
    return FoundFrame(end: at, lastPageOffset: lastPageOffset)
  }

  private func withPage<Result>(
    _ offset: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(FlashError) -> Result {
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.pageBytes, alignment: 16) { (page) throws(FlashError) in
      try device.read(offset, into: page)
      return body(UnsafeRawBufferPointer(page))
    }
  }
}
