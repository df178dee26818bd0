/// A part on an I2C bus. Called under the board's lock.
package protocol I2CTarget: AnyObject {
  /// 7-bit addresses the part answers to. May change while attached (address pins, software).
  var addresses: [UInt8] { get }
  /// The bytes a controller sends after the address. Returns how many the part acknowledges; a negative number says
  /// that it does not acknowledge its address now (a memory that is busy writing). No bytes is a probe.
  func write(_ bytes: [UInt8], to address: UInt8) -> Int
  /// As many bytes as the controller asks for.
  func read(_ count: Int, from address: UInt8) -> [UInt8]
  /// The controller ends the transaction; not called between the halves of a write-then-read.
  func stop()
}

extension I2CTarget {
  package func stop() {}
}

/// What came of a transfer.
package struct I2CTransfer: Sendable, Equatable {
  /// Whether a part answered to its address, after a repeated start too.
  package var isAddressAcknowledged = false
  /// Bytes written that the part took.
  package var acknowledgedBytes = 0
  /// Bytes read; empty when nobody answered.
  package var bytes: [UInt8] = []
  /// How long the wires were busy: 9 bit times a byte, with the address, and one each for start and stop.
  package var durationNanoseconds: UInt64 = 0
}

/// The wires between one pair of pins, and the parts on them. Exists once per pair, outlives VMs.
/// `@unchecked Sendable`: as `Pin`, everything is used under the board's lock, which each member takes.
package final class I2CBus: @unchecked Sendable {
  package let scl: Pin
  package let sda: Pin
  private let lock: BoardLock
  private var targets: [any I2CTarget] = []
  private var clockHz = 100_000

  init(scl: Pin, sda: Pin, lock: BoardLock, hasPullUps: Bool) {
    self.scl = scl
    self.sda = sda
    self.lock = lock
    if hasPullUps { setPullUps(.pulledHigh, source: "I2C pull-up of the board") }
  }

  /// Bits per second; charged in `I2CTransfer.durationNanoseconds`.
  package var frequencyHz: Int {
    get { lock.withLock { clockHz } }
    set { lock.withLock { clockHz = max(newValue, 1) } }
  }

  /// Whether both wires are held high from outside: the board has resistors or a part is attached (every breakout
  /// board carries a pair), and nothing holds a wire low. If not, a real board says
  /// "No pull up found on SDA or SCL; check your wiring".
  package var hasPullUps: Bool { lock.withLock { scl.externalLevel == true && sda.externalLevel == true } }

  // MARK: Parts

  /// Puts a part with its pull-up resistors on the wires.
  package func attach(_ target: any I2CTarget) throws(BoardError) {
    try lock.withLock { () throws(BoardError) in
      for address in target.addresses where self.target(at: address) != nil {
        throw .addressTaken(address, by: "another part")
      }
      targets.append(target)
      setPullUps(.pulledHigh, source: "I2C pull-up of parts")
    }
  }

  package func detach(_ target: any I2CTarget) {
    lock.withLock {
      targets.removeAll { $0 === target }
      if targets.isEmpty { setPullUps(.released, source: "I2C pull-up of parts") }
    }
  }

  package var attachedTargets: [any I2CTarget] { lock.withLock { targets } }

  // MARK: Transfers

  /// Whether a part answers: a write of no bytes.
  package func probe(_ address: UInt8) -> I2CTransfer { write([], to: address) }

  package func write(_ bytes: [UInt8], to address: UInt8) -> I2CTransfer {
    lock.withLock {
      let target = reachableTarget(at: address)
      defer { target?.stop() }
      return write(bytes, to: target, address)
    }
  }

  package func read(_ count: Int, from address: UInt8) -> I2CTransfer {
    lock.withLock {
      let target = reachableTarget(at: address)
      defer { target?.stop() }
      return read(count, from: target, address)
    }
  }

  /// Write, repeated start, read. When the part does not take all bytes, nothing is read.
  package func writeThenRead(_ bytes: [UInt8], count: Int, address: UInt8) -> I2CTransfer {
    lock.withLock {
      let target = reachableTarget(at: address)
      defer { target?.stop() }
      let written = write(bytes, to: target, address)
      guard written.isAddressAcknowledged, written.acknowledgedBytes == bytes.count else { return written }
      var result = read(count, from: target, address)
      result.acknowledgedBytes = written.acknowledgedBytes
      result.durationNanoseconds += written.durationNanoseconds
      return result
    }
  }

  // MARK: Under the lock

  private func write(_ bytes: [UInt8], to target: (any I2CTarget)?, _ address: UInt8) -> I2CTransfer {
    let acknowledged = target?.write(bytes, to: address) ?? -1
    guard acknowledged >= 0 else { return I2CTransfer(durationNanoseconds: duration(bytes: 1)) }
    // The byte that is refused is on the wires too.
    let sent = min(acknowledged + 1, bytes.count)
    return I2CTransfer(
      isAddressAcknowledged: true, acknowledgedBytes: min(acknowledged, bytes.count),
      durationNanoseconds: duration(bytes: 1 + sent))
  }

  private func read(_ count: Int, from target: (any I2CTarget)?, _ address: UInt8) -> I2CTransfer {
    guard let target else { return I2CTransfer(durationNanoseconds: duration(bytes: 1)) }
    var bytes = Array(target.read(count, from: address).prefix(count))
    // Nobody pulls SDA low where a part has nothing more to say.
    bytes += repeatElement(0xFF, count: count - bytes.count)
    return I2CTransfer(
      isAddressAcknowledged: true, bytes: bytes, durationNanoseconds: duration(bytes: 1 + count))
  }

  private func duration(bytes: Int) -> UInt64 { UInt64(bytes * 9 + 2) * 1_000_000_000 / UInt64(clockHz) }

  private func target(at address: UInt8) -> (any I2CTarget)? {
    targets.first { $0.addresses.contains(address) }
  }

  /// Nil also when a wire is held low: no bit gets through.
  private func reachableTarget(at address: UInt8) -> (any I2CTarget)? {
    hasPullUps ? target(at: address) : nil
  }

  private func setPullUps(_ drive: PinDrive, source: String) {
    scl.setDrive(drive, source: source)
    sda.setDrive(drive, source: source)
  }
}
