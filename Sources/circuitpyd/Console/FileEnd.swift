import Glibc
import Synchronization

/// A console end that only shows: the serial log, or stdout in the foreground. Each write is one write(2), so `tail -f` is live.
final class FileEnd: ConsoleEnd {
  enum Style: Sendable {
    /// Every byte as on the wire.
    case raw
    /// For reading as a file: no terminal control bytes, lines end in LF.
    case text
  }
  private let fd: Int32
  private let ownsDescriptor: Bool
  private let style: Style
  /// Whether a person with a keyboard sits at it.
  let isConnected: Bool
  /// `text`: a CR came last, and whether LF follows is not known yet.
  private let holdsCarriageReturn = Mutex(false)

  /// Writes to a descriptor that stays the caller's.
  init(descriptor: Int32, style: Style, isConnected: Bool) {
    fd = descriptor
    self.isConnected = isConnected
    ownsDescriptor = false
    self.style = style
  }

  /// Opens a file, emptied; nil when that fails, and errno says why.
  init?(path: String, style: Style = .text) {
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
    if fd < 0 { return nil }
    ownsDescriptor = true
    isConnected = false
    self.style = style
  }

  deinit { if ownsDescriptor { close(fd) } }

  func write(_ bytes: UnsafeRawBufferPointer) {
    if style == .raw {
      writeAll(bytes)
      return
    }
    holdsCarriageReturn.withLock { isHolding in
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count + 1)
      for byte in bytes {
        if isHolding && byte != 0x0A { text.append(0x0D) }
        isHolding = byte == 0x0D
        if !isHolding { text.append(byte) }
      }
      text.withUnsafeBytes { writeAll($0) }
    }
  }

  func writeControl(_ bytes: UnsafeRawBufferPointer) { if style == .raw { writeAll(bytes) } }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let n = Glibc.write(fd, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if n < 0 {
        if errno == EINTR { continue }
        return  // disk full, or nobody reads any more: the board goes on
      }
      rest = rest.dropFirst(n)
    }
  }
}

/// A console end in memory.
final class MemoryEnd: ConsoleEnd {
  private let bytes = Mutex<[UInt8]>([])
  private let connection: Mutex<Bool>
  init(isConnected: Bool = true) { connection = Mutex(isConnected) }
  var isConnected: Bool {
    get { connection.withLock { $0 } }
    set { connection.withLock { $0 = newValue } }
  }
  func write(_ more: UnsafeRawBufferPointer) { bytes.withLock { $0 += more } }
  var output: [UInt8] { bytes.withLock { $0 } }
  func clear() { bytes.withLock { $0 = [] } }
}
