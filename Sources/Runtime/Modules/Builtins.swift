import Glibc

/// The builtin functions.
extension VM {
  func installBuiltins() throws(PyError) {
    // Room for every name that a program may add: inline caches hold addresses into this table, so it never moves.
    let builtins = try makeDict(1223)
    recharge(builtins.pointer, bytes: 0)
    recharge(builtins.pointer.raw(DictLayout.entries), bytes: 0)
    s.pointee.builtins = builtins
    for tag: Tag in [
      .int, .float, .complex, .str, .bytes, .bytearray, .memoryview, .list, .tuple, .dict, .set, .frozenset, .range,
      .slice,
      .type,
    ] {
      let type = s.pointee.types[Int(tag.rawValue)]
      try dictStore(builtins, type.pointer.value(TypeLayout.name), type)
    }
    for index in [
      Interpreter.objectTypeIndex, Interpreter.boolTypeIndex, Interpreter.staticMethodTypeIndex,
      Interpreter.classMethodTypeIndex, Interpreter.propertyTypeIndex, Interpreter.superTypeIndex,
    ] {
      let type = coreType(index)
      try dictStore(builtins, type.pointer.value(TypeLayout.name), type)
    }
    for kind in ExceptionKind.allCases where kind != .viewError {
      try dictStore(builtins, intern(kind.name), exceptionType(kind))
    }
    try define(builtins, constant: "Ellipsis", .ellipsis)
    try define(builtins, constant: "NotImplemented", .notImplemented)
    try define(builtins, constant: "__debug__", .true)
    // Found by class bodies of code whose globals have no name.
    try define(builtins, constant: "__name__", intern("builtins"))
    try define(builtins, functions: VM.builtinFunctions + VM.codeFunctions + VM.consoleFunctions)
    interpreter.buildClass = try makeNative(
      NativeDefinition("__build_class__", 2, nil) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.buildClass(a) }
      })
    addRoot(interpreter.buildClass)
    try define(builtins, constant: "__build_class__", interpreter.buildClass)
  }

  private static var builtinFunctions: [NativeDefinition] {
    [
      NativeDefinition("abs", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.unary(.absolute, a[0]) } },
      NativeDefinition("all", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try !vm.any(a[0], is: false)) }
      },
      NativeDefinition("any", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try vm.any(a[0], is: true)) }
      },
      NativeDefinition("bin", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.inBase(a[0], 2, "0b") } },
      NativeDefinition("oct", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.inBase(a[0], 8, "0o") } },
      NativeDefinition("hex", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.inBase(a[0], 16, "0x") } },
      NativeDefinition("callable", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in Value(vm.isCallable(a[0])) } },
      NativeDefinition("chr", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let n = try vm.intArgument(a[0])
          guard n >= 0 && n < 0x11_0000 else { throw vm.valueError("chr() arg not in range(0x110000)") }
          return try vm.makeCharacter(UInt32(n))
        }
      },
      NativeDefinition("ord", 1, 1) { native($0, $1, $2, builtinOrd) },
      NativeDefinition("delattr", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setAttribute(a[0], try vm.nameArgument(a[1]), .empty)
          return .none
        }
      },
      NativeDefinition("getattr", 2, 3) { native($0, $1, $2, builtinGetattr) },
      NativeDefinition("hasattr", 2, 2) { native($0, $1, $2, builtinHasattr) },
      NativeDefinition("setattr", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setAttribute(a[0], try vm.nameArgument(a[1]), a[2])
          return .none
        }
      },
      NativeDefinition("dir", 0, 1) { native($0, $1, $2, builtinDir) },
      NativeDefinition("divmod", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeTuple(try vm.binary(.floorDivide, a[0], a[1]), try vm.binary(.modulo, a[0], a[1]))
        }
      },
      NativeDefinition("hash", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.makeInt(try vm.hash(a[0])) }
      },
      NativeDefinition("id", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeInt(a[0].isSmallInt ? a[0].small : Int(truncatingIfNeeded: a[0].bits & 0x7FFF_FFFF))
        }
      },
      NativeDefinition("isinstance", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(try vm.matchesType(vm.type(of: a[0]), a[1]))
        }
      },
      NativeDefinition("issubclass", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.type) else { throw vm.typeError("issubclass() arg 1 must be a class") }
          return Value(try vm.matchesType(a[0], a[1]))
        }
      },
      NativeDefinition("iter", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.iterator(a[0]) } },
      NativeDefinition("len", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(small: try vm.length(a[0])) }
      },
      NativeDefinition("max", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.extreme(a, wantsMore: true) }
      },
      NativeDefinition("min", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.extreme(a, wantsMore: false) }
      },
      NativeDefinition("next", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count == 2 && vm.options.dialect == .circuitpython {
            throw vm.typeError("function takes 1 positional arguments but 2 were given")
          }
          vm.interpreter.generatorValue = .none
          let value = try vm.nextKeepingValue(a[0])
          if value == .stop && a.count == 2 { return a[1] }
          return try vm.orStopIteration(value)
        }
      },
      NativeDefinition("pow", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          a.count == 2 ? try vm.binary(.power, a[0], a[1]) : try vm.powerModulo(a[0], a[1], a[2])
        }
      },
      NativeDefinition("print", 0, nil, keywords: true) { native($0, $1, $2, builtinPrint) },
      NativeDefinition("repr", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.repr(a[0]) } },
      NativeDefinition("round", 1, 2) { native($0, $1, $2, builtinRound) },
      NativeDefinition("sorted", 1, 1, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let list = try vm.list(from: a[0])
          vm.push(list)
          let (key, reverse) = try vm.sortOptions(a)
          try vm.sort(list, key: key, reverse: reverse)
          vm.pop()
          return list
        }
      },
      NativeDefinition("sum", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // The sum stays on the VM stack while user code runs.
          let place = vm.s.pointee.top
          vm.push(a.count > 1 ? a[1] : Value(small: 0))
          var iterator = try vm.iterate(a[0])
          while let item = try iterator.next() { place.set(0, try vm.binary(.add, place.value(0), item)) }
          iterator.end()
          return vm.pop()
        }
      },
      NativeDefinition("globals", 0, 0) { native($0, $1, $2) { vm, a throws(PyError) in vm.currentGlobals() } },
      NativeDefinition("locals", 0, 0) { native($0, $1, $2) { vm, a throws(PyError) in vm.currentGlobals() } },
      NativeDefinition("__import__", 1, 5) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.str) else { throw vm.cannotConvert(a[0], to: "str") }
          let level = a.count > 4 ? try vm.intArgument(a[4]) : 0
          let globals = a.count > 1 && a[1].has(.dict) ? a[1] : vm.currentGlobals()
          return try vm.importModule(
            vm.interned(a[0]), globals: globals, fromList: a.count > 3 ? a[3] : .none, level: level)
        }
      },
      NativeDefinition("__repl_print__", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a[0].isNone { return .none }
          try vm.dictStore(vm.s.pointee.builtins, vm.intern("_"), a[0])
          let out = vm.takeBuffer()
          defer { vm.release(out) }
          try vm.print(a[0], .repr, out)
          out.append("\n")
          vm.writeConsole(out.bytes)
          return .none
        }
      },
    ]
  }

  var options: InterpreterOptions { interpreter.options }

  /// Globals of the innermost Python frame.
  func currentGlobals() -> Value {
    let function = s.pointee.resumeFrame.value(Frame.function)
    return function.has(.function) ? function.pointer.value(FunctionLayout.globals) : interpreter.mainGlobals
  }

  private func any(_ source: Value, is wanted: Bool) throws(PyError) -> Bool {
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() {
      if try isTrue(item) == wanted { return true }
    }
    return false
  }

  private func inBase(_ value: Value, _ base: Int, _ prefix: StaticString) throws(PyError) -> Value {
    guard isInteger(value) else {
      // `bin` is a format there.
      if base == 2 {
        throw valueError("unknown format code 'b' for object of type '\(string(typeName(value)))'")
      }
      throw cannotConvert(value, to: "int")
    }
    return try makeStr { out throws(PyError) in
      let digits = takeBuffer()
      defer { release(digits) }
      try printInt(value, base: base, digits)
      if digits.bytes.first == 0x2D {
        out.append(0x2D)
        out.append(prefix)
        out.append(UnsafeBufferPointer(rebasing: digits.bytes[1...]))
      } else {
        out.append(prefix)
        out.append(digits.bytes)
      }
    }
  }

  package func isCallable(_ value: Value) -> Bool {
    guard value.isObject else { return false }
    switch value.tag {
    case .function, .native, .boundMethod, .type: return true
    case .instance: return !lookup(type(of: value), interpreter.names.dunderCall).isEmpty
    default: return slots(type(of: value)).pointee.call != nil
    }
  }

  func nameArgument(_ value: Value) throws(PyError) -> Value {
    guard value.has(.str) else {
      throw typeError("can't convert '\(string(typeName(value)))' object to str implicitly")
    }
    return interned(value)
  }

  private func matchesType(_ type: Value, _ pattern: Value) throws(PyError) -> Bool {
    if pattern.has(.type) { return isSubtype(type, pattern) }
    if pattern.has(.tuple) {
      for i in 0..<TupleLayout.count(pattern.pointer) {
        if try matchesType(type, TupleLayout.item(pattern.pointer, i)) { return true }
      }
      return false
    }
    throw typeError("issubclass() arg 2 must be a class or a tuple of classes")
  }

  private func extreme(_ a: Arguments, wantsMore: Bool) throws(PyError) -> Value {
    let names = interpreter.names
    let key = a.keyword(names.key)
    var best = Value.empty
    var bestKey = Value.empty
    let base = s.pointee.top
    push(.empty)
    push(.empty)
    defer { s.pointee.top = base }
    func consider(_ item: Value) throws(PyError) {
      let itemKey = key.isEmpty || key.isNone ? item : try call(key, item)
      var isBetter = best.isEmpty
      if !isBetter { isBetter = wantsMore ? try less(bestKey, itemKey) : try less(itemKey, bestKey) }
      if isBetter {
        best = item
        bestKey = itemKey
        base.set(0, best)
        base.set(8, bestKey)
      }
    }
    if a.count > 1 {
      for i in 0..<a.count { try consider(a[i]) }
    } else {
      var iterator = try iterate(a[0])
      defer { iterator.end() }
      while let item = try iterator.next() { try consider(item) }
    }
    if best.isEmpty {
      best = a.keyword(names.defaultName)
      if best.isEmpty { throw valueError("arg is an empty sequence") }
    }
    return best
  }
}

