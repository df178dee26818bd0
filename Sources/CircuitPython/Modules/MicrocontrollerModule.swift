import Board
import Runtime

/// microcontroller and microcontroller.pin
enum MicrocontrollerModule {
  static let resetReasons: [StaticString] = [
    "POWER_ON", "BROWNOUT", "SOFTWARE", "DEEP_SLEEP_ALARM", "RESET_PIN", "WATCHDOG", "UNKNOWN", "RESCUE_DEBUG",
  ]
  private static let runModes: [StaticString] = ["NORMAL", "SAFE_MODE", "UF2", "BOOTLOADER"]

  static func modules(_ definition: BoardDefinition) -> [NativeModule] {
    [
      NativeModule("microcontroller") { vm, globals throws(PyError) in
        let cpu = try vm.makeObject(try Processor.makeType(vm), fields: 0)
        try vm.define(globals, constant: "cpu", cpu)
        if definition.port == "raspberrypi" {
          try vm.define(
            globals, constant: "cpus",
            try vm.makeTuple(cpu, try vm.makeObject(try Processor.makeType(vm), fields: 0)))
        }
        try vm.define(globals, constant: "Processor", try Processor.makeType(vm))
        try vm.define(globals, constant: "Pin", try vm.pinType())
        try vm.define(globals, constant: "ResetReason", try resetReason(vm))
        try vm.define(globals, constant: "RunMode", try runMode(vm))
        let nvm = definition.nvmBytes > 0 ? try vm.makeObject(try NVMByteArray.makeType(vm), fields: 0) : .none
        try vm.define(globals, constant: "nvm", nvm)
        if !definition.hasModule("watchdog") { try vm.define(globals, constant: "watchdog", .none) }
        try vm.define(globals, functions: functions)
        let pin = try vm.importModule(
          vm.intern("microcontroller.pin"), globals: globals, fromList: try vm.makeTuple(vm.intern("pin")), level: 0)
        try vm.define(globals, constant: "pin", pin)
      },
      NativeModule("microcontroller.pin") { vm, globals throws(PyError) in
        for pin in vm.boardState.pins {
          try vm.dictStore(globals, vm.intern(Array(pin.name.utf8)), try vm.pinObject(pin))
        }
      },
    ]
  }

  static func resetReason(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.resetReason, "microcontroller", "ResetReason", resetReasons)
  }

  private static func runMode(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.runMode, "microcontroller", "RunMode", runModes)
  }

  /// Ends the VM after the daemon was told what comes next.
  static func leave(_ vm: VM) throws(PyError) -> Value {
    vm.interpreter.request(.stop)
    try vm.serveInterrupts()
    return .none
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("delay_us", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let microseconds = UInt32(truncatingIfNeeded: try vm.intArgument(a[0]))
          vm.spend(nanoseconds: UInt64(microseconds) * 1000)
          return .none
        }
      },
      // Nothing here runs in interrupts: other threads only leave requests, which are served between instructions.
      NativeDefinition("disable_interrupts", 0, 0) { _, _, _ in Value.none.bits },
      NativeDefinition("enable_interrupts", 0, 0) { _, _, _ in Value.none.bits },
      NativeDefinition("on_next_reset", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard let mode = vm.enumIndex(a[0], .runMode).flatMap(ResetMode.init(rawValue:)) else {
            throw vm.valueError("Invalid run_mode")
          }
          vm.boardState.services.setNextResetMode(mode)
          return .none
        }
      },
      NativeDefinition("reset", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.boardState.services.requestHardReset()
          return try MicrocontrollerModule.leave(vm)
        }
      },
    ]
  }
}

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
