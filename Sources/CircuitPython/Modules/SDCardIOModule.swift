import Board
import Runtime

/// sdcardio: an SD card on SPI. Fields of `SDCard`: the bus (None before `__init__`, False after deinit), number of the select pin,
/// whether that pin was claimed here, sectors, bytes or sectors as the unit of addresses, baud rate, next sector of a multiple write (None
/// outside of one).
enum SDCardIOModule {
  static var module: NativeModule {
    NativeModule("sdcardio") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "SDCard", try makeType(vm))
    }
  }

  static let fieldCount = 7

  private static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.sdCard) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: SDCardIOModule.fieldCount)
          try SDCardIOModule.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in
          try vm.makeObject(Value(bits: type), fields: SDCardIOModule.fieldCount)
        }
      }
      return try vm.makeType("SDCard", methods: methods, slots: slots)
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let bus = try reader.required("spi")
    let select = try reader.required("cs")
    let baudrate = try reader.int("baudrate", 8_000_000)
    try reader.finish()
    if vm.unwrap(bus, .spi) == nil { throw vm.wrongType("spi", "SPI", bus) }
    let isOutput = vm.unwrap(select, .digitalInOut) != nil
    let pin = isOutput ? try DigitalInOut.pin(vm, select) : try vm.freePin(select, "cs")
    if !isOutput { _ = pin.claim(by: "SDCard") }
    pin.configureOutput(value: true)
    ObjectLayout.set(p, 1, Value(small: pin.index))
    ObjectLayout.set(p, 2, Value(!isOutput))
    do throws(PyError) {
      let card = try SDCardConnection(vm, p, bus: bus, pin: pin)
      try card.start(baudrate: baudrate)
      ObjectLayout.set(p, 0, bus)
    } catch {
      if !isOutput { pin.release() }
      throw error
    }
  }

  /// The card behind `self`.
  private static func card(_ vm: VM, _ a: Arguments) throws(PyError) -> SDCardConnection {
    let p = try vm.receiver(a, .sdCard)
    let bus = ObjectLayout.field(p, 0)
    if bus.isNone { throw vm.notInitialised() }
    guard bus != .false, let object = vm.unwrap(bus, .spi), BusObject<SPIBus>.wires(object) != nil else {
      throw vm.deinitialised()
    }
    return try SDCardConnection(vm, p, bus: bus, pin: vm.boardState.pins[ObjectLayout.field(p, 1).small])
  }

  private static func blocks(_ vm: VM, _ a: Arguments, writable: Bool) throws(PyError) -> (Int, BufferView) {
    let first = try vm.intArgument(a[1])
    let view = try vm.buffer(a[2], writable: writable)
    if view.sizeBytes % SDCardConnection.sectorBytes != 0 {
      throw vm.valueError("Buffer must be a multiple of \(SDCardConnection.sectorBytes) bytes")
    }
    return (first, view)
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try SDCardIOModule.initialise(vm, try vm.receiver(a, .sdCard), a)
          return .none
        }
      },
      NativeDefinition("count", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(small: try SDCardIOModule.card(vm, a).sectorCount) }
      },
      NativeDefinition("deinit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let p = try vm.receiver(a, .sdCard)
          guard ObjectLayout.field(p, 0).isObject else { return .none }
          if let card = try? SDCardIOModule.card(vm, a) { try card.endWriting() } else { _ = vm.takeException() }
          if ObjectLayout.field(p, 2) == .true { vm.boardState.pins[ObjectLayout.field(p, 1).small].release() }
          ObjectLayout.set(p, 0, .false)
          return .none
        }
      },
      NativeDefinition("readblocks", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (first, view) = try SDCardIOModule.blocks(vm, a, writable: true)
          let buffer = UnsafeMutableRawBufferPointer(start: view.start, count: view.sizeBytes)
          try SDCardIOModule.card(vm, a).read(first, into: buffer)
          return .none
        }
      },
      NativeDefinition("sync", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try SDCardIOModule.card(vm, a).endWriting()
          return .none
        }
      },
      NativeDefinition("writeblocks", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (first, view) = try SDCardIOModule.blocks(vm, a, writable: false)
          let buffer = UnsafeRawBufferPointer(start: view.start, count: view.sizeBytes)
          try SDCardIOModule.card(vm, a).write(first, buffer)
          return .none
        }
      },
    ]
  }
}
