/// A part on an SPI bus. Called under the board's lock, while its chip select is low.
package protocol SPITarget: AnyObject {
  /// The bytes that come back while the controller sends these.
  func exchange(_ bytes: [UInt8]) -> [UInt8]
  /// Chip select goes up: the command is over.
  func deselect()
}

extension SPITarget {
  package func deselect() {}
}

/// The wires of one SPI bus. `@unchecked Sendable`: as `Pin`.
package final class SPIBus: @unchecked Sendable {
  package let clock: Pin
  package let mosi: Pin?
  package let miso: Pin?
  private let lock: BoardLock
  private var targets: [(target: any SPITarget, select: Pin, observer: Int)] = []
  private var clockHz = 100_000
  private var isLooped = false

  init(clock: Pin, mosi: Pin?, miso: Pin?, lock: BoardLock) {
    self.clock = clock
    self.mosi = mosi
    self.miso = miso
    self.lock = lock
  }

  package var frequencyHz: Int {
    get { lock.withLock { clockHz } }
    set { lock.withLock { clockHz = max(newValue, 1) } }
  }

  /// A wire from MOSI to MISO: what is sent comes back.
  package var isLoopback: Bool {
    get { lock.withLock { isLooped } }
    set { lock.withLock { isLooped = newValue } }
  }

  package func attach(_ target: any SPITarget, chipSelect: Pin) {
    lock.withLock {
      let observer = chipSelect.observe { edge in if edge.isRising { target.deselect() } }
      targets.append((target, chipSelect, observer))
    }
  }

  package func detach(_ target: any SPITarget) {
    lock.withLock {
      for entry in targets where entry.target === target { entry.select.removeObserver(entry.observer) }
      targets.removeAll { $0.target === target }
    }
  }

  /// Sends and receives at once. Where no part is selected, MISO reads as the level of its wire.
  package func exchange(_ bytes: [UInt8]) -> (bytes: [UInt8], durationNanoseconds: UInt64) {
    lock.withLock {
      let duration = UInt64(bytes.count * 8) * 1_000_000_000 / UInt64(clockHz)
      let idle: UInt8 = miso?.level == true ? 0xFF : 0
      var received = isLooped ? bytes : [UInt8](repeating: idle, count: bytes.count)
      for entry in targets where entry.select.level == false {
        let answer = entry.target.exchange(bytes)
        if miso != nil { received.replaceSubrange(..<min(answer.count, bytes.count), with: answer.prefix(bytes.count)) }
      }
      return (received, duration)
    }
  }
}
