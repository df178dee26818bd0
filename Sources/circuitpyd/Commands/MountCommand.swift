import ArgumentParser
import Glibc

struct MountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Start a board: mount its drive, run its code.py, reload at every save. Ctrl-c unmounts.")

  @OptionGroup var options: MountOptions
  @Flag(help: "Return when the drive is there, and let the board run on by itself.") var daemon = false
  /// How a detached board tells that it is ready: set by `--daemon` only.
  @Option(help: .hidden) var readyDescriptor: Int32?

  func run() throws {
    if daemon {
      try Detaching.start(options)
      return
    }
    do {
      let board = try MountedBoard(options)
      try board.start()
      Detaching.report(readyDescriptor, "")
      try board.waitForEnd()
    } catch {
      Detaching.report(readyDescriptor, "\(error)")
      throw error as? CommandError ?? CommandError("\(error)")
    }
  }
}
