/// micropython: `const`, and for MicroPython programs the decorators and `opt_level` that do no harm here.
enum MicropythonModule {
  static var module: NativeModule {
    NativeModule("micropython") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("const", 1, 1) { _, args, _ in args.value(0).bits }
        ])
    }
  }
}

/// errno
enum ErrnoModule {
  static var module: NativeModule {
    NativeModule("errno") { vm, globals throws(PyError) in
      let codes = try vm.makeDict(ErrnoNames.names.count)
      for (number, name) in ErrnoNames.names {
        try vm.define(globals, constant: name, Value(small: number))
        try vm.dictStore(codes, Value(small: number), vm.intern(name))
      }
      try vm.define(globals, constant: "errorcode", codes)
    }
  }
}

/// traceback
enum TracebackModule {
  static var module: NativeModule {
    NativeModule("traceback") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("print_exception", 1, 6, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let out = vm.takeBuffer()
              defer { vm.release(out) }
              try vm.printTraceback(TracebackModule.exception(a), out)
              let file = a.keyword(vm.interpreter.names.file)
              if file.isEmpty || file.isNone {
                vm.writeConsole(out.bytes)
              } else {
                _ = try vm.callMethod(file, vm.intern("write"), try vm.makeStr(out.bytes))
              }
              return .none
            }
          },
          NativeDefinition("format_exception", 1, 6, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let list = try vm.makeList()
              try vm.append(
                list, try vm.makeStr { out throws(PyError) in try vm.printTraceback(TracebackModule.exception(a), out) }
              )
              return list
            }
          },
        ])
    }
  }

  /// The exception among `(type, value, tb)` or `(value)`.
  private static func exception(_ a: Arguments) -> Value { a.count > 1 && a[1].has(.exception) ? a[1] : a[0] }
}
