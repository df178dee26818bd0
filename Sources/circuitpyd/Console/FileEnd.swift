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
  private let output = Mutex(OutputState())
  private struct OutputState {
    /// `text`: a CR came last, and whether LF follows is not known yet.
    var holdsCarriageReturn = false
    var isStalled = false
  }
  /// How long output waits for a reader before it is discarded until there is room again.
  private static let stallMilliseconds: Int32 = 1000
  /// What a pipe takes without blocking when it reports room (PIPE_BUF).
  private static let chunkBytes = 4096

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
    output.withLock { state in
      if style == .raw {
        writeAll(bytes, &state)
        return
      }
      var text: [UInt8] = []
      text.reserveCapacity(bytes.count + 1)
      for byte in bytes {
        if state.holdsCarriageReturn && byte != 0x0A { text.append(0x0D) }
        state.holdsCarriageReturn = byte == 0x0D
        if byte != 0x0D { text.append(byte) }
      }
      text.withUnsafeBytes { writeAll($0, &state) }
    }
  }

  func writeControl(_ bytes: UnsafeRawBufferPointer) {
    if style == .raw { output.withLock { writeAll(bytes, &$0) } }
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer, _ state: inout OutputState) {
    var rest = bytes[...]
    while !rest.isEmpty {
      // A pipe or terminal that nobody reads must not hold the board.
      var target = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
      if poll(&target, 1, state.isStalled ? 0 : Self.stallMilliseconds) == 0 {
        state.isStalled = true
        return
      }
      state.isStalled = false
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.chunkBytes))
      let n = Glibc.write(fd, part.baseAddress, part.count)
      if n < 0 {
        if errno == EINTR { continue }
        return  // disk full, or nobody is there any more: the board goes on
      }
      rest = rest.dropFirst(n)
    }
  }
}
