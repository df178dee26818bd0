/// What an open does before the first request (R1–R5). A cut anywhere in it is one more cut that the next open covers.
extension BlockStore {
  func recover(from newest: JournalReader.FoundAnchor, reader: JournalReader) throws(JournalError) {
    recovery.wasClean = newest.anchor.state == .clean
    try onFlash { () throws(FlashError) in
      try firmAnchor(newest, reader)
      try restoreTornBlocks(newest.anchor)
    }
    let epochs = try onFlash { () throws(FlashError) in try reader.ringEpochs() }
    let lastVisited = try replayFrames(from: newest.anchor, reader, epochs)
    if recovery.replayedFrames > 0 { recovery.wasClean = false }
    // R5: the half-written tail is left behind for good; no header on the flash has this epoch.
    let largestEpoch = epochs.reduce(newest.anchor.ringHead.epoch) { max($0, $1 ?? 0) }
    position = RingPosition(block: (lastVisited + 1) % layout.ringBlocks, epoch: largestEpoch + 2, page: 1)
    guard recovery.damagedBlocks.isEmpty else {
      becomeReadOnly()
      return
    }
    beginCheckpoint(state: .open, isRecovering: true)
    try onFlash { () throws(FlashError) in try finishCheckpoint() }
  }

  private func onFlash<Result>(_ body: () throws(FlashError) -> Result) throws(JournalError) -> Result {
    do { return try body() } catch { throw .flash(error) }
  }

  /// R1: no torn anchor can come to outrank the one acted upon.
  private func firmAnchor(_ newest: JournalReader.FoundAnchor, _ reader: JournalReader) throws(FlashError) {
    // A process that was killed may have left its last anchors in the page cache only.
    try device.sync()
    try programAgain(reader.anchorOffset(block: newest.block, page: newest.page))
    try repeatAnchor()
  }

  /// Programs a page with the bytes it reads: firms cells that a cut left marginal.
  private func programAgain(_ offset: Int) throws(FlashError) {
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.pageBytes, alignment: 16) { (page) throws(FlashError) in
      try device.read(offset, into: page)
      try device.program(offset, UnsafeRawBufferPointer(page))
    }
  }

  /// R2: a block that reads equal is written too, it may be weakly erased.
  private func restoreTornBlocks(_ anchor: AnchorPage) throws(FlashError) {
    for (index, slot) in anchor.slots.enumerated() {
      let scratch = layout.firstScratchBlock + anchor.scratchFirst + index
      try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.eraseBytes, alignment: 16) {
        (bytes) throws(FlashError) in
        try device.read(scratch * FlashGeometry.eraseBytes, into: bytes)
        if CRC32C.checksum(UnsafeRawBufferPointer(bytes)) == slot.checksum {
          try device.replace(block: Int(slot.block), with: UnsafeRawBufferPointer(bytes))
          recovery.restoredBlocks += 1
        } else {
          recovery.damagedBlocks.append(Int(slot.block))
        }
      }
    }
  }

  /// R3 and R4. The ring block in which the walk ended.
  private func replayFrames(
    from anchor: AnchorPage, _ reader: JournalReader, _ epochs: [UInt64?]
  ) throws(JournalError) -> Int {
    var lastVisited = anchor.ringHead.block
    var lastPageOffset: Int?
    position = anchor.ringHead
    while true {
      let start = position.normalized(ringBlocks: layout.ringBlocks)
      guard epochs[start.block] == start.epoch else { break }
      lastVisited = start.block
      let found = try onFlash { () throws(FlashError) in
        try reader.readFrame(at: start, sequence: sequence + 1, epochs: epochs, into: frame)
      }
      guard let found else { break }
      guard frame.records.areValid(volumeBytes: volumeBytes) else {
        throw .badFrame(sequence: sequence + 1, offset: reader.ringOffset(block: start.block, page: start.page))
      }
      sequence += 1
      recovery.replayedFrames += 1
      position = found.end
      lastVisited = found.end.block
      lastPageOffset = found.lastPageOffset
      try onFlash { () throws(FlashError) in try loadCopies(for: frame.records) }
      apply(frame.records)
    }
    if let lastPageOffset { try onFlash { () throws(FlashError) in try programAgain(lastPageOffset) } }
    return lastVisited
  }
}
