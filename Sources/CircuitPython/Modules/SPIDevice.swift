import Runtime

/// `adafruit_bus_device.spi_device.SPIDevice`. Fields: bus (any object with busio.SPI's methods), chip select or None, baudrate,
/// polarity, phase, extra clocks, the chip select's active level.
enum SPIDevice {
  private static let fieldCount = 7

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.spiDevice) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: SPIDevice.fieldCount)
          vm.push(object)
          defer { vm.pop() }
          try SPIDevice.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: SPIDevice.fieldCount) }
      }
      return try vm.makeType("SPIDevice", methods: methods, slots: slots)
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let bus = try reader.required("spi")
    let chipSelect = reader.orNone("chip_select")
    reader.keywordsOnly()
    let activeLevel = try reader.bool("cs_active_value", false)
    let baudrate = try reader.int("baudrate", 100_000)
    let polarity = try reader.int("polarity", 0)
    let phase = try reader.int("phase", 0)
    let extraClocks = try reader.int("extra_clocks", 0)
    try reader.finish()
    if !chipSelect.isNone {
      guard vm.unwrap(chipSelect, .digitalInOut) != nil else {
        throw vm.typeError(
          "chip_select must be of type DigitalInOut or None, not \(vm.string(vm.typeName(chipSelect)))")
      }
      var call = try CallBuilder(vm, chipSelect, "switch_to_output")
      call.add("value", .true)
      _ = try call.call()
    }
    ObjectLayout.set(p, 0, bus)
    ObjectLayout.set(p, 1, chipSelect)
    ObjectLayout.set(p, 2, try vm.makeInt(baudrate))
    ObjectLayout.set(p, 3, try vm.makeInt(polarity))
    ObjectLayout.set(p, 4, try vm.makeInt(phase))
    ObjectLayout.set(p, 5, Value(small: extraClocks & 0xFF))
    ObjectLayout.set(p, 6, Value(activeLevel))
  }

  private static func fields(_ vm: VM, _ a: Arguments) throws(PyError) -> UnsafeMutableRawPointer {
    let p = try vm.receiver(a, .spiDevice)
    if ObjectLayout.field(p, 0).isNone { throw vm.notInitialised() }
    return p
  }

  private static func select(_ vm: VM, _ p: UnsafeMutableRawPointer, _ level: Value) throws(PyError) {
    let chipSelect = ObjectLayout.field(p, 1)
    if !chipSelect.isNone { try vm.setAttribute(chipSelect, vm.interpreter.names.value, level) }
  }

  private static func enter(_ vm: VM, _ p: UnsafeMutableRawPointer) throws(PyError) -> Value {
    let bus = ObjectLayout.field(p, 0)
    try BusDeviceModules.lock(vm, bus)
    var call = try CallBuilder(vm, bus, "configure")
    call.add("baudrate", ObjectLayout.field(p, 2))
    call.add("polarity", ObjectLayout.field(p, 3))
    call.add("phase", ObjectLayout.field(p, 4))
    call.add("bits", Value(small: 8))
    _ = try call.call()
    try select(vm, p, ObjectLayout.field(p, 6))
    return bus
  }

  private static func exit(_ vm: VM, _ p: UnsafeMutableRawPointer) throws(PyError) {
    let bus = ObjectLayout.field(p, 0)
    try select(vm, p, Value(ObjectLayout.field(p, 6) == .false))
    let extraBytes = (ObjectLayout.field(p, 5).small + 7) / 8
    if extraBytes > 0 {
      let idle = try vm.makeBytes([0xFF])
      vm.push(idle)
      defer { vm.pop() }
      for _ in 0..<extraBytes {
        var call = try CallBuilder(vm, bus, "write")
        call.add(idle)
        _ = try call.call()
      }
    }
    try BusDeviceModules.unlock(vm, bus)
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try SPIDevice.initialise(vm, try vm.receiver(a, .spiDevice), a)
          return .none
        }
      },
      NativeDefinition("__enter__", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try SPIDevice.enter(vm, try SPIDevice.fields(vm, a)) }
      },
      NativeDefinition("__exit__", 4, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try SPIDevice.exit(vm, try SPIDevice.fields(vm, a))
          return .none
        }
      },
    ]
  }
}
