import Glibc

/// list
extension VM {
  func installList() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in a.count > 1 ? try vm.list(from: a[1]) : try vm.makeList() }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        UnaryOperation(rawValue: op) == .length ? Value(small: ListLayout.count(Value(bits: v).pointer)) : .unsupported
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.listBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in try vm.listGet(Value(bits: v), Value(bits: i)) }
    }
    slots.storeItem = { vm, v, i, x in
      operation(vm) { vm throws(PyError) in
        try vm.listSet(Value(bits: v), Value(bits: i), Value(bits: x))
        return .none
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
    slots.print = { vm, v, kind, out in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let out = TextBuffer(out)
        out.append("[")
        var i = 0
        while i < ListLayout.count(p) {
          if i > 0 { out.append(", ") }
          try vm.print(ListLayout.item(p, i), kind == PrintKind.json.rawValue ? .json : .repr, out)
          i += 1
        }
        out.append("]")
        return .none
      }
    }
    let type = try makeType("list", tag: .list, methods: VM.listMethods, slots: slots)
    install(type, for: .list)
  }

  private static var listMethods: [NativeDefinition] {
    [
      NativeDefinition("append", 2, 2) { native($0, $1, $2, listAppend) },
      NativeDefinition("clear", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.listReplace(a[0], 0, ListLayout.count(a[0].pointer), nil, 0)
          return .none
        }
      },
      NativeDefinition("copy", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.list(from: a[0]) } },
      NativeDefinition("count", 2, 2) { native($0, $1, $2, sequenceCount) },
      NativeDefinition("extend", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.listExtend(a[0], a[1])
          return .none
        }
      },
      NativeDefinition("index", 2, 4) { native($0, $1, $2, sequenceIndex) },
      NativeDefinition("insert", 3, 3) { native($0, $1, $2, listInsert) },
      NativeDefinition("pop", 1, 2) { native($0, $1, $2, listPop) },
      NativeDefinition("remove", 2, 2) { native($0, $1, $2, listRemove) },
      NativeDefinition("reverse", 1, 1) { native($0, $1, $2, listReverse) },
      NativeDefinition("sort", 1, 1, keywords: true) { native($0, $1, $2, listSort) },
    ]
  }

  func listBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    switch op {
    case .equal, .less, .lessEqual, .greater, .greaterEqual:
      return b.has(.list) ? try compareRuns(op, a, b) : .unsupported
    case .contains:
      var i = 0
      while i < ListLayout.count(a.pointer) {
        try pollInterrupts()
        if try keysEqual(ListLayout.item(a.pointer, i), b) { return .true }
        i += 1
      }
      return .false
    case .add:
      guard b.has(.list) else { return .unsupported }
      let (m, n) = (ListLayout.count(a.pointer), ListLayout.count(b.pointer))
      try ensureRoom((m + n) * 4)
      let list = try makeList(capacity: m + n)
      memcpy(ListLayout.at(list.pointer, 0), ListLayout.at(a.pointer, 0), m * 8)
      memcpy(ListLayout.at(list.pointer, m), ListLayout.at(b.pointer, 0), n * 8)
      list.pointer.set(ListLayout.countOffset, word: m + n)
      return list
    case .inplaceAdd:
      try listExtend(a, b)
      return a
    case .multiply, .inplaceMultiply:
      guard let times = asIndex(b) else { return .unsupported }
      let n = ListLayout.count(a.pointer)
      let (total, overflow) = n.multipliedReportingOverflow(by: max(0, times))
      if overflow || total > Header.maximumBlocks { throw memoryError(bytes: overflow ? Int.max : total &* 4) }
      try ensureRoom(total * 4)
      if op == .inplaceMultiply {
        if total > ListLayout.capacity(a.pointer) { try growList(a.pointer, to: total) }
        for i in stride(from: n, to: total, by: max(n, 1)) {
          memcpy(ListLayout.at(a.pointer, i), ListLayout.at(a.pointer, 0), n * 8)
        }
        a.pointer.set(ListLayout.countOffset, word: total)
        return a
      }
      let list = try makeList(capacity: total)
      for i in stride(from: 0, to: total, by: max(n, 1)) {
        memcpy(ListLayout.at(list.pointer, i), ListLayout.at(a.pointer, 0), n * 8)
      }
      list.pointer.set(ListLayout.countOffset, word: total)
      return list
    default: return .unsupported
    }
  }

  func listGet(_ list: Value, _ index: Value) throws(PyError) -> Value {
    let p = list.pointer
    if index.has(.slice) {
      let (start, _, step, length) = try sliceBounds(index, ListLayout.count(p))
      let result = try makeList(capacity: length)
      for i in 0..<length { ListLayout.at(result.pointer, i).set(0, ListLayout.item(p, start + i * step)) }
      result.pointer.set(ListLayout.countOffset, word: length)
      return result
    }
    return ListLayout.item(p, try self.index(index, ListLayout.count(p), "list"))
  }

  func listSet(_ list: Value, _ index: Value, _ value: Value) throws(PyError) {
    let p = list.pointer
    if index.has(.slice) {
      // Before the bounds: making a list may run user code, and that may change this one.
      let items = value.isEmpty || (value.has(.list) && value != list) ? value : try self.list(from: value)
      push(items)
      defer { pop() }
      let (start, stop, step, _) = try sliceBounds(index, ListLayout.count(p))
      if step != 1 {
        throw error(.notImplementedError, "only slices with step=1 (aka None) are supported")
      }
      if value.isEmpty {
        try listReplace(list, start, max(start, stop), nil, 0)
        return
      }
      try listReplace(list, start, max(start, stop), ListLayout.at(items.pointer, 0), ListLayout.count(items.pointer))
      return
    }
    let i = try self.index(index, ListLayout.count(p), "list")
    if value.isEmpty {
      try listReplace(list, i, i + 1, nil, 0)
    } else {
      ListLayout.at(p, i).set(0, value)
    }
  }

  /// Replaces items `start..<stop` by `count` values at `source`.
  func listReplace(_ list: Value, _ start: Int, _ stop: Int, _ source: UnsafeMutableRawPointer?, _ count: Int)
    throws(PyError)
  {
    let p = list.pointer
    let n = ListLayout.count(p)
    let total = n - (stop - start) + count
    if total > ListLayout.capacity(p) { try growList(p, to: total) }
    memmove(ListLayout.at(p, start + count), ListLayout.at(p, stop), (n - stop) * 8)
    if let source { memmove(ListLayout.at(p, start), source, count * 8) }
    for i in stride(from: total, to: n, by: 1) { ListLayout.at(p, i).set(0, .empty) }
    p.set(ListLayout.countOffset, word: total)
  }

  func listExtend(_ list: Value, _ source: Value) throws(PyError) {
    if source.has(.list) || source.has(.tuple) {
      let isList = source.has(.list)
      let n = isList ? ListLayout.count(source.pointer) : TupleLayout.count(source.pointer)
      let have = ListLayout.count(list.pointer)
      if have + n > ListLayout.capacity(list.pointer) {
        try ensureRoom((have + n) * 4)
        try growList(list.pointer, to: have + n)
      }
      let from = isList ? ListLayout.at(source.pointer, 0) : source.pointer + TupleLayout.items
      memcpy(ListLayout.at(list.pointer, have), from, n * 8)
      list.pointer.set(ListLayout.countOffset, word: have + n)
      return
    }
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() { try append(list, item) }
  }
}

