import Glibc

/// Whole files of the host, for commands. errno says why something failed.
enum HostFile {
  static func read(_ path: String) -> [UInt8]? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    if fd < 0 { return nil }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let n = Glibc.read(fd, &chunk, chunk.count)
      if n < 0 { return nil }
      if n == 0 { return bytes }
      bytes += chunk[..<n]
    }
  }

  /// One line on stderr.
  static func writeError(_ text: String) {
    writeAll(2, Array((text + "\n").utf8))
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if fd < 0 { return false }
    defer { close(fd) }
    return writeAll(fd, bytes)
  }

  /// Writes everything, however many calls that takes. False when the other side is gone or the disk is full.
  @discardableResult
  static func writeAll(_ fd: Int32, _ bytes: [UInt8]) -> Bool {
    var at = 0
    while at < bytes.count {
      let n = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress! + at, bytes.count - at) }
      if n < 0 {
        if errno == EINTR { continue }
        return false
      }
      at += n
    }
    return true
  }
}
