import Synchronization

/// One operation as it was done, with what it wrote.
package enum LoggedOperation: Sendable {
  case program(offset: Int, [UInt8])
  case erase(block: Int)

  var kind: FlashOperation {
    switch self {
    case .program(let offset, _): .program(offset: offset)
    case .erase(let block): .erase(block: block)
    }
  }
}

/// A healthy chip that keeps a record of all that it did, so that every cut can be looked at afterwards without running anything
/// again.
package final class LoggedFlash: FlashDevice {
  private let flash: SimulatedNORFlash
  private let record = Mutex<[LoggedOperation]>([])

  package init(_ content: [UInt8]) {
    flash = SimulatedNORFlash(store: MemoryStore(content), geometry: FlashGeometry(sizeBytes: content.count))
  }

  package var operations: [LoggedOperation] { record.withLock { $0 } }
  package var operationCount: Int { record.withLock { $0.count } }

  package var geometry: FlashGeometry { flash.geometry }
  package var counters: FlashCounters { flash.counters }
  package var wear: [UInt32] { flash.wear }
  package var latency: FlashLatency? { nil }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    try flash.read(offset, into: buffer)
  }

  package func program(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    let pageBytes = FlashGeometry.pageBytes
    var done = 0
    while done < bytes.count {
      let at = offset + done
      let length = min(pageBytes - at % pageBytes, bytes.count - done)
      let page = UnsafeRawBufferPointer(rebasing: bytes[done..<done + length])
      try flash.program(at, page)
      record.withLock { $0.append(.program(offset: at, Array(page))) }
      done += length
    }
  }

  package func erase(block: Int) throws(FlashError) {
    try flash.erase(block: block)
    record.withLock { $0.append(.erase(block: block)) }
  }

  package func sync() throws(FlashError) {}
}

/// The flash after a power cut at one operation of a record.
package struct LossCut {
  /// The operation that was hit, counted from the record's first.
  package let index: Int
  /// What it left; nil: it never began.
  package let tear: Tear?
  package let content: [UInt8]
  package let unsettled: [UnsettledCells]

  /// The chip as the next power-up finds it; `content` itself stays as it is.
  package func makeFlash() -> SimulatedNORFlash {
    SimulatedNORFlash(
      store: OverlayStore(content), geometry: FlashGeometry(sizeBytes: content.count), unsettled: unsettled)
  }
}

/// Walks through the cuts of a record in order.
package struct LossReplay {
  private let initial: [UInt8]
  private let operations: [LoggedOperation]

  /// `initial` is the flash before the first operation.
  package init(initial: [UInt8], operations: [LoggedOperation]) {
    self.initial = initial
    self.operations = operations
  }

  /// Calls `body` for the operation at each of `indices` (ascending) with nothing of it done, and with `tornStates` torn states
  /// of it; the seed picks them. A last cut, behind the last operation, has the index of the operation that never came.
  package func forEachCut(
    at indices: some Sequence<Int>, tornStates: Int, seed: UInt64, _ body: (LossCut) throws -> Void
  ) rethrows {
    var content = initial
    var done = 0
    for index in indices where index <= operations.count {
      while done < index {
        Self.perform(operations[done], on: &content)
        done += 1
      }
      try body(LossCut(index: index, tear: nil, content: content, unsettled: []))
      guard index < operations.count else { continue }
      let operation = operations[index]
      var random = SplitMix64(seed: seed &+ UInt64(index) &* 0x9E37_79B9)
      let kinds = Tear.kinds(of: operation.kind).filter { $0 != .complete }
      for kind in kinds.shuffled(using: &random).prefix(tornStates) {
        let tear = Tear(kind, seed: random.next())
        let (range, torn, cells) = Self.torn(tear, operation, content)
        let whole = Array(content[range])
        content.replaceSubrange(range, with: torn)
        try body(LossCut(index: index, tear: tear, content: content, unsettled: cells.map { [$0] } ?? []))
        content.replaceSubrange(range, with: whole)
      }
    }
  }

  private static func perform(_ operation: LoggedOperation, on content: inout [UInt8]) {
    switch operation {
    case .program(let offset, let bytes): content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    case .erase(let block):
      let start = block * FlashGeometry.eraseBytes
      for index in start..<start + FlashGeometry.eraseBytes { content[index] = 0xFF }
    }
  }

  private static func torn(
    _ tear: Tear, _ operation: LoggedOperation, _ content: [UInt8]
  ) -> (Range<Int>, [UInt8], UnsettledCells?) {
    switch operation {
    case .program(let offset, let bytes):
      let range = offset..<offset + bytes.count
      let (torn, cells) = tear.applied(toPage: Array(content[range]), programming: bytes, at: offset)
      return (range, torn, cells)
    case .erase(let block):
      let start = block * FlashGeometry.eraseBytes
      let range = start..<start + FlashGeometry.eraseBytes
      let (torn, cells) = tear.applied(toBlock: Array(content[range]), at: start)
      return (range, torn, cells)
    }
  }
}
