/// One electrical world: the chip's pins, the wires on them, time. Outlives VMs.
///
/// Threads: a VM's thread runs Python against it while a control thread sets stimuli. Each member of the board, its
/// pins and buses takes one recursive lock; parts are called under it. `withLock` makes several steps one.
/// `@unchecked Sendable`: all `var`s are used under that lock only.
package final class SimulatedBoard: @unchecked Sendable {
  package let definition: BoardDefinition
  package let clock: any BoardClock
  /// All pins of the chip, in the order of its pin table, then pins only the board knows ("CYW0").
  package let pins: [Pin]
  /// Which pins make a bus on this chip.
  package let rules: PinRules

  let lock = BoardLock()
  private let pinsByName: [String: Pin]
  private let pinsByAttribute: [String: Pin]
  private var unitOwners: [String: String] = [:]
  var i2cBuses: [[Int]: I2CBus] = [:]
  var spiBuses: [[Int]: SPIBus] = [:]
  var uartBuses: [[Int]: UARTBus] = [:]
  var frames: [Int: PixelFrame] = [:]
  var chipCelsius = 27.0

  package init(definition: BoardDefinition, clock: any BoardClock) {
    self.definition = definition
    self.clock = clock
    rules = PinRules(pinFamily: definition.pinFamily)
    var capabilities: [(name: String, can: PinCapabilities)] = []
    if let line = TableLine(of: PinTable.families, key: definition.pinFamily) {
      for index in 1..<line.count {
        let items = line.text(index).pieces(separatedBy: " ")
        capabilities.append((String(items[0]), PinCapabilities(items: items.dropFirst())))
      }
    }
    var known = Set(capabilities.map(\.name))
    for name in definition.mcuPinNames where known.insert(name).inserted {
      capabilities.append((name, PinCapabilities()))
    }
    let attributes = Dictionary(grouping: definition.pins, by: \.mcuPin).mapValues { $0.map(\.name) }
    let lock = lock
    pins = capabilities.enumerated().map { index, entry in
      Pin(
        name: entry.name, index: index, boardNames: attributes[entry.name] ?? [], capabilities: entry.can, lock: lock,
        clock: clock)
    }
    pinsByName = Dictionary(uniqueKeysWithValues: pins.map { ($0.name, $0) })
    pinsByAttribute = Dictionary(
      pins.flatMap { pin in pin.boardNames.map { ($0, pin) } }, uniquingKeysWith: { first, _ in first })
  }

  /// Runs several steps without another thread between them. Do not wait for another thread inside.
  package func withLock<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try lock.withLock(body)
  }

  // MARK: Pins

  /// By the chip's name: "GPIO13".
  package func pin(mcu name: String) -> Pin? { pinsByName[name] }

  /// By the attribute of `board`: "D13".
  package func pin(attribute name: String) -> Pin? { pinsByAttribute[name] }

  /// By either name, for texts a person typed.
  package func pin(named name: String) throws(BoardError) -> Pin {
    guard let pin = pinsByAttribute[name] ?? pinsByName[name] else {
      throw .unknownPin(name, board: definition.id)
    }
    return pin
  }

  // MARK: Units of the chip

  /// Takes the first free unit of those `PinRules` named; nil when all are in use.
  package func claimUnit(of units: [String], for owner: String) -> String? {
    lock.withLock {
      guard let unit = units.first(where: { unitOwners[$0] == nil }) else { return nil }
      unitOwners[unit] = owner
      return unit
    }
  }

  package func releaseUnit(_ unit: String) { lock.withLock { unitOwners[unit] = nil } }

  // MARK: Life of a VM

  /// Ends what a VM held: every pin is an input without pull and free, units are free, receive buffers empty.
  /// Parts, stimuli and pixels keep their state.
  package func resetForNewVM() {
    lock.withLock {
      for pin in pins { pin.reset() }
      unitOwners.removeAll()
      for bus in uartBuses.values { bus.clearReceived() }
    }
  }
}

extension BoardDefinition {
  /// Every MCU pin the definition mentions, each possibly several times.
  var mcuPinNames: [String] {
    let wiring = [wiring.bootButton, wiring.doubleTap, wiring.speakerEnable, wiring.consoleTX, wiring.consoleRX]
    let indicators = [
      status.led, status.neopixel, status.dotstarData, status.dotstarClock, status.red, status.green, status.blue,
      status.power, status.ledTX, status.ledRX,
    ]
    return pins.map(\.mcuPin) + buses.i2c.flatMap { [$0.scl, $0.sda] }
      + buses.spi.flatMap { [$0.clock, $0.mosi] + ($0.miso.map { [$0] } ?? []) }
      + buses.uart.flatMap { [$0.tx, $0.rx] } + (indicators + wiring).compactMap { $0 }
  }
}
