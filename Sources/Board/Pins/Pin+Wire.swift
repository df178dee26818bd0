extension Pin {
  // MARK: The outside

  /// Sets what `source` (a button, a stimulus, a part) does to the wire; each source has one drive.
  package func setDrive(_ drive: PinDrive, source: String) {
    lock.withLock {
      drives.removeAll { $0.source == source }
      if drive != .released { drives.append((source, drive)) }
      settle()
    }
  }

  /// What is connected outside, oldest first.
  package var externalDrives: [(source: String, drive: PinDrive)] { lock.withLock { drives } }

  /// The level the outside alone gives; nil when nothing outside holds the wire.
  package var externalLevel: Bool? { lock.withLock { outsideLevel } }

  // MARK: The level

  /// What is on the wire. A driver beats a resistor, a low driver a high one (a short circuit), an outside resistor
  /// the chip's pull. A floating wire keeps its last level.
  package var level: Bool { lock.withLock { settledLevel } }

  /// Whether nothing holds the wire.
  package var isFloating: Bool { lock.withLock { resolved == nil } }

  /// Whether chip and outside drive against each other.
  package var isShorted: Bool {
    lock.withLock {
      let strong = drives.map(\.drive).filter { $0 == .low || $0 == .high } + [chipDrive]
      return strong.contains(.low) && strong.contains(.high)
    }
  }

  /// Volts on the wire: the stimulus if there is one, else the supply or 0.
  package var voltage: Double { lock.withLock { volts ?? (settledLevel ? Pin.supplyVolts : 0) } }

  /// Puts a voltage on the wire, or takes it off with nil. A digital input sees it as a level: from half the supply
  /// up it is high. No pin here sees less than 0 or more than 5 V.
  package func setVoltage(_ volts: Double?) {
    lock.withLock {
      self.volts = volts.map { min(max($0, 0), 5) }
      setDrive(self.volts.map { $0 >= Pin.supplyVolts / 2 ? .pulledHigh : .pulledLow } ?? .released, source: "voltage")
    }
  }

  package static let supplyVolts = 3.3

  // MARK: Edges

  package var risingEdgeCount: Int { lock.withLock { edges.rising } }
  package var fallingEdgeCount: Int { lock.withLock { edges.falling } }

  /// Calls back at each change of level, under the board's lock, on the thread that caused it: what the closure
  /// touches must be used under that lock only. Returns the number for `removeObserver`.
  package func observe(_ call: @escaping (PinEdge) -> Void) -> Int {
    lock.withLock {
      nextObserverID += 1
      observers.append((nextObserverID, call))
      return nextObserverID
    }
  }

  package func removeObserver(_ id: Int) { lock.withLock { observers.removeAll { $0.id == id } } }

  // MARK: Resolution (under the lock)

  private var chipDrive: PinDrive {
    guard settings.direction == .output else { return .released }
    if settings.outputValue { return settings.driveMode == .pushPull ? .high : .released }
    return .low
  }

  private var outsideLevel: Bool? { Pin.level(of: drives.map(\.drive)) }

  private var resolved: Bool? {
    if drives.isEmpty && settings.direction == .output && settings.driveMode == .pushPull {
      return settings.outputValue
    }
    if let level = Pin.level(of: drives.map(\.drive) + [chipDrive]) { return level }
    guard settings.direction == .input else { return nil }
    return settings.pull == .none ? nil : settings.pull == .up
  }

  private static func level(of drives: [PinDrive]) -> Bool? {
    if drives.contains(.low) { return false }
    if drives.contains(.high) { return true }
    if drives.contains(.pulledLow) { return false }
    return drives.contains(.pulledHigh) ? true : nil
  }

  /// Takes over the level of the wire after a change and reports an edge.
  func settle() {
    let level = resolved ?? settledLevel
    guard level != settledLevel else { return }
    settledLevel = level
    if level { edges.rising += 1 } else { edges.falling += 1 }
    guard !observers.isEmpty else { return }
    let edge = PinEdge(isRising: level, monotonicNanoseconds: clock.monotonicNanoseconds)
    for observer in observers { observer.call(edge) }
  }
}
