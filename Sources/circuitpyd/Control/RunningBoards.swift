import Glibc

/// Boards that are mounted now, from the kernel's own list.
enum RunningBoards {
  /// The file system type the kernel shows for our mounts.
  static let fileSystemType = "fuse.circuitpy"

  /// Mount points in mount order.
  static func mountPoints() -> [String] {
    guard let table = HostFile.read("/proc/self/mountinfo") else { return [] }
    return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, fields[dash + 1] == fileSystemType else {
        return nil
      }
      return unescaped(fields[4])
    }
  }

  /// mountinfo writes blanks, tabs, line ends and backslashes as three octal digits.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var at = 0
    while at < source.count {
      if source[at] == 0x5C, at + 3 < source.count,
        let code = UInt8(String(decoding: source[at + 1...at + 3], as: UTF8.self), radix: 8)
      {
        bytes.append(code)
        at += 4
      } else {
        bytes.append(source[at])
        at += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The board a command means: the one named, else `./CIRCUITPY` when it runs, else the only one that runs.
  static func choose(_ mountPoint: String?) throws(CommandError) -> BoardPaths {
    if let mountPoint { return try BoardPaths(mountPoint: mountPoint) }
    let usual = try BoardPaths(mountPoint: nil)
    let running = mountPoints()
    if running.contains(usual.mountPoint) { return usual }
    var distinct: [String] = []
    for path in running where !distinct.contains(path) { distinct.append(path) }
    switch distinct.count {
    case 0: throw CommandError("no board is running (start one with `circuitpyd mount`)")
    case 1: return try BoardPaths(mountPoint: distinct[0])
    default:
      let names = distinct.map { BoardPaths.shown($0) }.joined(separator: ", ")
      throw CommandError("several boards are running (\(names)): name one")
    }
  }
}
