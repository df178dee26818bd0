/// The journal ring: where frames go.
extension BlockStore {
  /// Makes sure that `pages` more pages do not reach a block that holds a frame behind the newest programmed anchor's
  /// `checkpointSequence`. May run checkpoints to their end; afterwards there is room for every frame that `commit` takes.
  func reserveRing(pages: Int) throws(FlashError) {
    if ringHasRoom(pages: pages) { return }
    try finishCheckpoint()
    if ringHasRoom(pages: pages) { return }
    beginCheckpoint(state: .open)
    try finishCheckpoint()
    assert(ringHasRoom(pages: pages), "journal: no room for \(pages) pages after a whole checkpoint")
  }

  private func ringHasRoom(pages: Int) -> Bool {
    let last = position.lastEpoch(ofFramePages: pages, ringBlocks: layout.ringBlocks)
    return last - anchor.ringHead.epoch < UInt64(layout.ringBlocks)
  }

  /// Programs the frame's pages, one run for each ring block. A block that this session has not opened is erased right
  /// before its header is programmed, never trusted to be erased: a cut erase can leave bits that only look erased.
  func appendFrame() throws(FlashError) {
    let bytes = frame.bytes
    let pageBytes = FlashGeometry.pageBytes
    var done = 0
    while done < bytes.count {
      if position.page == FlashGeometry.pagesPerBlock {
        position = position.normalized(ringBlocks: layout.ringBlocks)
        isRingBlockOpen = false
      }
      let count = min((FlashGeometry.pagesPerBlock - position.page) * pageBytes, bytes.count - done)
      if isRingBlockOpen {
        let offset = ringOffset(block: position.block, page: position.page)
        try device.program(offset, UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]))
      } else {
        try device.erase(block: layout.firstRingBlock + position.block)
        // Unopened blocks are entered at page 1, so header and frame pages adjoin.
        let offset = ringOffset(block: position.block, page: 0)
        try frame.withHeaderPage(RingBlockHeader(epoch: position.epoch), before: done, count: count) {
          (bytes) throws(FlashError) in try device.program(offset, bytes)
        }
        isRingBlockOpen = true
      }
      position.page += count / pageBytes
      done += count
    }
  }

  private func ringOffset(block: Int, page: Int) -> Int {
    (layout.firstRingBlock + block) * FlashGeometry.eraseBytes + page * FlashGeometry.pageBytes
  }
}
