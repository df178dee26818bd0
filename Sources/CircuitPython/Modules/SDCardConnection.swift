import Board
import Runtime

/// The board's side of an SD card's SPI protocol, for one call of an `SDCard` object's method.
struct SDCardConnection {
  static let sectorBytes = 512
  /// A card that has not answered by then does not answer: the board waits half a second, longer than these take.
  private static let patienceBytes = 4096
  private static let startBaudrate = 250_000
  /// Asked so often whether it is ready, with 50 ms between.
  private static let startAttempts = 10
  private static let startPauseNanoseconds: UInt64 = 50_000_000
  private static let resetAttempts = 5
  private enum Field { static let sectors = 3, addressUnit = 4, baudrate = 5, nextSector = 6 }
  private enum Token {
    static let data: UInt8 = 0xFE, multipleData: UInt8 = 0xFC, stop: UInt8 = 0xFD
    static let acceptMask: UInt8 = 0x1F, accepted: UInt8 = 0x05
  }

  private let vm: VM
  private let p: UnsafeMutableRawPointer
  private let bus: BusObject<SPIBus>
  private let select: Pin

  init(_ vm: VM, _ p: UnsafeMutableRawPointer, bus: Value, pin: Pin) throws(PyError) {
    self.vm = vm
    self.p = p
    self.bus = try BusObject<SPIBus>(vm, bus, .spi)
    select = pin
  }

  var sectorCount: Int { ObjectLayout.field(p, Field.sectors).small }
  private var addressUnit: Int { ObjectLayout.field(p, Field.addressUnit).small }

  // MARK: Wires

  @discardableResult
  private func exchange(_ bytes: [UInt8]) -> [UInt8] {
    let (received, duration) = bus.wires.exchange(bytes)
    vm.spend(nanoseconds: duration)
    return received
  }

  private func receive(_ count: Int) -> [UInt8] { exchange([UInt8](repeating: 0xFF, count: count)) }

  /// The first byte that satisfies; nil when none came.
  private func wait(for isWanted: (UInt8) -> Bool) -> UInt8? {
    for _ in 0..<Self.patienceBytes {
      let byte = bus.wires.exchange([0xFF]).bytes[0]
      if isWanted(byte) { return byte }
    }
    return nil
  }

  /// Runs `body` with the bus locked and the card selected. OSError 11 when somebody else has the bus.
  private func selected<T>(_ body: () throws(PyError) -> T) throws(PyError) -> T {
    if bus.lock() == .false { throw vm.osError(11) }
    BusioSPI.setFrequency(vm, bus.p, bus.wires, ObjectLayout.field(p, Field.baudrate).small)
    select.outputValue = false
    defer {
      select.outputValue = true
      exchange([0xFF])
      bus.unlock()
    }
    return try body()
  }

  private func failure() -> PyError { vm.osError(5) }

  // MARK: Commands

