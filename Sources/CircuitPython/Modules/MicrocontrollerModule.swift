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
