import Glibc

/// The socket beside the drive by which `set`, `press`, `status` … reach the daemon: one request line, then reply lines until the end
/// of the stream; the first reply line is `ok` or `error: …`.
enum ControlSocket {
  /// Longest request; longer ones are refused.
  static let maximumRequestBytes = 4096

  /// Calls `body` with an address for `path`. Socket addresses hold 107 bytes only, so the folder is named by its descriptor.
  static func withAddress<T>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
  ) throws(CommandError) -> T {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    let folder = open(String(path[..<slash]) + "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder < 0 { throw CommandError("\(path): \(String(cString: strerror(errno)))") }
    defer { close(folder) }
    let short = "/proc/self/fd/\(folder)/" + path[path.index(after: slash)...]
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard short.utf8.count < capacity else { throw CommandError("\(path): the name is too long for a socket") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }

  /// Asks the daemon of `path`; returns its reply lines without the `ok`.
  static func request(_ line: String, at path: String) throws(CommandError) -> [String] {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { throw CommandError("socket: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let result = try withAddress(path) { connect(descriptor, $0, $1) }
    if result != 0 {
      let drive = path.hasSuffix(".ctl") ? String(path.dropLast(4)) : path
      throw CommandError("\(BoardPaths.shown(drive)): no board is running there (start one with `circuitpyd mount`)")
    }
    HostFile.writeAll(descriptor, Array((line + "\n").utf8))
    shutdown(descriptor, Int32(SHUT_WR))
    var reply: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      reply += chunk[..<count]
    }
    var lines = String(decoding: reply, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    if lines.last == "" { lines.removeLast() }
    guard let first = lines.first else { throw CommandError("the board ended before it answered") }
    if first.hasPrefix("error: ") { throw CommandError(String(first.dropFirst("error: ".count))) }
    return Array(lines.dropFirst())
  }
}

/// A failure told to the one who asked, in one line.
struct ControlError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
