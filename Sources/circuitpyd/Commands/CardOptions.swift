import ArgumentParser
import Board
import DriverBundle

/// The SD card on a board.
struct CardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "An SD card on the board: its image, made when it is missing, or the size of a new card.", valueName: "file|size")
  )
  var sd: String?
  @Option(
    help: ArgumentHelp(
      "The card's chip select; default SD_CS, or D10 on a board without a slot.", valueName: "pin"))
  var sdCS: String?

  /// Pins of a slot, each by the names that boards have for it; boards without a slot have the card on their SPI bus.
  private static let clockNames = ["SD_SCK", "SD_CLK"]
  private static let selectNames = ["SD_CS", "D10", "GP17"]

  /// Puts the card on the board. Returns the line for the log; nil without a card.
  /// - Parameter standardPath: where the image of a card goes that was given by its size; nil: to memory.
  func attachCard(to parts: PartSet, of board: SimulatedBoard, standardPath: String?) throws(CommandError) -> String? {
    guard let sd else {
      if sdCS != nil { throw CommandError("--sd-cs without a card; add --sd FILE") }
      return nil
    }
    let (bus, select) = try wires(board)
    let image: CardImage
    var place = "in memory"
    if let size = ByteCount(argument: sd), standardPath == nil {
      image = try CardImage(bytes: size.bytes)
    } else {
      let size = ByteCount(argument: sd)
      let path = size == nil ? sd : standardPath ?? sd
      image = try CardImage(path: path, newBytes: size?.bytes ?? CardImage.standardBytes)
      place = "in \(BoardPaths.shown(path))"
    }
    let card = SDCardPart(
      name: "sd", summary: "SD card of \(image.volumeBytes >> 10) KiB \(place)", content: image)
    // As every slot has it: a card that nobody selects stays out of the bus.
    select.setDrive(.pulledHigh, source: card.name)
    return parts.attach(card, to: bus, chipSelect: select)
  }

  private func wires(_ board: SimulatedBoard) throws(CommandError) -> (SPIBus, Pin) {
    func pin(_ names: [String]) -> Pin? {
      names.lazy.compactMap { board.pin(attribute: $0) ?? board.pin(mcu: $0) }.first
    }
    let id = board.definition.id
    guard let select = pin(sdCS.map { [$0] } ?? Self.selectNames) else {
      throw CommandError(
        "board \(id) has no pin \(sdCS ?? "SD_CS or D10"); name the card's chip select with --sd-cs PIN")
    }
    if let clock = pin(Self.clockNames), let mosi = pin(["SD_MOSI"]), let miso = pin(["SD_MISO"]) {
      return (board.spiBus(clock: clock, mosi: mosi, miso: miso), select)
    }
    guard let wiring = board.definition.buses.spi.first, let clock = board.pin(mcu: wiring.clock) else {
      throw CommandError("board \(id) has no SPI bus for a card")
    }
    return (
      board.spiBus(clock: clock, mosi: board.pin(mcu: wiring.mosi), miso: wiring.miso.flatMap(board.pin(mcu:))), select
    )
  }
}
