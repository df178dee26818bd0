import Board
import Runtime

/// `busio.SPI`, a `BusObject` with one more field: the real frequency.
enum BusioSPI {
  typealias Object = BusObject<SPIBus>
  private static let fieldCount = 3, frequencyField = 2
  private static let standardFrequency = 250_000

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.spi) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: BusioSPI.fieldCount)
          try BusioSPI.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: BusioSPI.fieldCount) }
      }
      slots.finalise = { vm, v in BusioSPI.close(VM(vm), Value(bits: v).pointer) }
      let type = try vm.makeType("SPI", methods: methods, slots: slots)
      try vm.define(
        type, property: "frequency",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            ObjectLayout.field(try Object(vm, a[0], .spi).p, BusioSPI.frequencyField)
          }
        })
      return type
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let clock = try reader.required("clock")
    let mosi = reader.orNone("MOSI")
    let miso = reader.orNone("MISO")
    reader.keywordsOnly()
    let isHalfDuplex = try reader.bool("half_duplex", false)
    try reader.finish()
    let clockPin = try vm.freePin(clock, "clock")
    let mosiPin = try vm.freePinOrNone(mosi, "mosi")
    let misoPin = try vm.freePinOrNone(miso, "miso")
    if mosiPin == nil && misoPin == nil { throw vm.valueError("Must provide MISO or MOSI pin") }
    if isHalfDuplex { throw vm.error(.notImplementedError, "half_duplex") }
    try open(vm, p, clock: clockPin, mosi: mosiPin, miso: misoPin)
  }

  private static func open(_ vm: VM, _ p: UnsafeMutableRawPointer, clock: Pin, mosi: Pin?, miso: Pin?) throws(PyError) {
    let board = vm.boardState.board
    let unit = try vm.claimUnit(board.rules.spiUnits(clock: clock, mosi: mosi, miso: miso), "SPI")
    let wires = board.spiBus(clock: clock, mosi: mosi, miso: miso)
    for pin in [clock, mosi, miso] { _ = pin?.claim(by: "SPI") }
    ObjectLayout.set(p, frequencyField, Value(small: 0))
    configure(vm, p, wires, frequency: standardFrequency, polarity: 0)
    Object.open(vm, p, wires, unit: unit)
  }

  /// A bus object on these pins, for `board.SPI()`.
  static func make(_ vm: VM, clock: Pin, mosi: Pin?, miso: Pin?) throws(PyError) -> Value {
    try vm.checkFree(clock)
    if let mosi { try vm.checkFree(mosi) }
    if let miso { try vm.checkFree(miso) }
    let object = try vm.makeObject(try makeType(vm), fields: fieldCount)
    try open(vm, object.pointer, clock: clock, mosi: mosi, miso: miso)
    return object
  }

  private static func close(_ vm: VM, _ p: UnsafeMutableRawPointer) {
    Object.close(vm, p) { [$0.clock, $0.mosi, $0.miso] }
  }

  private static func configure(
    _ vm: VM, _ p: UnsafeMutableRawPointer, _ wires: SPIBus, frequency: Int, polarity: Int
  ) {
    let definition = vm.boardState.board.definition
    let real =
      definition.port == "raspberrypi" ? rp2Frequency(frequency, clockHz: definition.cpuHz) : max(frequency, 1)
    wires.frequencyHz = real
    ObjectLayout.set(p, frequencyField, Value(small: real))
    wires.clock.configureOutput(value: polarity == 1)
  }

  /// What native users of the bus set, in SPI mode 0.
  static func setFrequency(_ vm: VM, _ p: UnsafeMutableRawPointer, _ wires: SPIBus, _ hertz: Int) {
    configure(vm, p, wires, frequency: hertz, polarity: 0)
  }

  /// The RP2's SPI divides its clock by an even number up to 254 times a number up to 256.
  private static func rp2Frequency(_ wanted: Int, clockHz: Int) -> Int {
    let wanted = max(wanted, 1)
    guard let prescale = stride(from: 2, through: 254, by: 2).first(where: { clockHz < $0 * 256 * wanted }) else {
      return clockHz / (254 * 256)
    }
    let divider = min(max((clockHz + prescale * wanted - 1) / (prescale * wanted), 1), 256)
    return clockHz / (prescale * divider)
  }

  // MARK: Transfers

  private static func exchange(_ vm: VM, _ object: Object, _ bytes: [UInt8]) -> [UInt8] {
    let (received, duration) = object.wires.exchange(bytes)
    vm.spend(nanoseconds: duration)
    return received
  }

  private static func configure(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .spi)
    var reader = ArgumentReader(vm, a, first: 1)
    reader.keywordsOnly()
    let baudrate = try reader.int("baudrate", 100_000)
    let polarity = try reader.int("polarity", 0)
    let phase = try reader.int("phase", 0)
    let bits = try reader.int("bits", 8)
    try reader.finish()
    try vm.check(polarity, in: 0...1, "polarity")
    try vm.check(phase, in: 0...1, "phase")
    try vm.check(bits, in: 8...9, "bits")
    configure(vm, object.p, object.wires, frequency: baudrate, polarity: polarity)
    return .none
  }

  private static func write(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .spi)
    var reader = ArgumentReader(vm, a, first: 1)
    let buffer = try reader.required("buffer")
    reader.keywordsOnly()
    let start = try reader.int("start", 0)
    let end = try reader.int("end", Int(Int32.max))
    try reader.finish()
    let part = vm.part(try vm.buffer(buffer), start, end)
    if !part.isEmpty { _ = exchange(vm, object, Array(part)) }
    return .none
  }

  private static func read(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .spi)
    var reader = ArgumentReader(vm, a, first: 1)
    let buffer = try reader.required("buffer")
    reader.keywordsOnly()
    let start = try reader.int("start", 0)
    let end = try reader.int("end", Int(Int32.max))
    let filler = UInt8(truncatingIfNeeded: try reader.int("write_value", 0))
    try reader.finish()
    let part = vm.part(try vm.buffer(buffer, writable: true), start, end)
    if !part.isEmpty {
      part.copyBytes(from: exchange(vm, object, [UInt8](repeating: filler, count: part.count)))
    }
    return .none
  }

  private static func writeRead(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .spi)
    var reader = ArgumentReader(vm, a, first: 1)
    let outBuffer = try reader.required("out_buffer")
    let inBuffer = try reader.required("in_buffer")
    reader.keywordsOnly()
    let outStart = try reader.int("out_start", 0)
    let outEnd = try reader.int("out_end", Int(Int32.max))
    let inStart = try reader.int("in_start", 0)
    let inEnd = try reader.int("in_end", Int(Int32.max))
    try reader.finish()
    let sent = vm.part(try vm.buffer(outBuffer), outStart, outEnd)
    let received = vm.part(try vm.buffer(inBuffer, writable: true), inStart, inEnd)
    if sent.count != received.count { throw vm.valueError("buffer slices must be of equal length") }
    if !sent.isEmpty { received.copyBytes(from: exchange(vm, object, Array(sent))) }
    return .none
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try BusioSPI.initialise(vm, try vm.receiver(a, .spi), a)
          return .none
        }
      },
      NativeDefinition("deinit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          BusioSPI.close(vm, try vm.receiver(a, .spi))
          return .none
        }
      },
      .enter, .exitByDeinit,
      NativeDefinition("try_lock", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // Unlike I2C, a deinitialised bus just cannot be locked.
          if BusObject<SPIBus>.wires(try vm.receiver(a, .spi)) == nil { return .false }
          return try Object(vm, a[0], .spi).lock()
        }
      },
      NativeDefinition("unlock", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try Object(vm, a[0], .spi).unlock()
          return .none
        }
      },
      NativeDefinition("configure", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioSPI.configure(vm, a) }
      },
      NativeDefinition("write", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioSPI.write(vm, a) }
      },
      NativeDefinition("readinto", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioSPI.read(vm, a) }
      },
      NativeDefinition("write_readinto", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioSPI.writeRead(vm, a) }
      },
    ]
  }
}
