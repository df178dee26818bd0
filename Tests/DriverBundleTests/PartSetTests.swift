import Board
import Testing

@testable import DriverBundle

@Suite struct PartSetTests {
  private func makeSet(_ id: String = BoardDefinition.defaultID) throws -> (SimulatedBoard, PartSet) {
    let board = SimulatedBoard(definition: try BoardDefinition.named(id), clock: ManualClock())
    return (board, PartSet(board: board))
  }

  @Test func partsFollowTheLibraries() throws {
    let (board, parts) = try makeSet()
    let bus = try #require(board.defaultI2CBus())
    let names = ["adafruit_adt7410.mpy", "adafruit_register", "neopixel.py"]
    #expect(
      parts.attachParts(forLibraryNames: names) == [
        "adt7410: ADT7410 temperature sensor attached at 0x48 (SCL GPIO3, SDA GPIO2), as adafruit_adt7410 is in lib/"
      ])
    #expect(bus.probe(0x48).isAddressAcknowledged)
    #expect(parts.attachParts(forLibraryNames: names).isEmpty)
    try parts.set("adt7410.temperature", "30.5")
    board.resetForNewVM()
    #expect(try parts.value(of: "adt7410.temperature") == "30.5")
    #expect(
      parts.attachParts(forLibraryNames: ["neopixel.py"]) == [
        "adt7410: detached, adafruit_adt7410 is no longer in lib/"
      ])
    #expect(!bus.probe(0x48).isAddressAcknowledged)
  }

  @Test func picoGetsPullUpsWithThePart() throws {
    let (board, parts) = try makeSet("raspberry_pi_pico")
    let bus = try #require(board.defaultI2CBus())
    #expect(!bus.hasPullUps)
    _ = parts.attachParts(forLibraryNames: ["adafruit_adt7410"])
    #expect(bus.hasPullUps)
  }

  @Test func boardWithoutABus() throws {
    let id = try #require(BoardDefinition.ids.first { BoardDefinition.find($0)?.buses.i2c.isEmpty == true })
    let (_, parts) = try makeSet(id)
    #expect(
      parts.attachParts(forLibraryNames: ["adafruit_adt7410"]) == [
        "adt7410: not attached, board \(id) has no default I2C bus"
      ])
    #expect(throws: PartError.noParts("adt7410")) { try parts.set("adt7410.temperature", "1") }
  }

  @Test func byName() throws {
    let (board, parts) = try makeSet()
    let bus = try #require(board.defaultI2CBus())
    for _ in 0..<4 { _ = try parts.attachPart(named: "adt7410") }
    #expect((0x48...0x4B).allSatisfy { bus.probe($0).isAddressAcknowledged })
    #expect(try parts.attachPart(named: "adt7410") == "adt7410-5: not attached, all its I2C addresses are taken")
    try parts.set("adt7410-2.temperature", "-3")
    #expect(try parts.value(of: "adt7410-2.temperature") == "-3.0")
    #expect(try parts.value(of: "adt7410.temperature") == "21.5")
    #expect(parts.attachParts(forLibraryNames: []).isEmpty)
    #expect(parts.report.contains("adt7410-2.temperature=-3.0 °C"))
    #expect(throws: PartError.unknownPart("bme999", valid: ["adt7410"])) { try parts.attachPart(named: "bme999") }
  }

  @Test func errorsSayWhatWouldBeRight() throws {
    let (_, parts) = try makeSet()
    func text(_ property: String, _ value: String) -> String {
      do {
        try parts.set(property, value)
        return "no error"
      } catch {
        return error.description
      }
    }
    #expect(
      text("adt7410.temperature", "1")
        == "no part 'adt7410', none is attached; copy a driver such as adafruit_adt7410 into lib/ on the drive")
    _ = parts.attachParts(forLibraryNames: ["adafruit_adt7410"])
    #expect(text("bme280.temperature", "1") == "no part 'bme280' is attached; there is adt7410")
    #expect(
      text("adt7410.humidity", "1") == "part 'adt7410' has no property 'humidity'; it has temperature, int, ct")
    #expect(
      text("adt7410.temperature", "warm") == "'warm' is no value for adt7410.temperature: -55 to 150 °C")
    #expect(
      text("adt7410.temperature", "151") == "'151' is no value for adt7410.temperature: -55 to 150 °C")
    #expect(text("adt7410.temperature", "nan").hasPrefix("'nan' is no value"))
    #expect(text("adt7410.int", "low") == "'adt7410.int' can be read but not set")
    #expect(text("temperature", "1").hasPrefix("'temperature' is no property"))
  }

  @Test func theBoardItself() throws {
    let (board, parts) = try makeSet()
    try parts.set("cpu.temperature", "40")
    #expect(board.cpuTemperatureCelsius == 40)
    let a0 = try #require(board.pin(attribute: "A0"))
    try parts.set("A0.voltage", "1.25")
    #expect(a0.voltage == 1.25)
    #expect(try parts.value(of: "GPIO26.voltage") == "1.25")
    let d5 = try #require(board.pin(attribute: "D5"))
    try parts.set("D5.level", "high")
    #expect(d5.level && d5.externalLevel == true)
    #expect(try parts.value(of: "D5.level") == "high")
    try parts.set("D5.level", "released")
    #expect(d5.isFloating)
    let error = #expect(throws: PartError.self) { try parts.set("D5.level", "up") }
    #expect(error?.description == "'up' is no value for D5.level: low, high, released")
  }

  @Test func factories() {
    #expect(PartFactory.part(forDriver: "adafruit_adt7410")?.partName == "adt7410")
    #expect(PartFactory.part(forDriver: "neopixel") == nil)
    #expect(Set(PartFactory.all.map(\.partName)).count == PartFactory.all.count)
  }
}
