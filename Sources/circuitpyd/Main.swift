import ArgumentParser

@main
struct Circuitpyd: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "circuitpyd")
}
