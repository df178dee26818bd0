import Testing

@testable import Board

@Suite struct BoardDefinitionTests {
  struct Facts: Sendable {
    let id: String
    let platform: String
    let volumeKiB: Int
    let heap: Int
    let pystack: Int
    let hasLongInts: Bool
    let uidBytes: Int
    let nvm: Int
    let led: String?
  }

  /// From the behaviour specification: drive sizes of 1.4, memory of 7.2 and 7.3, long integers of 7.4, UID of 1.5.
  static let known = [
    Facts(
      id: "adafruit_feather_rp2040", platform: "RP2040", volumeKiB: 7168, heap: 160_000, pystack: 2048,
      hasLongInts: true, uidBytes: 8, nvm: 4096, led: "GPIO13"),
    Facts(
      id: "raspberry_pi_pico", platform: "RP2040", volumeKiB: 1024, heap: 160_000, pystack: 2048, hasLongInts: true,
      uidBytes: 8, nvm: 4096, led: "GPIO25"),
    Facts(
      id: "raspberry_pi_pico_w", platform: "RP2040", volumeKiB: 508, heap: 126_000, pystack: 2048, hasLongInts: true,
      uidBytes: 8, nvm: 4096, led: "CYW0"),
    Facts(
      id: "raspberry_pi_pico2", platform: "RP2350", volumeKiB: 3072, heap: 400_000, pystack: 2048, hasLongInts: true,
      uidBytes: 8, nvm: 4096, led: "GPIO25"),
    Facts(
      id: "raspberry_pi_pico2_w", platform: "RP2350", volumeKiB: 2556, heap: 380 << 10, pystack: 2048,
      hasLongInts: true, uidBytes: 8, nvm: 4096, led: "CYW0"),
    Facts(
      id: "adafruit_qtpy_rp2040", platform: "RP2040", volumeKiB: 7168, heap: 160_000, pystack: 2048,
      hasLongInts: true, uidBytes: 8, nvm: 4096, led: nil),
    Facts(
      id: "trinket_m0", platform: "Atmel SAMD21", volumeKiB: 64, heap: 18_000, pystack: 1536, hasLongInts: false,
      uidBytes: 16, nvm: 256, led: "PA10"),
    Facts(
      id: "gemma_m0", platform: "Atmel SAMD21", volumeKiB: 64, heap: 18_000, pystack: 1536, hasLongInts: false,
      uidBytes: 16, nvm: 256, led: "PA23"),
    Facts(
      id: "circuitplayground_express", platform: "Atmel SAMD21", volumeKiB: 2044, heap: 16_000, pystack: 1536,
      hasLongInts: true, uidBytes: 16, nvm: 256, led: "PA17"),
    Facts(
      id: "feather_m4_express", platform: "MicroChip SAMD51", volumeKiB: 2044, heap: 130_000, pystack: 2048,
      hasLongInts: true, uidBytes: 16, nvm: 8192, led: "PA23"),
    Facts(
      id: "circuitplayground_bluefruit", platform: "nRF52840", volumeKiB: 2044, heap: 120_000, pystack: 2048,
      hasLongInts: true, uidBytes: 8, nvm: 8192, led: "P1_14"),
    Facts(
      id: "adafruit_qtpy_esp32s3_nopsram", platform: "Espressif", volumeKiB: 3776, heap: 160_000, pystack: 2048,
      hasLongInts: true, uidBytes: 6, nvm: 8192, led: nil),
    Facts(
      id: "adafruit_feather_esp32s3_tft", platform: "Espressif", volumeKiB: 960, heap: (2048 - 120) << 10,
      pystack: 2048, hasLongInts: true, uidBytes: 6, nvm: 8192, led: "GPIO13"),
    Facts(
      id: "teensy41", platform: "NXP IMXRT10XX", volumeKiB: 6140, heap: 940_000, pystack: 2048, hasLongInts: true,
      uidBytes: 16, nvm: 0, led: "GPIO_B0_03"),
  ]

  @Test(arguments: known) func knownBoards(_ facts: Facts) throws {
    let board = try BoardDefinition.named(facts.id)
    #expect(board.platform == facts.platform)
    #expect(board.volumeBytes == facts.volumeKiB << 10)
    #expect(board.isVolumeSizeKnown)
    #expect(board.heapBytes == facts.heap)
    #expect(board.pystackBytes == facts.pystack)
    #expect(board.hasLongInts == facts.hasLongInts)
    #expect(board.uid.count == facts.uidBytes)
    #expect(board.nvmBytes == facts.nvm)
    #expect(board.floatBits == 30)
    #expect((board.mcuPin(named: "LED") ?? board.mcuPin(named: "D13")) == facts.led)
  }

