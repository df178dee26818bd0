extension SimulatedBoard {
  /// The wires between these pins; the same object each time.
  package func i2cBus(scl: Pin, sda: Pin) -> I2CBus {
    lock.withLock {
      let key = [scl.index, sda.index]
      if let bus = i2cBuses[key] { return bus }
      let isWired = definition.buses.i2c.contains { $0.hasPullUps && $0.scl == scl.name && $0.sda == sda.name }
      let bus = I2CBus(scl: scl, sda: sda, lock: lock, hasPullUps: isWired)
      i2cBuses[key] = bus
      return bus
    }
  }

  /// The bus of `board.I2C()` (index 0) and its siblings; nil when the board has none with that index.
  package func defaultI2CBus(_ index: Int = 0) -> I2CBus? {
    guard definition.buses.i2c.indices.contains(index) else { return nil }
    let wiring = definition.buses.i2c[index]
    guard let scl = pin(mcu: wiring.scl), let sda = pin(mcu: wiring.sda) else { return nil }
    return i2cBus(scl: scl, sda: sda)
  }

  package func spiBus(clock: Pin, mosi: Pin?, miso: Pin?) -> SPIBus {
    lock.withLock {
      let key = [clock.index, mosi?.index ?? -1, miso?.index ?? -1]
      if let bus = spiBuses[key] { return bus }
      let bus = SPIBus(clock: clock, mosi: mosi, miso: miso, lock: lock)
      spiBuses[key] = bus
      return bus
    }
  }

  package func uartBus(tx: Pin?, rx: Pin?) -> UARTBus {
    lock.withLock {
      let key = [tx?.index ?? -1, rx?.index ?? -1]
      if let bus = uartBuses[key] { return bus }
      let bus = UARTBus(tx: tx, rx: rx, lock: lock)
      uartBuses[key] = bus
      return bus
    }
  }

  /// Every I2C bus in use or with parts, for reports.
  package var knownI2CBuses: [I2CBus] {
    lock.withLock { i2cBuses.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value) }
  }
}
