import Board
import Runtime

/// `machine.ADC`. Field: pin number, or the temperature sensor's channel as a negative number.
enum MachineADC {
  private static let temperatureChannel = 4

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.machineADC) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a.count == 2 else {
            throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
          }
          let source = try MachineADC.source(vm, a[1])
          let object = try vm.makeObject(a[0], fields: 1)
          ObjectLayout.set(object.pointer, 0, Value(small: source))
          return object
        }
      }
      let type = try vm.makeType(
        "ADC",
        methods: [
          NativeDefinition("read_u16", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let source = ObjectLayout.field(try vm.receiver(a, .machineADC), 0).small
              return Value(small: MachineADC.read(vm.boardState, source))
            }
          }
        ], slots: slots)
      try vm.define(type, "CORE_TEMP", Value(small: temperatureChannel))
      return type
    }
  }

  private static func source(_ vm: VM, _ value: Value) throws(PyError) -> Int {
    let state = vm.boardState
    if let channel = vm.asIndex(value) {
      if channel == temperatureChannel { return -1 }
      if let pin = state.pins.first(where: { $0.capabilities.adc == "\(channel)" }) { return pin.index }
    }
    let pin = try MachinePin.pin(vm, value)
    if pin.capabilities.adc == nil { throw vm.valueError("Pin doesn't have ADC capabilities") }
    return pin.index
  }

  /// Twelve bits, stretched to sixteen.
  private static func read(_ state: BoardState, _ source: Int) -> Int {
    let volts =
      source < 0 ? 0.706 - (state.board.cpuTemperatureCelsius - 27) * 0.001721 : state.pins[source].voltage
    let value = min(max(Int((volts / Pin.supplyVolts * 4095).rounded()), 0), 4095)
    return value << 4 | value >> 8
  }
}
