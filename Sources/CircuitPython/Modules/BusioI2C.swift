import Board
import Runtime

/// `busio.I2C`, a `BusObject` without fields of its own.
enum BusioI2C {
  typealias Object = BusObject<I2CBus>
  private static let fieldCount = 2
  private static let noDevice: Int32 = 19, inputOutputError: Int32 = 5

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.i2c) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: BusioI2C.fieldCount)
          try BusioI2C.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: BusioI2C.fieldCount) }
      }
      slots.finalise = { vm, v in BusioI2C.close(VM(vm), Value(bits: v).pointer) }
      return try vm.makeType("I2C", methods: methods, slots: slots)
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let scl = try reader.required("scl")
    let sda = try reader.required("sda")
    reader.keywordsOnly()
    let frequency = try reader.int("frequency", 100_000)
    _ = try reader.int("timeout", 255)
    try reader.finish()
    let sclPin = try vm.freePin(scl, "scl")
    try open(vm, p, scl: sclPin, sda: try vm.freePin(sda, "sda"), frequency: frequency)
  }

  private static func open(_ vm: VM, _ p: UnsafeMutableRawPointer, scl: Pin, sda: Pin, frequency: Int) throws(PyError) {
    let board = vm.boardState.board
    let unit = try vm.claimUnit(board.rules.i2cUnits(scl: scl, sda: sda), "I2C")
    do throws(PyError) {
      if frequency > 1_000_000 { throw vm.valueError("frequency must be <= 1000000") }
      try vm.check(frequency, atLeast: 1, "frequency")
      let wires = board.i2cBus(scl: scl, sda: sda)
      if !wires.hasPullUps { throw vm.runtimeError("No pull up found on SDA or SCL; check your wiring") }
      wires.frequencyHz = frequency
      _ = scl.claim(by: "I2C")
      _ = sda.claim(by: "I2C")
      Object.open(vm, p, wires, unit: unit)
    } catch {
      board.releaseUnit(unit)
      throw error
    }
  }

  /// A bus object on these pins, for `board.I2C()`.
  static func make(_ vm: VM, scl: Pin, sda: Pin) throws(PyError) -> Value {
    try vm.checkFree(scl)
    try vm.checkFree(sda)
    let object = try vm.makeObject(try makeType(vm), fields: fieldCount)
    try open(vm, object.pointer, scl: scl, sda: sda, frequency: 100_000)
    return object
  }

  private static func close(_ vm: VM, _ p: UnsafeMutableRawPointer) {
    Object.close(vm, p) { [$0.scl, $0.sda] }
  }

  // MARK: Transfers

  /// Charges the time on the wires and tells what went wrong.
  private static func finish(_ vm: VM, _ transfer: I2CTransfer, sent: Int) throws(PyError) {
    vm.spend(nanoseconds: transfer.durationNanoseconds)
    if !transfer.isAddressAcknowledged { throw vm.osError(noDevice) }
    if transfer.acknowledgedBytes < sent { throw vm.osError(inputOutputError) }
  }

  /// A 7-bit address; nobody answers to any other number.
  private static func address(_ vm: VM, _ value: Value) throws(PyError) -> UInt8 {
    let address = try vm.intArgument(value)
    guard (0...0x7F).contains(address) else { throw vm.osError(noDevice) }
    return UInt8(address)
  }

  private static func probe(_ vm: VM, _ object: Object, _ address: Int) -> Bool {
    guard (0...0x7F).contains(address) else { return false }
    let transfer = object.wires.probe(UInt8(address))
    vm.spend(nanoseconds: transfer.durationNanoseconds)
    return transfer.isAddressAcknowledged
  }

  private static func scan(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .i2c)
    let list = try vm.makeList()
    for address in 0x08..<0x78 where probe(vm, object, address) { try vm.append(list, Value(small: address)) }
    return list
  }

  private static func read(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .i2c)
    var reader = ArgumentReader(vm, a, first: 1)
    let target = try reader.required("address")
    let buffer = try reader.required("buffer")
    reader.keywordsOnly()
    let start = try reader.int("start", 0)
    let end = try reader.int("end", Int(Int32.max))
    try reader.finish()
    let part = vm.part(try vm.buffer(buffer, writable: true), start, end)
    if part.isEmpty { throw vm.valueError("buffer length must be >= 1") }
    let transfer = object.wires.read(part.count, from: try address(vm, target))
    try finish(vm, transfer, sent: 0)
    part.copyBytes(from: transfer.bytes)
    return .none
  }

  private static func write(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .i2c)
    var reader = ArgumentReader(vm, a, first: 1)
    let target = try reader.required("address")
    let buffer = try reader.required("buffer")
    reader.keywordsOnly()
    let start = try reader.int("start", 0)
    let end = try reader.int("end", Int(Int32.max))
    try reader.finish()
    let part = vm.part(try vm.buffer(buffer), start, end)
    try finish(vm, object.wires.write(Array(part), to: try address(vm, target)), sent: part.count)
    return .none
  }

  private static func writeThenRead(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object.locked(vm, a, .i2c)
    var reader = ArgumentReader(vm, a, first: 1)
    let target = try reader.required("address")
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
    // The board names the other buffer here.
    if received.isEmpty { throw vm.valueError("out_buffer length must be >= 1") }
    let transfer = object.wires.writeThenRead(Array(sent), count: received.count, address: try address(vm, target))
    try finish(vm, transfer, sent: sent.count)
    received.copyBytes(from: transfer.bytes)
    return .none
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try BusioI2C.initialise(vm, try vm.receiver(a, .i2c), a)
          return .none
        }
      },
      NativeDefinition("deinit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          BusioI2C.close(vm, try vm.receiver(a, .i2c))
          return .none
        }
      },
      .enter, .exitByDeinit,
      NativeDefinition("try_lock", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try Object(vm, a[0], .i2c).lock() }
      },
      NativeDefinition("unlock", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try Object(vm, a[0], .i2c).unlock()
          return .none
        }
      },
      NativeDefinition("probe", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try Object.locked(vm, a, .i2c)
          return Value(BusioI2C.probe(vm, object, try vm.intArgument(a[1])))
        }
      },
      NativeDefinition("scan", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try BusioI2C.scan(vm, a) } },
      NativeDefinition("readfrom_into", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioI2C.read(vm, a) }
      },
      NativeDefinition("writeto", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioI2C.write(vm, a) }
      },
      NativeDefinition("writeto_then_readfrom", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioI2C.writeThenRead(vm, a) }
      },
    ]
  }
}
