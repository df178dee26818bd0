/// The exception classes: attributes, printing, tracebacks.
extension VM {
  func installExceptions() throws(PyError) {
    for kind in ExceptionKind.allCases {
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.keywordCount > 0 { throw vm.typeError("function doesn't take keyword arguments") }
          return try vm.makeException(a[0], args: try vm.makeTuple(from: a.base + 8, count: a.count - 1))
        }
      }
      slots.print = { vm, v, kind, out in
        operation(vm) { vm throws(PyError) in
          try vm.printException(Value(bits: v), PrintKind(rawValue: kind) ?? .str, TextBuffer(out))
          return .none
        }
      }
      slots.loadAttribute = { vm, v, name in
        operation(vm) { vm throws(PyError) in try vm.exceptionAttribute(Value(bits: v), Value(bits: name)) }
      }
      slots.storeAttribute = { vm, v, name, value in
        operation(vm) { vm throws(PyError) in
          try vm.setExceptionAttribute(Value(bits: v), Value(bits: name), Value(bits: value))
        }
      }
      let base = kind.base.map { exceptionType($0) } ?? .empty
      let type = try makeType(kind.name, tag: .exception, base: base, slots: slots)
      type.pointer.set(TypeLayout.flags, word: type.pointer.word(TypeLayout.flags) | TypeLayout.isException)
      interpreter.exceptionTypes.append(type)
      addRoot(type)
    }
    let base = exceptionType(.baseException)
    install(base, for: .exception)
    try define(
      base,
      NativeDefinition("__init__", 1, nil) {
        native($0, $1, $2) { vm, a throws(PyError) in
          a[0].pointer.set(ExceptionLayout.args, try vm.makeTuple(from: a.base + 8, count: a.count - 1))
          return .none
        }
      })
  }

  private func exceptionAttribute(_ exception: Value, _ name: Value) throws(PyError) -> Value {
    let p = exception.pointer
    let names = interpreter.names
    let own = p.value(ExceptionLayout.dict)
    if !own.isEmpty {
      let found = dictFindInterned(own, name)
      if !found.isEmpty { return found }
    }
    let args = p.value(ExceptionLayout.args)
    func first() -> Value { TupleLayout.count(args.pointer) > 0 ? TupleLayout.item(args.pointer, 0) : .none }
    switch name {
    case names.args: return args
    case names.value where isInstance(exception, exceptionType(.stopIteration)): return first()
    case names.errno where isInstance(exception, exceptionType(.osError)): return first()
    case names.dunderTraceback:
      let traceback = p.value(ExceptionLayout.traceback)
      return traceback.isEmpty ? .none : try makeTraceback(traceback)
    case names.dunderCause: return p.value(ExceptionLayout.cause)
    case names.dunderContext: return p.value(ExceptionLayout.context)
    case names.dunderSuppressContext: return Value(p.word(ExceptionLayout.flags) & 1 != 0)
    case names.dunderDict:
      return own.isEmpty ? try makeDict() : own
    default: break
    }
    let type = p.value(ExceptionLayout.type)
    let found = lookup(type, name)
    if found.isEmpty {
      let flags = type.pointer.word(TypeLayout.flags) | interpreter.lateClassFlags
      if flags & TypeLayout.hasGetattr != 0 {
        let getattr = lookup(type, names.dunderGetattr)
        if !getattr.isEmpty { return try call(getattr, exception, name) }
      }
    }
    return .unsupported
  }

  private func makeTraceback(_ entries: Value) throws(PyError) -> Value {
    let type = try nativeType("traceback") { vm throws(PyError) in try vm.makeType("traceback") }
    let object = try makeObject(type, fields: 1)
    ObjectLayout.set(object.pointer, 0, entries)
    return object
  }

  private func setExceptionAttribute(_ exception: Value, _ name: Value, _ value: Value) throws(PyError) -> Value {
    let p = exception.pointer
    let names = interpreter.names
    let type = p.value(ExceptionLayout.type)
    switch name {
    case names.dunderTraceback:
      p.set(ExceptionLayout.traceback, value.has(.object) ? ObjectLayout.field(value.pointer, 0) : .empty)
      return .none
    case names.dunderCause:
      p.set(ExceptionLayout.cause, value)
      p.set(ExceptionLayout.flags, word: 1)
      return .none
    case names.dunderContext:
      p.set(ExceptionLayout.context, value)
      return .none
    case names.dunderSuppressContext:
      p.set(ExceptionLayout.flags, word: try isTrue(value) ? 1 : 0)
      return .none
    case names.args:
      p.set(ExceptionLayout.args, try tuple(from: value))
      return .none
    default: break
    }
    // A builtin exception takes no new attributes; one of a class written in Python does.
    if type.pointer.word(TypeLayout.flags) & TypeLayout.isUser == 0 { return .unsupported }
    if p.value(ExceptionLayout.dict).isEmpty { p.set(ExceptionLayout.dict, try makeDict()) }
    let dict = p.value(ExceptionLayout.dict)
    if value.isEmpty { return try dictRemove(dict, name).isEmpty ? .unsupported : .none }
    try dictStore(dict, name, value)
    return .none
  }

  private func printException(_ exception: Value, _ kind: PrintKind, _ out: TextBuffer) throws(PyError) {
    let p = exception.pointer
    let type = p.value(ExceptionLayout.type)
    let names = interpreter.names
    if type.pointer.word(TypeLayout.flags) & TypeLayout.isUser != 0 {
      var method = kind == .str ? lookup(type, names.dunderStr) : .empty
      if method.isEmpty { method = lookup(type, names.dunderRepr) }
      if !method.isEmpty && !method.has(.native) {
        let text = try call(method, exception)
        guard text.has(.str) else { throw cannotConvert(text, to: "str") }
        out.append(StrLayout.buffer(text.pointer))
        return
      }
    }
    let args = p.value(ExceptionLayout.args)
    let n = TupleLayout.count(args.pointer)
    if kind != .str {
      out.append(StrLayout.buffer(type.pointer.value(TypeLayout.name).pointer))
      try print(args, .repr, out)
      return
    }
    if n == 0 { return }
    if n <= 2, isInstance(exception, exceptionType(.osError)), TupleLayout.item(args.pointer, 0).isSmallInt {
      printErrno(TupleLayout.item(args.pointer, 0).small, out)
      if n == 2 {
        out.append(": ")
        try print(TupleLayout.item(args.pointer, 1), .str, out)
      }
      return
    }
    if n == 1 {
      let only = TupleLayout.item(args.pointer, 0)
      try print(only, isInstance(exception, exceptionType(.keyError)) && !only.has(.str) ? .repr : .str, out)
      return
    }
    try print(args, .repr, out)
  }

  /// `[Errno 2] No such file/directory`, `[Errno 110] ETIMEDOUT`, or the bare number.
  private func printErrno(_ number: Int, _ out: TextBuffer) {
    if let text = ErrnoNames.text(number) ?? ErrnoNames.name(number) {
      out.append("[Errno \(number)] \(text)")
    } else {
      out.append(decimal: number)
    }
  }
}

