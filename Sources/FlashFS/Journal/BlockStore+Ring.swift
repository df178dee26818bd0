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

  /// Programs the frame's pages, one run for each ring block.
  func appendFrame() throws(FlashError) {
    let bytes = frame.bytes
    let pageBytes = FlashGeometry.pageBytes
    var done = 0
    while done < bytes.count {
      try openRingBlock()
      let room = (FlashGeometry.pagesPerBlock - position.page) * pageBytes
      let count = min(room, bytes.count - done)
      let offset = ringOffset(block: position.block, page: position.page)
      try device.program(offset, UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]))
      position.page += count / pageBytes
      done += count
    }
  }

  /// Erases the block of the append position and gives it its header, when this session has not yet. A block is never
  /// trusted to be erased: a cut erase can leave bits that only look erased.
  private func openRingBlock() throws(FlashError) {
    if position.page == FlashGeometry.pagesPerBlock {
      position = position.normalized(ringBlocks: layout.ringBlocks)
      isRingBlockOpen = false
    }
    if isRingBlockOpen { return }
    let header = RingBlockHeader(epoch: position.epoch)
    try device.erase(block: layout.firstRingBlock + position.block)
    try device.programPage(ringOffset(block: position.block, page: 0)) { header.write(to: $0) }
    isRingBlockOpen = true
  }

  private func ringOffset(block: Int, page: Int) -> Int {
    (layout.firstRingBlock + block) * FlashGeometry.eraseBytes + page * FlashGeometry.pageBytes
  }
}
