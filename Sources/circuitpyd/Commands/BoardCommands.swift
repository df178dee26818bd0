import ArgumentParser
import Glibc

/// The argument that picks a running board.
struct BoardChoice: ParsableArguments {
  @Argument(help: "The drive; default ./CIRCUITPY, else the only board running.") var mountpoint: String?
  func paths() throws -> BoardPaths { try RunningBoards.choose(mountpoint) }
}

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what a mounted board is doing.")
  @OptionGroup var board: BoardChoice

  func run() throws {
    for line in try ControlSocket.request("status", at: board.paths().control) { print(line) }
  }
}

struct ResetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Press the board's reset button: boot.py and code.py run again.")
  @OptionGroup var board: BoardChoice

  func run() throws { _ = try ControlSocket.request("reset", at: board.paths().control) }
}

struct UnmountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmount", abstract: "Stop a mounted board; the image is left clean.")
  @OptionGroup var board: BoardChoice
  /// A program that ignores being stopped is given this long.
  private static let patienceSeconds = 20

  func run() throws {
    let paths = try board.paths()
    _ = try ControlSocket.request("unmount", at: paths.control)
    // The daemon answers before it is done; the socket goes last.
    for _ in 0..<(Self.patienceSeconds * 100) {
      if access(paths.control, F_OK) != 0 { return }
      usleep(10_000)
    }
    throw CommandError("\(BoardPaths.shown(paths.mountPoint)): still mounted (is a program using a file on it?)")
  }
}

struct SetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change what a simulated part measures: adt7410.temperature=30.5")
  @Argument(help: ArgumentHelp("What to change.", valueName: "part.property=value")) var assignment: String
  @OptionGroup var board: BoardChoice

  func validate() throws {
    guard Stimulus(assignment)?.property.contains(".") == true else {
      throw ValidationError("Give PART.PROPERTY=VALUE, as in adt7410.temperature=30.5.")
    }
  }

  func run() throws {
    for line in try ControlSocket.request("set " + assignment, at: board.paths().control) { print(line) }
  }
}

struct PressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "press", abstract: "Press a button of the board for a moment.")
  @Argument(help: "The button: a board attribute such as BUTTON or BUTTON_A.") var button: String
  @Option(help: ArgumentHelp("How long.", valueName: "ms")) var milliseconds = 200
  @OptionGroup var board: BoardChoice

  func run() throws {
    for line in try ControlSocket.request("press \(button) \(milliseconds)", at: board.paths().control) { print(line) }
  }
}

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "log", abstract: "Show what the board's code printed.")
  @Flag(name: .customShort("f"), help: "Go on showing what is printed.") var follow = false
  @OptionGroup var board: BoardChoice
  private static let pollMicroseconds: UInt32 = 20_000

  func run() throws {
    // The log outlives the board: without a name, a finished ./CIRCUITPY is meant too.
    let paths =
      try board.mountpoint == nil && access(BoardPaths(mountPoint: nil).log, R_OK) == 0
      ? BoardPaths(mountPoint: nil) : board.paths()
    let log = open(paths.log, O_RDONLY | O_CLOEXEC)
    if log < 0 { throw CommandError("\(BoardPaths.shown(paths.log)): \(String(cString: strerror(errno)))") }
    defer { close(log) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var shown = 0
    while true {
      let count = read(log, &chunk, chunk.count)
      if count < 0 { throw CommandError("\(BoardPaths.shown(paths.log)): \(String(cString: strerror(errno)))") }
      if count > 0 {
        guard HostFile.writeAll(1, Array(chunk[..<count])) else { return }
        shown += count
        continue
      }
      if !follow { return }
      var info = stat()
      // A board that starts anew begins its log anew.
      if fstat(log, &info) == 0 && Int(info.st_size) < shown {
        lseek(log, 0, SEEK_SET)
        shown = 0
      }
      usleep(Self.pollMicroseconds)
    }
  }
}