private func builtinOrd(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  if a[0].has(.str) {
    let bytes = StrLayout.buffer(a[0].pointer)
    let count = vm.characterCount(a[0])
    if count == 1 { return Value(small: Int(vm.decodeCharacter(bytes, 0).0)) }
    throw vm.typeError("ord() expected a character, but string of length \(count) found")
  }
  let bytes = try vm.bufferView(a[0])
  if bytes.count == 1 { return Value(small: Int(bytes[0])) }
  throw vm.typeError("ord() expected a character, but string of length \(bytes.count) found")
}

private func builtinGetattr(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let name = try vm.nameArgument(a[1])
  if a.count < 3 { return try vm.getAttribute(a[0], name) }
  do throws(PyError) {
    let found = try vm.findAttribute(a[0], name)
    return found.isEmpty ? a[2] : found
  } catch {
    if !vm.exceptionIs(.attributeError) { throw error }
    vm.s.pointee.exception = .empty
    return a[2]
  }
}

private func builtinHasattr(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  do throws(PyError) {
    return Value(try !vm.findAttribute(a[0], try vm.nameArgument(a[1])).isEmpty)
  } catch {
    if !vm.exceptionIs(.attributeError) { throw error }
    vm.s.pointee.exception = .empty
    return .false
  }
}

