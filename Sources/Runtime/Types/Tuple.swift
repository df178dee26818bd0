/// tuple (and what namedtuples share with it)
extension VM {
  func tupleSlots() -> TypeSlots {
    var slots = TypeSlots()
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        switch UnaryOperation(rawValue: op) {
        case .length: return Value(small: TupleLayout.count(p))
        case .hash:
          var h = 0x345678
          for i in 0..<TupleLayout.count(p) {
            // A tuple of tuples of the same tuple … has few items and many paths.
            try vm.pollInterrupts()
            h = (h &* 1_000_003) ^ (try vm.hash(TupleLayout.item(p, i)))
          }
          return Value(small: Int(Int32(truncatingIfNeeded: h)))
        default: return .unsupported
        }
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.tupleBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let index = Value(bits: i)
        if index.has(.slice) {
          let (start, _, step, length) = try vm.sliceBounds(index, TupleLayout.count(p))
          let result = try vm.makeTuple(count: length)
          for i in 0..<length { TupleLayout.set(result.pointer, i, TupleLayout.item(p, start + i * step)) }
          return result
        }
        return TupleLayout.item(p, try vm.index(index, TupleLayout.count(p), "tuple"))
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
    slots.print = { vm, v, kind, out in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let out = TextBuffer(out)
        let isJSON = kind == PrintKind.json.rawValue
        let n = TupleLayout.count(p)
        out.append(isJSON ? "[" : "(")
        try vm.printItems(n, { TupleLayout.item(p, $0) }, isJSON ? .json : .repr, out)
        if n == 1 && !isJSON { out.append(",") }
        out.append(isJSON ? "]" : ")")
        return .none
      }
    }
    return slots
  }

  func installTuple() throws(PyError) {
    var slots = tupleSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 { return try vm.makeTuple() }
        if a[1].has(.tuple) { return a[1] }
        return try vm.tuple(from: a[1])
      }
    }
    let methods = [
      NativeDefinition("count", 2, 2) { native($0, $1, $2, sequenceCount) },
      NativeDefinition("index", 2, 4) { native($0, $1, $2, sequenceIndex) },
    ]
    install(try makeType("tuple", tag: .tuple, methods: methods, slots: slots), for: .tuple)
  }

  /// A new tuple of everything in `source`.
  package func tuple(from source: Value) throws(PyError) -> Value {
    let list = try self.list(from: source)
    return try makeTuple(from: ListLayout.at(list.pointer, 0), count: ListLayout.count(list.pointer))
  }

  private func tupleBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    let isTuple = b.has(.tuple) || b.has(.namedTuple)
    switch op {
    case .equal, .less, .lessEqual, .greater, .greaterEqual: return isTuple ? try compareRuns(op, a, b) : .unsupported
    case .contains:
      for i in 0..<TupleLayout.count(a.pointer) {
        try pollInterrupts()
        if try keysEqual(TupleLayout.item(a.pointer, i), b) { return .true }
      }
      return .false
    case .add, .inplaceAdd:
      guard isTuple else { return .unsupported }
      let (m, n) = (TupleLayout.count(a.pointer), TupleLayout.count(b.pointer))
      try ensureRoom(8 + (m + n) * 4)
      let sum = try makeTuple(count: m + n)
      for i in 0..<m { TupleLayout.set(sum.pointer, i, TupleLayout.item(a.pointer, i)) }
      for i in 0..<n { TupleLayout.set(sum.pointer, m + i, TupleLayout.item(b.pointer, i)) }
      return sum
    case .multiply, .inplaceMultiply:
      guard let times = asIndex(b) else { return .unsupported }
      let n = TupleLayout.count(a.pointer)
      let (total, overflow) = n.multipliedReportingOverflow(by: max(0, times))
      if overflow || total > Header.maximumBlocks { throw memoryError(bytes: overflow ? Int.max : total &* 4) }
      try ensureRoom(8 + total * 4)
      let result = try makeTuple(count: total)
      for i in 0..<total { TupleLayout.set(result.pointer, i, TupleLayout.item(a.pointer, i % n)) }
      return result
    default: return .unsupported
    }
  }
}
