import Board
import Runtime

/// `supervisor.runtime`, without fields: all it tells is the daemon's.
enum SupervisorRuntime {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.runtime) { vm throws(PyError) in
      let type = try vm.makeType("Runtime")
      try defineConnection(vm, type)
      try defineReasons(vm, type)
      try defineSettings(vm, type)
      return type
    }
  }

  private static func defineConnection(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "usb_connected",
      get: { native($0, $1, $2) { vm, _ throws(PyError) in Value(vm.boardState.services.isUSBConnected) } })
    try vm.define(
      type, property: "serial_connected",
      get: { native($0, $1, $2) { vm, _ throws(PyError) in Value(vm.boardState.services.isSerialConnected) } })
    try vm.define(
      type, property: "serial_bytes_available",
      get: {
        native($0, $1, $2) { vm, _ throws(PyError) in Value(small: vm.interpreter.host.consoleAvailable) }
      })
  }

  private static func defineReasons(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "run_reason",
      get: {
        native($0, $1, $2) { vm, _ throws(PyError) in
          let name = SupervisorModule.runReasons[vm.boardState.services.runReason.rawValue]
          return try vm.getAttribute(try SupervisorModule.runReason(vm), name)
        }
      })
    try vm.define(
      type, property: "safe_mode_reason",
      get: {
        native($0, $1, $2) { vm, _ throws(PyError) in
          let name = SupervisorModule.safeModeReasons[vm.boardState.services.safeModeReason.rawValue]
          return try vm.getAttribute(try SupervisorModule.safeModeReason(vm), name)
        }
      })
  }

  private static func defineSettings(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "autoreload",
      get: { native($0, $1, $2) { vm, _ throws(PyError) in Value(vm.boardState.services.isAutoreloadEnabled) } },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.boardState.services.isAutoreloadEnabled = try vm.isTrue(a[1])
          return .none
        }
      })
    try vm.define(
      type, property: "ble_workflow",
      get: { _, _, _ in Value.false.bits },
      set: { native($0, $1, $2) { vm, _ throws(PyError) in throw vm.error(.notImplementedError) } })
    try vm.define(
      type, property: "rgb_status_brightness",
      get: { native($0, $1, $2) { vm, _ throws(PyError) in Value(small: vm.boardState.statusBrightness) } },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let brightness = try vm.intArgument(a[1])
          try vm.check(brightness, in: 0...255, "brightness")
          vm.boardState.statusBrightness = brightness
          return .none
        }
      })
    // No displays yet, so none is the primary one.
    try vm.define(type, "display", .none)
  }
}

/// `supervisor.status_bar`. Field: whether the display's part is on.
enum SupervisorStatusBar {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.statusBar) { vm throws(PyError) in
      let type = try vm.makeType("Status_Bar")
      try vm.define(
        type, property: "console",
        get: {
          native($0, $1, $2) { vm, _ throws(PyError) in Value(vm.boardState.services.isConsoleStatusBarEnabled) }
        },
        set: {
          native($0, $1, $2) { vm, a throws(PyError) in
            vm.boardState.services.isConsoleStatusBarEnabled = try vm.isTrue(a[1])
            return .none
          }
        })
      try vm.define(
        type, property: "display",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in
            let field = ObjectLayout.field(try vm.receiver(a, .statusBar), 0)
            return field.isNone ? .true : field
          }
        },
        set: {
          native($0, $1, $2) { vm, a throws(PyError) in
            ObjectLayout.set(try vm.receiver(a, .statusBar), 0, Value(try vm.isTrue(a[1])))
            return .none
          }
        })
      return type
    }
  }
}
