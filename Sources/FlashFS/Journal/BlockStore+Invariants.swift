/// Checks that cost too much for daily work; tests call them after every step.
extension BlockStore {
  /// Empty when the store's state agrees with itself and a recovery of what lies on the flash now would show the content
  /// that `read` shows. A dead store is not asked.
  package func checkInvariants() throws(FlashError) -> [String] {
    if failure != nil { return [] }
    return checkCopies() + checkRing() + (try checkReplay())
  }

  private func checkCopies() -> [String] {
    var problems: [String] = []
    var copyCount = 0
    let listed = Set(checkpoint?.waiting ?? [])
    let frozen = Set(checkpoint?.batch?.blocks ?? [])
    for block in 0..<layout.volumeBlocks {
      if copies[block] != nil { copyCount += 1 }
      let since = copies.dirtySince(block)
      if (copies[block] != nil) != (since != 0 || frozen.contains(block)) {
        problems.append("block \(block): a copy and not dirty, or the reverse")
      }
      if since > sequence || (since != 0 && since <= anchor.checkpointSequence) {
        problems.append("block \(block): dirty since \(since), anchor \(anchor.checkpointSequence), newest \(sequence)")
      }
      if listed.contains(block) && since == 0 { problems.append("block \(block): on the checkpoint's list and clean") }
    }
    if copyCount != copies.copyCount { problems.append("\(copies.copyCount) copies counted, \(copyCount) there") }
    return problems
  }

  private func checkRing() -> [String] {
    var problems: [String] = []
    let head = anchor.ringHead
    let next = position.normalized(ringBlocks: layout.ringBlocks)
    if next.epoch < head.epoch || (next.epoch == head.epoch && next.page < head.page) {
      problems.append("ring: append position \(next) before head \(head)")
    } else if usedRingBlocks > layout.ringBlocks {
      problems.append("ring: \(usedRingBlocks) blocks used of \(layout.ringBlocks)")
    } else if (head.block + Int(next.epoch - head.epoch)) % layout.ringBlocks != next.block {
      problems.append("ring: epochs and blocks of \(head) and \(next) disagree")
    }
    return problems
  }

  /// Reads anchor, scratch and frames as a recovery does and compares the outcome.
  private func checkReplay() throws(FlashError) -> [String] {
    let reader = JournalReader(device: device, layout: layout)
    guard let found = try reader.newestAnchor(), found.anchor == anchor else {
      return ["anchor: the flash has another newest one than \(anchor)"]
    }
    let size = FlashGeometry.eraseBytes
    let replayed = UnsafeMutableRawBufferPointer.allocate(byteCount: volumeBytes, alignment: 16)
    let shown = UnsafeMutableRawBufferPointer.allocate(byteCount: volumeBytes, alignment: 16)
    defer {
      replayed.deallocate()
      shown.deallocate()
    }
    try device.read(0, into: replayed)
    var problems: [String] = []
    for (index, slot) in anchor.slots.enumerated() {
      let target = UnsafeMutableRawBufferPointer(
        rebasing: replayed[Int(slot.block) * size..<(Int(slot.block) + 1) * size])
      try device.read((layout.firstScratchBlock + anchor.scratchFirst + index) * size, into: target)
      if CRC32C.checksum(UnsafeRawBufferPointer(target)) != slot.checksum {
        problems.append("scratch: slot \(index) for block \(slot.block) has another content than its checksum says")
      }
    }
    let last = try replay(onto: replayed, reader)
    if last != sequence { problems.append("ring: frames up to \(last) can be read, \(sequence) were committed") }
    try read(0, into: shown)
    for block in 0..<layout.volumeBlocks where problems.isEmpty {
      let range = block * size..<(block + 1) * size
      let isEqual = equalBytes(
        UnsafeRawBufferPointer(rebasing: replayed[range]), UnsafeRawBufferPointer(rebasing: shown[range]))
      if !isEqual { problems.append("block \(block): a recovery would show another content") }
    }
    return problems
  }

  private func replay(onto volume: UnsafeMutableRawBufferPointer, _ reader: JournalReader) throws(FlashError) -> UInt64
  {
    let epochs = try reader.ringEpochs()
    let frame = Frame()
    var at = anchor.ringHead
    var last = anchor.checkpointSequence
    while let found = try reader.readFrame(at: at, sequence: last + 1, epochs: epochs, into: frame) {
      for record in frame.records {
        record.write(
          from: 0, to: UnsafeMutableRawBufferPointer(rebasing: volume[record.offset..<record.offset + record.count]))
      }
      at = found.end
      last += 1
    }
    return last
  }
}
