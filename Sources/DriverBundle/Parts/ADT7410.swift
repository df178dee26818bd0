import Board

/// Analog Devices ADT7410: temperature sensor with three limits, 13 or 16 bits, I2C 0x48 to 0x4B. Registers and times
/// from its data sheet (Rev. C). Conversions happen lazily: whatever asks first makes up for the time that went by.
///
/// Where the data sheet leaves room, chosen here: the mode bits read as written after a one-shot conversion; reading the
/// status takes the flags back in interrupt mode only (in comparator mode they stay as long as INT does, so that the
/// driver, which reads the status once a flag, sees each); a flag taken back returns with the next conversion that is
/// still beyond the limit.
package final class ADT7410: Part, I2CTarget {
  package let name: String
  package let summary = "ADT7410 temperature sensor"
  package let addresses: [UInt8]

  private let clock: any BoardClock
  private let registers = RegisterMap(addressing: .bytes)
  /// What the sensor is surrounded by, in °C.
  private var ambient = 21.5
  /// When the running conversion ends; nil: idle.
  private var conversionEnds: UInt64?
  private var highFaults = FaultCounter()
  private var lowFaults = FaultCounter()
  private var criticalFaults = FaultCounter()
  private var isINTActive = false
  private var isCTActive = false

  /// The board starts Python long after the 6 ms that the first conversion takes, so that one is done.
  package init(name: String = "adt7410", address: UInt8 = 0x48, clock: any BoardClock) {
    self.name = name
    addresses = [address]
    self.clock = clock
    registers.define(Address.temperature, byteCount: 2)
    registers.define(Address.status, reset: Status.notReady)
    registers.define(Address.configuration, writable: 0xFF)
    registers.define(Address.high, byteCount: 2, reset: 0x2000, writable: 0xFFFF)
    registers.define(Address.low, byteCount: 2, reset: 0x0500, writable: 0xFFFF)
    registers.define(Address.critical, byteCount: 2, reset: 0x4980, writable: 0xFFFF)
    registers.define(Address.hysteresis, reset: 0x05, writable: 0x0F)
    registers.define(Address.identity, reset: 0xCB)
    registers.didRead = { [unowned self] register in didRead(register) }
    registers.didWrite = { [unowned self] register, old, new in didWrite(register, old: old, new: new) }
    convert()
    conversionEnds = clock.monotonicNanoseconds + Time.conversion
  }

  package var properties: [PartProperty] {
    [
      PartProperty(
        name: "temperature", unit: "°C", summary: "temperature around the sensor",
        value: .number(
          range: -55...150, get: { [unowned self] in ambient },
          set: { [unowned self] celsius in
            catchUp()
            ambient = celsius
          })),
      PartProperty(
        name: "int", summary: "level of the INT pin, not wired to the board",
        value: .choice(
          ["low", "high"],
          get: { [unowned self] in
            catchUp()
            return isINTActive == isSet(Configuration.intActiveHigh) ? "high" : "low"
          }, set: nil)),
      PartProperty(
        name: "ct", summary: "level of the CT pin, not wired to the board",
        value: .choice(
          ["low", "high"],
          get: { [unowned self] in
            catchUp()
            return isCTActive == isSet(Configuration.ctActiveHigh) ? "high" : "low"
          }, set: nil)),
    ]
  }

  package var nanosecondsUntilMeasured: UInt64 {
    let now = clock.monotonicNanoseconds
    return conversionEnds.map { $0 - min($0, now) } ?? 0
  }

  // MARK: Bus

  package func write(_ bytes: [UInt8], to address: UInt8) -> Int {
    catchUp()
    if bytes.first == Address.softwareReset {
      reset()
      return bytes.count
    }
    return registers.write(bytes)
  }

  package func read(_ count: Int, from address: UInt8) -> [UInt8] {
    catchUp()
    let bytes = registers.read(count)
    // In interrupt mode any read takes the INT pin back.
    if !isSet(Configuration.comparator) { isINTActive = false }
    return bytes
  }

  private func didRead(_ register: UInt8) {
    switch register {
    case Address.temperature: registers[Address.status] |= Status.notReady
    case Address.status where !isSet(Configuration.comparator): registers[Address.status] &= Status.notReady
    default: break
    }
  }

  private func didWrite(_ register: UInt8, old: UInt32, new: UInt32) {
    guard register == Address.configuration else { return }
    let oldMode = Mode(configuration: old)
    let now = clock.monotonicNanoseconds
    switch Mode(configuration: new) {
    case .continuous:
      if oldMode != .continuous || conversionEnds == nil { conversionEnds = now + Time.conversion }
    case .oneShot:
      // Each write of the mode starts one more.
      registers[Address.status] |= Status.notReady
      conversionEnds = now + Time.conversion
    case .onePerSecond:
      registers[Address.status] |= Status.notReady
      if oldMode != .onePerSecond { conversionEnds = now + Time.fastConversion }
    case .shutdown:
      conversionEnds = nil
      if !isSet(Configuration.comparator) { isINTActive = false }
    }
  }

  private func reset() {
    registers.reset()
    (highFaults, lowFaults, criticalFaults) = (FaultCounter(), FaultCounter(), FaultCounter())
    isINTActive = false
    isCTActive = false
    conversionEnds = clock.monotonicNanoseconds + Time.firstConversion
  }

  // MARK: Conversion

  /// Makes the conversions that ended since the last call. Nothing changes from one to the next but the fault
  /// counters, which are full after four, so of many only the last few are made.
  private func catchUp() {
    let now = clock.monotonicNanoseconds
    guard let first = conversionEnds, first <= now else { return }
    let period: UInt64
    switch Mode(configuration: registers[Address.configuration]) {
    case .continuous: period = Time.conversion
    case .onePerSecond: period = Time.second
    case .oneShot, .shutdown:
      conversionEnds = nil
      convert()
      return
    }
    let ended = (now - first) / period + 1
    for _ in 0..<min(ended, 4) { convert() }
    conversionEnds = first + ended * period
  }

  /// Measures: temperature, flags, pins.
  private func convert() {
    let isWide = isSet(Configuration.sixteenBits)
    let steps = isWide ? 128.0 : 16.0
    let reading = Int32((min(max(ambient, -55), 150) * steps).rounded()) * (isWide ? 1 : 8)
    let high = limit(Address.high)
    let low = limit(Address.low)
    let critical = limit(Address.critical)
    let hysteresis = Int32(registers[Address.hysteresis]) * 128
    let faults = registers[Address.configuration] & Configuration.faultQueue + 1

    var value = UInt32(UInt16(bitPattern: Int16(truncatingIfNeeded: reading)))
    if !isWide {
      value |= (reading > critical ? 4 : 0) | (reading > high ? 2 : 0) | (reading < low ? 1 : 0)
    }
    registers[Address.temperature] = value

    highFaults.count(isBeyond: reading > high, isBack: reading < high - hysteresis, needed: faults)
    lowFaults.count(isBeyond: reading < low, isBack: reading > low + hysteresis, needed: faults)
    criticalFaults.count(isBeyond: reading > critical, isBack: reading < critical - hysteresis, needed: faults)
    var status = registers[Address.status] & ~Status.notReady
    for (counter, flag) in [(lowFaults, Status.low), (highFaults, Status.high), (criticalFaults, Status.critical)] {
      if counter.isEvent { status |= flag }
      if !counter.isActive { status &= ~flag }
    }
    registers[Address.status] = status

    isCTActive = criticalFaults.isActive
    if isSet(Configuration.comparator) {
      isINTActive = highFaults.isActive || lowFaults.isActive
    } else if highFaults.isEvent || lowFaults.isEvent {
      isINTActive = true
    }
  }

  private func limit(_ register: UInt8) -> Int32 {
    Int32(Int16(bitPattern: UInt16(truncatingIfNeeded: registers[register])))
  }

  private func isSet(_ bit: UInt32) -> Bool { registers[Address.configuration] & bit != 0 }
}

