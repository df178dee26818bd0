import Board
import Runtime

/// digitalio
enum DigitalioModule {
  static var module: NativeModule {
    NativeModule("digitalio") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "DigitalInOut", try DigitalInOut.makeType(vm))
      try vm.define(globals, constant: "Direction", try direction(vm))
      try vm.define(globals, constant: "DriveMode", try driveMode(vm))
      try vm.define(globals, constant: "Pull", try pull(vm))
    }
  }

  static func direction(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.direction, "digitalio", "Direction", ["INPUT", "OUTPUT"])
  }
  static func driveMode(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.driveMode, "digitalio", "DriveMode", ["PUSH_PULL", "OPEN_DRAIN"])
  }
  static func pull(_ vm: VM) throws(PyError) -> Value { try vm.enumType(.pull, "digitalio", "Pull", ["UP", "DOWN"]) }
}
