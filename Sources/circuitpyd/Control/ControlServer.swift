import Glibc
import Synchronization

/// Answers requests on the control socket, one at a time, on a thread of its own.
final class ControlServer: Sendable {
  typealias Handler = @Sendable (_ verb: String, _ argument: String) throws(ControlError) -> [String]
  /// A client that sends nothing is dropped after this.
  private static let patienceMilliseconds: Int32 = 2000

  private let path: String
  private let listener: Int32
  private let handler: Handler

  /// Binds the socket; a stale one of a dead daemon is replaced (the caller holds the image's lock, so nobody lives there).
  init(path: String, handler: @escaping Handler) throws(CommandError) {
    self.path = path
    self.handler = handler
    unlink(path)
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if listener < 0 { throw CommandError("socket: \(String(cString: strerror(errno)))") }
    // Only the owner may steer the board.
    let mask = umask(0o177)
    let bound = try ControlSocket.withAddress(path) { [listener] in bind(listener, $0, $1) }
    umask(mask)
    guard bound == 0, listen(listener, 8) == 0 else {
      let reason = String(cString: strerror(errno))
      close(listener)
      throw CommandError("\(BoardPaths.shown(path)): \(reason)")
    }
  }

  func start() { NativeThread.detached { [self] in serve() } }

  /// Takes the socket away; the thread ends with the process.
  func stop() {
    unlink(path)
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func serve() {
    while true {
      let client = accept(listener, nil, nil)
      if client < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      answer(client)
      close(client)
    }
  }

  private func answer(_ client: Int32) {
    guard let line = readLine(client) else { return }
    let space = line.firstIndex(of: " ")
    let verb = space.map { String(line[..<$0]) } ?? line
    let argument = space.map { String(line[line.index(after: $0)...]) } ?? ""
    var reply: [String]
    do throws(ControlError) {
      reply = ["ok"] + (try handler(verb, argument))
    } catch {
      reply = ["error: " + error.message]
    }
    reply.append("")
    HostFile.writeAll(client, Array(reply.joined(separator: "\n").utf8))
  }

  private func readLine(_ client: Int32) -> String? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 512)
    while bytes.count <= ControlSocket.maximumRequestBytes {
      var poll = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
      guard Glibc.poll(&poll, 1, Self.patienceMilliseconds) > 0 else { return nil }
      let count = read(client, &chunk, chunk.count)
      if count <= 0 { return nil }
      bytes += chunk[..<count]
      if let end = bytes.firstIndex(of: 0x0A) { return String(decoding: bytes[..<end], as: UTF8.self) }
    }
    HostFile.writeAll(client, Array("error: the request is too long\n".utf8))
    return nil
  }
}
