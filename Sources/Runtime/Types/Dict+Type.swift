/// The dict type: methods, views, iteration.
extension VM {
  func installDict() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        let dict = try vm.makeDict(0, ordered: a[0] == vm.interpreter.orderedDictType)
        if dict.has(.dict), a[0] == vm.interpreter.orderedDictType { vm.interpreter.markOrdered(dict) }
        vm.push(dict)
        defer { vm.pop() }
        try vm.dictUpdate(dict, a)
        return dict
      }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        UnaryOperation(rawValue: op) == .length ? Value(small: vm.dictCount(Value(bits: v))) : .unsupported
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.dictBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in
        let found = try vm.dictFind(Value(bits: v), Value(bits: i))
        if found.isEmpty { throw vm.error(.keyError, args: Value(bits: i)) }
        return found
      }
    }
    slots.storeItem = { vm, v, i, x in
      operation(vm) { vm throws(PyError) in
        if x != 0 {
          try vm.dictStore(Value(bits: v), Value(bits: i), Value(bits: x))
        } else if try vm.dictRemove(Value(bits: v), Value(bits: i)).isEmpty {
          throw vm.error(.keyError, args: Value(bits: i))
        }
        return .none
      }
    }
    slots.iterate = { vm, v in
      operation(vm) { vm throws(PyError) in try vm.makeDictIterator(Value(bits: v), .keys) }
    }
    slots.print = { vm, v, kind, out in
      operation(vm) { vm throws(PyError) in
        let dict = Value(bits: v)
        let out = TextBuffer(out)
        let isJSON = kind == PrintKind.json.rawValue
        let isOrdered = !isJSON && vm.interpreter.isOrderedDict(dict)
        if isOrdered { out.append("OrderedDict(") }
        out.append("{")
        var at = 0
        var first = true
        while let (slot, key, value) = vm.dictNext(dict, from: at) {
          at = slot + 1
          if !first { out.append(", ") }
          first = false
          if isJSON && !key.has(.str) {
            // JSON keys are strings.
            out.append("\"")
            try vm.print(key, .json, out)
            out.append("\"")
          } else {
            try vm.print(key, isJSON ? .json : .repr, out)
          }
          out.append(": ")
          try vm.print(value, isJSON ? .json : .repr, out)
        }
        out.append("}")
        if isOrdered { out.append(")") }
        return .none
      }
    }
    let type = try makeType("dict", tag: .dict, methods: VM.dictMethods, slots: slots)
    install(type, for: .dict)
    interpreter.orderedDictType = try makeType("OrderedDict", tag: .dict, base: type, slots: slots)
    addRoot(interpreter.orderedDictType)
    try installDictViews()
  }

  private static var dictMethods: [NativeDefinition] {
    [
      NativeDefinition("clear", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.dictClear(a[0])
          return .none
        }
      },
      NativeDefinition("copy", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.copyDict(a[0]) } },
      NativeDefinition("fromkeys", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // The board makes room for as many keys as the source says it has; the order shows it.
          var room = 0
          if !a[1].has(.instance), let unary = vm.slots(vm.type(of: a[1])).pointee.unary {
            let length = try vm.checked(unary(vm.raw, UnaryOperation.length.rawValue, a[1].bits))
            if length.isSmallInt { room = length.small }
          }
          try vm.ensureRoom(room * 8)
          let dict = try vm.makeDict(room)
          vm.push(dict)
          var keys = try vm.iterate(a[1])
          while let key = try keys.next() { try vm.dictStore(dict, key, a.count > 2 ? a[2] : .none) }
          keys.end()
          vm.pop()
          return dict
        }
      }.asClassMethod,
      NativeDefinition("__getitem__", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.getItem(a[0], a[1]) }
      },
      NativeDefinition("__setitem__", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setItem(a[0], a[1], a[2])
          return .none
        }
      },
      NativeDefinition("__delitem__", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setItem(a[0], a[1], .empty)
          return .none
        }
      },
      NativeDefinition("get", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let found = try vm.dictFind(a[0], a[1])
          return found.isEmpty ? (a.count > 2 ? a[2] : .none) : found
        }
      },
      NativeDefinition("items", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.makeDictView(a[0], .items) }
      },
      NativeDefinition("keys", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.makeDictView(a[0], .keys) }
      },
      NativeDefinition("values", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.makeDictView(a[0], .values) }
      },
      NativeDefinition("pop", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let removed = try vm.dictRemove(a[0], a[1])
          if !removed.isEmpty { return removed }
          if a.count > 2 { return a[2] }
          throw vm.error(.keyError, args: a[1])
        }
      },
      NativeDefinition("popitem", 1, 1) { native($0, $1, $2, dictPopItem) },
      NativeDefinition("setdefault", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let found = try vm.dictFind(a[0], a[1])
          if !found.isEmpty { return found }
          let value = a.count > 2 ? a[2] : Value.none
          try vm.dictStore(a[0], a[1], value)
          return value
        }
      },
      NativeDefinition("update", 1, 2, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.dictUpdate(a[0], a)
          return .none
        }
      },
    ]
  }

  /// A dict with the same entries, order and table as another.
  package func copyDict(_ dict: Value) throws(PyError) -> Value { try copyTable(dict) }

  /// `dict.update(other, **kw)`, and what `dict(other, **kw)` does after making an empty one.
  func dictUpdate(_ dict: Value, _ a: Arguments) throws(PyError) {
    if a.count > 2 { throw typeError("function expected at most 2 arguments, got \(a.count)") }
    if a.count > 1 { try dictMerge(dict, a[1]) }
    for i in 0..<a.keywordCount { try dictStore(dict, a.keywordName(i), a.keywordValue(i)) }
  }

  package func dictMerge(_ dict: Value, _ source: Value) throws(PyError) {
    let wrapped = wrappedNative(source)
    let source = wrapped.isEmpty ? source : wrapped
    if source.has(.dict) {
      var at = 0
      while let (slot, key, value) = dictNext(source, from: at) {
        try dictStore(dict, key, value)
        at = slot + 1
      }
      return
    }
    if source.has(.instance), case let keys = try findAttribute(source, interpreter.names.keys), !keys.isEmpty {
      var iterator = try iterate(try call(keys))
      while let key = try iterator.next() { try dictStore(dict, key, try getItem(source, key)) }
      iterator.end()
      return
    }
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let pair = try iterator.next() {
      let list = try self.list(from: pair)
      guard ListLayout.count(list.pointer) == 2 else { throw valueError("dict update sequence has wrong length") }
      try dictStore(dict, ListLayout.item(list.pointer, 0), ListLayout.item(list.pointer, 1))
    }
  }

  private func dictBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    switch op {
    case .contains: return Value(try !dictFind(a, b).isEmpty)
    case .equal:
      guard b.has(.dict) else { return .unsupported }
      if dictCount(a) != dictCount(b) { return .false }
      var at = 0
      while let (slot, key, value) = dictNext(a, from: at) {
        at = slot + 1
        let other = try dictFind(b, key)
        if other.isEmpty { return .false }
        if try !equal(value, other) { return .false }
      }
      return .true
    case .or:
      guard b.has(.dict) else { return .unsupported }
      let result = try copyDict(a)
      try dictMerge(result, b)
      return result
    case .inplaceOr:
      guard b.has(.dict) else { return .unsupported }
      try dictMerge(a, b)
      return a
    default: return .unsupported
    }
  }
}

