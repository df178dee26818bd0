import Board
import Runtime

/// busio
enum BusioModule {
  static func module(_ definition: BoardDefinition) -> NativeModule {
    let (hasSPI, hasUART) = (definition.hasModule("busio.SPI"), definition.hasModule("busio.UART"))
    return NativeModule("busio") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "I2C", try BusioI2C.makeType(vm))
      if hasSPI { try vm.define(globals, constant: "SPI", try BusioSPI.makeType(vm)) }
      if hasUART { try vm.define(globals, constant: "UART", try BusioUART.makeType(vm)) }
    }
  }
}
