import Board

/// The parts on a board's wires: they come and go with the drivers in lib/, and stimuli reach them by name.
/// `@unchecked Sendable`: `attached` is used under the board's lock only.
package final class PartSet: @unchecked Sendable {
  private struct Attached {
    let part: any I2CPart
    let bus: I2CBus
    /// The driver module that brought it; nil when it was attached by name.
    let driver: String?
  }

  private let board: SimulatedBoard
  private var attached: [Attached] = []
  /// Parts that were put on wires of their own, and stay.
  private var fixed: [any Part] = []

  package init(board: SimulatedBoard) { self.board = board }

  /// Makes the parts fit the libraries that are there now. `names` are the entries of lib/ ("adafruit_adt7410.mpy",
  /// "adafruit_register") or module names. Attaches the part of each driver to the board's default I2C bus, takes
  /// away parts whose driver is gone, and returns a line for the log for each change.
  package func attachParts(forLibraryNames names: [String]) -> [String] {
    board.withLock {
      let modules = names.map(PartSet.moduleName)
      var lines: [String] = []
      for entry in attached {
        guard let driver = entry.driver, !modules.contains(driver) else { continue }
        detach(entry)
        lines.append("\(entry.part.name): detached, \(driver) is no longer in lib/")
      }
      for module in modules where !attached.contains(where: { $0.driver == module }) {
        if let factory = PartFactory.part(forDriver: module) { lines.append(attach(factory, driver: module)) }
      }
      return lines
    }
  }

  /// Attaches a part by its name. Returns the line for the log.
  package func attachPart(named name: String) throws(PartError) -> String {
    guard let factory = PartFactory.all.first(where: { $0.partName == name }) else {
      throw .unknownPart(name, valid: PartFactory.all.map(\.partName))
    }
    return board.withLock { attach(factory, driver: nil) }
  }

  /// Puts a part on an SPI bus, for good. Returns the line for the log.
  package func attach(_ part: any Part & SPITarget, to bus: SPIBus, chipSelect: Pin) -> String {
    board.withLock {
      bus.attach(part, chipSelect: chipSelect)
      fixed.append(part)
      let select = chipSelect.boardNames.first ?? chipSelect.name
      return "\(part.name): \(part.summary) on SPI (SCK \(bus.clock.name)), CS \(select)"
    }
  }

  // MARK: Stimuli

  /// Sets "adt7410.temperature" to "30.5". The board itself can be set too: "cpu.temperature", and for each pin
  /// "A0.voltage" and "D5.level".
  /// Returns how many nanoseconds it takes until the part has measured it.
  @discardableResult
  package func set(_ property: String, _ value: String) throws(PartError) -> UInt64 {
    try board.withLock { () throws(PartError) in
      let (part, found) = try find(property)
      try found.set(value, owner: part.name)
      return part.nanosecondsUntilMeasured
    }
  }

  /// The value of "adt7410.temperature" as text.
  package func value(of property: String) throws(PartError) -> String {
    try board.withLock { () throws(PartError) in try find(property).property.text }
  }

  /// One line a property: "adt7410.temperature=21.5 °C".
  package var report: [String] {
    board.withLock {
      parts.flatMap { part in
        part.properties.map { property in
          let unit = property.unit.isEmpty ? "" : " \(property.unit)"
          return "\(part.name).\(property.name)=\(property.text)\(unit)"
        }
      }
    }
  }

  // MARK: Under the lock

  private var parts: [any Part] { attached.map(\.part) + fixed }

  private func attach(_ factory: PartFactory, driver: String?) -> String {
    let name = uniqueName(factory.partName)
    guard let bus = board.defaultI2CBus() else {
      return "\(name): not attached, board \(board.definition.id) has no default I2C bus"
    }
    for address in factory.addresses {
      let part = factory.make(name, address, board.clock)
      do {
        try bus.attach(part)
      } catch {
        continue
      }
      attached.append(Attached(part: part, bus: bus, driver: driver))
      let reason = driver.map { ", as \($0) is in lib/" } ?? ""
      return "\(name): \(factory.summary) attached at 0x\(String(address, radix: 16)) "
        + "(SCL \(bus.scl.name), SDA \(bus.sda.name))\(reason)"
    }
    return "\(name): not attached, all its I2C addresses are taken"
  }

  private func detach(_ entry: Attached) {
    entry.bus.detach(entry.part)
    attached.removeAll { $0.part === entry.part }
  }

  private func find(_ text: String) throws(PartError) -> (part: any Part, property: PartProperty) {
    let names = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 2 else { throw .malformed(text) }
    let part = try part(named: names[0])
    guard let property = part.properties.first(where: { $0.name == names[1] }) else {
      throw .unknownProperty(names[1], part: names[0], valid: part.properties.map(\.name))
    }
    return (part, property)
  }

  private func part(named name: String) throws(PartError) -> any Part {
    if let part = parts.first(where: { $0.name == name }) { return part }
    let chip = ChipPart(board: board)
    if name == chip.name { return chip }
    if let pin = board.pin(attribute: name) ?? board.pin(mcu: name) { return PinPart(pin: pin, name: name) }
    if parts.isEmpty { throw .noParts(name) }
    throw .unknownPart(name, valid: parts.map(\.name))
  }

  /// "adt7410", then "adt7410-2" …
  private func uniqueName(_ base: String) -> String {
    let taken = parts.map(\.name)
    let candidates = (1...).lazy.map { $0 == 1 ? base : "\(base)-\($0)" }
    return candidates.first { !taken.contains($0) } ?? base
  }

  /// "adafruit_adt7410.mpy" → "adafruit_adt7410"
  private static func moduleName(_ entry: String) -> String {
    for suffix in [".mpy", ".py", "/"] where entry.hasSuffix(suffix) { return String(entry.dropLast(suffix.count)) }
    return entry
  }
}
