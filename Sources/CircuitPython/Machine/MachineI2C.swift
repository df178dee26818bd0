import Board
import Runtime

/// `machine.I2C` and `machine.SoftI2C`. Fields: the wires as in `BusObject`, the controller's number or None, the frequency, timeout.
enum MachineI2C {
  private enum Field { static let wires = 0, number = 1, frequency = 2, timeout = 3, all = 4 }
  private static let inputOutputError: Int32 = 5, noDevice: Int32 = 19

  static func makeType(_ vm: VM, _ key: NativeTypeKey) throws(PyError) -> Value {
    try vm.type(key) { vm throws(PyError) in
      var slots = TypeSlots()
      if key == .machineI2C {
        slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.make(vm, a, isSoft: false) } }
      } else {
        slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.make(vm, a, isSoft: true) } }
      }
      slots.print = { vm, v, _, out in
        MachineI2C.print(Value(bits: v).pointer, TextBuffer(out))
        return Value.none.bits
      }
      return try vm.makeType(key == .machineI2C ? "I2C" : "SoftI2C", methods: methods, slots: slots)
    }
  }

  private static func make(_ vm: VM, _ a: Arguments, isSoft: Bool) throws(PyError) -> Value {
    let board = vm.boardState.board
    var reader = ArgumentReader(vm, a, first: 1)
    var number: Int?
    if !isSoft {
      let id = try vm.intArgument(try reader.required("id"))
      guard (0...1).contains(id) else { throw vm.valueError("I2C(\(id)) doesn't exist") }
      number = id
      reader.keywordsOnly()
    }
    let scl = isSoft ? try reader.required("scl") : reader.optional("scl")
    let sda = isSoft ? try reader.required("sda") : reader.optional("sda")
    reader.keywordsOnly()
    let frequency = try reader.int("freq", 400_000)
    let timeout = try reader.int("timeout", 50_000)
    try reader.finish()

    let standard = number.flatMap { standardPins(board, $0) }
    guard let sclPin = scl.isEmpty ? standard?.scl : try MachinePin.pin(vm, scl) else {
      throw vm.valueError("bad SCL pin")
    }
    guard let sdaPin = sda.isEmpty ? standard?.sda : try MachinePin.pin(vm, sda) else {
      throw vm.valueError("bad SDA pin")
    }
    if let number { try check(vm, board, number, scl: sclPin, sda: sdaPin) }
    let wires = board.i2cBus(scl: sclPin, sda: sdaPin)
    wires.frequencyHz = frequency
    let object = try vm.makeObject(a[0], fields: Field.all)
    let p = object.pointer
    ObjectLayout.set(p, Field.wires, Value(small: Int(bitPattern: Unmanaged.passUnretained(wires).toOpaque())))
    if let number { ObjectLayout.set(p, Field.number, Value(small: number)) }
    ObjectLayout.set(p, Field.frequency, try vm.makeInt(frequency))
    ObjectLayout.set(p, Field.timeout, try vm.makeInt(timeout))
    return object
  }

  /// The board's own bus if that controller serves it, else those of a Raspberry Pi Pico.
  private static func standardPins(_ board: SimulatedBoard, _ number: Int) -> (scl: Pin, sda: Pin)? {
    if let bus = board.defaultI2CBus(), board.rules.i2cUnits(scl: bus.scl, sda: bus.sda).contains("I2C\(number)") {
      return (bus.scl, bus.sda)
    }
    guard let scl = board.pin(mcu: number == 0 ? "GPIO5" : "GPIO7"),
      let sda = board.pin(mcu: number == 0 ? "GPIO4" : "GPIO6")
    else { return nil }
    return (scl, sda)
  }

  private static func check(_ vm: VM, _ board: SimulatedBoard, _ number: Int, scl: Pin, sda: Pin) throws(PyError) {
    if board.definition.port != "raspberrypi" {
      if board.rules.i2cUnits(scl: scl, sda: sda).isEmpty { throw vm.valueError("bad SCL pin") }
      return
    }
    func can(_ pin: Pin, _ role: String) -> Bool {
      pin.capabilities.i2c.contains { $0.controller == number && $0.role == role }
    }
    if !can(scl, "scl") { throw vm.valueError("bad SCL pin") }
    if !can(sda, "sda") { throw vm.valueError("bad SDA pin") }
  }

  private static func print(_ p: UnsafeMutableRawPointer, _ out: TextBuffer) {
    guard let wires = BusObject<I2CBus>.wires(p) else { return }
    func number(_ pin: Pin) -> String { pin.name.hasPrefix("GPIO") ? String(pin.name.dropFirst(4)) : pin.name }
    let field = ObjectLayout.field(p, Field.number)
    out.append(field.isNone ? "SoftI2C(scl=" : "I2C(")
    if field.isNone {
      out.append("\(number(wires.scl)), sda=\(number(wires.sda)), freq=\(wires.frequencyHz))")
    } else {
      out.append("\(field.small), freq=\(wires.frequencyHz), scl=\(number(wires.scl)), sda=\(number(wires.sda))")
      out.append(", timeout=\(ObjectLayout.field(p, Field.timeout).small))")
    }
  }

  // MARK: Transfers

  /// `self` of either type.
  private struct Bus {
    let wires: I2CBus
    let missingError: Int32

    init(_ vm: VM, _ a: Arguments) throws(PyError) {
      let p: UnsafeMutableRawPointer
      if let soft = vm.unwrap(a[0], .machineSoftI2C) { p = soft } else { p = try vm.receiver(a, .machineI2C) }
      guard let wires = BusObject<I2CBus>.wires(p) else { throw vm.notInitialised() }
      self.wires = wires
      missingError = ObjectLayout.field(p, Field.number).isNone ? noDevice : inputOutputError
    }
  }

  private static func address(_ vm: VM, _ bus: Bus, _ value: Value) throws(PyError) -> UInt8 {
    let address = try vm.intArgument(value)
    guard (0...0x7F).contains(address) else { throw vm.osError(bus.missingError) }
    return UInt8(address)
  }

  private static func finish(_ vm: VM, _ bus: Bus, _ transfer: I2CTransfer) throws(PyError) {
    vm.spend(nanoseconds: transfer.durationNanoseconds)
    if !transfer.isAddressAcknowledged { throw vm.osError(bus.missingError) }
  }

  private static func scan(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let bus = try Bus(vm, a)
    let list = try vm.makeList()
    for address in UInt8(8)..<0x78 {
      let transfer = bus.wires.probe(address)
      vm.spend(nanoseconds: transfer.durationNanoseconds)
      if transfer.isAddressAcknowledged { try vm.append(list, Value(small: Int(address))) }
    }
    return list
  }

  private static func write(_ vm: VM, _ bus: Bus, _ target: Value, _ bytes: [UInt8]) throws(PyError) -> Value {
    let transfer = bus.wires.write(bytes, to: try address(vm, bus, target))
    try finish(vm, bus, transfer)
    return Value(small: transfer.acknowledgedBytes)
  }

  private static func writeVector(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let bus = try Bus(vm, a)
    guard a[2].has(.tuple) || a[2].has(.list) else {
      throw vm.typeError("object '\(vm.string(vm.typeName(a[2])))' isn't a tuple or list")
    }
    var bytes: [UInt8] = []
    let parts = try vm.list(from: a[2])
    for i in 0..<ListLayout.count(parts.pointer) { bytes += try vm.bufferBytes(ListLayout.item(parts.pointer, i)) }
    return try write(vm, bus, a[1], bytes)
  }

  private static func read(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let bus = try Bus(vm, a)
    let count = try vm.intArgument(a[2])
    if count < 0 { throw vm.valueError("negative count") }
    let transfer = bus.wires.read(count, from: try address(vm, bus, a[1]))
    try finish(vm, bus, transfer)
    return try vm.makeBytes(transfer.bytes)
  }

  private static func readInto(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let bus = try Bus(vm, a)
    let part = vm.part(try vm.buffer(a[2], writable: true), 0, Int.max)
    let transfer = bus.wires.read(part.count, from: try address(vm, bus, a[1]))
    try finish(vm, bus, transfer)
    part.copyBytes(from: transfer.bytes)
    return .none
  }

  private enum MemoryAccess { case read, readInto, write }

  /// A register or memory address goes out first, most significant byte first.
  private static func memory(_ vm: VM, _ a: Arguments, _ access: MemoryAccess) throws(PyError) -> Value {
    let bus = try Bus(vm, a)
    var reader = ArgumentReader(vm, a, first: 1)
    let target = try address(vm, bus, try reader.required("addr"))
    let register = try vm.intArgument(try reader.required("memaddr"))
    let data = try reader.required(access == .read ? "n" : "buf")
    reader.keywordsOnly()
    let addressBits = try reader.int("addrsize", 8)
    try reader.finish()
    guard addressBits % 8 == 0, (0...32).contains(addressBits) else { throw vm.valueError("invalid addrsize") }
    let head = stride(from: addressBits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: register >> $0) }
    switch access {
    case .write:
      try finish(vm, bus, bus.wires.write(head + (try vm.bufferBytes(data)), to: target))
      return .none
    case .read:
      let count = try vm.intArgument(data)
      if count < 0 { throw vm.valueError("negative count") }
      let transfer = bus.wires.writeThenRead(head, count: count, address: target)
      try finish(vm, bus, transfer)
      return try vm.makeBytes(transfer.bytes)
    case .readInto:
      let part = vm.part(try vm.buffer(data, writable: true), 0, Int.max)
      let transfer = bus.wires.writeThenRead(head, count: part.count, address: target)
      try finish(vm, bus, transfer)
      part.copyBytes(from: transfer.bytes)
      return .none
    }
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("scan", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.scan(vm, a) } },
      NativeDefinition("readfrom", 3, 4) { native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.read(vm, a) } },
      NativeDefinition("readfrom_into", 3, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.readInto(vm, a) }
      },
      NativeDefinition("writeto", 3, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachineI2C.write(vm, try Bus(vm, a), a[1], try vm.bufferBytes(a[2]))
        }
      },
      NativeDefinition("writevto", 3, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.writeVector(vm, a) }
      },
      NativeDefinition("readfrom_mem", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.memory(vm, a, .read) }
      },
      NativeDefinition("readfrom_mem_into", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.memory(vm, a, .readInto) }
      },
      NativeDefinition("writeto_mem", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachineI2C.memory(vm, a, .write) }
      },
    ]
  }
}
