import Glibc

/// The volume in flash as a real board keeps it (`flashfs.md` §9): in place, behind a cache of one erase block, without a journal.
/// Nothing that was acknowledged is safe before the cache is flushed, and a flush that the power leaves half done takes 4096 bytes
/// with it, whoever they belong to. Not thread-safe: the volume's lock guards it.
///
/// A transaction's records go out one after the other in the order of oofatfs. What takes clusters writes the allocation
/// table first, then data and directories; what only frees some writes the directories first. A computer's driver has an order of its
/// own; both leave the board between any two blocks.
package final class FaithfulStorage: VolumeStorage {
  /// Where the board's flash is, which decides what flushes the cache.
  package enum Chip: Sendable, Equatable {
    /// Beside the program, as on RP2040 boards: every read flushes first.
    case internalFlash
    /// A chip of its own: a read of the cached block flushes.
    case externalFlash
  }

  /// `CIRCUITPY_FILESYSTEM_FLUSH_INTERVAL_MS` of the boards.
  package static let flushDelayNanoseconds: UInt64 = 1_000_000_000
  /// A board takes sectors one by one and knows no transactions; this only bounds the memory for one.
  private static let transactionLimitBytes = 1 << 20

  let device: any FlashDevice
  package let volumeBytes: Int
  private let chip: Chip
  /// Called when all is put away at the end; the image saves its wear table then.
  package var onClosed: (() throws(FlashError) -> Void)?

  private var cache = [UInt8](repeating: 0xFF, count: FlashGeometry.eraseBytes)
  /// The block in the cache, changed since it was read.
  private var cachedBlock: Int?
  /// Bytes of the allocation tables; empty before the volume is formatted.
  private var tables = 0..<0
  private var failure: FlashError?
  private var takenBusyNanoseconds: UInt64

  /// `volumeBytes` is a multiple of the erase block.
  package init(device: any FlashDevice, volumeBytes: Int, chip: Chip) throws(FlashError) {
    guard volumeBytes > 0, volumeBytes % FlashGeometry.eraseBytes == 0, volumeBytes <= device.geometry.sizeBytes else {
      throw .outOfRange
    }
    self.device = device
    self.volumeBytes = volumeBytes
    self.chip = chip
    takenBusyNanoseconds = device.counters.busyNanoseconds
    try locateTables()
  }

  // MARK: VolumeStorage

  package var maximumTransactionBytes: Int { Self.transactionLimitBytes }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset <= volumeBytes - buffer.count else { throw .outOfRange }
    if buffer.isEmpty { return }
    if let cachedBlock {
      let blocks = offset / FlashGeometry.eraseBytes...(offset + buffer.count - 1) / FlashGeometry.eraseBytes
      if chip == .internalFlash || blocks.contains(cachedBlock) { try flushCache() }
    }
    try device.read(offset, into: buffer)
  }

  /// Unlike a journal's, a commit that fails may have left a part: the board's power is gone with it.
  package func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    if let failure { throw failure }
    var touchesBootSector = false
    var takesClusters = false
    try transaction.forEachChange(within: volumeBytes) { (change) throws(FlashError) in
      touchesBootSector = touchesBootSector || change.offset < FATGeometry.sectorBytes
      if tables.contains(change.offset), !takesClusters { takesClusters = try setsBits(change) }
    }
    for isTable in takesClusters ? [true, false] : [false, true] {
      try transaction.forEachChange(within: volumeBytes) { (change) throws(FlashError) in
        if tables.contains(change.offset) == isTable { try write(change) }
      }
    }
    if touchesBootSector { try locateTables() }
  }

  /// Only the image file is synced. Whatever a computer's fsync says, the board's cache stays where it is.
  package func sync() throws(FlashError) {
    if let failure { throw failure }
    try device.sync()
  }

  package var upkeep: Upkeep { .afterFirstChange(nanoseconds: Self.flushDelayNanoseconds) }

  package func upkeepSlice(isDue: Bool) throws(FlashError) -> Bool {
    if isDue { try flushCache() }
    return false
  }

  /// Erases the cached block and programs its sixteen pages, equal or not.
  package func flushCache() throws(FlashError) {
    guard let block = cachedBlock else { return }
    if let failure { throw failure }
    do throws(FlashError) {
      try device.erase(block: block)
      try cache.withUnsafeBufferPointer { (bytes) throws(FlashError) in
        try device.program(block * FlashGeometry.eraseBytes, UnsafeRawBufferPointer(bytes))
      }
    } catch {
      failure = error
      throw error
    }
    cachedBlock = nil
  }

  package func close() throws(FlashError) {
    try flushCache()
    try sync()
    try onClosed?()
    failure = .io(errno: EBADF)
  }

  package var isTimed: Bool { device.latency != nil }

  package func takeBusyNanoseconds() -> UInt64 {
    let busy = device.counters.busyNanoseconds
    defer { takenBusyNanoseconds = busy }
    return busy - takenBusyNanoseconds
  }

  // MARK: The cache

  private func write(_ change: FrameRecord) throws(FlashError) {
    try change.forEachPart(unitBytes: FlashGeometry.eraseBytes) { (block, start, done, count) throws(FlashError) in
      try load(block)
      cache.withUnsafeMutableBytes { change.write(from: done, to: .init(rebasing: $0[start..<start + count])) }
    }
  }

  private func load(_ block: Int) throws(FlashError) {
    if cachedBlock == block { return }
    try flushCache()
    try cache.withUnsafeMutableBufferPointer { (buffer) throws(FlashError) in
      try device.read(block * FlashGeometry.eraseBytes, into: .init(buffer))
    }
    cachedBlock = block
  }

  // MARK: The order of writes

  /// Whether a patch holds a 1 where the volume has a 0: free entries of an allocation table are all 0.
  private func setsBits(_ change: FrameRecord) throws(FlashError) -> Bool {
    guard let payload = change.payload else { return false }
    for index in 0..<change.count {
      let byte = payload.load(fromByteOffset: index, as: UInt8.self)
      if try present(change.offset + index) & byte != byte { return true }
    }
    return false
  }

  /// A byte as it is now, without flushing.
  private func present(_ offset: Int) throws(FlashError) -> UInt8 {
    let (block, at) = offset.quotientAndRemainder(dividingBy: FlashGeometry.eraseBytes)
    if block == cachedBlock { return cache[at] }
    return try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { (byte) throws(FlashError) in
      try device.read(offset, into: byte)
      return byte[0]
    }
  }

  private func locateTables() throws(FlashError) {
    var sector: [UInt8] = []
    for offset in 0..<FATGeometry.sectorBytes { sector.append(try present(offset)) }
    tables = 0..<0
    guard let geometry = try? BootSector.decode(sector, volumeBytes: volumeBytes) else { return }
    tables = geometry.reservedSectors * FATGeometry.sectorBytes..<geometry.rootOffset
  }
}
