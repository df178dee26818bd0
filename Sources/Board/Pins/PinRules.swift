/// Which pins make a bus on a chip, and which of the chip's units then serve it. An empty answer is what the firmware
/// calls "Invalid pins"; of several units the first free one is taken (`SimulatedBoard.claimUnit`).
package struct PinRules: Sendable {
  /// How the chip connects units to pins.
  enum Routing: Sendable, Equatable {
    /// Fixed roles of each pin.
    case rp2
    /// SAMD: serial units with pads. `isSAMD21` has looser pad rules.
    case sercom(isSAMD21: Bool)
    /// Any unit to any pin that is able to drive.
    case matrix(i2c: [String], spi: [String], uart: [String])
  }

  let routing: Routing

  init(pinFamily: String) {
    func units(_ kind: String, _ count: Int) -> [String] { (0..<count).map { "\(kind)\($0)" } }
    switch pinFamily {
    case "rp2040", "rp2350a", "rp2350b": routing = .rp2
    case "samd21": routing = .sercom(isSAMD21: true)
    case "samd51": routing = .sercom(isSAMD21: false)
    case "nrf52840", "nrf52833":
      // I2C shares two units with SPI; SPI takes the fast unit first.
      routing = .matrix(
        i2c: ["SPIM0", "SPIM1"], spi: ["SPIM3", "SPIM2", "SPIM1", "SPIM0"], uart: units("UARTE", 2))
    case "esp32", "esp32s3": routing = .matrix(i2c: units("I2C", 2), spi: units("SPI", 2), uart: units("UART", 3))
    case "esp32s2": routing = .matrix(i2c: units("I2C", 2), spi: units("SPI", 2), uart: units("UART", 2))
    case let name where name.hasPrefix("esp32"):
      routing = .matrix(i2c: units("I2C", 1), spi: units("SPI", 1), uart: units("UART", 2))
    default:
      // No table of this chip's pins: every pin is taken to be able to do everything.
      routing = .matrix(i2c: units("I2C", 4), spi: units("SPI", 4), uart: units("UART", 8))
    }
  }

  /// Units that can be an I2C controller on these pins.
  package func i2cUnits(scl: Pin, sda: Pin) -> [String] {
    guard scl !== sda else { return [] }
    switch routing {
    case .rp2:
      return common([(scl, "scl"), (sda, "sda")], \.i2c, unit: "I2C")
    case .sercom:
      return sercoms(of: sda, pads: [0]).filter(sercoms(of: scl, pads: [1]).contains)
    case .matrix(let i2c, _, _):
      return canDrive([scl, sda]) ? i2c : []
    }
  }

  /// Units that can be an SPI controller on these pins.
  package func spiUnits(clock: Pin, mosi: Pin?, miso: Pin?) -> [String] {
    guard mosi != nil || miso != nil, areDistinct([clock, mosi, miso]) else { return [] }
    switch routing {
    case .rp2:
      let pins = [(clock, "clock")] + (mosi.map { [($0, "mosi")] } ?? []) + (miso.map { [($0, "miso")] } ?? [])
      return common(pins, \.spi, unit: "SPI")
    case .sercom(let isSAMD21):
      return sercomSPI(clock: clock, mosi: mosi, miso: miso, isSAMD21: isSAMD21)
    case .matrix(_, let spi, _):
      return canDrive([clock] + (mosi.map { [$0] } ?? [])) ? spi : []
    }
  }

  /// Units that can be a UART on these pins.
  package func uartUnits(tx: Pin?, rx: Pin?, rts: Pin? = nil, cts: Pin? = nil) -> [String] {
    guard tx != nil || rx != nil, areDistinct([tx, rx, rts, cts]) else { return [] }
    switch routing {
    case .rp2:
      let pins = [(tx, "tx"), (rx, "rx"), (rts, "rts"), (cts, "cts")]
      return common(pins.compactMap { pin, role in pin.map { ($0, role) } }, \.uart, unit: "UART")
    case .sercom(let isSAMD21):
      return sercomUART(tx: tx, rx: rx, rts: rts, cts: cts, isSAMD21: isSAMD21)
    case .matrix(_, _, let uart):
      return canDrive([tx, rts].compactMap { $0 }) ? uart : []
    }
  }

  /// Whether any pin can be a PWM output; elsewhere `PinCapabilities.pwm` decides.
  package var isPWMRoutable: Bool {
    if case .matrix = routing { true } else { false }
  }

  // MARK: RP2

  private func common(
    _ pins: [(pin: Pin, role: String)], _ roles: KeyPath<PinCapabilities, [PinRole]>, unit: String
  ) -> [String] {
    (0..<2).filter { controller in
      pins.allSatisfy { $0.pin.capabilities[keyPath: roles].contains(PinRole(controller: controller, role: $0.role)) }
    }.map { "\(unit)\($0)" }
  }

  // MARK: SAMD

  private func sercoms(of pin: Pin, pads: Set<Int>) -> [String] {
    pin.capabilities.sercomPads.filter { pads.contains($0.pad) }.map { "SERCOM\($0.sercom)" }
  }

  private func sercomSPI(clock: Pin, mosi: Pin?, miso: Pin?, isSAMD21: Bool) -> [String] {
    let pairs = isSAMD21 ? [(1, 0), (1, 3), (3, 0), (3, 2)] : [(1, 0), (1, 3)]
    var units: [String] = []
    for (clockPad, mosiPad) in pairs {
      for unit in sercoms(of: clock, pads: [clockPad]) where !units.contains(unit) {
        // Without MOSI the unit's output pad stays unconnected and MISO may be any pad but the clock's.
        let taken: Set<Int> = mosi == nil ? [clockPad] : [clockPad, mosiPad]
        let hasMOSI = mosi.map { sercoms(of: $0, pads: [mosiPad]).contains(unit) } ?? true
        let hasMISO = miso.map { sercoms(of: $0, pads: Set(0...3).subtracting(taken)).contains(unit) } ?? true
        if hasMOSI && hasMISO { units.append(unit) }
      }
    }
    return units
  }

  private func sercomUART(tx: Pin?, rx: Pin?, rts: Pin?, cts: Pin?, isSAMD21: Bool) -> [String] {
    let txPads: Set<Int> = isSAMD21 ? [0, 2] : [0]
    let rxPads: Set<Int> = isSAMD21 ? [0, 1, 2, 3] : [1, 2, 3]
    let roles: [(pin: Pin?, pads: Set<Int>)] = [(tx, txPads), (rx, rxPads), (rts, [2]), (cts, [3])]
    let wanted = roles.compactMap { role in role.pin.map { ($0, role.pads) } }
    guard let first = wanted.first else { return [] }
    // Distinct pins of one unit are distinct pads, except for pins that share a pad: the unit then has one of them.
    return sercoms(of: first.0, pads: first.1).filter { unit in
      let pads = wanted.map { pin, pads in
        pin.capabilities.sercomPads.filter { "SERCOM\($0.sercom)" == unit && pads.contains($0.pad) }.map(\.pad)
      }
      return pads.allSatisfy { !$0.isEmpty } && Set(pads.compactMap(\.first)).count == pads.count
    }
  }

  // MARK: Common

  private func canDrive(_ pins: [Pin]) -> Bool { !pins.contains(where: \.capabilities.isInputOnly) }

  private func areDistinct(_ pins: [Pin?]) -> Bool {
    let indices = pins.compactMap { $0?.index }
    return Set(indices).count == indices.count
  }
}
