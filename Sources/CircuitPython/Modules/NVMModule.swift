import Board
import Runtime

/// nvm; its one object is `microcontroller.nvm`.
enum NVMModule {
  static var module: NativeModule {
    NativeModule("nvm") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "ByteArray", try NVMByteArray.makeType(vm))
    }
  }
}