  @Test func defaultBoardInFull() throws {
    let board = try BoardDefinition.named("adafruit_feather_rp2040")
    #expect(board.name == "Adafruit Feather RP2040" && board.mcu == "rp2040" && board.cpuHz == 125_000_000)
    #expect(board.buses.i2c == [I2CWiring(scl: "GPIO3", sda: "GPIO2", hasPullUps: true)])
    #expect(board.buses.spi == [SPIWiring(clock: "GPIO18", mosi: "GPIO19", miso: "GPIO20")])
    #expect(board.objects.map(\.name) == ["I2C", "STEMMA_I2C", "SPI", "UART"])
    #expect(board.objects.map(\.value) == [.i2c(0), .i2c(0), .spi(0), .uart(0)])
    #expect(board.pins.first == BoardPin(name: "A0", mcuPin: "GPIO26") && board.pins.count == 27)
    #expect(board.mcuPin(named: "SCL") == "GPIO3" && board.mcuPin(named: "D13") == "GPIO13")
    #expect(board.mcuPin(named: "D99") == nil)
    #expect(board.status.neopixel == "GPIO16" && board.status.neopixelCount == 1)
    #expect(board.usb.vendorID == 0x239A && board.usb.productID == 0x80F2)
    #expect(board.hasModule("neopixel_write") && board.hasModule("busio.SPI") && !board.hasModule("wifi"))
    #expect(!board.hasModule("no_such_module"))
    #expect(board.uid != (try BoardDefinition.named("adafruit_qtpy_rp2040")).uid)
    #expect(board.uid == (try BoardDefinition.named("adafruit_feather_rp2040")).uid)
  }

  @Test func objectsThatAreNoBuses() throws {
    let board = try BoardDefinition.named("adafruit_qualia_s3_rgb666")
    func value(_ name: String) -> BoardObjectValue? { board.objects.first { $0.name == name }?.value }
    #expect(value("TFT_MOSI") == .integer(7))
    guard case .dictionary(let pins) = value("TFT_PINS") else {
      Issue.record("TFT_PINS is no dictionary")
      return
    }
    #expect(pins.map(\.key) == ["de", "vsync", "hsync", "dclk", "red", "green", "blue"])
    #expect(pins[0].value == .pin("GPIO2"))
    #expect(pins[4].value == .pins(["GPIO11", "GPIO10", "GPIO9", "GPIO46", "GPIO3"]))
    guard case .dictionary(let expander) = value("TFT_IO_EXPANDER") else {
      Issue.record("TFT_IO_EXPANDER is no dictionary")
      return
    }
    #expect(expander.first?.key == "i2c_address" && expander.first?.value == .integer(63))
    let tablet = try BoardDefinition.named("espressif_esp32s3_devkitc_1_n8r8_hacktablet")
    guard case .dictionary(let timings) = tablet.objects.first(where: { $0.name == "TFT_TIMINGS" })?.value else {
      Issue.record("TFT_TIMINGS is no dictionary")
      return
    }
    #expect(timings.first { $0.key == "hsync_idle_low" }?.value == .boolean(false))
    let camera = try BoardDefinition.named("ai-thinker-esp32-cam")
    #expect(camera.objects.first { $0.name == "CAMERA_RESET" }?.value == BoardObjectValue.none)
    let canada = try BoardDefinition.named("grandcentral_m4_express")
    #expect(
      canada.objects.first { $0.name == "SDIO_DATA" }?.value == .pinTuple(["PB18", "PB19", "PB20", "PB21"]))
    let display = try BoardDefinition.named("adafruit_feather_esp32s3_tft").displays
    #expect(
      display == [DisplayDefinition(kind: "busdisplay", bus: "fourwire", width: 240, height: 135, rotationDegrees: 0)])
  }

  @Test func buttons() throws {
    let playground = try BoardDefinition.named("circuitplayground_express")
    #expect(
      playground.buttons == [
        BoardButton(name: "BUTTON_A", isPressedHigh: true), BoardButton(name: "BUTTON_B", isPressedHigh: true),
        BoardButton(name: "SLIDE_SWITCH", isPressedHigh: false),
      ])
    let feather = try BoardDefinition.named("adafruit_feather_rp2040")
    #expect(feather.buttons.allSatisfy { !$0.isPressedHigh } && feather.buttons.count == 2)
  }

  @Test func unknownIDNamesTheNearest() {
    let error = #expect(throws: BoardError.self) { try BoardDefinition.named("adafruit_fether_rp2040") }
    #expect(
      error?.description.hasPrefix("unknown board 'adafruit_fether_rp2040'; did you mean adafruit_feather_rp2040")
        == true)
    let part = #expect(throws: BoardError.self) { try BoardDefinition.named("pico") }
    #expect(part?.description.contains("pico") == true && part?.description.contains("did you mean") == true)
    let none = #expect(throws: BoardError.self) { try BoardDefinition.named("\u{1F600}-nothing-like-any-board-at-all") }
    #expect(none?.description.contains("`circuitpyd boards`") == true)
    #expect(BoardDefinition.find("") == nil && BoardDefinition.find("a\tb") == nil)
    #expect(BoardDefinition.find("adafruit_feather_rp204") == nil)
  }

  @Test func editDistances() {
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("", "abc") == 3 && editDistance("abc", "abc") == 0)
  }
}