private func dictPopItem(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let p = a[0].pointer
  var i = DictLayout.slots(p) - 1
  // An ordered dict gives its last entry, another the first of its table.
  if !DictLayout.isOrdered(p) { i = vm.dictNext(a[0], from: 0)?.slot ?? -1 } else { i = DictLayout.used(p) - 1 }
  if i < 0 { throw vm.error(.keyError, "popitem(): dictionary is empty") }
  let slot = DictLayout.slot(p, i)
  let pair = try vm.makeTuple(slot.value(0), slot.value(8))
  _ = try vm.dictRemove(p, slot: i)
  return pair
}

/// Views and iterators over dicts. Fields: dict, kind; an iterator has the next slot besides.
enum DictViewKind: Int { case keys, values, items }

extension VM {
  func makeDictView(_ dict: Value, _ kind: DictViewKind) throws(PyError) -> Value {
    let view = try makeObject(coreType(Interpreter.dictViewTypeIndex), fields: 2)
    ObjectLayout.set(view.pointer, 0, dict)
    ObjectLayout.set(view.pointer, 1, Value(small: kind.rawValue))
    return view
  }

  func makeDictIterator(_ dict: Value, _ kind: DictViewKind) throws(PyError) -> Value {
    let iterator = try makeObject(coreType(Interpreter.dictIteratorTypeIndex), fields: 3)
    ObjectLayout.set(iterator.pointer, 0, dict)
    ObjectLayout.set(iterator.pointer, 1, Value(small: kind.rawValue))
    ObjectLayout.set(iterator.pointer, 2, Value(small: 0))
    return iterator
  }

