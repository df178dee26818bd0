/// gc
enum GCModule {
  static var module: NativeModule {
    NativeModule("gc") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("collect", 0, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              vm.collect()
              return .none
            }
          },
          NativeDefinition("disable", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              vm.s.pointee.gcEnabled = false
              return .none
            }
          },
          NativeDefinition("enable", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              vm.s.pointee.gcEnabled = true
              return .none
            }
          },
          NativeDefinition("isenabled", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              Value(vm.s.pointee.gcEnabled)
            }
          },
          NativeDefinition("mem_alloc", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              Value(small: vm.s.pointee.chargedBlocks * blockBytes)
            }
          },
          NativeDefinition("mem_free", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              Value(small: max(0, vm.s.pointee.chargeLimitBlocks - vm.s.pointee.chargedBlocks) * blockBytes)
            }
          },
        ])
    }
  }
}
