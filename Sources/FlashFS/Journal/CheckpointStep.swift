import Synchronization

/// Blocks of one checkpoint batch, their contents frozen.
final class StagedBlocks: Sendable {
  let blocks: [Int]
  // Written by `init` only.
  nonisolated(unsafe) private let memory: UnsafeMutableRawPointer

  /// `copies` has a copy of every block.
  init(_ blocks: [Int], from copies: borrowing BlockCopies) {
    self.blocks = blocks
    memory = .allocate(byteCount: max(1, blocks.count) * FlashGeometry.eraseBytes, alignment: 16)
    for (index, block) in blocks.enumerated() {
      guard let copy = copies[block] else { preconditionFailure("a batch of blocks that have no copy") }
      (memory + index * FlashGeometry.eraseBytes).copyMemory(from: copy, byteCount: FlashGeometry.eraseBytes)
    }
  }

  deinit { memory.deallocate() }

  /// The content of the block at `index` of the batch.
  subscript(index: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory + index * FlashGeometry.eraseBytes, count: FlashGeometry.eraseBytes)
  }
}

/// A piece of a checkpoint (`BlockStore.nextCheckpointStep`). All that it writes is fixed, and nothing else writes there, so it
/// is done without the volume's lock: commits go on meanwhile.
package final class CheckpointStep: UpkeepStep {
  enum Work: Sendable {
    /// C1: the batch's contents, into scratch blocks from `firstBlock` on.
    case scratch(StagedBlocks, firstBlock: Int)
    /// C2 and C4. `erasing`: the anchor block that this page is the first of.
    case anchor(AnchorPage, offset: Int, erasing: Int?)
    /// C3. `isForced`: the flash may be in any state, also one that only reads right. `syncsFirst`: nothing since the last
    /// sync has made sure that the frames are on the host's disk from which a torn block would be made again.
    case inPlace(StagedBlocks, isForced: Bool, syncsFirst: Bool)
  }

  let work: Work
  private let device: any FlashDevice
  /// Nil until it was done; held while it is.
  private let outcome = Mutex<Result<Void, FlashError>?>(nil)

  init(_ work: Work, on device: any FlashDevice) {
    self.work = work
    self.device = device
  }

  /// Does the work, once: whoever comes second waits and gets the same outcome.
  package func perform() throws(FlashError) {
    let result = outcome.withLock { outcome in
      if let outcome { return outcome }
      let result: Result<Void, FlashError>
      do throws(FlashError) {
        try write()
        result = .success(())
      } catch {
        result = .failure(error)
      }
      outcome = result
      return result
    }
    try result.get()
  }

  private func write() throws(FlashError) {
    switch work {
    case .scratch(let staged, let firstBlock):
      for index in staged.blocks.indices { try device.replace(block: firstBlock + index, with: staged[index]) }
    case .anchor(let anchor, let offset, let erasing):
      // Before and after: the host may not reorder across an anchor.
      try device.sync()
      if let erasing { try device.erase(block: erasing) }
      try device.programPage(offset) { anchor.write(to: $0) }
      try device.sync()
    case .inPlace(let staged, let isForced, let syncsFirst):
      if syncsFirst { try device.sync() }
      for (index, block) in staged.blocks.enumerated() {
        if isForced {
          try device.replace(block: block, with: staged[index])
        } else {
          try device.update(block: block, to: staged[index])
        }
      }
    }
  }
}