private func builtinDir(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  try vm.attributeNames(of: a.count > 0 ? a[0] : .empty)
}

extension VM {
  /// What `dir` lists: a sorted list of names, of the current globals for `.empty`.
  func attributeNames(of object: Value) throws(PyError) -> Value {
    let list = try makeList()
    let seen = try makeSet()
    push(list)
    push(seen)
    defer {
      pop()
      pop()
    }
    func add(_ dict: Value) throws(PyError) {
      if dict.isEmpty { return }
      var at = 0
      while let (slot, key, _) = dictNext(dict, from: at) {
        at = slot + 1
        guard key.has(.str) else { continue }
        if try !setContains(seen, key) {
          try setAdd(seen, key)
          try append(list, key)
        }
      }
    }
    func addType(_ type: Value) throws(PyError) {
      try add(type.pointer.value(TypeLayout.dict))
      let bases = type.pointer.value(TypeLayout.bases)
      if bases.isEmpty { return }
      for i in 0..<TupleLayout.count(bases.pointer) { try addType(TupleLayout.item(bases.pointer, i)) }
    }
    if object.isEmpty {
      try add(currentGlobals())
    } else if object.has(.module) {
      try add(object.pointer.value(ModuleLayout.globals))
    } else if object.has(.type) {
      try addType(object)
    } else {
      if object.has(.instance) { try add(try instanceAttributes(object)) }
      try addType(type(of: object))
    }
    var implied: [StaticString] = object.isEmpty ? [] : ["__class__"]
    if object.has(.type) { implied += ["__name__", "__bases__", "__dict__"] }
    if object.has(.instance) { implied.append("__dict__") }
    for name in implied where try !setContains(seen, intern(name)) { try append(list, intern(name)) }
    try sort(list, key: .none, reverse: false)
    return list
  }
}