  func dictElement(_ key: Value, _ value: Value, _ kind: Int) throws(PyError) -> Value {
    kind == DictViewKind.keys.rawValue ? key : kind == DictViewKind.values.rawValue ? value : try makeTuple(key, value)
  }

  fileprivate func installDictViews() throws(PyError) {
    var view = TypeSlots()
    view.iterate = { vm, v in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let kind = DictViewKind(rawValue: ObjectLayout.field(p, 1).small).unsafelyUnwrapped
        return try vm.makeDictIterator(ObjectLayout.field(p, 0), kind)
      }
    }
    view.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        UnaryOperation(rawValue: op) == .length
          ? Value(small: vm.dictCount(ObjectLayout.field(Value(bits: v).pointer, 0))) : .unsupported
      }
    }
    view.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let out = TextBuffer(out)
        let kind = ObjectLayout.field(p, 1).small
        out.append(kind == 0 ? "dict_keys([" : kind == 1 ? "dict_values([" : "dict_items([")
        var at = 0
        var first = true
        while let (slot, key, value) = vm.dictNext(ObjectLayout.field(p, 0), from: at) {
          if !first { out.append(", ") }
          first = false
          at = slot + 1
          try vm.print(try vm.dictElement(key, value, kind), .repr, out)
        }
        out.append("])")
        return .none
      }
    }
    view.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: a).pointer
        guard BinaryOperation(rawValue: op) == .contains, ObjectLayout.field(p, 1).small == 0 else {
          return .unsupported
        }
        return Value(try !vm.dictFind(ObjectLayout.field(p, 0), Value(bits: b)).isEmpty)
      }
    }
    s.pointee.types[Interpreter.dictViewTypeIndex] = try makeType("dict_view", slots: view)
    var iterator = TypeSlots()
    iterator.iterate = { _, v in v }
    iterator.next = { vm, v in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        guard let (slot, key, value) = vm.dictNext(ObjectLayout.field(p, 0), from: ObjectLayout.field(p, 2).small)
        else {
          return .stop
        }
        ObjectLayout.set(p, 2, Value(small: slot + 1))
        return try vm.dictElement(key, value, ObjectLayout.field(p, 1).small)
      }
    }
    s.pointee.types[Interpreter.dictIteratorTypeIndex] = try makeType("iterator", slots: iterator)
  }
}

extension Interpreter {
  /// An OrderedDict, as against a dict that merely keeps order inside the runtime.
  func isOrderedDict(_ dict: Value) -> Bool { dict.pointer.header.bits & Header.orderedDictFlag != 0 }
  func markOrdered(_ dict: Value) {
    dict.pointer.header = Header(bits: dict.pointer.header.bits | Header.orderedDictFlag | Header.orderedFlag)
  }
}