  /// Sends a command; the first byte of the response, nil when none came.
  private func command(_ number: UInt8, _ argument: Int = 0, waits: Bool = true) throws(PyError) -> UInt8? {
    try endMultipleWrite()
    if waits, wait(for: { $0 == 0xFF }) == nil { return nil }
    var bytes = [0x40 | number] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: argument >> ($0 * 8)) }
    bytes.append(Self.checksum(bytes))
    exchange(bytes)
    return wait { $0 & 0x80 == 0 }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt8 {
    var sum: UInt8 = 0
    for byte in bytes {
      var byte = byte
      for _ in 0..<8 {
        if (byte ^ sum) & 0x80 != 0 { sum ^= 0x09 }
        sum <<= 1
        byte <<= 1
      }
    }
    return sum | 1
  }

  private func endMultipleWrite() throws(PyError) {
    if ObjectLayout.field(p, Field.nextSector).isNone { return }
    ObjectLayout.set(p, Field.nextSector, .none)
    exchange([Token.stop, 0xFF])
    if wait(for: { $0 == 0 }) == nil { throw failure() }
  }

  private func receiveBlock(_ count: Int) throws(PyError) -> [UInt8] {
    if wait(for: { $0 == Token.data }) == nil { throw failure() }
    return Array(receive(count + 2).prefix(count))
  }

  // MARK: Start

  /// OSError with the board's text when there is no card.
  func start(baudrate: Int) throws(PyError) {
    ObjectLayout.set(p, Field.nextSector, .none)
    ObjectLayout.set(p, Field.addressUnit, Value(small: Self.sectorBytes))
    ObjectLayout.set(p, Field.baudrate, Value(small: Self.startBaudrate))
    // 80 clocks with the card not selected.
    exchange([UInt8](repeating: 0xFF, count: 10))
    if let text = try selected({ () throws(PyError) in try startFailure() }) {
      throw vm.error(.osError, text)
    }
    ObjectLayout.set(p, Field.baudrate, Value(small: baudrate))
  }

  private func startFailure() throws(PyError) -> String? {
    var isReset = false
    for _ in 0..<Self.resetAttempts where !isReset {
      _ = wait { $0 == 0xFF }
      isReset = try command(0, waits: false) == 1
    }
    if !isReset { return "no SD card" }
    switch try command(8, 0x1AA) {
    case 1:
      _ = receive(4)
      if try !becomesReady(0x4000_0000) { return "timeout waiting for v2 card" }
      _ = try command(58)
      if receive(4)[0] & 0x40 != 0 { ObjectLayout.set(p, Field.addressUnit, Value(small: 1)) }
    case 5: if try !becomesReady(0) { return "timeout waiting for v1 card" }
    default: return "couldn't determine SD card version"
    }
    if try command(9) != 0 { return "no response from SD card" }
    guard let sectors = Self.sectors(try receiveBlock(16)) else { return "SD card CSD format not supported" }
    ObjectLayout.set(p, Field.sectors, Value(small: sectors))
    return try command(16, Self.sectorBytes) == 0 ? nil : "can't set 512 block size"
  }

  private func becomesReady(_ argument: Int) throws(PyError) -> Bool {
    for attempt in 0..<Self.startAttempts {
      if attempt > 0 { vm.spend(nanoseconds: Self.startPauseNanoseconds) }
      _ = try command(55)
      if try command(41, argument) == 0 { return true }
    }
    return false
  }

  /// The size in a CSD register; nil for a version that boards do not know.
  private static func sectors(_ register: [UInt8]) -> Int? {
    switch register[0] >> 6 {
    case 0:
      let size = Int(register[6] & 3) << 10 | Int(register[7]) << 2 | Int(register[8] & 0xC) >> 6
      let multiplier = 1 << ((Int(register[9] & 3) << 1 | Int(register[10] & 0x80) >> 7) + 2)
      return (1 << Int(register[5] & 0xF)) / sectorBytes * multiplier * (size + 1)
    case 1: return ((Int(register[8]) << 8 | Int(register[9])) + 1) * 1024
    default: return nil
    }
  }

  // MARK: Sectors

  func read(_ first: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PyError) {
    let count = buffer.count / Self.sectorBytes
    if count == 0 { return }
    try selected { () throws(PyError) in
      guard try command(count == 1 ? 17 : 18, first * addressUnit) == 0 else { throw failure() }
      for i in 0..<count {
        let data = try receiveBlock(Self.sectorBytes)
        UnsafeMutableRawBufferPointer(rebasing: buffer[(i * Self.sectorBytes)...]).copyBytes(from: data)
      }
      if count > 1, try command(12, waits: false) == nil { throw failure() }
    }
  }

  func write(_ first: Int, _ buffer: UnsafeRawBufferPointer) throws(PyError) {
    try selected { () throws(PyError) in
      let next = ObjectLayout.field(p, Field.nextSector)
      if next.isNone || next.small != first {
        guard try command(25, first * addressUnit) == 0 else { throw failure() }
      }
      for i in 0..<buffer.count / Self.sectorBytes {
        // Whatever goes wrong now ends the multiple write.
        ObjectLayout.set(p, Field.nextSector, .none)
        if wait(for: { $0 == 0xFF }) == nil { throw failure() }
        let data = buffer[(i * Self.sectorBytes)..<((i + 1) * Self.sectorBytes)]
        exchange([Token.multipleData] + Array(data) + [0xFF, 0xFF])
        guard let response = wait(for: { $0 & 0x11 == 1 }), response & Token.acceptMask == Token.accepted,
          wait(for: { $0 != 0 }) != nil
        else { throw failure() }
        ObjectLayout.set(p, Field.nextSector, Value(small: first + i + 1))
      }
    }
  }

  /// Ends a multiple write, so that the card has all.
  func endWriting() throws(PyError) { try selected { () throws(PyError) in try endMultipleWrite() } }
}
