import Glibc

/// What an acknowledged commit survives (`flashfs.md` §8).
package enum Durability: String, Sendable {
  /// The end of this process at any instant, and the simulated chip's power loss.
  case process
  /// A crash of the host too: each commit is synced.
  case host
}

/// The volume's bytes behind a journal: every commit is wholly there after any cut, or not at all.
///
/// Changed erase blocks live as RAM copies over the flash; commits append frames to the ring; checkpoints bring the copies
/// to the flash through the scratch blocks. The proof that every prefix of flash operations recovers is `flashfs.md` §5;
/// the order of operations here is its order. Not thread-safe: the volume's lock guards it.
package final class BlockStore: VolumeStorage {
  let device: any FlashDevice
  package let layout: ImageLayout
  let durability: Durability
  /// What opening found.
  package internal(set) var recovery = RecoveryReport()
  /// Called behind the last anchor of each checkpoint; the image saves its wear table then.
  package var onCheckpointed: (() throws(FlashError) -> Void)?
  /// Bytes of files that were written through this store since it was opened.
  package private(set) var fileBytes: UInt64 = 0
  /// Called behind a commit as long as a checkpoint is due (`needsCheckpoint`), under the volume's lock.
  package var onUrgent: (() -> Void)?

  var copies: BlockCopies
  let frame = Frame()

  // The anchor log.
  /// The newest anchor on the flash.
  var anchor: AnchorPage
  /// 0 or 1.
  var anchorBlock: Int
  /// Page of `anchorBlock` for the next anchor.
  var nextAnchorPage: Int
  /// The first anchor after an open goes to the other block and counts on by 2.
  var isFirstAnchor = true

  // The ring.
  /// Where the next frame page goes.
  var position: RingPosition
  /// Whether this session erased the block of `position` and wrote its header.
  var isRingBlockOpen = false
  /// Sequence number of the newest frame.
  var sequence: UInt64

  var checkpoint: CheckpointRun?
  /// The step of `checkpoint` that was given out and not finished.
  var pendingStep: CheckpointStep?
  /// Why nothing is written any more.
  package private(set) var failure: FlashError?
  private var isClosed = false
  private var takenBusyNanoseconds: UInt64 = 0

  /// Recovers what is on the device (R1–R5) and opens it. Writes to the flash, also when nothing is to recover.
  package init(
    device: any FlashDevice, layout: ImageLayout, durability: Durability = .process
  ) throws(JournalError) {
    self.device = device
    self.layout = layout
    self.durability = durability
    guard device.geometry.sizeBytes >= layout.flashBytes else {
      throw .deviceTooSmall(neededBytes: layout.flashBytes, deviceBytes: device.geometry.sizeBytes)
    }
    copies = BlockCopies(blockCount: layout.volumeBlocks)
    let reader = JournalReader(device: device, layout: layout)
    let newest: JournalReader.FoundAnchor?
    do { newest = try reader.newestAnchor() } catch { throw .flash(error) }
    guard let newest else { throw .noAnchor(offset: layout.volumeBytes) }
    anchor = newest.anchor
    anchorBlock = newest.block
    nextAnchorPage = newest.page + 1
    position = newest.anchor.ringHead
    sequence = newest.anchor.checkpointSequence
    try recover(from: newest, reader: reader)
  }

  /// Lays the journal's blocks behind a volume of `layout.volumeBytes`; the volume's bytes stay as they are. Wear table and
  /// trailer are the image's (`FlashImage`).
  package static func create(on device: any FlashDevice, layout: ImageLayout) throws(FlashError) {
    guard layout.isPossible, device.geometry.sizeBytes >= layout.flashBytes else { throw .outOfRange }
    for block in layout.volumeBlocks..<layout.flashBlocks { try device.erase(block: block) }
    let head = RingPosition(block: 0, epoch: 1, page: 1)
    let anchor = AnchorPage(
      sequence: 1, state: .clean, checkpointSequence: 0, ringHead: head, scratchFirst: 0, slots: [])
    try device.programPage(layout.firstAnchorBlock * FlashGeometry.eraseBytes) { anchor.write(to: $0) }
    try device.sync()
  }

  // MARK: VolumeStorage

  package var volumeBytes: Int { layout.volumeBytes }

  package var maximumTransactionBytes: Int {
    let room =
      layout.maximumFramePages * FlashGeometry.pageBytes - Frame.headerBytes - Frame.trailerBytes
    // A wide record takes 16 bytes where the transaction counts 12.
    return isWide ? room / 4 * 3 : room
  }

  /// Offsets beyond 32 bits.
  private var isWide: Bool { layout.volumeBytes > 1 << 32 }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset <= volumeBytes - buffer.count else { throw .outOfRange }
    guard let target = buffer.baseAddress else { return }
    if copies.copyCount == 0 {
      try device.read(offset, into: buffer)
      return
    }
    let size = FlashGeometry.eraseBytes
    var done = 0
    while done < buffer.count {
      let block = (offset + done) / size
      let start = (offset + done) % size
      if let copy = copies[block] {
        let count = min(size - start, buffer.count - done)
        (target + done).copyMemory(from: copy + start, byteCount: count)
        done += count
      } else {
        var end = block + 1
        while end * size < offset + buffer.count, copies[end] == nil { end += 1 }
        let count = min(end * size - offset, buffer.count) - done
        try device.read(offset + done, into: UnsafeMutableRawBufferPointer(start: target + done, count: count))
        done += count
      }
    }
  }

  package func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    if let failure { throw failure }
    if transaction.isEmpty { return }
    guard fits(transaction) else { throw .outOfRange }
    frame.build(transaction, sequence: sequence + 1, isWide: isWide)
    try whileAlive { () throws(FlashError) in
      try reserveRing(pages: frame.pages)
      try loadCopies(for: frame.records)
      try appendFrame()
      if durability == .host { try device.sync() }
      sequence += 1
      apply(frame.records)
    }
    if needsCheckpoint { onUrgent?() }
  }

  package func noteFileBytes(_ count: Int) { fileBytes += UInt64(count) }

  package func sync() throws(FlashError) {
    try whileAlive { () throws(FlashError) in try device.sync() }
  }

  // MARK: Checkpoints

  /// Without a change for so long the drive is idle: the volume at offset 0 is brought up to date.
  private static let idleNanoseconds: UInt64 = 250_000_000
  package var upkeep: Upkeep { .afterQuiet(nanoseconds: Self.idleNanoseconds) }

  /// A busy drive is checkpointed when its ring is half full.
  package func upkeepStep(isDue: Bool) throws(FlashError) -> (any UpkeepStep)? {
    guard isDue || needsCheckpoint || pendingStep != nil else { return nil }
    return try nextCheckpointStep()
  }

  package func finish(_ step: any UpkeepStep) throws(FlashError) -> Bool {
    guard let step = step as? CheckpointStep else { return false }
    return try finish(step)
  }

  package var isTimed: Bool { device.latency != nil }

  package func takeBusyNanoseconds() -> UInt64 {
    let busy = device.counters.busyNanoseconds
    defer { takenBusyNanoseconds = busy }
    return busy - takenBusyNanoseconds
  }

  /// Whether the flash lacks something that was committed.
  package var isDirty: Bool { checkpoint != nil || anchor.checkpointSequence < sequence }

  /// Whether the ring is half full.
  package var needsCheckpoint: Bool { 2 * usedRingBlocks >= layout.ringBlocks }

  /// Blocks that hold frame pages between the newest programmed anchor's ring head and the append position.
  var usedRingBlocks: Int {
    let next = position.normalized(ringBlocks: layout.ringBlocks)
    return Int(next.epoch - anchor.ringHead.epoch) + (next.page == 1 ? 0 : 1)
  }

  /// Brings everything to the flash and marks the image clean. The store takes no commit afterwards.
  package func close() throws(FlashError) {
    if isClosed { return }
    try whileAlive { () throws(FlashError) in
      try finishCheckpoint()
      beginCheckpoint(state: .clean)
      try finishCheckpoint()
    }
    isClosed = true
    failure = .io(errno: EBADF)
  }

  // MARK: Failure

  /// Runs `body` unless the store is dead; an error of the flash kills it. The next open recovers.
  func whileAlive<Result>(_ body: () throws(FlashError) -> Result) throws(FlashError) -> Result {
    if let failure { throw failure }
    do {
      return try body()
    } catch {
      failure = error
      throw error
    }
  }

  /// Nothing more is written: the image is damaged where only a person can decide.
  func becomeReadOnly() { failure = .io(errno: EROFS) }

  // MARK: Applying

  private func fits(_ transaction: borrowing Transaction) -> Bool {
    guard transaction.records.count <= Frame.recordLimit else { return false }
    let bodyBytes = Frame.bodyBytes(of: transaction, isWide: isWide)
    guard Frame.pages(bodyBytes: bodyBytes) <= layout.maximumFramePages else { return false }
    for record in transaction.records {
      switch record {
      case .patch(let offset, _, let count), .fill(let offset, let count, _):
        guard offset >= 0, count <= UInt32.max, offset <= volumeBytes - count else { return false }
      }
    }
    return true
  }

  /// Gives each block that the records change in part a copy of its present content, so that `apply` cannot fail.
  func loadCopies(for records: FrameRecords) throws(FlashError) {
    let size = FlashGeometry.eraseBytes
    var records = records
    while let record = records.next() {
      let end = record.offset + record.count
      if record.offset % size != 0 || record.count < size { try loadCopy(of: record.offset / size) }
      if end % size != 0 { try loadCopy(of: end / size) }
    }
  }

  private func loadCopy(of block: Int) throws(FlashError) {
    if copies[block] != nil { return }
    let copy = UnsafeMutableRawBufferPointer(start: copies.add(block), count: FlashGeometry.eraseBytes)
    do {
      try device.read(block * FlashGeometry.eraseBytes, into: copy)
    } catch {
      copies.remove(block)
      throw error
    }
  }

  /// Makes the records of the frame `sequence` visible.
  func apply(_ records: FrameRecords) {
    for record in records {
      record.forEachPart(unitBytes: FlashGeometry.eraseBytes) { block, start, done, count in
        let copy = copies[block] ?? copies.add(block)
        record.write(from: done, to: UnsafeMutableRawBufferPointer(start: copy + start, count: count))
        copies.markDirty(block, sequence: sequence, bytes: start..<start + count)
      }
    }
  }
}

/// What an open found on the flash.
package struct RecoveryReport: Sendable, Equatable {
  /// The last session ended with `close` and the volume at offset 0 was complete.
  package var wasClean = false
  /// Frames that were committed and not yet in place.
  package var replayedFrames = 0
  /// Volume blocks written again from scratch because a checkpoint was under way.
  package var restoredBlocks = 0
  /// Volume blocks whose scratch content does not have the noted checksum: no cut does that. The store is read-only.
  package var damagedBlocks: [Int] = []
  package init() {}
}

extension FlashDevice {
  /// Programs one page with what `fill` puts into it.
  func programPage(_ offset: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) throws(FlashError) {
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.pageBytes, alignment: 16) { (page) throws(FlashError) in
      fill(page)
      try program(offset, UnsafeRawBufferPointer(page))
    }
  }
}
