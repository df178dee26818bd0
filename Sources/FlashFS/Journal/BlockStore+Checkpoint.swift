import Glibc

/// A checkpoint under way.
struct CheckpointRun {
  /// The state of its last anchor.
  var state: AnchorPage.State
  /// Newest frame and append position when it began; its last anchor tells them.
  var sequence: UInt64
  var ringHead: RingPosition
  /// Blocks that were dirty then, in ascending order, and how many of them are done.
  var blocks: [Int]
  var done = 0
}

/// Bringing the RAM copies to the flash (C0–C4).
extension BlockStore {
  func beginCheckpoint(state: AnchorPage.State) {
    checkpoint = CheckpointRun(
      state: state, sequence: sequence, ringHead: position.normalized(ringBlocks: layout.ringBlocks),
      blocks: copies.takeNewlyDirty())
  }

  func finishCheckpoint() throws(FlashError) {
    while checkpoint != nil { _ = try runBatch() }
  }

  /// One batch; behind the last one the anchor that frees the ring. True while more is to do.
  func runBatch() throws(FlashError) -> Bool {
    guard var run = checkpoint else { return false }
    let batch = try freezeBatch(&run)
    if !batch.isEmpty { try writeBatch(batch) }
    checkpoint = run
    if run.done < run.blocks.count { return true }
    try writeAnchor(
      state: run.state, checkpointSequence: run.sequence, ringHead: run.ringHead, scratchFirst: anchor.scratchFirst,
      slots: [])
    checkpoint = nil
    try onCheckpointed?()
    return false
  }

  /// C0: takes the next blocks that differ from the flash, at most as many as a scratch half has slots.
  private func freezeBatch(_ run: inout CheckpointRun) throws(FlashError) -> [Int] {
    var batch: [Int] = []
    while run.done < run.blocks.count, batch.count < layout.slotsPerHalf {
      let block = run.blocks[run.done]
      run.done += 1
      guard let copy = content(of: block) else { continue }
      copies.markFrozen(block)
      let isEqual = try withFlashContent(of: block) { equalBytes($0, copy) }
      if isEqual {
        copies.remove(block)
      } else {
        batch.append(block)
      }
    }
    return batch
  }

  private func content(of block: Int) -> UnsafeRawBufferPointer? {
    copies[block].map { UnsafeRawBufferPointer(start: $0, count: FlashGeometry.eraseBytes) }
  }

  private func withFlashContent<Result>(
    of block: Int, _ body: (UnsafeRawBufferPointer) throws(FlashError) -> Result
  ) throws(FlashError) -> Result {
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.eraseBytes, alignment: 16) {
      (memory) throws(FlashError) in
      try device.read(block * FlashGeometry.eraseBytes, into: memory)
      return try body(UnsafeRawBufferPointer(memory))
    }
  }

  private func writeBatch(_ batch: [Int]) throws(FlashError) {
    // C1: the half that the newest anchor does not name.
    let half = layout.slotsPerHalf - anchor.scratchFirst
    var slots: [AnchorPage.Slot] = []
    for (index, block) in batch.enumerated() {
      guard let bytes = content(of: block) else { continue }
      try replace(block: layout.firstScratchBlock + half + index, with: bytes)
      slots.append(.init(block: UInt32(block), checksum: CRC32C.checksum(bytes)))
    }
    // C2
    try writeAnchor(
      state: .checkpointing, checkpointSequence: anchor.checkpointSequence, ringHead: anchor.ringHead,
      scratchFirst: half, slots: slots)
    // C3
    for block in batch {
      guard let bytes = content(of: block) else { continue }
      let onlyClears = try withFlashContent(of: block) { (old) throws(FlashError) in
        guard onlyClearsBits(from: old, to: bytes) else { return false }
        try program(block: block, bytes, over: old)
        return true
      }
      if !onlyClears { try replace(block: block, with: bytes) }
    }
    for block in batch where !copies.isDirty(block) { copies.remove(block) }
  }

  /// Erases a block and programs those pages that are not blank.
  func replace(block: Int, with bytes: UnsafeRawBufferPointer) throws(FlashError) {
    try device.erase(block: block)
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.pageBytes, alignment: 16) {
      (blank) throws(FlashError) in
      memset(blank.baseAddress!, 0xFF, blank.count)
      try programPages(of: block, bytes) { equalBytes($1, UnsafeRawBufferPointer(blank)) }
    }
  }

  /// Programs those pages that differ from `old`, what the block holds.
  private func program(
    block: Int, _ bytes: UnsafeRawBufferPointer, over old: UnsafeRawBufferPointer
  ) throws(FlashError) {
    try programPages(of: block, bytes) { at, page in
      equalBytes(page, UnsafeRawBufferPointer(rebasing: old[at..<at + page.count]))
    }
  }

  /// Programs the pages for which `mayOmit(offset in the block, page)` is false, each run of them at once.
  private func programPages(
    of block: Int, _ bytes: UnsafeRawBufferPointer, mayOmit: (Int, UnsafeRawBufferPointer) -> Bool
  ) throws(FlashError) {
    let start = block * FlashGeometry.eraseBytes
    let pageBytes = FlashGeometry.pageBytes
    var runStart: Int?
    for at in stride(from: 0, to: bytes.count, by: pageBytes) {
      if mayOmit(at, UnsafeRawBufferPointer(rebasing: bytes[at..<at + pageBytes])) {
        if let from = runStart { try device.program(start + from, UnsafeRawBufferPointer(rebasing: bytes[from..<at])) }
        runStart = nil
      } else if runStart == nil {
        runStart = at
      }
    }
    if let from = runStart { try device.program(start + from, UnsafeRawBufferPointer(rebasing: bytes[from...])) }
  }

  /// Puts the next page of the anchor log. The block of the newest anchor is never the one that is erased, and no page
  /// that a cut may have touched is programmed again. Synced before and after: the host may not reorder across it.
  func writeAnchor(
    state: AnchorPage.State, checkpointSequence: UInt64, ringHead: RingPosition, scratchFirst: Int,
    slots: [AnchorPage.Slot]
  ) throws(FlashError) {
    let next = AnchorPage(
      sequence: anchor.sequence + (isFirstAnchor ? 2 : 1), state: state, checkpointSequence: checkpointSequence,
      ringHead: ringHead, scratchFirst: scratchFirst, slots: slots)
    try device.sync()
    if isFirstAnchor || nextAnchorPage == FlashGeometry.pagesPerBlock {
      anchorBlock = 1 - anchorBlock
      nextAnchorPage = 0
      try device.erase(block: layout.firstAnchorBlock + anchorBlock)
    }
    let offset = (layout.firstAnchorBlock + anchorBlock) * FlashGeometry.eraseBytes
    try device.programPage(offset + nextAnchorPage * FlashGeometry.pageBytes) { next.write(to: $0) }
    try device.sync()
    nextAnchorPage += 1
    isFirstAnchor = false
    anchor = next
  }
}
