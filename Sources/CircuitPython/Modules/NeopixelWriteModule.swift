import Board
import Runtime

/// neopixel_write
enum NeopixelWriteModule {
  static var module: NativeModule {
    NativeModule("neopixel_write") { vm, globals throws(PyError) in
      _ = try DigitalInOut.makeType(vm)
      try vm.define(
        globals,
        functions: [
          NativeDefinition("neopixel_write", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard vm.unwrap(a[0], .digitalInOut) != nil else {
                throw vm.wrongType("digitalinout", "DigitalInOut", a[0])
              }
              let pin = try DigitalInOut.pin(vm, a[0])
              vm.spend(nanoseconds: vm.boardState.board.writePixels(try vm.bufferBytes(a[1]), to: pin))
              return .none
            }
          }
        ])
    }
  }
}
