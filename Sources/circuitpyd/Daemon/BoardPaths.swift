import Glibc

/// Where what belongs to one drive stands: all beside the mount point, nothing hidden elsewhere.
struct BoardPaths: Sendable, Equatable {
  static let defaultMountPoint = "CIRCUITPY"
  /// Absolute, without a trailing slash.
  let mountPoint: String
  var image: String { mountPoint + ".img" }
  var log: String { mountPoint + ".log" }
  var serialLink: String { mountPoint + ".tty" }
  var control: String { mountPoint + ".ctl" }
  /// What a detached board says of itself; in the foreground that goes to stderr.
  var daemonLog: String { mountPoint + ".daemon.log" }

  /// - Parameter mountPoint: as the user gave it; made absolute without touching the mount point itself, which may be dead.
  init(mountPoint: String?) throws(CommandError) {
    var path = mountPoint ?? Self.defaultMountPoint
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    if path.isEmpty || path == "/" { throw CommandError("\"\(mountPoint ?? "")\" cannot be a mount point") }
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    if name == "." || name == ".." { throw CommandError("\(path): give the folder by its name") }
    let parent = path.contains("/") ? String(path.dropLast(name.count)) : "./"
    guard let resolved = realpath(parent, nil) else {
      throw CommandError("\(parent): \(String(cString: strerror(errno)))")
    }
    defer { free(resolved) }
    let folder = String(cString: resolved)
    self.mountPoint = (folder == "/" ? "" : folder) + "/" + name
  }

  /// The path as a user in this directory would write it.
  static func shown(_ path: String) -> String {
    guard let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    let prefix = String(cString: here) + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }
}
