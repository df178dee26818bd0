import ArgumentParser

@main
struct Circuitpyd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "circuitpyd", abstract: "A CircuitPython board that needs no hardware.", subcommands: [RunCommand.self])
}
