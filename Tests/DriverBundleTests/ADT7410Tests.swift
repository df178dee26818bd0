import Board
import Synchronization
import Testing

@testable import DriverBundle

/// A clock that moves when the test says so.
final class ManualClock: BoardClock {
  private let now = Mutex<UInt64>(0)
  var monotonicNanoseconds: UInt64 { now.withLock { $0 } }
  func advance(milliseconds: Int) { now.withLock { $0 += UInt64(milliseconds) * 1_000_000 } }
}

/// An ADT7410 on a desk: registers read and written as a controller does.
struct ADT7410Bench {
  let clock = ManualClock()
  let part: ADT7410

  init() { part = ADT7410(clock: clock) }

  func read(_ register: UInt8, _ count: Int = 1) -> [UInt8] {
    _ = part.write([register], to: 0x48)
    return part.read(count, from: 0x48)
  }

  func write(_ bytes: UInt8...) { #expect(part.write(bytes, to: 0x48) == bytes.count) }

  func property(_ name: String) throws -> PartProperty {
    try #require(part.properties.first { $0.name == name })
  }

  func setTemperature(_ text: String) throws { try property("temperature").set(text, owner: "adt7410") }

  /// Sets the temperature and waits for the conversion after the running one.
  func measure(_ celsius: String) throws {
    try setTemperature(celsius)
    clock.advance(milliseconds: 240)
  }
}

@Suite struct ADT7410Tests {
  @Test func powerOnValues() {
    let bench = ADT7410Bench()
    #expect(bench.read(0x0B) == [0xCB])
    #expect(bench.read(0x03) == [0x00])
    #expect(bench.read(0x04, 7) == [0x20, 0x00, 0x05, 0x00, 0x49, 0x80, 0x05])
    // 21.5 °C
    #expect(bench.read(0x00, 2) == [0x0A, 0xC0])
    #expect(bench.part.addresses == [0x48])
  }

  @Test func pointerMovesOn() {
    let bench = ADT7410Bench()
    #expect(bench.read(0x08, 4) == [0x49, 0x80, 0x05, 0xCB])
    bench.write(0x04, 0x12, 0x34, 0x56)
    #expect(bench.read(0x04, 4) == [0x12, 0x34, 0x56, 0x00])
  }

  /// Table 5 of the data sheet: 13 bits shifted left by 3, without the flags that the default limits raise there.
  @Test(arguments: [
    ("-55", [0xE4, 0x80]), ("-50", [0xE7, 0x00]), ("-25", [0xF3, 0x80]), ("-0.0625", [0xFF, 0xF8]), ("0", [0, 0]),
    ("0.0625", [0x00, 0x08]), ("25", [0x0C, 0x80]), ("50", [0x19, 0x00]), ("125", [0x3E, 0x80]),
    ("150", [0x4B, 0x00]), ("-40", [0xEC, 0x00]),
  ]) func thirteenBits(celsius: String, bytes: [UInt8]) throws {
    let bench = ADT7410Bench()
    bench.write(0x04, 0x7F, 0xFF, 0x80, 0x00, 0x7F, 0xFF)
    try bench.measure(celsius)
    #expect(bench.read(0x00, 2) == bytes)
  }

  /// Table 5 of the data sheet, 16 bits.
  @Test(arguments: [
    ("-55", [0xE4, 0x80]), ("-25", [0xF3, 0x80]), ("-0.0078125", [0xFF, 0xFF]), ("0.0078125", [0x00, 0x01]),
    ("105", [0x34, 0x80]), ("150", [0x4B, 0x00]),
  ]) func sixteenBits(celsius: String, bytes: [UInt8]) throws {
    let bench = ADT7410Bench()
    bench.write(0x03, 0x80)
    try bench.measure(celsius)
    #expect(bench.read(0x00, 2) == bytes)
  }

