import Board
import Runtime

/// `digitalio.DigitalInOut`. Field: number of the pin; None before `__init__`, False after deinit.
enum DigitalInOut {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.digitalInOut) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: 1)
          try DigitalInOut.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: 1) }
      }
      let type = try vm.makeType("DigitalInOut", methods: methods, slots: slots)
      try defineProperties(vm, type)
      return type
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    if a.keywordCount > 0 { throw vm.typeError("function doesn't take keyword arguments") }
    guard a.count == 2 else {
      throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
    }
    let pin = try vm.freePin(a[1], "pin")
    _ = pin.claim(by: "DigitalInOut")
    pin.configureInput(pull: .none)
    ObjectLayout.set(p, 0, Value(small: pin.index))
  }

  /// The pin of an object in use.
  static func pin(_ vm: VM, _ value: Value) throws(PyError) -> Pin {
    let field = ObjectLayout.field(try vm.receiver(value, .digitalInOut), 0)
    if field.isSmallInt { return vm.boardState.pins[field.small] }
    throw field.isNone ? vm.notInitialised() : vm.deinitialised()
  }

  private static func deinitialise(_ vm: VM, _ value: Value) throws(PyError) {
    let p = try vm.receiver(value, .digitalInOut)
    let field = ObjectLayout.field(p, 0)
    if field.isSmallInt { vm.boardState.pins[field.small].release() }
    ObjectLayout.set(p, 0, .false)
  }

  private static func pull(_ vm: VM, _ value: Value) throws(PyError) -> PinPull {
    if value.isNone { return .none }
    guard let index = vm.enumIndex(value, .pull) else {
      throw vm.typeError("pull must be of type Pull or None, not \(vm.string(vm.typeName(value)))")
    }
    return index == 0 ? .up : .down
  }

  private static func driveMode(_ vm: VM, _ value: Value) -> PinDriveMode {
    vm.enumIndex(value, .driveMode) == 1 ? .openDrain : .pushPull
  }

  private static func toOutput(_ vm: VM, _ pin: Pin, value: Bool, _ mode: PinDriveMode) throws(PyError) {
    if pin.capabilities.isInputOnly { throw vm.valueError("Invalid direction") }
    pin.configureOutput(value: value, driveMode: mode)
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try DigitalInOut.initialise(vm, try vm.receiver(a, .digitalInOut), a)
          return .none
        }
      },
      NativeDefinition("deinit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try DigitalInOut.deinitialise(vm, a[0])
          return .none
        }
      },
      .enter, .exitByDeinit,
      NativeDefinition("switch_to_output", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.pin(vm, a[0])
          var reader = ArgumentReader(vm, a, first: 1)
          let value = try reader.bool("value", false)
          let mode = DigitalInOut.driveMode(vm, reader.orNone("drive_mode"))
          try reader.finish()
          try DigitalInOut.toOutput(vm, pin, value: value, mode)
          return .none
        }
      },
      NativeDefinition("switch_to_input", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.pin(vm, a[0])
          var reader = ArgumentReader(vm, a, first: 1)
          let pull = try DigitalInOut.pull(vm, reader.orNone("pull"))
          try reader.finish()
          pin.configureInput(pull: pull)
          return .none
        }
      },
    ]
  }

  private static func defineProperties(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "direction",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.pin(vm, a[0])
          return try vm.getAttribute(try DigitalioModule.direction(vm), pin.direction == .input ? "INPUT" : "OUTPUT")
        }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.pin(vm, a[0])
          switch vm.enumIndex(a[1], .direction) {
          case 0: pin.configureInput(pull: .none)
          case 1: try DigitalInOut.toOutput(vm, pin, value: false, .pushPull)
          default: throw vm.valueError("Invalid direction")
          }
          return .none
        }
      })
    try vm.define(
      type, property: "value",
      get: { native($0, $1, $2) { vm, a throws(PyError) in Value(try DigitalInOut.pin(vm, a[0]).level) } },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.pin(vm, a[0])
          if pin.direction == .input {
            throw vm.error(.attributeError, "Cannot set value when direction is input.")
          }
          pin.outputValue = try vm.isTrue(a[1])
          return .none
        }
      })
    try vm.define(
      type, property: "drive_mode",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pin = try DigitalInOut.outputPin(vm, a[0])
          let mode: StaticString = pin.driveMode == .pushPull ? "PUSH_PULL" : "OPEN_DRAIN"
          return try vm.getAttribute(try DigitalioModule.driveMode(vm), mode)
        }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          try DigitalInOut.outputPin(vm, a[0]).driveMode = DigitalInOut.driveMode(vm, a[1])
          return .none
        }
      })
    try vm.define(
      type, property: "pull",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let pull = try DigitalInOut.inputPin(vm, a[0]).pull
          if pull == .none { return .none }
          return try vm.getAttribute(try DigitalioModule.pull(vm), pull == .up ? "UP" : "DOWN")
        }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          try DigitalInOut.inputPin(vm, a[0]).pull = try DigitalInOut.pull(vm, a[1])
          return .none
        }
      })
  }

  private static func outputPin(_ vm: VM, _ value: Value) throws(PyError) -> Pin {
    let pin = try pin(vm, value)
    if pin.direction == .input { throw vm.error(.attributeError, "Drive mode not used when direction is input.") }
    return pin
  }

  private static func inputPin(_ vm: VM, _ value: Value) throws(PyError) -> Pin {
    let pin = try pin(vm, value)
    if pin.direction == .output { throw vm.error(.attributeError, "Pull not used when direction is output.") }
    return pin
  }
}
