/// collections: namedtuple, OrderedDict, deque
enum CollectionsModule {
  static var module: NativeModule {
    NativeModule("collections") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "OrderedDict", vm.interpreter.orderedDictType)
      try vm.define(globals, constant: "deque", try CollectionsModule.makeDequeType(vm))
      try vm.define(
        globals,
        functions: [
          NativeDefinition("namedtuple", 2, 2, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard a[0].has(.str) else { throw vm.cannotConvert(a[0], to: "str") }
              var names: [Value] = []
              if a[1].has(.str) {
                let text = vm.text(a[1])
                for part in text.split(whereSeparator: { isSpace($0) || $0 == 0x2C }) {
                  names.append(vm.intern(Array(part)))
                }
              } else {
                let list = try vm.list(from: a[1])
                for i in 0..<ListLayout.count(list.pointer) {
                  names.append(try vm.nameArgument(ListLayout.item(list.pointer, i)))
                }
              }
              return try CollectionsModule.makeNamedTuple(vm, vm.interned(a[0]), names)
            }
          }
        ])
    }
  }

  static func makeNamedTuple(_ vm: VM, _ name: StaticString, _ fields: [StaticString], fromSequence: Bool = false)
    throws(PyError)
    -> Value
  {
    try makeNamedTuple(vm, vm.intern(name), fields.map { vm.intern($0) }, fromSequence: fromSequence)
  }

  /// A namedtuple class. Its field names are kept in its dict under a name that no program can spell.
  /// - Parameter fromSequence: made from one sequence (`time.struct_time`) rather than one argument a field.
  static func makeNamedTuple(_ vm: VM, _ name: Value, _ fields: [Value], fromSequence: Bool = false) throws(PyError)
    -> Value
  {
    var slots = vm.tupleSlots()
    if fromSequence {
      slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try CollectionsModule.makeFromSequence(vm, a) } }
    } else {
      slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try CollectionsModule.makeFromArguments(vm, a) } }
    }
    slots.loadAttribute = { vm, v, name in
      let p = Value(bits: v).pointer
      let fields = CollectionsModule.fieldNames(TupleLayout.namedType(p))
      for i in 0..<TupleLayout.count(fields.pointer) where TupleLayout.item(fields.pointer, i).bits == name {
        return TupleLayout.item(p, i).bits
      }
      return Value.unsupported.bits
    }
    slots.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let type = TupleLayout.namedType(p)
        let fields = CollectionsModule.fieldNames(type)
        let out = TextBuffer(out)
        out.append(StrLayout.buffer(type.pointer.value(TypeLayout.name).pointer))
        out.append("(")
        for i in 0..<TupleLayout.count(fields.pointer) {
          if i > 0 { out.append(", ") }
          out.append(StrLayout.buffer(TupleLayout.item(fields.pointer, i).pointer))
          out.append("=")
          try vm.print(TupleLayout.item(p, i), .repr, out)
        }
        out.append(")")
        return .none
      }
    }
    let tuple = vm.s.pointee.types[Int(Tag.tuple.rawValue)]
    let type = try vm.makeType("namedtuple", tag: .namedTuple, base: tuple, slots: slots)
    let p = type.pointer
    p.set(TypeLayout.name, name)
    p.set(TypeLayout.flags, word: p.word(TypeLayout.flags) | TypeLayout.isNamedTuple)
    p.set(TypeLayout.module, try vm.makeTuple(fields))
    return type
  }

  private static func fieldNames(_ type: Value) -> Value { type.pointer.value(TypeLayout.module) }

  static func makeInstance(_ vm: VM, _ type: Value, _ values: [Value]) throws(PyError) -> Value {
    let n = values.count
    let p = try vm.allocateZeroed(.namedTuple, leaf: false, payload: 16 + n * 8, charge: 8 + n * 4)
    p.set(8, word: n)
    for (i, value) in values.enumerated() { TupleLayout.set(p, i, value) }
    TupleLayout.set(p, n, type)
    return Value(p)
  }

  private static func makeFromArguments(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let fields = CollectionsModule.fieldNames(a[0])
    let n = TupleLayout.count(fields.pointer)
    var values = [Value](repeating: .empty, count: n)
    if a.count - 1 > n || a.count - 1 + a.keywordCount < n {
      throw vm.typeError("function takes \(n) positional arguments but \(a.count - 1 + a.keywordCount) were given")
    }
    for i in 1..<a.count { values[i - 1] = a[i] }
    next: for k in 0..<a.keywordCount {
      for i in 0..<n where TupleLayout.item(fields.pointer, i) == a.keywordName(k) {
        if !values[i].isEmpty {
          throw vm.typeError("function got multiple values for argument '\(vm.string(a.keywordName(k)))'")
        }
        values[i] = a.keywordValue(k)
        continue next
      }
      throw vm.typeError("unexpected keyword argument '\(vm.string(a.keywordName(k)))'")
    }
    return try makeInstance(vm, a[0], values)
  }

  private static func makeFromSequence(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    guard a.count == 2 else {
      throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
    }
    let list = try vm.list(from: a[1])
    let n = TupleLayout.count(CollectionsModule.fieldNames(a[0]).pointer)
    if ListLayout.count(list.pointer) != n { throw vm.typeError("function takes exactly \(n) arguments") }
    return try makeInstance(vm, a[0], (0..<n).map { ListLayout.item(list.pointer, $0) })
  }

  // MARK: deque. Fields: list of items (front first), most items or None, flags.

  private static func makeDequeType(_ vm: VM) throws(PyError) -> Value {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        guard a.count >= 3, a.count <= 4 else {
          throw vm.typeError("function missing \(max(0, 3 - a.count)) required positional arguments")
        }
        let most = try vm.intArgument(a[2])
        if most < 0 { throw vm.valueError("maxlen must be >= 0") }
        let deque = try vm.makeObject(a[0], fields: 3)
        vm.push(deque)
        defer { vm.pop() }
        ObjectLayout.set(deque.pointer, 1, Value(small: most))
        ObjectLayout.set(deque.pointer, 2, Value(small: a.count > 3 ? try vm.intArgument(a[3]) : 0))
        ObjectLayout.set(deque.pointer, 0, try vm.makeList(capacity: min(most, 64)))
        var items = try vm.iterate(a[1])
        while let item = try items.next() { try CollectionsModule.add(vm, deque, item, left: false) }
        items.end()
        return deque
      }
    }
    slots.unary = { vm, op, v in
      UnaryOperation(rawValue: op) == .length
        ? Value(small: ListLayout.count(CollectionsModule.items(Value(bits: v)))).bits : Value.unsupported.bits
    }
    slots.iterate = { vm, v in
      operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(ObjectLayout.field(Value(bits: v).pointer, 0)) }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in
        let p = CollectionsModule.items(Value(bits: v))
        return ListLayout.item(p, try vm.index(Value(bits: i), ListLayout.count(p), "deque"))
      }
    }
    slots.storeItem = { vm, v, i, x in
      operation(vm) { vm throws(PyError) in
        if x == 0 { return .unsupported }
        let p = CollectionsModule.items(Value(bits: v))
        ListLayout.at(p, try vm.index(Value(bits: i), ListLayout.count(p), "deque")).set(0, Value(bits: x))
        return .none
      }
    }
    return try vm.makeType(
      "deque",
      methods: [
        NativeDefinition("append", 2, 2) {
          native($0, $1, $2) { vm, a throws(PyError) in
            try CollectionsModule.add(vm, a[0], a[1], left: false)
            return .none
          }
        },
        NativeDefinition("appendleft", 2, 2) {
          native($0, $1, $2) { vm, a throws(PyError) in
            try CollectionsModule.add(vm, a[0], a[1], left: true)
            return .none
          }
        },
        NativeDefinition("extend", 2, 2) {
          native($0, $1, $2) { vm, a throws(PyError) in
            var source = try vm.iterate(a[1])
            while let item = try source.next() { try CollectionsModule.add(vm, a[0], item, left: false) }
            source.end()
            return .none
          }
        },
        NativeDefinition("pop", 1, 1) {
          native($0, $1, $2) { vm, a throws(PyError) in try CollectionsModule.take(vm, a[0], left: false) }
        },
        NativeDefinition("popleft", 1, 1) {
          native($0, $1, $2) { vm, a throws(PyError) in try CollectionsModule.take(vm, a[0], left: true) }
        },
      ], slots: slots)
  }

  private static func items(_ deque: Value) -> UnsafeMutableRawPointer { ObjectLayout.field(deque.pointer, 0).pointer }

  private static func add(_ vm: VM, _ deque: Value, _ item: Value, left: Bool) throws(PyError) {
    let list = ObjectLayout.field(deque.pointer, 0)
    let most = ObjectLayout.field(deque.pointer, 1).small
    if most == 0 { return }
    if ListLayout.count(list.pointer) >= most {
      if ObjectLayout.field(deque.pointer, 2).small & 1 != 0 { throw vm.error(.indexError, "full") }
      _ = try CollectionsModule.take(vm, deque, left: !left)
    }
    if left {
      vm.push(item)
      defer { vm.pop() }
      try vm.listReplace(list, 0, 0, vm.s.pointee.top - 8, 1)
    } else {
      try vm.append(list, item)
    }
  }

  private static func take(_ vm: VM, _ deque: Value, left: Bool) throws(PyError) -> Value {
    let list = ObjectLayout.field(deque.pointer, 0)
    let n = ListLayout.count(list.pointer)
    if n == 0 { throw vm.error(.indexError, "empty") }
    let at = left ? 0 : n - 1
    let item = ListLayout.item(list.pointer, at)
    try vm.listReplace(list, at, at + 1, nil, 0)
    return item
  }
}
