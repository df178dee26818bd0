/// Sizes of a W25Q-class NOR chip, the kind that CircuitPython boards carry.
package struct FlashGeometry: Sendable, Equatable {
  package var sizeBytes: Int
  /// The smallest unit that can be erased.
  package static let eraseBytes = 4096
  /// The most that one program operation takes; it never crosses a multiple of this.
  package static let pageBytes = 256
  package static let pagesPerBlock = eraseBytes / pageBytes
  package var blockCount: Int { sizeBytes / Self.eraseBytes }
  package init(sizeBytes: Int) { self.sizeBytes = sizeBytes }
}

/// What a flash operation can fail with.
package enum FlashError: Error, Equatable, Sendable {
  /// The simulated power is gone; every later call says so too.
  case powerLost
  case outOfRange
  /// A program asked a bit to go from 0 to 1: a bug of the caller.
  case notErased(offset: Int)
  /// The image file failed.
  case io(errno: Int32)
}

/// How much work the flash has done.
package struct FlashCounters: Sendable, Equatable {
  package var reads: UInt64 = 0
  /// Page program operations.
  package var programs: UInt64 = 0
  package var erases: UInt64 = 0
  /// Bytes that those programs wrote.
  package var programmedBytes: UInt64 = 0
  /// Time that a real chip would have been busy, by the latency model; 0 without one.
  package var busyNanoseconds: UInt64 = 0
}

/// How long a real chip takes.
package struct FlashLatency: Sendable, Equatable {
  package var programNanoseconds: UInt64
  package var eraseNanoseconds: UInt64
  /// Typical values of a W25Q16's data sheet.
  package static let typical = FlashLatency(programNanoseconds: 400_000, eraseNanoseconds: 45_000_000)
}

/// NOR flash: program clears bits within pages, erase sets 4096 bytes to FF.
package protocol FlashDevice: AnyObject, Sendable {
  var geometry: FlashGeometry { get }
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError)
  /// Split at page borders; each page is one operation.
  func program(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError)
  func erase(block: Int) throws(FlashError)
  /// Makes all that was done survive a crash of the host; means nothing to the simulated chip.
  func sync() throws(FlashError)
  var counters: FlashCounters { get }
  /// Erases of each block so far.
  var wear: [UInt32] { get }
  /// How long each operation takes; nil: none takes time. The device only counts it (`FlashCounters.busyNanoseconds`).
  var latency: FlashLatency? { get }
}
