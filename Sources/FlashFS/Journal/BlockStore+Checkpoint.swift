/// A checkpoint under way.
struct CheckpointRun {
  /// The state of its last anchor.
  var state: AnchorPage.State
  /// Newest frame and append position when it began; its last anchor tells them.
  var sequence: UInt64
  var ringHead: RingPosition
  /// Covered blocks may be in a state that only reads right: an earlier session was cut while it wrote them.
  var isRecovering: Bool
  /// Blocks that were dirty then, in ascending order. Each byte of a covered one lies in a frame that the ring holds until the
  /// last anchor, so a recovery makes it again without a copy in scratch; the others need one.
  var partBlocks: [Int]
  var coveredBlocks: [Int]
  /// How many of each are done or in the batch.
  var partsDone = 0
  var coveredDone = 0
  /// The batch that is on its way, and how far.
  var batch: StagedBlocks?
  var phase = Phase.idle
  /// A sync came after the newest frame that the run counts on.
  var isSynced = false

  enum Phase {
    case idle
    /// In scratch, the anchor is next.
    case inScratch
    /// A recovery can make every block of the batch again.
    case isSafe
  }

  var hasMoreBlocks: Bool { partsDone < partBlocks.count || coveredDone < coveredBlocks.count }
  /// Blocks that are neither in place nor in the batch.
  var waiting: [Int] { Array(partBlocks[partsDone...] + coveredBlocks[coveredDone...]) }
}

/// Bringing the RAM copies to the flash (C0–C4), step by step. What a step writes is fixed under the volume's lock and written
/// without it.
extension BlockStore {
  /// Covered blocks of one batch: bounds the memory that a batch takes and the time that the lock is held for it.
  private static let coveredBatchBlocks = 64

  func beginCheckpoint(state: AnchorPage.State, isRecovering: Bool = false) {
    let dirty = copies.takeNewlyDirty()
    checkpoint = CheckpointRun(
      state: state, sequence: sequence, ringHead: position.normalized(ringBlocks: layout.ringBlocks),
      isRecovering: isRecovering, partBlocks: dirty.part, coveredBlocks: dirty.covered)
  }

  /// The next piece of work, of a new checkpoint when none is running; nil when there is none. Under the volume's lock; then
  /// `CheckpointStep.perform` without it, then `finish` with it.
  package func nextCheckpointStep() throws(FlashError) -> CheckpointStep? {
    try whileAlive { () throws(FlashError) in
      if checkpoint == nil {
        guard isDirty else { return nil }
        beginCheckpoint(state: .open)
      }
      return try makeStep()
    }
  }

  /// Takes note of a step that was performed, or performs it now. True while more is to do.
  package func finish(_ step: CheckpointStep) throws(FlashError) -> Bool {
    try whileAlive { () throws(FlashError) in
      try complete(step)
      return checkpoint != nil
    }
  }

  /// Does one batch, of a new checkpoint when none is running; true while more is to do.
  package func checkpointSlice() throws(FlashError) -> Bool {
    while let step = try nextCheckpointStep() {
      guard try finish(step) else { return false }
      if let run = checkpoint, run.phase == .idle, run.hasMoreBlocks { return true }
    }
    return false
  }

  func finishCheckpoint() throws(FlashError) {
    while checkpoint != nil { try complete(makeStep()) }
  }

  private func complete(_ step: CheckpointStep) throws(FlashError) {
    try step.perform()
    // A commit that was short of room may have completed it before.
    guard step === pendingStep else { return }
    pendingStep = nil
    try didPerform(step)
  }

  private func makeStep() throws(FlashError) -> CheckpointStep {
    if let pendingStep { return pendingStep }
    guard var run = checkpoint else { preconditionFailure("a step of no checkpoint") }
    let work = try makeWork(&run)
    checkpoint = run
    let step = CheckpointStep(work, on: device)
    pendingStep = step
    return step
  }

