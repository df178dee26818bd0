import Glibc

/// Why a drive could not be mounted: one line that says how to mend it.
struct MountError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// The folder where a drive appears.
struct MountPoint: Sendable {
  /// Absolute, without links.
  let path: String

  /// Makes `path` ready: a folder that is missing is created (and stays), the remains of a killed daemon are taken away, a
  /// folder that is in use is refused.
  static func prepare(_ path: String, allowsNonEmpty: Bool = false) throws(MountError) -> MountPoint {
    // The folder itself may be dead, so only its parent can be resolved.
    let point = MountPoint(path: try resolve(path))
    try point.takeOverStaleMount()
    if mkdir(point.path, 0o755) != 0, errno != EEXIST {
      throw MountError("\(path): cannot create the folder: \(errorText())")
    }
    var status = stat()
    guard stat(point.path, &status) == 0 else { throw MountError("\(path): \(errorText())") }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw MountError("\(path): not a folder; a drive is mounted on an empty one")
    }
    if let board = MountTable.current().boards.last(where: { $0.mountPoint == point.path }) {
      throw MountError("\(path): a board (\(board.source)) is mounted here; unmount it or choose another folder")
    }
    if !allowsNonEmpty, try !point.isEmpty() {
      throw MountError("\(path): not empty, its files would be hidden; choose another folder or use --nonempty")
    }
    return point
  }

  /// The drives of this program that answer.
  static func runningBoards() -> [MountTable.Entry] {
    MountTable.current().boards.filter { !MountPoint(path: $0.mountPoint).isDead }
  }

  private static func resolve(_ path: String) throws(MountError) -> String {
    // A folder that answers, and perhaps is a link.
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
    let slash = trimmed.lastIndex(of: "/")
    let parent = slash.map { $0 == trimmed.startIndex ? "/" : String(trimmed[..<$0]) } ?? "."
    let name = slash.map { trimmed[trimmed.index(after: $0)...] } ?? trimmed
    if name.isEmpty || name == "." || name == ".." { throw MountError("\(path): not a name for a folder") }
    guard let real = realpath(parent, nil) else { throw MountError("\(path): \(parent): \(errorText())") }
    defer { free(real) }
    let text = String(cString: real)
    return text == "/" ? "/\(name)" : "\(text)/\(name)"
  }

  /// Whether a mount lies here that nobody serves.
  var isDead: Bool {
    // Not stat: the kernel goes on answering that from its cache after the daemon is gone.
    var status = statvfs()
    return statvfs(path, &status) != 0 && [ENOTCONN, ECONNREFUSED, ECONNABORTED].contains(errno)
  }

  /// A killed daemon leaves a mount that answers ENOTCONN; several can lie on top of each other.
  private func takeOverStaleMount() throws(MountError) {
    for _ in 0..<64 {
      if !isDead { return }
      guard let top = MountTable.current().top(at: path), top.type == "fuse.\(FuseServer.subtype)" else {
        throw MountError("\(path): a dead mount of another program; `umount \(path)` removes it")
      }
      if let error = detach() { throw MountError("\(path): cannot remove the dead mount of \(top.source): \(error)") }
    }
    throw MountError("\(path): too many dead mounts; `umount \(path)` removes one")
  }

  private func isEmpty() throws(MountError) -> Bool {
    guard let folder = opendir(path) else { throw MountError("\(path): \(Self.errorText())") }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let isDots = withUnsafeBytes(of: &entry.pointee.d_name) { name in
        name[0] == 0x2E && (name[1] == 0 || (name[1] == 0x2E && name[2] == 0))
      }
      if !isDots { return false }
    }
    return true
  }

  /// Takes the topmost mount out of the tree; files open on it go on working while somebody serves them. Nil or what is wrong.
  func detach() -> String? {
    if umount2(path, Int32(MNT_DETACH)) == 0 { return nil }
    if geteuid() == 0 { return Self.errorText() }
    let status = HelperProgram.run(["fusermount3", "-u", "-z", "--", path])
    return status == 0 ? nil : "fusermount3 -u failed (is the package fuse3 installed?)"
  }

  private static func errorText() -> String { String(cString: strerror(errno)) }
}

/// Small programs of the system.
enum HelperProgram {
  /// Runs the program with its output thrown away; the exit code, or -1 when it did not run or was killed.
  static func run(_ arguments: [String]) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in 0...2 { posix_spawn_file_actions_addopen(&actions, Int32(descriptor), "/dev/null", O_RDWR, 0) }
    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    defer { for pointer in vector { free(pointer) } }
    var process = pid_t()
    guard posix_spawnp(&process, arguments[0], &actions, nil, vector, nil) == 0 else { return -1 }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      if errno != EINTR { return -1 }
    }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
  }
}
