import Board
import Runtime

/// `machine.Pin`, one object a pin. Fields: number of the pin, mode or None, interrupt handler or None, trigger.
enum MachinePin {
  private enum Field { static let pin = 0, mode = 1, handler = 2, trigger = 3, all = 4 }
  private enum Mode { static let input = 0, output = 1, openDrain = 2, alternate = 3 }
  private static let pullUp = 1, pullDown = 2, falling = 4, rising = 8

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.machinePin) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a.count > 1 else { throw vm.typeError("function missing 1 required positional arguments") }
          let object = try MachinePin.object(vm, try MachinePin.pin(vm, a[1]))
          if a.count > 2 || a.keywordCount > 0 { try MachinePin.configure(vm, object.pointer, a, first: 2) }
          return object
        }
      }
      slots.call = { native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.value(vm, a) } }
      slots.print = { vm, v, _, out in
        MachinePin.print(VM(vm), Value(bits: v).pointer, TextBuffer(out))
        return Value.none.bits
      }
      let type = try vm.makeType("Pin", methods: methods, slots: slots)
      let constants: [(StaticString, Int)] = [
        ("IN", Mode.input), ("OUT", Mode.output), ("OPEN_DRAIN", Mode.openDrain), ("ALT", Mode.alternate),
        ("PULL_UP", pullUp), ("PULL_DOWN", pullDown), ("IRQ_FALLING", falling), ("IRQ_RISING", rising),
      ]
      for (name, value) in constants { try vm.define(type, name, Value(small: value)) }
      vm.boardState.types[NativeTypeKey.machinePin.rawValue] = type
      try defineNames(vm, type)
      vm.interpreter.onEvent(handle)
      return type
    }
  }

  /// `Pin.board` and `Pin.cpu`: namespaces of pins.
  private static func defineNames(_ vm: VM, _ type: Value) throws(PyError) {
    let state = vm.boardState
    for (name, isBoard) in [("board", true), ("cpu", false)] as [(StaticString, Bool)] {
      let names = try vm.makeModule(vm.intern(name))
      let globals = try vm.getAttribute(names, vm.interpreter.names.dunderDict)
      for pin in state.pins {
        for name in isBoard ? pin.boardNames : [pin.name] {
          try vm.dictStore(globals, vm.intern(Array(name.utf8)), try object(vm, pin))
        }
      }
      try vm.define(type, name, names)
    }
  }

  private static func object(_ vm: VM, _ pin: Pin) throws(PyError) -> Value {
    let state = vm.boardState
    if let known = state.machinePins[pin.index] { return known }
    let object = try vm.makeObject(state.types[NativeTypeKey.machinePin.rawValue], fields: Field.all)
    ObjectLayout.set(object.pointer, Field.pin, Value(small: pin.index))
    state.machinePins[pin.index] = object
    vm.addRoot(object)
    return object
  }

  /// The pin meant by a number, a name or a Pin.
  static func pin(_ vm: VM, _ value: Value) throws(PyError) -> Pin {
    let state = vm.boardState
    if let object = vm.unwrap(value, .machinePin) { return state.pins[ObjectLayout.field(object, Field.pin).small] }
    if let object = vm.unwrap(value, .pin) { return state.pins[ObjectLayout.field(object, 0).small] }
    if value.has(.str) {
      let name = vm.string(value)
      let board = state.board
      let short = name.hasPrefix("GP") && !name.hasPrefix("GPIO") ? board.pin(mcu: "GPIO" + name.dropFirst(2)) : nil
      if let pin = board.pin(attribute: name) ?? board.pin(mcu: name) ?? short { return pin }
      throw vm.valueError("unknown named pin \"\(name)\"")
    }
    if let number = vm.asIndex(value),
      let pin = state.board.pin(mcu: "GPIO\(number)") ?? state.board.pin(mcu: "IO\(number)")
    {
      return pin
    }
    throw vm.valueError("invalid pin")
  }

  private static func pin(_ vm: VM, _ p: UnsafeMutableRawPointer) -> Pin {
    vm.boardState.pins[ObjectLayout.field(p, Field.pin).small]
  }

  // MARK: Settings

  private static func configure(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments, first: Int) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: first)
    let mode = reader.orNone("mode")
    let pull = reader.optional("pull")
    reader.keywordsOnly()
    let value = reader.orNone("value")
    _ = reader.orNone("alt")
    try reader.finish()
    let pin = pin(vm, p)
    let pulls: PinPull =
      pull.isEmpty || pull.isNone
      ? .none : try vm.intArgument(pull) & pullUp != 0 ? .up : try vm.intArgument(pull) & pullDown != 0 ? .down : .none
    if mode.isNone || mode == Value(small: -1) {
      if !value.isNone { pin.outputValue = try vm.isTrue(value) }
      if !pull.isEmpty { pin.pull = pulls }
      return
    }
    let level = value.isNone ? pin.outputValue : try vm.isTrue(value)
    switch try vm.intArgument(mode) {
    case Mode.input:
      pin.configureInput(pull: pulls)
    case Mode.output:
      pin.configureOutput(value: level)
    case Mode.openDrain:
      pin.configureOutput(value: value.isNone ? true : level, driveMode: .openDrain)
    case Mode.alternate: break
    default: throw vm.valueError("invalid pin mode")
    }
    ObjectLayout.set(p, Field.mode, mode)
  }

  private static func value(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let pin = pin(vm, try vm.receiver(a, .machinePin))
    if a.keywordCount > 0 || a.count > 2 { throw vm.typeError("function expected at most 1 arguments") }
    if a.count == 1 { return Value(small: pin.level ? 1 : 0) }
    pin.outputValue = try vm.isTrue(a[1])
    return .none
  }

  private static func set(_ vm: VM, _ a: Arguments, _ level: Bool?) throws(PyError) -> Value {
    let pin = pin(vm, try vm.receiver(a, .machinePin))
    pin.outputValue = level ?? !pin.outputValue
    return .none
  }

  private static func print(_ vm: VM, _ p: UnsafeMutableRawPointer, _ out: TextBuffer) {
    let pin = pin(vm, p)
    let mode = ObjectLayout.field(p, Field.mode)
    out.append("Pin(")
    out.append(pin.name)
    switch mode.isSmallInt ? mode.small : pin.direction == .input ? Mode.input : Mode.output {
    case Mode.output: out.append(", mode=OUT")
    case Mode.openDrain: out.append(", mode=OPEN_DRAIN")
    case Mode.alternate: out.append(", mode=ALT")
    default: out.append(", mode=IN")
    }
    if pin.direction == .input && pin.pull != .none {
      out.append(pin.pull == .up ? ", pull=PULL_UP" : ", pull=PULL_DOWN")
    }
    out.append(")")
  }

  // MARK: Interrupts

  private static func setHandler(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let p = try vm.receiver(a, .machinePin)
    var reader = ArgumentReader(vm, a, first: 1)
    let handler = reader.orNone("handler")
    let trigger = try reader.int("trigger", falling | rising)
    _ = try reader.bool("hard", false)
    try reader.finish()
    if !handler.isNone && !vm.isCallable(handler) { throw vm.valueError("handler must be None or callable") }
    ObjectLayout.set(p, Field.handler, handler)
    ObjectLayout.set(p, Field.trigger, Value(small: trigger))
    let state = vm.boardState
    let pin = pin(vm, p)
    state.stopObserving(pin)
    if handler.isNone { return .none }
    let index = pin.index
    let wantsRising = trigger & rising != 0
    let wantsFalling = trigger & falling != 0
    state.observe(pin) { [weak interpreter = vm.interpreter] edge in
      if edge.isRising ? wantsRising : wantsFalling { interpreter?.post(event: index) }
    }
    return .none
  }

  /// Calls a pin's handler with the pin.
  private static func handle(_ vm: VM, _ index: Int) throws(PyError) {
    guard let object = vm.boardState.machinePins[index] else { return }
    let handler = ObjectLayout.field(object.pointer, Field.handler)
    if !handler.isNone { _ = try vm.call(handler, object) }
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("init", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachinePin.configure(vm, try vm.receiver(a, .machinePin), a, first: 1)
          return .none
        }
      },
      NativeDefinition("value", 1, 2) { native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.value(vm, a) } },
      NativeDefinition("on", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.set(vm, a, true) } },
      NativeDefinition("high", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.set(vm, a, true) }
      },
      NativeDefinition("off", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.set(vm, a, false) }
      },
      NativeDefinition("low", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.set(vm, a, false) }
      },
      NativeDefinition("toggle", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.set(vm, a, nil) }
      },
      NativeDefinition("irq", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try MachinePin.setHandler(vm, a) }
      },
    ]
  }
}