private func builtinPrint(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let names = vm.interpreter.names
  for i in 0..<a.keywordCount where ![names.sep, names.end, names.file, names.flush].contains(a.keywordName(i)) {
    throw vm.typeError("extra keyword arguments given")
  }
  let separator = a.keyword(names.sep)
  let end = a.keyword(names.end)
  let file = a.keyword(names.file)
  let isForConsole = file.isEmpty || file.isNone
  let out = vm.takeBuffer()
  out.storage.pointee.isForConsole = isForConsole
  defer { vm.release(out) }
  for i in 0..<a.count {
    if i > 0 { if separator.has(.str) { out.append(StrLayout.buffer(separator.pointer)) } else { out.append(0x20) } }
    try vm.print(a[i], .str, out)
  }
  if end.has(.str) { out.append(StrLayout.buffer(end.pointer)) } else { out.append(0x0A) }
  if isForConsole {
    vm.writeConsole(out.bytes)
    try vm.serveInterrupts()
  } else {
    _ = try vm.callMethod(file, vm.intern("write"), try vm.makeStr(out.bytes))
  }
  return .none
}

private func builtinRound(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  if vm.isInteger(a[0]) {
    if a.count < 2 { return a[0].isBool ? Value(small: a[0] == .true ? 1 : 0) : a[0] }
    let places = try vm.intArgument(a[1])
    if places >= 0 { return a[0] }
    // Half to even at a power of ten.
    let unit = try vm.binary(.power, Value(small: 10), Value(small: -places))
    let half = try vm.binary(.floorDivide, unit, Value(small: 2))
    let rest = try vm.binary(.modulo, a[0], unit)
    let down = try vm.binary(.subtract, a[0], rest)
    let isUp: Bool
    if try vm.equal(rest, half) {
      let tens = try vm.binary(.floorDivide, down, unit)
      isUp = try vm.isTrue(try vm.binary(.modulo, tens, Value(small: 2)))
    } else {
      isUp = try vm.less(half, rest)
    }
    return isUp ? try vm.binary(.add, down, unit) : down
  }
  guard let x = vm.asNumber(a[0]) else { throw vm.cannotConvert(a[0], to: "float") }
  if a.count < 2 { return try vm.intFromDouble(x.rounded(.toNearestOrEven)) }
  let places = try vm.intArgument(a[1])
  // As simply as the board does it, in its precision.
  if vm.s.pointee.floatMode == .double {
    let scale = pow(10, Double(places))
    return try vm.makeFloat((x * scale).rounded(.toNearestOrEven) / scale)
  }
  let scale = Float(pow(10, Double(places)))
  return try vm.makeFloat(Double((Float(x) * scale).rounded(.toNearestOrEven) / scale))
}
