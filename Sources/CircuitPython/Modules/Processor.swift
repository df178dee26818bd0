import Board
import Runtime

/// `microcontroller.Processor`, without fields: there is one chip.
enum Processor {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.processor) { vm throws(PyError) in
      let type = try vm.makeType("Processor")
      try vm.define(
        type, property: "frequency",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in try vm.makeInt(vm.boardState.board.definition.cpuHz) }
        })
      try vm.define(
        type, property: "temperature",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            try vm.makeFloat(Processor.temperature(vm.boardState.board))
          }
        })
      try vm.define(
        type, property: "voltage",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            switch vm.boardState.board.definition.port {
            case "atmel-samd", "nordic", "stm": try vm.makeFloat(Pin.supplyVolts)
            default: .none
            }
          }
        })
      try vm.define(
        type, property: "uid",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            let uid = vm.boardState.board.definition.uid
            let array = try vm.makeBytearray(count: uid.count)
            let view = try vm.buffer(array, writable: true)
            UnsafeMutableRawBufferPointer(start: view.start, count: view.sizeBytes).copyBytes(from: uid)
            return array
          }
        })
      try vm.define(
        type, property: "reset_reason",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            let name = MicrocontrollerModule.resetReasons[vm.boardState.services.resetReason.rawValue]
            return try vm.getAttribute(try MicrocontrollerModule.resetReason(vm), name)
          }
        })
      return type
    }
  }

  /// The RP2 reads its sensor with a 12-bit converter, so only certain values occur.
  private static func temperature(_ board: SimulatedBoard) -> Double {
    let celsius = board.cpuTemperatureCelsius
    guard board.definition.port == "raspberrypi" else { return celsius }
    let count = ((0.706 - (celsius - 27) * 0.001721) * 4096 / 3.3).rounded()
    return 27 - (count * 3.3 / 4096 - 0.706) / 0.001721
  }
}