private func listAppend(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let p = a[0].pointer
  if ListLayout.count(p) == ListLayout.capacity(p) { try vm.ensureRoom(ListLayout.capacity(p) * 8) }
  try vm.append(a[0], a[1])
  return .none
}

private func listInsert(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let n = ListLayout.count(a[0].pointer)
  var i = try vm.intArgument(a[1])
  if i < 0 { i += n }
  i = min(max(i, 0), n)
  if n == ListLayout.capacity(a[0].pointer) { try vm.growList(a[0].pointer, to: n * 2) }
  try vm.listReplace(a[0], i, i, a.base + 16, 1)
  return .none
}

private func listPop(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let n = ListLayout.count(a[0].pointer)
  if n == 0 { throw vm.indexError() }
  let i = a.count > 1 ? try vm.index(a[1], n, "list") : n - 1
  let item = ListLayout.item(a[0].pointer, i)
  try vm.listReplace(a[0], i, i + 1, nil, 0)
  return item
}

private func listRemove(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  var i = 0
  while i < ListLayout.count(a[0].pointer) {
    try vm.pollInterrupts()
    if try vm.keysEqual(ListLayout.item(a[0].pointer, i), a[1]) {
      try vm.listReplace(a[0], i, i + 1, nil, 0)
      return .none
    }
    i += 1
  }
  throw vm.valueError("object not in sequence")
}

private func listReverse(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let p = a[0].pointer
  let n = ListLayout.count(p)
  for i in 0..<n / 2 {
    let x = ListLayout.item(p, i)
    ListLayout.at(p, i).set(0, ListLayout.item(p, n - 1 - i))
    ListLayout.at(p, n - 1 - i).set(0, x)
  }
  return .none
}

/// Occurrences of a value in a list or tuple.
func sequenceCount(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  var iterator = try vm.iterate(a[0])
  defer { iterator.end() }
  var count = 0
  while let item = try iterator.next() {
    if try vm.keysEqual(item, a[1]) { count += 1 }
  }
  return Value(small: count)
}

/// Place of a value in a list or tuple, within optional bounds.
func sequenceIndex(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let n = try vm.length(a[0])
  func bound(_ v: Value, _ otherwise: Int) throws(PyError) -> Int {
    if v.isEmpty { return otherwise }
    let i = try vm.intArgument(v)
    return min(max(i < 0 ? i + n : i, 0), n)
  }
  let start = try bound(a.optional(2), 0)
  let stop = try bound(a.optional(3), n)
  var iterator = try vm.iterate(a[0])
  defer { iterator.end() }
  var i = 0
  while i < stop, let item = try iterator.next() {
    if i >= start, try vm.keysEqual(item, a[1]) { return Value(small: i) }
    i += 1
  }
  throw vm.valueError("object not in sequence")
}
