import Board
import Runtime

/// machine: MicroPython's hardware module, as its rp2 port has it, on the pins and buses of the board.
enum MachineModule {
  private static let powerOnReset = 1, watchdogReset = 3

  static func module(_ definition: BoardDefinition) -> NativeModule {
    NativeModule("machine", isReplaceable: true) { vm, globals throws(PyError) in
      if vm.interpreter.options.dialect == .circuitpython {
        vm.interpreter.host.note("machine: MicroPython's module; a board with CircuitPython has none")
      }
      try vm.define(globals, constant: "Pin", try MachinePin.makeType(vm))
      try vm.define(globals, constant: "I2C", try MachineI2C.makeType(vm, .machineI2C))
      try vm.define(globals, constant: "SoftI2C", try MachineI2C.makeType(vm, .machineSoftI2C))
      try vm.define(globals, constant: "ADC", try MachineADC.makeType(vm))
      try vm.define(globals, constant: "RTC", try MachineRTC.makeType(vm))
      try vm.define(globals, constant: "PWRON_RESET", Value(small: powerOnReset))
      try vm.define(globals, constant: "WDT_RESET", Value(small: watchdogReset))
      try vm.define(globals, functions: functions)
    }
  }

  private static func hardReset(_ vm: VM) throws(PyError) -> Value {
    vm.boardState.services.requestHardReset()
    return try MicrocontrollerModule.leave(vm)
  }

  /// Sleeps in steps that ctrl-c and pin interrupts end.
  private static func sleep(_ vm: VM, milliseconds: Int?) throws(PyError) {
    let host = vm.interpreter.host
    let end = milliseconds.map { host.monotonicNanoseconds + UInt64(max($0, 0)) * 1_000_000 } ?? UInt64.max
    while true {
      try vm.serveInterrupts()
      try vm.serveEvents()
      let now = host.monotonicNanoseconds
      if now >= end { return }
      host.sleep(nanoseconds: min(end - now, 100_000_000))
    }
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("unique_id", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try vm.makeBytes(vm.boardState.board.definition.uid) }
      },
      NativeDefinition("reset", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try MachineModule.hardReset(vm) }
      },
      NativeDefinition("soft_reset", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in throw vm.error(.systemExit) }
      },
      NativeDefinition("bootloader", 0, 1) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          vm.boardState.services.setNextResetMode(.bootloader)
          return try MachineModule.hardReset(vm)
        }
      },
      NativeDefinition("reset_cause", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          // A reset by software goes through the watchdog.
          switch vm.boardState.services.resetReason {
          case .software, .watchdog: Value(small: MachineModule.watchdogReset)
          default: Value(small: MachineModule.powerOnReset)
          }
        }
      },
      NativeDefinition("idle", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          // Until the next interrupt: the tick comes each millisecond.
          try MachineModule.sleep(vm, milliseconds: 1)
          return .none
        }
      },
      NativeDefinition("freq", 0, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let hertz = vm.boardState.board.definition.cpuHz
          if a.count == 0 { return try vm.makeInt(hertz) }
          if try vm.intArgument(a[0]) != hertz { throw vm.valueError("cannot change frequency") }
          return .none
        }
      },
      NativeDefinition("lightsleep", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachineModule.sleep(vm, milliseconds: a.count > 0 ? try vm.intArgument(a[0]) : nil)
          return .none
        }
      },
      NativeDefinition("deepsleep", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachineModule.sleep(vm, milliseconds: a.count > 0 ? try vm.intArgument(a[0]) : nil)
          return try MachineModule.hardReset(vm)
        }
      },
      NativeDefinition("disable_irq", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          let wasEnabled = !vm.interpreter.holdsEvents
          vm.interpreter.holdsEvents = true
          return Value(small: wasEnabled ? 1 : 0)
        }
      },
      NativeDefinition("enable_irq", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.interpreter.holdsEvents = !(try vm.isTrue(a[0]))
          return .none
        }
      },
    ]
  }
}
