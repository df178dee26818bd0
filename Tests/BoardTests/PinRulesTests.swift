import Testing

@testable import Board

@Suite struct PinRulesTests {
  @Test func rp2() throws {
    let board = try makeBoard("raspberry_pi_pico")
    func gp(_ n: Int) throws -> Pin { try #require(board.pin(attribute: "GP\(n)")) }
    #expect(board.rules.i2cUnits(scl: try gp(5), sda: try gp(4)) == ["I2C0"])
    #expect(board.rules.i2cUnits(scl: try gp(3), sda: try gp(2)) == ["I2C1"])
    #expect(board.rules.i2cUnits(scl: try gp(4), sda: try gp(5)).isEmpty)
    #expect(board.rules.i2cUnits(scl: try gp(5), sda: try gp(2)).isEmpty)
    #expect(board.rules.spiUnits(clock: try gp(18), mosi: try gp(19), miso: try gp(16)) == ["SPI0"])
    #expect(board.rules.spiUnits(clock: try gp(10), mosi: try gp(11), miso: nil) == ["SPI1"])
    #expect(board.rules.spiUnits(clock: try gp(18), mosi: try gp(11), miso: nil).isEmpty)
    #expect(board.rules.spiUnits(clock: try gp(18), mosi: nil, miso: nil).isEmpty)
    #expect(board.rules.uartUnits(tx: try gp(0), rx: try gp(1)) == ["UART0"])
    #expect(board.rules.uartUnits(tx: try gp(4), rx: try gp(5), rts: try gp(7), cts: try gp(6)) == ["UART1"])
    #expect(board.rules.uartUnits(tx: try gp(1), rx: try gp(0)).isEmpty)
    // Only the RP2350 has TX on pins with n % 4 == 2.
    #expect(board.rules.uartUnits(tx: try gp(2), rx: try gp(3)).isEmpty)
    let newer = try makeBoard("raspberry_pi_pico2")
    let tx = try #require(newer.pin(attribute: "GP2"))
    let rx = try #require(newer.pin(attribute: "GP3"))
    #expect(newer.rules.uartUnits(tx: tx, rx: rx) == ["UART0"])
  }

  @Test func samd21() throws {
    let board = try makeBoard("circuitplayground_express")
    func pin(_ name: String) throws -> Pin { try #require(board.pin(mcu: name)) }
    #expect(board.rules.i2cUnits(scl: try pin("PB03"), sda: try pin("PB02")) == ["SERCOM5"])
    #expect(board.rules.i2cUnits(scl: try pin("PB02"), sda: try pin("PB03")).isEmpty)
    #expect(board.rules.i2cUnits(scl: try pin("PA09"), sda: try pin("PA08")) == ["SERCOM0", "SERCOM2"])
    #expect(!board.rules.spiUnits(clock: try pin("PA05"), mosi: try pin("PA07"), miso: try pin("PA06")).isEmpty)
    #expect(!board.rules.uartUnits(tx: try pin("PB08"), rx: try pin("PB09")).isEmpty)
  }

  @Test func anyPinChips() throws {
    let board = try makeBoard("adafruit_feather_esp32s3_tft")
    let a = try #require(board.pin(mcu: "GPIO5"))
    let b = try #require(board.pin(mcu: "GPIO6"))
    #expect(board.rules.i2cUnits(scl: a, sda: b) == ["I2C0", "I2C1"])
    #expect(board.rules.i2cUnits(scl: a, sda: a).isEmpty)
    let esp32 = try makeBoard("adafruit_feather_esp32_v2")
    let input = try #require(esp32.pin(mcu: "GPIO34"))
    let other = try #require(esp32.pin(mcu: "GPIO5"))
    #expect(input.capabilities.isInputOnly)
    #expect(esp32.rules.i2cUnits(scl: input, sda: other).isEmpty)
    #expect(!esp32.rules.uartUnits(tx: other, rx: input).isEmpty)
    #expect(esp32.rules.uartUnits(tx: input, rx: other).isEmpty)
  }

  /// Default buses that their own firmware refuses: pins swapped or not of one unit, in the board's definition.
  static let refused = [
    "bast_pro_mini_m0 i2c", "dynalora_usb uart", "escornabot_makech i2c", "escornabot_makech spi", "fluff_m0 spi",
    "huntercat_nfc i2c", "kicksat-sprite uart", "mini_sam_m4 spi", "pewpew10 spi", "pewpew_m4 spi", "pewpew_m4 uart",
    "snekboard i2c", "snekboard uart", "sparkfun_lumidrive spi", "ugame10 spi", "challenger_rp2040_lte spi",
    "challenger_rp2040_wifi spi", "datanoise_picoadk spi", "odt_bread_2040 uart", "odt_cast_away_rp2040 uart",
    "pimoroni_plasma2040w i2c", "proveskit_rp2040_v4 spi", "wiznet_w55rp20_evb_pico spi",
  ]

  @Test func defaultBusesOfEveryBoard() throws {
    var found: [String] = []
    for id in BoardDefinition.ids {
      let board = try makeBoard(id)
      func pin(_ name: String) throws -> Pin { try #require(board.pin(mcu: name)) }
      for bus in board.definition.buses.i2c
      where board.rules.i2cUnits(scl: try pin(bus.scl), sda: try pin(bus.sda)).isEmpty {
        found.append("\(id) i2c")
      }
      for bus in board.definition.buses.spi {
        let miso = try bus.miso.map { try pin($0) }
        if board.rules.spiUnits(clock: try pin(bus.clock), mosi: try pin(bus.mosi), miso: miso).isEmpty {
          found.append("\(id) spi")
        }
      }
      for bus in board.definition.buses.uart
      where board.rules.uartUnits(tx: try pin(bus.tx), rx: try pin(bus.rx)).isEmpty {
        found.append("\(id) uart")
      }
    }
    #expect(found == Self.refused)
  }

  @Test func units() throws {
    let board = try makeBoard("circuitplayground_express")
    #expect(board.claimUnit(of: ["SERCOM0", "SERCOM2"], for: "I2C") == "SERCOM0")
    #expect(board.claimUnit(of: ["SERCOM0", "SERCOM2"], for: "SPI") == "SERCOM2")
    #expect(board.claimUnit(of: ["SERCOM0", "SERCOM2"], for: "UART") == nil)
    board.releaseUnit("SERCOM0")
    #expect(board.claimUnit(of: ["SERCOM0", "SERCOM2"], for: "UART") == "SERCOM0")
    board.resetForNewVM()
    #expect(board.claimUnit(of: ["SERCOM2"], for: "I2C") == "SERCOM2")
  }
}