  private func makeWork(_ run: inout CheckpointRun) throws(FlashError) -> CheckpointStep.Work {
    // The half that the newest anchor does not name.
    let half = layout.slotsPerHalf - anchor.scratchFirst
    switch (run.batch, run.phase) {
    case (let batch?, .inScratch):
      let slots = batch.blocks.indices.map {
        AnchorPage.Slot(block: UInt32(batch.blocks[$0]), checksum: CRC32C.checksum(batch[$0]))
      }
      return anchorWork(
        state: .checkpointing, checkpointSequence: anchor.checkpointSequence, ringHead: anchor.ringHead,
        scratchFirst: half, slots: slots)
    case (let batch?, .isSafe):
      return .inPlace(batch, isForced: false, syncsFirst: false)
    default:
      while run.partsDone < run.partBlocks.count {
        if let batch = try freeze(run.partBlocks, &run.partsDone, limit: layout.slotsPerHalf) {
          run.batch = batch
          return .scratch(batch, firstBlock: layout.firstScratchBlock + half)
        }
      }
      while run.coveredDone < run.coveredBlocks.count {
        // A recovery finds blocks that a cut left in any state. Of the others this session knows every operation.
        if let batch = try freeze(
          run.coveredBlocks, &run.coveredDone, limit: Self.coveredBatchBlocks, mayOmit: !run.isRecovering)
        {
          run.batch = batch
          run.phase = .isSafe
          return .inPlace(batch, isForced: run.isRecovering, syncsFirst: !run.isSynced)
        }
      }
      return anchorWork(
        state: run.state, checkpointSequence: run.sequence, ringHead: run.ringHead, scratchFirst: anchor.scratchFirst,
        slots: [])
    }
  }

  private func didPerform(_ step: CheckpointStep) throws(FlashError) {
    switch step.work {
    case .scratch: checkpoint?.phase = .inScratch
    case .anchor(let next, _, let erasing):
      didWriteAnchor(next, startedBlock: erasing != nil)
      checkpoint?.isSynced = true
      if checkpoint?.batch == nil {
        checkpoint = nil
        try onCheckpointed?()
      } else {
        checkpoint?.phase = .isSafe
      }
    case .inPlace(let staged, _, _):
      checkpoint?.isSynced = true
      checkpoint?.batch = nil
      checkpoint?.phase = .idle
      for block in staged.blocks where !copies.isDirty(block) { copies.remove(block) }
    }
  }

  /// C0: freezes the next blocks that differ from the flash, at most `limit`; nil when none of those looked at does. `mayOmit`:
  /// what reads equal need not be written.
  private func freeze(
    _ blocks: [Int], _ done: inout Int, limit: Int, mayOmit: Bool = true
  ) throws(FlashError) -> StagedBlocks? {
    var batch: [Int] = []
    while done < blocks.count, batch.count < limit {
      let block = blocks[done]
      done += 1
      guard let copy = copies[block] else { continue }
      let content = UnsafeRawBufferPointer(start: copy, count: FlashGeometry.eraseBytes)
      copies.markFrozen(block)
      if mayOmit, try device.withBlock(block, { equalBytes($0, content) }) {
        copies.remove(block)
      } else {
        batch.append(block)
      }
    }
    return batch.isEmpty ? nil : StagedBlocks(batch, from: copies)
  }

  // MARK: Anchors

  /// The next page of the anchor log. The block of the newest anchor is never the one that is erased, and no page that a cut may
  /// have touched is programmed again.
  private func anchorWork(
    state: AnchorPage.State, checkpointSequence: UInt64, ringHead: RingPosition, scratchFirst: Int,
    slots: [AnchorPage.Slot]
  ) -> CheckpointStep.Work {
    let next = AnchorPage(
      sequence: anchor.sequence + (isFirstAnchor ? 2 : 1), state: state, checkpointSequence: checkpointSequence,
      ringHead: ringHead, scratchFirst: scratchFirst, slots: slots)
    let startsBlock = isFirstAnchor || nextAnchorPage == FlashGeometry.pagesPerBlock
    let block = layout.firstAnchorBlock + (startsBlock ? 1 - anchorBlock : anchorBlock)
    let page = startsBlock ? 0 : nextAnchorPage
    return .anchor(
      next, offset: block * FlashGeometry.eraseBytes + page * FlashGeometry.pageBytes,
      erasing: startsBlock ? block : nil)
  }

  private func didWriteAnchor(_ next: AnchorPage, startedBlock: Bool) {
    if startedBlock {
      anchorBlock = 1 - anchorBlock
      nextAnchorPage = 0
    }
    nextAnchorPage += 1
    isFirstAnchor = false
    anchor = next
  }

  /// Writes an anchor outside a checkpoint: a copy of the newest one.
  func repeatAnchor() throws(FlashError) {
    let work = anchorWork(
      state: anchor.state, checkpointSequence: anchor.checkpointSequence, ringHead: anchor.ringHead,
      scratchFirst: anchor.scratchFirst, slots: anchor.slots)
    try CheckpointStep(work, on: device).perform()
    if case .anchor(let next, _, let erasing) = work { didWriteAnchor(next, startedBlock: erasing != nil) }
  }
}