/// errno numbers as the board knows them.
package enum ErrnoNames {
  package static let names: [(Int, StaticString)] = [
    (1, "EPERM"), (2, "ENOENT"), (5, "EIO"), (9, "EBADF"), (11, "EAGAIN"), (12, "ENOMEM"), (13, "EACCES"),
    (17, "EEXIST"), (19, "ENODEV"), (21, "EISDIR"), (22, "EINVAL"), (28, "ENOSPC"), (30, "EROFS"), (95, "EOPNOTSUPP"),
    (98, "EADDRINUSE"), (103, "ECONNABORTED"), (104, "ECONNRESET"), (105, "ENOBUFS"), (107, "ENOTCONN"),
    (110, "ETIMEDOUT"), (111, "ECONNREFUSED"), (113, "EHOSTUNREACH"), (114, "EALREADY"), (115, "EINPROGRESS"),
  ]
  static func name(_ number: Int) -> String? { names.first { $0.0 == number }.map { "\($0.1)" } }
  static func text(_ number: Int) -> String? {
    switch number {
    case 1: "Operation not permitted"
    case 2: "No such file/directory"
    case 5: "Input/output error"
    case 13: "Permission denied"
    case 17: "File exists"
    case 19: "No such device"
    case 22: "Invalid argument"
    case 28: "No space left on device"
    case 30: "Read-only filesystem"
    default: nil
    }
  }
}
