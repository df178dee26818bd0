extension Interpreter {
  /// Enters the hardware-free modules under their names; each is built when first imported.
  func registerStandardModules() {
    register(
      NativeModule("builtins") { vm, globals throws(PyError) in try vm.dictMerge(globals, vm.s.pointee.builtins) })
    for module in [
      SysModule.module, GCModule.module, TimeModule.module, MicropythonModule.module, MathModule.module,
      ErrnoModule.module,
      OSModule.module, IOModule.module, RandomModule.module, StructModule.module, CollectionsModule.module,
      JSONModule.module,
      BinasciiModule.module, TracebackModule.module, ArrayModule.module, RegexModule.module,
      AtExitModule.module, SelectModule.module, ZlibModule.module,
    ] + SmallModules.all { register(module) }
    if !options.strict { register(CMathModule.module) }
    do throws(PyError) {
      try OSModule.installOpen(vm)
      _ = try vm.importModule(vm.intern("sys"), globals: mainGlobals, fromList: .none, level: 0)
    } catch {
      preconditionFailure("the sys module could not be made")
    }
  }

  package func register(_ module: NativeModule) { nativeModules[module.name] = module }
}
