import ArgumentParser
import Glibc

/// Exit codes: 0 fine, 1 the program or the operation failed, 2 usage; `run` passes on what the program gave `sys.exit`.
@main
struct Circuitpyd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "circuitpyd", abstract: "A CircuitPython board that needs no hardware.",
    subcommands: [
      MountCommand.self, RunCommand.self, UnmountCommand.self, StatusCommand.self, ResetCommand.self,
      SerialCommand.self,
      LogCommand.self, SetCommand.self, PressCommand.self, CompileCommand.self, BoardsCommand.self, PartsCommand.self,
      FlashCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as CommandError {
      HostFile.writeError("circuitpyd: \(error.description)")
      Glibc.exit(1)
    } catch {
      let code = exitCode(for: error)
      // The parser alone would exit with 64 for wrong usage.
      let text = fullMessage(for: error)
      if !text.isEmpty {
        if code == .success { print(text) } else { HostFile.writeError(text) }
      }
      Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
    }
  }
}