/// Counts conversions in a row beyond a limit.
private struct FaultCounter {
  private var run: UInt32 = 0
  /// The limit was exceeded often enough, and the temperature is not back within the hysteresis.
  private(set) var isActive = false
  /// The last conversion was beyond the limit, and often enough in a row.
  private(set) var isEvent = false

  mutating func count(isBeyond: Bool, isBack: Bool, needed: UInt32) {
    run = isBeyond ? min(run + 1, 4) : 0
    isEvent = run >= needed
    if isEvent { isActive = true } else if isBack { isActive = false }
  }
}

private enum Mode: UInt32 {
  case continuous, oneShot, onePerSecond, shutdown

  init(configuration: UInt32) {
    switch configuration >> 5 & 3 {
    case 0: self = .continuous
    case 1: self = .oneShot
    case 2: self = .onePerSecond
    default: self = .shutdown
    }
  }
}

private enum Address {
  static let temperature: UInt8 = 0x00
  static let status: UInt8 = 0x02
  static let configuration: UInt8 = 0x03
  static let high: UInt8 = 0x04
  static let low: UInt8 = 0x06
  static let critical: UInt8 = 0x08
  static let hysteresis: UInt8 = 0x0A
  static let identity: UInt8 = 0x0B
  static let softwareReset: UInt8 = 0x2F
}

private enum Status {
  static let low: UInt32 = 0x10
  static let high: UInt32 = 0x20
  static let critical: UInt32 = 0x40
  /// 0 while a value waits that was not read yet.
  static let notReady: UInt32 = 0x80
}

private enum Configuration {
  /// Conversions in a row beyond a limit that make an event, less one.
  static let faultQueue: UInt32 = 0x03
  static let ctActiveHigh: UInt32 = 0x04
  static let intActiveHigh: UInt32 = 0x08
  static let comparator: UInt32 = 0x10
  static let sixteenBits: UInt32 = 0x80
}

/// Nanoseconds.
private enum Time {
  static let firstConversion: UInt64 = 6_000_000
  static let conversion: UInt64 = 240_000_000
  static let fastConversion: UInt64 = 60_000_000
  static let second: UInt64 = 1_000_000_000
}
