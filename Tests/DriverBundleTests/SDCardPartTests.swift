import Board
import Testing

@testable import DriverBundle

/// The card's side of the SPI protocol, byte by byte.
@Suite struct SDCardPartTests {
  private final class Content: CardContent {
    var sectors: [Int: [UInt8]] = [:]
    var isBroken = false
    let sectorCount = 4096
    func read(_ sector: Int) -> [UInt8]? { isBroken ? nil : sectors[sector] ?? [UInt8](repeating: 0, count: 512) }
    func write(_ sector: Int, _ bytes: [UInt8]) -> Bool {
      if isBroken { return false }
      sectors[sector] = bytes
      return true
    }
  }

  private let content = Content()
  private let card: SDCardPart
  init() { card = SDCardPart(name: "sd", summary: "a card", content: content) }

  /// Sends a command and reads `count` bytes after it, without the gap before the response.
  private func command(_ number: UInt8, _ argument: UInt32 = 0, crc: UInt8 = 0xFF, _ count: Int = 1) -> [UInt8] {
    let bytes = [0x40 | number] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: argument >> ($0 * 8)) } + [crc]
    _ = card.exchange(bytes)
    return Array(card.exchange([UInt8](repeating: 0xFF, count: count + 1)).dropFirst())
  }

  private func start() {
    #expect(command(0, crc: 0x95) == [1])
    #expect(command(8, 0x1AA, crc: 0x87, 5) == [1, 0, 0, 1, 0xAA])
    #expect(command(55) == [1])
    #expect(command(41, 0x4000_0000) == [0])
    #expect(command(58, 0, 5) == [0, 0xC0, 0xFF, 0x80, 0])
  }

  private func command(_ number: UInt8, _ argument: UInt32, _ count: Int) -> [UInt8] {
    command(number, argument, crc: 0xFF, count)
  }

  @Test func nothingWorksBeforeTheStart() {
    #expect(command(0, crc: 0x94) == [9], "wrong checksum")
    #expect(command(0, crc: 0x95) == [1])
    #expect(command(8, 0x1AA, crc: 0x85) == [9], "wrong checksum")
    #expect(command(17) == [5], "illegal while idle")
    #expect(command(41) == [5], "no application command without 55 before it")
    start()
    #expect(command(41) == [4])
    #expect(command(63) == [4])
    #expect(command(16, 512, 1) == [0])
    #expect(command(16, 1024, 1) == [0x40])
    #expect(command(13, 0, 2) == [0, 0])
  }

  @Test func registersTellTheSize() {
    start()
    let csd = command(9, 0, 1 + 2 + 18)
    #expect(Array(csd[..<3]) == [0, 0xFF, 0xFE])
    #expect(csd[3] >> 6 == 1)
    #expect((Int(csd[11]) << 8 | Int(csd[12])) + 1 == 4)
    #expect(csd[18] & 1 == 1)
  }

  @Test func readsOneAndMany() {
    start()
    content.sectors[7] = [UInt8](repeating: 0xAB, count: 512)
    content.sectors[8] = Array("123456789".utf8) + [UInt8](repeating: 0, count: 503)
    let one = command(17, 7, 1 + 2 + 514)
    #expect(Array(one[..<4]) == [0, 0xFF, 0xFE, 0xAB])
    #expect(command(17, 4096, 1) == [0x40], "behind the end")
    let many = command(18, 7, 1 + 2 * 516)
    #expect(Array(many[1 + 516..<1 + 516 + 5]) == [0xFF, 0xFE, 0x31, 0x32, 0x33])
    #expect(command(12, 0, 2) == [0, 0xFF])
    #expect(card.exchange([0xFF, 0xFF]) == [0xFF, 0xFF], "the stream has ended")
    content.isBroken = true
    #expect(command(17, 7, 3) == [0, 0xFF, 8], "a data error")
  }

  @Test func writesOneAndMany() {
    start()
    func data(_ token: UInt8, _ byte: UInt8) -> [UInt8] {
      _ = card.exchange([token] + [UInt8](repeating: byte, count: 512) + [0xFF, 0xFF])
      return card.exchange([0xFF, 0xFF, 0xFF])
    }
    #expect(command(24, 3, 1) == [0])
    #expect(data(0xFE, 1) == [5, 0, 0xFF])
    #expect(content.sectors[3] == [UInt8](repeating: 1, count: 512))
    #expect(command(25, 10, 1) == [0])
    #expect(data(0xFC, 2) == [5, 0, 0xFF])
    // Between two blocks the card may be let go.
    card.deselect()
    #expect(data(0xFC, 0x7F) == [5, 0, 0xFF])
    _ = card.exchange([0xFD])
    #expect(card.exchange([0xFF, 0xFF, 0xFF]) == [0xFF, 0, 0xFF])
    #expect(content.sectors[11] == [UInt8](repeating: 0x7F, count: 512))
    // A block that was cut off leaves nothing.
    #expect(command(24, 12, 1) == [0])
    _ = card.exchange([0xFE] + [UInt8](repeating: 9, count: 100))
    card.deselect()
    #expect(content.sectors[12] == nil)
    content.isBroken = true
    #expect(command(24, 3, 1) == [0])
    #expect(data(0xFE, 1) == [0x0D, 0, 0xFF])
  }

  @Test func aRemovedCardIsSilentAndStartsAnew() throws {
    start()
    let property = try #require(card.properties.first { $0.name == "card" })
    try property.set("removed", owner: "sd")
    #expect(command(0, crc: 0x95) == [0xFF])
    try property.set("inserted", owner: "sd")
    #expect(command(17) == [5])
    start()
  }
}
