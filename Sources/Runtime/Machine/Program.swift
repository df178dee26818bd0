/// Running programs: what the supervisor, `circuitpyd run` and the tests call.
extension Interpreter {
  /// Runs source text as `__main__` and prints an uncaught exception's traceback on the console. A whole program (`.file`) ends with its
  /// `atexit` callbacks.
  package func run(source: [UInt8], name: String, mode: CompileMode = .file) -> RunEnd {
    previousTraceback = nil
    let end = finish { () throws(PyError) in
      let code = try vm.compileSource(source, fileName: Array(name.utf8), mode: mode)
      _ = try runMain(code, name: name)
    }
    return mode == .file ? runExitCallbacks() ?? end : end
  }

  /// Runs a `.mpy` file's bytes as `__main__`.
  package func run(binary: [UInt8], name: String) -> RunEnd {
    previousTraceback = nil
    let end = finish { () throws(PyError) in
      _ = try runMain(try vm.decodeBinary(binary, fileName: Array(name.utf8)), name: name)
    }
    return runExitCallbacks() ?? end
  }

  /// Runs what was typed at a prompt in the globals of `__main__`, which keep what earlier input left there.
  /// `willPrintTraceback` is called before the traceback of an uncaught exception is printed.
  package func run(
    input: [UInt8], mode: CompileMode, willPrintTraceback: () -> Void = {}
  ) -> RunEnd {
    previousTraceback = nil
    return finish(willPrintTraceback) { () throws(PyError) in
      let code = try vm.compileSource(input, fileName: Array("<stdin>".utf8), mode: mode)
      try vm.dictStore(mainGlobals, names.dunderName, names.dunderMain)
      _ = try vm.runModule(code, globals: mainGlobals)
    }
  }

  /// A path as the file store wants it; relative ones start at the current directory.
  package func absolutePath(_ path: [UInt8]) -> [UInt8] { vm.absolutePath(path) }

  private func runMain(_ code: CodeModule, name: String) throws(PyError) -> Value {
    let names = vm.interpreter.names
    try vm.dictStore(mainGlobals, names.dunderName, names.dunderMain)
    try vm.dictStore(mainGlobals, names.dunderFile, try vm.makeStr(name))
    return try vm.runModule(code, globals: mainGlobals)
  }

  private func finish(_ willPrintTraceback: () -> Void = {}, _ body: () throws(PyError) -> Void) -> RunEnd {
    do throws(PyError) {
      try body()
      vm.clearPending(Pending.requests)
      return .completed
    } catch {
      return end(of: vm.takeException(), willPrintTraceback)
    }
  }

  /// Prints what an uncaught exception leaves behind, and classifies it.
  private func end(of exception: Value, _ willPrintTraceback: () -> Void) -> RunEnd {
    vm.clearPending(Pending.requests)
    previousException = exception
    func isA(_ kind: ExceptionKind) -> Bool { vm.isInstance(exception, vm.exceptionType(kind)) }
    if isA(.systemExit) { return systemExit(exception) }
    if isA(.reloadException) { return .reload }
    willPrintTraceback()
    printUncaught(exception)
    let frame = vm.innermostFrame(exception)
    if isA(.keyboardInterrupt) {
      interruptedPlace = frame.map { ($0.line, $0.file) }
      return .keyboardInterrupt
    }
    return .exception(
      typeName: vm.string(vm.typeName(exception)), line: frame?.line ?? 0, file: frame?.file ?? "")
  }

  package func printUncaught(_ exception: Value) {
    let out = vm.takeBuffer()
    defer { vm.release(out) }
    do throws(PyError) {
      try vm.printTraceback(exception, out)
    } catch {
      _ = vm.takeException()
    }
    let text = VM.cooked(out.bytes)
    previousTraceback = text
    text.withUnsafeBytes { host.writeConsole($0) }
  }

  private func systemExit(_ exception: Value) -> RunEnd {
    let args = exception.pointer.value(ExceptionLayout.args)
    let code = TupleLayout.count(args.pointer) > 0 ? TupleLayout.item(args.pointer, 0) : .none
    if code.isNone { return .systemExit(code: 0) }
    if let n = vm.asIndex(code) { return .systemExit(code: Int32(truncatingIfNeeded: n)) }
    if let text = try? vm.describe(code) { vm.writeConsole(text + "\n") }
    return .systemExit(code: 1)
  }

  /// Calls what `atexit` was given, last registered first, and forgets it. An exception that leaves a callback is printed, and the next one is
  /// called; the last such end is returned. A REPL's owner calls it when the REPL ends; a VM that is being stopped calls nothing.
  @discardableResult package func runExitCallbacks() -> RunEnd? {
    var end: RunEnd?
    while !isStopped, let callback = AtExitModule.takeLast(vm) {
      let callbackEnd = finish { () throws(PyError) in try AtExitModule.call(vm, callback) }
      if callbackEnd != .completed { end = callbackEnd }
    }
    return end
  }
}
