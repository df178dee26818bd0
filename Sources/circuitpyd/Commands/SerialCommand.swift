import ArgumentParser
import Glibc

struct SerialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serial", abstract: "Talk to the board's serial console; ctrl-] leaves.")
  @OptionGroup var board: BoardChoice
  /// Ctrl-], as in telnet and miniterm.
  private static let leaveKey: UInt8 = 0x1D

  func run() throws {
    let paths = try board.paths()
    let port = open(paths.serialLink, O_RDWR | O_NOCTTY | O_CLOEXEC)
    if port < 0 { throw CommandError("\(BoardPaths.shown(paths.serialLink)): \(String(cString: strerror(errno)))") }
    defer { close(port) }
    var saved = termios()
    let isTerminal = tcgetattr(0, &saved) == 0
    if isTerminal {
      var raw = saved
      cfmakeraw(&raw)
      tcsetattr(0, TCSADRAIN, &raw)
      HostFile.writeError("\(BoardPaths.shown(paths.serialLink)) - ctrl-] leaves\r")
    }
    defer { if isTerminal { tcsetattr(0, TCSADRAIN, &saved) } }
    relay(port, isTerminal: isTerminal)
  }

  private func relay(_ port: Int32, isTerminal: Bool) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var polls = [
      pollfd(fd: 0, events: Int16(POLLIN), revents: 0), pollfd(fd: port, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      if poll(&polls, 2, -1) < 0 {
        if errno == EINTR { continue }
        return
      }
      if polls[1].revents != 0 {
        let count = read(port, &buffer, buffer.count)
        if count <= 0 || !HostFile.writeAll(1, Array(buffer[..<count])) { return }
      }
      if polls[0].revents != 0 {
        let count = read(0, &buffer, buffer.count)
        if count <= 0 {
          // The input of a pipe ends; what the board still prints is shown until the caller has enough.
          polls[0].fd = -1
          continue
        }
        let typed = buffer[..<count]
        if isTerminal, let leave = typed.firstIndex(of: Self.leaveKey) {
          HostFile.writeAll(port, Array(typed[..<leave]))
          return
        }
        if !HostFile.writeAll(port, Array(typed)) { return }
      }
    }
  }
}
