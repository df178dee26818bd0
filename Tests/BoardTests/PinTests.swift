import Testing

@testable import Board

@Suite struct PinTests {
  @Test func namesAndIdentity() throws {
    let board = try makeBoard()
    let led = try #require(board.pin(attribute: "LED"))
    #expect(led === board.pin(attribute: "D13") && led === board.pin(mcu: "GPIO13"))
    #expect(led.boardNames == ["LED", "D13"])
    #expect(board.pins.count == 30 && board.pins.map(\.index) == Array(0..<30))
    #expect(board.pin(attribute: "GPIO13") == nil && board.pin(mcu: "LED") == nil)
    let error = #expect(throws: BoardError.self) { try board.pin(named: "D99") }
    #expect(error?.description == "board 'adafruit_feather_rp2040' has no pin 'D99'")
  }

  @Test func pinsOnlyTheBoardKnows() throws {
    let board = try makeBoard("raspberry_pi_pico_w")
    let led = try #require(board.pin(attribute: "LED"))
    #expect(led.name == "CYW0" && led.capabilities == PinCapabilities())
    #expect(board.pins.count == 33)
  }

  @Test func outputAndPulls() throws {
    let pin = try #require(try makeBoard().pin(attribute: "D5"))
    #expect(!pin.level && pin.isFloating)
    pin.pull = .up
    #expect(pin.level && !pin.isFloating)
    pin.pull = .down
    #expect(!pin.level)
    pin.configureOutput(value: true)
    #expect(pin.level && pin.direction == .output)
    pin.outputValue = false
    #expect(!pin.level)
    pin.configureInput(pull: .none)
    #expect(!pin.level && pin.isFloating)
  }

  @Test func floatingWireKeepsItsLevel() throws {
    let pin = try #require(try makeBoard().pin(attribute: "D5"))
    pin.configureOutput(value: true)
    pin.configureInput(pull: .none)
    #expect(pin.level && pin.isFloating)
  }

  @Test func openDrain() throws {
    let pin = try #require(try makeBoard().pin(attribute: "D5"))
    pin.setDrive(.pulledHigh, source: "resistor")
    pin.configureOutput(value: true, driveMode: .openDrain)
    #expect(pin.level)
    pin.setDrive(.low, source: "other")
    #expect(!pin.level && !pin.isShorted)
    pin.setDrive(.released, source: "other")
    #expect(pin.level)
    pin.outputValue = false
    #expect(!pin.level)
  }

  @Test func strengths() throws {
    let pin = try #require(try makeBoard().pin(attribute: "D5"))
    pin.pull = .up
    pin.setDrive(.pulledLow, source: "resistor")
    #expect(!pin.level)
    pin.setDrive(.high, source: "driver")
    #expect(pin.level && pin.externalLevel == true)
    pin.configureOutput(value: false)
    #expect(!pin.level && pin.isShorted)
    pin.outputValue = true
    #expect(pin.level && !pin.isShorted)
  }

  @Test func edgesAndObservers() throws {
    let clock = ManualClock()
    let board = SimulatedBoard(definition: try BoardDefinition.named("raspberry_pi_pico"), clock: clock)
    let pin = try #require(board.pin(attribute: "GP5"))
    var seen: [PinEdge] = []
    let id = pin.observe { seen.append($0) }
    clock.advance(milliseconds: 5)
    pin.pull = .up
    pin.setDrive(.low, source: "button")
    pin.setDrive(.low, source: "button")
    pin.setDrive(.released, source: "button")
    #expect(seen.map(\.isRising) == [true, false, true])
    #expect(seen.first?.monotonicNanoseconds == 5_000_000)
    #expect(pin.risingEdgeCount == 2 && pin.fallingEdgeCount == 1)
    pin.removeObserver(id)
    pin.pull = .down
    #expect(seen.count == 3 && pin.fallingEdgeCount == 2)
  }

  @Test func claims() throws {
    let board = try makeBoard()
    let pin = try #require(board.pin(attribute: "D5"))
    #expect(pin.claim(by: "DigitalInOut"))
    #expect(!pin.claim(by: "I2C") && pin.currentOwner == "DigitalInOut")
    pin.configureOutput(value: true)
    pin.setDrive(.pulledHigh, source: "resistor")
    board.resetForNewVM()
    #expect(!pin.isInUse && pin.direction == .input && pin.level)
    #expect(pin.externalDrives.map(\.source) == ["resistor"])
  }

  @Test func buttons() throws {
    let board = try makeBoard()
    let pin = try #require(board.pin(attribute: "BUTTON"))
    pin.pull = .up
    try board.setButton("BUTTON", isPressed: true)
    #expect(!pin.level)
    try board.setButton("BUTTON", isPressed: false)
    #expect(pin.level)
    let error = #expect(throws: BoardError.self) { try board.setButton("FIRE", isPressed: true) }
    #expect(error?.description == "unknown button 'FIRE'; this board has BOOT, BUTTON")

    let playground = try makeBoard("circuitplayground_express")
    let a = try #require(playground.pin(attribute: "BUTTON_A"))
    try playground.setButton("BUTTON_A", isPressed: true)
    #expect(a.level)
    try playground.setButton("BUTTON_A", isPressed: false)
    #expect(!a.level)
  }

  @Test func voltages() throws {
    let pin = try #require(try makeBoard().pin(attribute: "A0"))
    #expect(pin.voltage == 0)
    pin.setVoltage(2.5)
    #expect(pin.voltage == 2.5 && pin.level)
    pin.setVoltage(0.4)
    #expect(!pin.level)
    pin.setVoltage(nil)
    pin.configureOutput(value: true)
    #expect(pin.voltage == 3.3)
    pin.setVoltage(9)
    #expect(pin.voltage == 5)
  }

  @Test func capabilities() throws {
    let feather = try makeBoard()
    let a0 = try #require(feather.pin(attribute: "A0")).capabilities
    #expect(a0.adc == "0" && a0.pwm == [PWMOutput(timer: "PWM5", channel: 0)])
    #expect(a0.i2c == [PinRole(controller: 1, role: "sda")])
    let playground = try makeBoard("circuitplayground_express")
    let speaker = try #require(playground.pin(attribute: "SPEAKER")).capabilities
    #expect(speaker.dac == 0 && speaker.adc == "0" && speaker.interruptLine == 2)
    let pa08 = try #require(playground.pin(mcu: "PA08")).capabilities
    #expect(pa08.sercomPads == [SercomPad(sercom: 0, pad: 0), SercomPad(sercom: 2, pad: 0)])
  }

  @Test func pixels() throws {
    let clock = ManualClock()
    let board = SimulatedBoard(definition: try BoardDefinition.named("adafruit_feather_rp2040"), clock: clock)
    let pin = try #require(board.pin(attribute: "NEOPIXEL"))
    #expect(board.pixelFrame(on: pin) == nil)
    clock.advance(milliseconds: 1)
    #expect(board.writePixels([1, 2, 3], to: pin) == 30_000)
    board.resetForNewVM()
    #expect(
      board.pixelFrames == [PixelFrame(pin: "GPIO16", bytes: [1, 2, 3], monotonicNanoseconds: 1_000_000)])
  }
}
