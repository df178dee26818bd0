import ArgumentParser
import Board
import DriverBundle

struct BoardsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boards", abstract: "List the boards that can be simulated.")
  @Argument(help: "Only those whose id or name contains this.") var text: String?

  func run() throws {
    let wanted = text?.lowercased()
    var found = 0
    for id in BoardDefinition.ids {
      guard let board = BoardDefinition.find(id) else { continue }
      if let wanted, !id.contains(wanted), !board.name.lowercased().contains(wanted) { continue }
      found += 1
      let padding = String(repeating: " ", count: max(1, 40 - id.count))
      print("\(id)\(padding)\(board.name) (\(board.mcu), drive \(board.volumeBytes / 1024) KiB)")
    }
    if found == 0 { throw CommandError("\(text ?? ""): no such board; `circuitpyd boards` lists all") }
  }
}

struct PartsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parts", abstract: "List the parts that can be simulated, with the drivers that bring them.")

  func run() {
    for part in PartFactory.all {
      let addresses = part.addresses.map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
      let drivers = part.driverModules.joined(separator: ", ")
      print("\(part.partName): \(part.summary), I2C \(addresses); comes with \(drivers) in lib/")
    }
    print("sd: SD card on SPI; comes with --sd FILE")
  }
}
