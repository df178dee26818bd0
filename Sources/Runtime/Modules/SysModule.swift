/// sys
enum SysModule {
  static var module: NativeModule {
    NativeModule("sys") { vm, globals throws(PyError) in
      let options = vm.options
      let version = "3.4.0; CircuitPython \(CircuitPythonVersion.tag) on \(CircuitPythonVersion.date)"
      try vm.define(globals, constant: "version", try vm.makeStr(version))
      try vm.define(
        globals, constant: "version_info", try vm.makeTuple(Value(small: 3), Value(small: 4), Value(small: 0)))
      try vm.define(globals, constant: "platform", try vm.makeStr(options.platform))
      try vm.define(globals, constant: "byteorder", vm.intern("little"))
      try vm.define(globals, constant: "maxsize", Value(small: 0x7FFF_FFFF))
      try vm.define(globals, constant: "argv", try vm.makeList())
      try vm.define(globals, constant: "modules", vm.interpreter.modules)
      let path = try vm.makeList()
      for entry in ["", "/", ".frozen", "/lib"] { try vm.append(path, try vm.makeStr(entry)) }
      try vm.define(globals, constant: "path", path)
      vm.interpreter.systemPath = path
      vm.addRoot(path)
      try vm.define(globals, constant: "implementation", try implementation(vm))
      for (name, fd) in [("stdin" as StaticString, 0), ("stdout", 1), ("stderr", 2)] {
        try vm.define(globals, constant: name, try IOModule.makeConsoleFile(vm, fd))
      }
      try vm.define(
        globals,
        functions: [
          NativeDefinition("exit", 0, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              throw vm.raise(
                try vm.makeException(
                  vm.exceptionType(.systemExit), args: a.count > 0 ? try vm.makeTuple(a[0]) : try vm.makeTuple()))
            }
          }
        ])
      if options.dialect == .micropython || !options.strict {
        try vm.define(
          globals,
          functions: [
            NativeDefinition("print_exception", 1, 2) {
              native($0, $1, $2) { vm, a throws(PyError) in
                let out = vm.takeBuffer()
                defer { vm.release(out) }
                try vm.printTraceback(a[0], out)
                vm.writeConsole(out.bytes)
                return .none
              }
            }
          ])
      }
    }
  }

  private static func implementation(_ vm: VM) throws(PyError) -> Value {
    let options = vm.options
    let type = try CollectionsModule.makeNamedTuple(
      vm, "implementation", ["name", "version", "_machine", "_mpy", "_build"])
    let version = try vm.makeTuple(
      Value(small: CircuitPythonVersion.major), Value(small: CircuitPythonVersion.minor),
      Value(small: CircuitPythonVersion.micro), vm.interpreter.names.empty)
    return try CollectionsModule.makeInstance(
      vm, type,
      [
        vm.intern("circuitpython"), version, try vm.makeStr("\(options.boardName) with \(options.mcuName)"),
        Value(small: CircuitPythonVersion.mpy), try vm.makeStr(options.boardID),
      ])
  }
}
