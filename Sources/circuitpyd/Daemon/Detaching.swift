import Glibc

/// `mount --daemon`: the same program again in a session of its own, until it says that the drive is there.
enum Detaching {
  /// The child's end of the pipe on which it reports: one line, empty when all is well.
  private static let readyDescriptor: Int32 = 3

  /// POSIX_SPAWN_SETSID, which glibc's header hides from Swift.
  private static let newSession: Int16 = 0x80

  static func start(_ options: MountOptions) throws(CommandError) {
    let paths = try BoardPaths(mountPoint: options.mountpoint)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 else {
      throw CommandError("pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, paths.daemonLog, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, ends[1], readyDescriptor)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, newSession)
    let arguments = CommandLine.arguments.filter { $0 != "--daemon" } + ["--ready-descriptor", "\(readyDescriptor)"]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child = pid_t()
    let result = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, &pointers, environ)
    close(ends[1])
    if result != 0 { throw CommandError("the board could not be started: \(String(cString: strerror(result)))") }
    guard let line = firstLine(ends[0]) else {
      throw CommandError("the board ended before it was ready; see \(BoardPaths.shown(paths.daemonLog))")
    }
    if !line.isEmpty { throw CommandError(line) }
  }

  /// Tells the waiting parent; nothing to do in the foreground.
  static func report(_ descriptor: Int32?, _ line: String) {
    guard let descriptor else { return }
    HostFile.writeAll(descriptor, Array((line + "\n").utf8))
    close(descriptor)
  }

  private static func firstLine(_ descriptor: Int32) -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return nil }
      if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }
}