  @Test func flagsInTheValue() throws {
    let bench = ADT7410Bench()
    try bench.measure("5")
    #expect(bench.read(0x01) == [0x80 | 1])
    try bench.measure("70")
    #expect(bench.read(0x01) == [2])
    try bench.measure("148")
    #expect(bench.read(0x01) == [6])
    bench.write(0x03, 0x80)
    bench.clock.advance(milliseconds: 240)
    #expect(bench.read(0x01) == [0])
  }

  @Test func aNewValueNeedsAConversion() throws {
    let bench = ADT7410Bench()
    _ = bench.read(0x00, 2)
    try bench.setTemperature("30")
    bench.clock.advance(milliseconds: 239)
    #expect(bench.read(0x00, 2) == [0x0A, 0xC0])
    bench.clock.advance(milliseconds: 1)
    #expect(bench.read(0x00, 2) == [0x0F, 0x00])
  }

  @Test func ready() {
    let bench = ADT7410Bench()
    #expect(bench.read(0x02) == [0x00])
    _ = bench.read(0x00, 2)
    #expect(bench.read(0x02) == [0x80])
    bench.clock.advance(milliseconds: 240)
    #expect(bench.read(0x02) == [0x00])
  }

  @Test func oneShotAndShutdown() throws {
    let bench = ADT7410Bench()
    bench.write(0x03, 0x60)
    try bench.setTemperature("40")
    bench.clock.advance(milliseconds: 10_000)
    #expect(bench.read(0x00, 2) == [0x0A, 0xC0])
    bench.write(0x03, 0x20)
    #expect(bench.read(0x02) == [0x80])
    bench.clock.advance(milliseconds: 240)
    #expect(bench.read(0x02) == [0x00])
    #expect(bench.read(0x00, 2) == [0x14, 0x00])
    try bench.setTemperature("50")
    bench.clock.advance(milliseconds: 10_000)
    #expect(bench.read(0x00, 2) == [0x14, 0x00])
    bench.write(0x03, 0x20)
    bench.clock.advance(milliseconds: 240)
    #expect(bench.read(0x00, 2) == [0x19, 0x00])
  }

  @Test func onePerSecond() throws {
    let bench = ADT7410Bench()
    bench.write(0x03, 0x40)
    try bench.setTemperature("40")
    bench.clock.advance(milliseconds: 59)
    #expect(bench.read(0x00, 2) == [0x0A, 0xC0])
    bench.clock.advance(milliseconds: 1)
    #expect(bench.read(0x00, 2) == [0x14, 0x00])
    try bench.setTemperature("50")
    bench.clock.advance(milliseconds: 999)
    #expect(bench.read(0x00, 2) == [0x14, 0x00])
    bench.clock.advance(milliseconds: 1)
    #expect(bench.read(0x00, 2) == [0x19, 0x00])
  }

  @Test func statusFlags() throws {
    let bench = ADT7410Bench()
    try bench.measure("148")
    #expect(bench.read(0x02) == [0x60])
    // Reading took the flags; the next conversion finds the temperature still beyond.
    #expect(bench.read(0x02) == [0x00])
    bench.clock.advance(milliseconds: 240)
    #expect(bench.read(0x02) == [0x60])
    try bench.measure("5")
    #expect(bench.read(0x02) == [0x10])
    try bench.measure("22")
    #expect(bench.read(0x02) == [0x00])
  }

  @Test func comparatorModeKeepsTheFlags() throws {
    let bench = ADT7410Bench()
    bench.write(0x03, 0x10)
    try bench.measure("5")
    #expect(bench.read(0x02) == [0x10] && bench.read(0x02) == [0x10])
    try bench.measure("14")
    #expect(bench.read(0x02) == [0x10])
    try bench.measure("16")
    #expect(bench.read(0x02) == [0x00])
  }

