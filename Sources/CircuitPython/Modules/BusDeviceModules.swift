import Runtime

/// adafruit_bus_device, its native edition: a package of i2c_device and spi_device.
enum BusDeviceModules {
  static var modules: [NativeModule] {
    [
      NativeModule("adafruit_bus_device") { vm, globals throws(PyError) in
        for (name, full) in [
          ("i2c_device", "adafruit_bus_device.i2c_device"), ("spi_device", "adafruit_bus_device.spi_device"),
        ] as [(StaticString, StaticString)] {
          let submodule = try vm.importModule(
            vm.intern(full), globals: globals, fromList: try vm.makeTuple(vm.intern(name)), level: 0)
          try vm.define(globals, constant: name, submodule)
        }
      },
      NativeModule("adafruit_bus_device.i2c_device") { vm, globals throws(PyError) in
        try vm.define(globals, constant: "I2CDevice", try I2CDevice.makeType(vm))
      },
      NativeModule("adafruit_bus_device.spi_device") { vm, globals throws(PyError) in
        try vm.define(globals, constant: "SPIDevice", try SPIDevice.makeType(vm))
      },
    ]
  }

  /// Takes a bus's lock, waiting as long as somebody else holds it; ctrl-c ends the wait.
  static func lock(_ vm: VM, _ bus: Value) throws(PyError) {
    while true {
      let isLocked = try CallBuilder(vm, bus, "try_lock").call()
      if try vm.isTrue(isLocked) { return }
      try vm.serveInterrupts()
      vm.interpreter.host.sleep(nanoseconds: 1_000_000)
    }
  }

  static func unlock(_ vm: VM, _ bus: Value) throws(PyError) { _ = try CallBuilder(vm, bus, "unlock").call() }
}
