import Board
import Runtime

/// Pins as arguments, with the board's error texts.
extension VM {
  /// The Python object of a pin, the same each time.
  func pinObject(_ pin: Pin) throws(PyError) -> Value {
    let state = boardState
    let known = state.pinObjects[pin.index]
    if !known.isEmpty { return known }
    let object = try makeObject(try pinType(), fields: 1)
    ObjectLayout.set(object.pointer, 0, Value(small: pin.index))
    state.pinObjects[pin.index] = object
    addRoot(object)
    return object
  }

  /// `microcontroller.Pin`
  func pinType() throws(PyError) -> Value {
    try type(.pin) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.print = { vm, v, _, out in
        let pin = VM(vm).boardState.pins[ObjectLayout.field(Value(bits: v).pointer, 0).small]
        let boardName = pin.boardNames.first
        TextBuffer(out).append(boardName == nil ? "microcontroller.pin." : "board.")
        TextBuffer(out).append(boardName ?? pin.name)
        return Value.none.bits
      }
      return try vm.makeType("Pin", slots: slots)
    }
  }

  func pin(_ value: Value, _ argument: StaticString) throws(PyError) -> Pin {
    guard let object = unwrap(value, .pin) else { throw wrongType(argument, "Pin", value) }
    return boardState.pins[ObjectLayout.field(object, 0).small]
  }

  /// A pin that nothing uses.
  func freePin(_ value: Value, _ argument: StaticString) throws(PyError) -> Pin {
    let pin = try pin(value, argument)
    try checkFree(pin)
    return pin
  }

  func freePinOrNone(_ value: Value, _ argument: StaticString) throws(PyError) -> Pin? {
    value.isNone ? nil : try freePin(value, argument)
  }

  /// `SCL in use`
  func checkFree(_ pin: Pin) throws(PyError) {
    if pin.isInUse { throw valueError("\(pin.boardNames.first ?? pin.name) in use") }
  }

  /// Takes a unit of the chip for a bus; the texts differ between the ports.
  func claimUnit(_ units: [String], _ kind: StaticString) throws(PyError) -> String {
    if units.isEmpty { throw valueError("Invalid pins") }
    let state = boardState
    if let unit = state.board.claimUnit(of: units, for: "\(kind)") { return unit }
    switch state.board.definition.port {
    case "raspberrypi": throw valueError("\(kind) peripheral in use")
    case "atmel-samd": throw valueError("Invalid pins")
    default: throw valueError("All \(kind) peripherals are in use")
    }
  }
}
