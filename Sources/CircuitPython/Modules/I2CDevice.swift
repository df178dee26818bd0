import Runtime

/// `adafruit_bus_device.i2c_device.I2CDevice`. Fields: bus (any object with busio.I2C's methods), address.
enum I2CDevice {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.i2cDevice) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: 2)
          vm.push(object)
          defer { vm.pop() }
          try I2CDevice.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: 2) }
      }
      return try vm.makeType("I2CDevice", methods: methods, slots: slots)
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let bus = try reader.required("i2c")
    let address = try vm.intArgument(try reader.required("device_address"))
    let probes = try reader.bool("probe", true)
    try reader.finish()
    ObjectLayout.set(p, 0, bus)
    ObjectLayout.set(p, 1, Value(small: address & 0xFF))
    if probes { try probe(vm, bus, address & 0xFF) }
  }

  private static func probe(_ vm: VM, _ bus: Value, _ address: Int) throws(PyError) {
    try BusDeviceModules.lock(vm, bus)
    let isFound: Bool
    do throws(PyError) {
      isFound = try isDevice(vm, bus, address)
    } catch {
      let exception = vm.takeException()
      vm.push(exception)
      defer { vm.pop() }
      try BusDeviceModules.unlock(vm, bus)
      throw vm.raise(exception)
    }
    try BusDeviceModules.unlock(vm, bus)
    if !isFound { throw vm.valueError("No I2C device at address: 0x\(String(address, radix: 16))") }
  }

  /// Asks `probe`. Buses made in Python for older firmware have none: there an empty write has to be acknowledged, or a byte read.
  private static func isDevice(_ vm: VM, _ bus: Value, _ address: Int) throws(PyError) -> Bool {
    if try !vm.findMethod(bus, vm.intern("probe")).0.isEmpty {
      var call = try CallBuilder(vm, bus, "probe")
      call.add(Value(small: address))
      let isFound = try call.call()
      return try vm.isTrue(isFound)
    }
    let empty = try vm.makeBytes([])
    if try succeeds(vm, bus, "writeto", address, empty) { return true }
    let one = try vm.makeBytearray(count: 1)
    return try succeeds(vm, bus, "readfrom_into", address, one)
  }

  private static func succeeds(_ vm: VM, _ bus: Value, _ method: StaticString, _ address: Int, _ buffer: Value)
    throws(PyError) -> Bool
  {
    do throws(PyError) {
      var call = try CallBuilder(vm, bus, method)
      call.add(Value(small: address))
      call.add(buffer)
      _ = try call.call()
      return true
    } catch {
      if !vm.exceptionIs(.osError) { throw error }
      _ = vm.takeException()
      return false
    }
  }

  private static func fields(_ vm: VM, _ a: Arguments) throws(PyError) -> (bus: Value, address: Value) {
    let p = try vm.receiver(a, .i2cDevice)
    let bus = ObjectLayout.field(p, 0)
    if bus.isNone { throw vm.notInitialised() }
    return (bus, ObjectLayout.field(p, 1))
  }

  private static func transfer(_ vm: VM, _ a: Arguments, _ method: StaticString) throws(PyError) -> Value {
    let (bus, address) = try fields(vm, a)
    var reader = ArgumentReader(vm, a, first: 1)
    let buffer = try reader.required("buffer")
    reader.keywordsOnly()
    let start = try reader.int("start", 0)
    let end = reader.optional("end")
    try reader.finish()
    var call = try CallBuilder(vm, bus, method)
    call.add(address)
    call.add(buffer)
    call.add("start", Value(small: start))
    if !end.isEmpty { call.add("end", end) }
    _ = try call.call()
    return .none
  }

  private static func writeThenRead(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let (bus, address) = try fields(vm, a)
    var reader = ArgumentReader(vm, a, first: 1)
    let outBuffer = try reader.required("out_buffer")
    let inBuffer = try reader.required("in_buffer")
    reader.keywordsOnly()
    let outStart = try reader.int("out_start", 0)
    let outEnd = reader.optional("out_end")
    let inStart = try reader.int("in_start", 0)
    let inEnd = reader.optional("in_end")
    try reader.finish()
    var call = try CallBuilder(vm, bus, "writeto_then_readfrom")
    call.add(address)
    call.add(outBuffer)
    call.add(inBuffer)
    call.add("out_start", Value(small: outStart))
    if !outEnd.isEmpty { call.add("out_end", outEnd) }
    call.add("in_start", Value(small: inStart))
    if !inEnd.isEmpty { call.add("in_end", inEnd) }
    _ = try call.call()
    return .none
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try I2CDevice.initialise(vm, try vm.receiver(a, .i2cDevice), a)
          return .none
        }
      },
      NativeDefinition("__enter__", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try BusDeviceModules.lock(vm, try I2CDevice.fields(vm, a).bus)
          return a[0]
        }
      }.asInstanceMethod,
      NativeDefinition("__exit__", 4, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try BusDeviceModules.unlock(vm, try I2CDevice.fields(vm, a).bus)
          return .none
        }
      },
      NativeDefinition("readinto", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try I2CDevice.transfer(vm, a, "readfrom_into") }
      },
      NativeDefinition("write", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try I2CDevice.transfer(vm, a, "writeto") }
      },
      NativeDefinition("write_then_readinto", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try I2CDevice.writeThenRead(vm, a) }
      },
    ]
  }
}