  @Test func flagGoesWhenBackWithinHysteresis() throws {
    let bench = ADT7410Bench()
    try bench.measure("70")
    // 64 °C less 5 °C: at 60 the event lasts, at 58 it is over.
    try bench.measure("60")
    #expect(try bench.property("int").text == "low")
    bench.write(0x03, 0x10)
    try bench.measure("70")
    try bench.measure("60")
    #expect(try bench.property("int").text == "low")
    try bench.measure("58")
    #expect(try bench.property("int").text == "high")
    #expect(bench.read(0x02) == [0x00])
  }

  @Test func faultQueue() throws {
    let bench = ADT7410Bench()
    bench.write(0x03, 0x03)
    for _ in 0..<3 {
      try bench.measure("70")
      #expect(bench.read(0x02) == [0x00])
    }
    try bench.measure("70")
    #expect(bench.read(0x02) == [0x20])
    try bench.measure("20")
    try bench.measure("70")
    #expect(bench.read(0x02)[0] & 0x20 == 0)
    // A long time is as good as many short ones.
    bench.clock.advance(milliseconds: 3_600_000)
    #expect(bench.read(0x02) == [0x20])
  }

  @Test func interruptPin() throws {
    let bench = ADT7410Bench()
    #expect(try bench.property("int").text == "high")
    try bench.measure("70")
    #expect(try bench.property("int").text == "low")
    _ = bench.read(0x0B)
    #expect(try bench.property("int").text == "high")
    bench.write(0x03, 0x10 | 0x08)
    try bench.measure("71")
    _ = bench.read(0x0B)
    #expect(try bench.property("int").text == "high")
  }

  @Test func criticalPin() throws {
    let bench = ADT7410Bench()
    #expect(try bench.property("ct").text == "high")
    bench.write(0x08, 0x0F, 0x00)
    try bench.measure("31")
    #expect(try bench.property("ct").text == "low")
    bench.write(0x03, 0x04)
    #expect(try bench.property("ct").text == "high")
    try bench.measure("24")
    #expect(try bench.property("ct").text == "low")
  }

  @Test func readOnlyAndReset() throws {
    let bench = ADT7410Bench()
    bench.write(0x0B, 0x00)
    bench.write(0x00, 0x11, 0x22)
    bench.write(0x0A, 0xFF)
    #expect(bench.read(0x0B) == [0xCB] && bench.read(0x00, 2) == [0x0A, 0xC0] && bench.read(0x0A) == [0x0F])
    bench.write(0x03, 0x90)
    bench.write(0x2F)
    #expect(bench.read(0x03) == [0x00] && bench.read(0x0A) == [0x05] && bench.read(0x00, 2) == [0, 0])
    bench.clock.advance(milliseconds: 6)
    #expect(bench.read(0x00, 2) == [0x0A, 0xC0])
  }

  /// What the unmodified driver 2.0.8 puts on the bus, transaction for transaction: a register read is write-then-read,
  /// a bit field is read, changed and written back.
  @Test func theDriversTransactions() throws {
    let clock = ManualClock()
    let board = SimulatedBoard(definition: try BoardDefinition.named("pyportal"), clock: clock)
    let parts = PartSet(board: board)
    #expect(parts.attachParts(forLibraryNames: ["adafruit_adt7410.mpy"]).count == 1)
    let bus = try #require(board.defaultI2CBus())
    #expect(bus.writeThenRead([0x0B], count: 1, address: 0x48).bytes == [0xCB])
    #expect(bus.writeThenRead([0x03], count: 1, address: 0x48).bytes == [0x00])
    #expect(bus.write([0x03, 0x80], to: 0x48).acknowledgedBytes == 2)
    #expect(bus.writeThenRead([0x03], count: 1, address: 0x48).bytes == [0x80])
    try parts.set("adt7410.temperature", "-12.25")
    clock.advance(milliseconds: 240)
    let bytes = bus.writeThenRead([0x00], count: 2, address: 0x48).bytes
    #expect(Int16(bitPattern: UInt16(bytes[0]) << 8 | UInt16(bytes[1])) == -12_25 * 128 / 100)
  }
}
