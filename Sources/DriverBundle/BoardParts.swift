import Board

/// The chip as something that stimuli reach: "cpu.temperature".
final class ChipPart: Part {
  let name = "cpu"
  let summary = "the board's chip"
  private let board: SimulatedBoard

  init(board: SimulatedBoard) { self.board = board }

  var properties: [PartProperty] {
    let board = board
    return [
      PartProperty(
        name: "temperature", unit: "°C", summary: "microcontroller.cpu.temperature",
        value: .number(
          range: -55...150, get: { board.cpuTemperatureCelsius }, set: { board.cpuTemperatureCelsius = $0 }))
    ]
  }
}

/// A pin as something that stimuli reach: "A0.voltage", "D5.level".
final class PinPart: Part {
  let name: String
  let summary = "a pin of the board"
  private let pin: Pin

  init(pin: Pin, name: String) {
    self.pin = pin
    self.name = name
  }

  var properties: [PartProperty] {
    let pin = pin
    return [
      PartProperty(
        name: "voltage", unit: "V", summary: "voltage on the pin",
        value: .number(range: 0...5, get: { pin.voltage }, set: { pin.setVoltage($0) })),
      PartProperty(
        name: "level", summary: "what drives the pin from outside",
        value: .choice(
          ["low", "high", "released"], get: { pin.level ? "high" : "low" },
          set: { text in
            pin.setDrive(text == "low" ? .low : text == "high" ? .high : .released, source: "stimulus")
          })),
    ]
  }
}
