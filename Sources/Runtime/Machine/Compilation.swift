/// Source and `.mpy` files into code, with their errors as Python's.
extension VM {
  func compileSource(_ bytes: [UInt8], fileName: [UInt8], mode: CompileMode) throws(PyError) -> CodeModule {
    var options = CompileOptions(sourceName: fileName, dialect: self.options.dialect, mode: mode)
    options.floatMode = self.options.floatMode
    do throws(CompileError) {
      return try compile(bytes, options)
    } catch {
      throw compileFailure(error, fileName: fileName)
    }
  }

  /// A compile error as the exception a board raises, with its one traceback entry.
  private func compileFailure(_ failure: CompileError, fileName: [UInt8]) -> PyError {
    let kind: ExceptionKind
    switch failure.kind {
    case .syntaxError: kind = .syntaxError
    case .indentationError: kind = .indentationError
    case .notImplementedError: kind = .notImplementedError
    case .runtimeError: kind = .runtimeError
    case .overflowError: kind = .overflowError
    }
    let error = error(kind, failure.message)
    let exception = s.pointee.exception
    do throws(PyError) {
      let entries = try makeList()
      try append(entries, intern(fileName))
      try append(entries, Value(small: failure.line))
      try append(entries, failure.scopeName.map { intern($0) } ?? .none)
      exception.pointer.set(ExceptionLayout.traceback, entries)
    } catch {
      s.pointee.exception = exception
    }
    return error
  }

  func decodeBinary(_ bytes: [UInt8], fileName: [UInt8]) throws(PyError) -> CodeModule {
    do throws(BytecodeError) {
      let (module, isMicroPython) = try decodeMPY(bytes, dialect: options.dialect, strict: options.strict)
      // Files from outside are verified whole; what our own compiler made is checked by the translator's analysis alone.
      _ = try verify(module, dialect: isMicroPython ? .micropython : .circuitpython)
      if isMicroPython && options.dialect == .circuitpython {
        let shown = String(decoding: fileName, as: UTF8.self)
        interpreter.host.note(
          "\(shown): a MicroPython .mpy file; a board would refuse it (use CircuitPython's mpy-cross)")
      }
      return module
    } catch {
      interpreter.host.note("\(String(decoding: fileName, as: UTF8.self)): \(error.description)")
      throw valueError(error.pythonMessage)
    }
  }
}

/// compile, eval, exec. A code object has one field: its unit.
extension VM {
  static var codeFunctions: [NativeDefinition] {
    [
      NativeDefinition("compile", 3, 6, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[1].has(.str), a[2].has(.str) else { throw vm.typeError("bad compile mode") }
          return try vm.compileObject(try vm.sourceBytes(a[0]), fileName: a[1], mode: a[2])
        }
      },
      NativeDefinition("eval", 1, 3) { native($0, $1, $2) { vm, a throws(PyError) in try vm.evaluate(a, .eval) } },
      NativeDefinition("exec", 1, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.evaluate(a, .file)
          return .none
        }
      },
    ]
  }

  /// A code object; `mode` is the str exec, single or eval.
  func compileObject(_ source: [UInt8], fileName: Value, mode: Value) throws(PyError) -> Value {
    let compileMode: CompileMode
    switch string(mode) {
    case "exec": compileMode = .file
    case "single": compileMode = .single
    case "eval": compileMode = .eval
    default: throw valueError("bad compile mode")
    }
    let code = try compileSource(source, fileName: text(fileName), mode: compileMode)
    let object = try makeObject(try codeType(), fields: 1)
    ObjectLayout.set(object.pointer, 0, try load(code))
    return object
  }

  private func codeType() throws(PyError) -> Value {
    try nativeType("code") { vm throws(PyError) in try vm.makeType("code") }
  }

  private func sourceBytes(_ value: Value) throws(PyError) -> [UInt8] {
    value.has(.str) ? text(value) : try bufferBytes(value)
  }

  private func evaluate(_ a: Arguments, _ mode: CompileMode) throws(PyError) -> Value {
    let caller = currentGlobals()
    var globals = caller
    var locals = currentLocals()
    if a.count > 1 && !a[1].isNone {
      guard a[1].has(.dict) else { throw typeError("globals must be a dict") }
      globals = a[1]
      locals = a[1]
    }
    if a.count > 2 && !a[2].isNone {
      guard a[2].has(.dict) else { throw typeError("locals must be a dict") }
      locals = a[2]
    }
    let codeType = try codeType()
    if a[0].has(.object) && a[0].pointer.value(8) == codeType {
      // Compiled for its own globals; other locals would need another translation, so the unit is shared only without.
      let function = try makeFunction(unit: ObjectLayout.field(a[0].pointer, 0), index: 0, globals: globals)
      return try callBody(function, locals: globals)
    }
    var source = try sourceBytes(a[0])
    if mode == .eval { source = Array(source.drop { $0 == 0x20 || $0 == 0x09 }) }
    let code = try compileSource(source, fileName: Array("<string>".utf8), mode: mode)
    return try runModule(code, globals: globals, locals: locals)
  }

  /// The dict that names are stored in where native code was called: a class body's, else the globals.
  private func currentLocals() -> Value {
    let frame = s.pointee.resumeFrame
    let function = frame.value(Frame.function)
    guard function.has(.function) else { return interpreter.mainGlobals }
    let register = function.pointer.body.pointee.localsDictRegister
    let dict = register >= 0 ? frame.value(register) : .empty
    return dict.has(.dict) ? dict : currentGlobals()
  }
}
