import Glibc
import Synchronization

/// One end of the serial console: something that shows output, and may bring input through `Console.receive`.
/// Called from several threads.
protocol ConsoleEnd: AnyObject, Sendable {
  /// Whether somebody is there who could type: decides about prompts and the status bar. A log file never is.
  var isConnected: Bool { get }
  /// Shows output bytes. Does not block for long, whatever the other side does.
  func write(_ bytes: UnsafeRawBufferPointer)
  /// Shows terminal control bytes that are no text (line clear, status bar); a log leaves them out.
  func writeControl(_ bytes: UnsafeRawBufferPointer)
}

extension ConsoleEnd {
  func writeControl(_ bytes: UnsafeRawBufferPointer) { write(bytes) }
}

/// The board's serial console: one byte stream with many ends. Output goes to all of them, input is merged from all of them.
final class Console: Sendable {
  /// Input kept for the program. Much more than a board's, so that no paste is cut.
  static let inputCapacityBytes = 1 << 16
  static let interruptByte: UInt8 = 0x03

  private struct State {
    var ends: [any ConsoleEnd] = []
    var input = ByteQueue()
    var isClosed = false
    /// Called instead of queueing ctrl-C while set.
    var interrupt: (@Sendable () -> Void)?
    /// Called, without the lock, when input came or an end came or went.
    var changed: (@Sendable () -> Void)?
    var connected: (@Sendable (any ConsoleEnd) -> Void)?
  }
  private let state = Mutex(State())

  init(ends: [any ConsoleEnd] = []) { state.withLock { $0.ends = ends } }

  func attach(_ end: any ConsoleEnd) { state.withLock { $0.ends.append(end) } }
  func detach(_ end: any ConsoleEnd) { state.withLock { $0.ends.removeAll { $0 === end } } }

  /// Tells `changed` of new input and of ends that come and go, `connected` of an end somebody just opened.
  func observe(changed: @escaping @Sendable () -> Void, connected: @escaping @Sendable (any ConsoleEnd) -> Void) {
    state.withLock {
      $0.changed = changed
      $0.connected = connected
    }
  }

  /// Ends that wait for room in `receive` give up.
  func close() { state.withLock { $0.isClosed = true } }

  // MARK: Output

  private var ends: [any ConsoleEnd] { state.withLock { $0.ends } }
  var isConnected: Bool { ends.contains { $0.isConnected } }

  func write(_ bytes: UnsafeRawBufferPointer) { for end in ends { end.write(bytes) } }
  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }
  func write(_ text: String) { write(Array(text.utf8)) }
  /// Bytes for a terminal that are no text.
  func writeControl(_ bytes: [UInt8]) { for end in ends { bytes.withUnsafeBytes { end.writeControl($0) } } }

  // MARK: Input

  var availableBytes: Int { state.withLock { $0.input.count } }
  func read() -> UInt8? { state.withLock { $0.input.popFirst() } }
  func discardInput() { state.withLock { $0.input.removeAll() } }

  /// While armed, ctrl-C drops the input before it and calls `handler` instead of becoming input. One that waits already counts.
  func armInterrupt(_ handler: @escaping @Sendable () -> Void) {
    let isWaiting = state.withLock { state in
      state.interrupt = handler
      return state.input.dropThrough(last: Console.interruptByte)
    }
    if isWaiting { handler() }
  }
  func disarmInterrupt() { state.withLock { $0.interrupt = nil } }

  /// Takes input from an end; waits while there is no room, unless a program runs that reads nothing: then the rest is dropped.
  func receive(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let (interrupt, changed, isDropping) = state.withLock { state in
        var interrupt: (@Sendable () -> Void)?
        if let armed = state.interrupt, let last = rest.lastIndex(of: Console.interruptByte) {
          state.input.removeAll()
          rest = rest[(last + 1)...]
          interrupt = armed
        }
        let room = Console.inputCapacityBytes - state.input.count
        state.input.append(rest.prefix(room))
        rest = rest.dropFirst(room)
        return (interrupt, state.changed, state.interrupt != nil || state.isClosed)
      }
      interrupt?()
      changed?()
      if isDropping { return }
      if !rest.isEmpty { usleep(2000) }
    }
  }

  /// An end reports that somebody opened it, or left.
  func connectionChanged(_ end: any ConsoleEnd, isConnected: Bool) {
    let (changed, connected) = state.withLock { ($0.changed, $0.connected) }
    if isConnected { connected?(end) }
    changed?()
  }
}

/// A first-in, first-out run of bytes.
private struct ByteQueue {
  private var bytes: [UInt8] = []
  private var head = 0
  var count: Int { bytes.count - head }

  mutating func append(_ more: ArraySlice<UInt8>) { bytes += more }
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    head = 0
  }
  mutating func popFirst() -> UInt8? {
    if head == bytes.count { return nil }
    let byte = bytes[head]
    head += 1
    if head == bytes.count {
      removeAll()
    } else if head >= 4096 {
      bytes.removeFirst(head)
      head = 0
    }
    return byte
  }
  /// Drops everything up to and including the last `byte`; false when there is none.
  mutating func dropThrough(last byte: UInt8) -> Bool {
    guard let last = bytes[head...].lastIndex(of: byte) else { return false }
    head = last + 1
    return true
  }
}
