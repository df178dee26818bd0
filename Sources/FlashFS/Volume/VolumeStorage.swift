/// Where a volume's bytes lie. `Volume` reads and changes them only through this; `BlockStore` puts the journal behind it, a
/// plain array serves tests. Not thread-safe: the volume's lock guards it.
package protocol VolumeStorage: AnyObject {
  /// Bytes from the boot sector to the end of the volume.
  var volumeBytes: Int { get }
  /// The largest `Transaction.bodyBytes` that `commit` takes.
  var maximumTransactionBytes: Int { get }
  /// Reads what the last successful `commit` left.
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError)
  /// Applies the whole transaction, or none of it when it throws. After a throw other than `outOfRange` the storage is dead:
  /// reads go on, every further commit throws the same.
  func commit(_ transaction: borrowing Transaction) throws(FlashError)
  /// Makes everything committed survive a crash of the host.
  func sync() throws(FlashError)

  /// When `upkeepSlice` wants to be called, from a thread of its own (with the volume's lock).
  var upkeep: Upkeep { get }
  /// Does a part of the work that was put off; true while more of it is due. `isDue`: the wait that `upkeep` asks for is over;
  /// without it only what cannot wait is done.
  func upkeepSlice(isDue: Bool) throws(FlashError) -> Bool
  /// The next part of that work, where it can be done without the volume's lock: given out with it, performed without it, and
  /// finished with it. Nil when nothing is due, or the storage has no such parts.
  func upkeepStep(isDue: Bool) throws(FlashError) -> (any UpkeepStep)?
  /// Takes note of a step that was performed, or performs it now. True while more is due.
  func finish(_ step: any UpkeepStep) throws(FlashError) -> Bool
  /// Called under the volume's lock when `upkeepSlice` has become urgent.
  var onUrgent: (() -> Void)? { get set }
  /// Brings what a board would lose with its power to the flash; a journal loses nothing.
  func flushCache() throws(FlashError)
  /// Puts everything in place. The storage takes no commit afterwards.
  func close() throws(FlashError)
  /// `count` bytes of a file were written: what wear is measured against.
  func noteFileBytes(_ count: Int)
  /// Whether the chip takes its time.
  var isTimed: Bool { get }
  /// How long the chip was busy since this was last asked: for the caller to wait, without a lock.
  func takeBusyNanoseconds() -> UInt64
}

/// A part of a storage's upkeep, fixed when it was made; performed once, on any thread.
package protocol UpkeepStep: AnyObject, Sendable {
  func perform() throws(FlashError)
}

/// When a storage has work to do besides its commits.
package enum Upkeep: Sendable, Equatable {
  case none
  /// Once no change came for so long; in between it may become urgent.
  case afterQuiet(nanoseconds: UInt64)
  /// So long after the first change since it was last done, however many follow.
  case afterFirstChange(nanoseconds: UInt64)
}

extension VolumeStorage {
  /// Whether the volume was never formatted: its boot sector is erased flash. A crash may come between making an image and
  /// formatting it, so this and not the image's age tells.
  package func isBlank() throws(FlashError) -> Bool {
    try withUnsafeTemporaryAllocation(byteCount: FATGeometry.sectorBytes, alignment: 16) {
      (sector) throws(FlashError) in
      try read(0, into: sector)
      return sector.allSatisfy { $0 == 0xFF }
    }
  }
}

/// A storage that puts nothing off.
extension VolumeStorage {
  package var upkeep: Upkeep { .none }
  package func upkeepSlice(isDue: Bool) throws(FlashError) -> Bool {
    guard let step = try upkeepStep(isDue: isDue) else { return false }
    return try finish(step)
  }
  package func upkeepStep(isDue: Bool) throws(FlashError) -> (any UpkeepStep)? { nil }
  package func finish(_ step: any UpkeepStep) throws(FlashError) -> Bool { false }
  package var onUrgent: (() -> Void)? {
    get { nil }
    set {}
  }
  package func flushCache() throws(FlashError) {}
  package func noteFileBytes(_ count: Int) {}
  package func close() throws(FlashError) { try sync() }
  package var isTimed: Bool { false }
  package func takeBusyNanoseconds() -> UInt64 { 0 }
}

/// The byte ranges that one request changes; all of them become true at once. Later records win where ranges overlap.
package struct Transaction: ~Copyable {
  package enum Record: Sendable, Equatable {
    /// `payload[payloadStart ..< payloadStart + count]` goes to `offset`.
    case patch(offset: Int, payloadStart: Int, count: Int)
    /// `count` times `byte` at `offset`.
    case fill(offset: Int, count: Int, byte: UInt8)
  }
  /// Bytes that a record takes in a journal frame besides its payload (`flashfs.md` §4; wide records take 4 more).
  package static let recordHeaderBytes = 12

  package private(set) var records: [Record] = []
  /// The payloads of all patches, one after the other.
  package private(set) var payload: [UInt8] = []
  package init() {}

  package var isEmpty: Bool { records.isEmpty }
  /// What the records take in a journal frame.
  package var bodyBytes: Int { records.count * Self.recordHeaderBytes + payload.count }

  package mutating func patch(_ offset: Int, _ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty { return }
    records.append(.patch(offset: offset, payloadStart: payload.count, count: bytes.count))
    payload.append(contentsOf: bytes)
  }
  package mutating func patch(_ offset: Int, _ bytes: [UInt8]) {
    bytes.withUnsafeBytes { patch(offset, $0) }
  }
  package mutating func fill(_ offset: Int, count: Int, byte: UInt8 = 0) {
    if count > 0 { records.append(.fill(offset: offset, count: count, byte: byte)) }
  }

  /// Calls `body` with each change, in order; `outOfRange`, and nothing was called, when one of them reaches outside of a volume
  /// of `volumeBytes`.
  package borrowing func forEachChange(
    within volumeBytes: Int, _ body: (FrameRecord) throws(FlashError) -> Void
  ) throws(FlashError) {
    for record in records {
      switch record {
      case .patch(let offset, _, let count), .fill(let offset, let count, _):
        guard offset >= 0, count <= volumeBytes, offset <= volumeBytes - count else { throw .outOfRange }
      }
    }
    try payload.withUnsafeBufferPointer { (payload) throws(FlashError) in
      for record in records {
        switch record {
        case .patch(let offset, let start, let count):
          try body(
            FrameRecord(
              offset: offset, count: count, payload: UnsafeRawPointer(payload.baseAddress! + start), fillByte: 0))
        case .fill(let offset, let count, let byte):
          try body(FrameRecord(offset: offset, count: count, payload: nil, fillByte: byte))
        }
      }
    }
  }
}
