import Glibc

/// Where what belongs to one drive stands: all beside the mount point, nothing hidden elsewhere.
struct BoardPaths: Sendable, Equatable {
  static let defaultMountPoint = "CIRCUITPY"
  /// Absolute, without a trailing slash.
  let mountPoint: String
  private(set) var image: String
  private(set) var log: String
  private(set) var serialLink: String
  /// `microcontroller.nvm`; only there once code has written it.
  var nvm: String { mountPoint + ".nvm" }
  /// An SD card that was given by its size.
  var card: String { mountPoint + ".sd.img" }
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
    image = self.mountPoint + ".img"
    log = self.mountPoint + ".log"
    serialLink = self.mountPoint + ".tty"
  }

  /// The paths of a board to be mounted, with what the options say otherwise.
  init(mountPoint: String?, _ options: MountOptions) throws(CommandError) {
    try self.init(mountPoint: mountPoint)
    if let flash = options.flash { image = flash }
    if let log = options.serialLog { self.log = log }
    if let link = options.serialLink { serialLink = link }
  }

  /// The path as a user in this directory would write it.
  static func shown(_ path: String) -> String {
    guard let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    let prefix = String(cString: here) + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }
}
