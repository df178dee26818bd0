/// Which of the boards that are mounted now a command means.
enum RunningBoards {
  /// The board a command means: the one named, else `./CIRCUITPY` when it runs, else the only one that runs.
  static func choose(_ mountPoint: String?) throws(CommandError) -> BoardPaths {
    if let mountPoint { return try BoardPaths(mountPoint: mountPoint) }
    let usual = try BoardPaths(mountPoint: nil)
    let running = MountPoint.runningBoards().map(\.mountPoint)
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
