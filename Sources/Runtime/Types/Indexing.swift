/// Indexes and slices of sequences, shared by all sequence types.
extension VM {
  /// An index within 0..<count, counting negative ones from the end.
  package func index(_ value: Value, _ count: Int, _ typeName: StaticString, isString: Bool = false) throws(PyError)
    -> Int
  {
    guard let wanted = asIndex(value) else {
      throw typeError("\(typeName) indices must be integers, not \(string(self.typeName(value)))")
    }
    let i = wanted < 0 ? wanted + count : wanted
    guard i >= 0 && i < count else {
      throw isString ? error(.indexError, "string index out of range") : indexError()
    }
    return i
  }

  /// A machine int from an int or bool; nil for anything else.
  package func asIndex(_ value: Value) -> Int? {
    if value.isSmallInt { return value.small }
    if value == .true { return 1 }
    if value == .false { return 0 }
    let wrapped = wrappedNative(value)
    return wrapped.isEmpty ? nil : asIndex(wrapped)
  }

  /// An int argument; TypeError `can't convert X to int` otherwise.
  package func intArgument(_ value: Value) throws(PyError) -> Int {
    if let i = asIndex(value) { return i }
    if value.has(.int) { throw error(.overflowError, "overflow converting long int to machine word") }
    throw cannotConvert(value, to: "int")
  }

  /// Start, stop, step and resulting length of a slice over `count` items.
  package func sliceBounds(_ slice: Value, _ count: Int) throws(PyError) -> (
    start: Int, stop: Int, step: Int, length: Int
  ) {
    let p = slice.pointer
    func part(_ i: Int) throws(PyError) -> Int? {
      let v = ObjectLayout.field(p, i)
      if v.isNone { return nil }
      guard let n = asIndex(v) else {
        if v.has(.int) { return IntLayout.isNegative(v.pointer) ? Int.min / 4 : Int.max / 4 }
        throw typeError("slice indices must be integers or None or have an __index__ method")
      }
      return n
    }
    let step = try part(2) ?? 1
    if step == 0 { throw valueError("slice step cannot be zero") }
    func clamp(_ n: Int, _ low: Int, _ high: Int) -> Int {
      let i = n < 0 ? n + count : n
      return i < low ? low : i > high ? high : i
    }
    let start: Int
    let stop: Int
    if step > 0 {
      start = clamp(try part(0) ?? 0, 0, count)
      stop = clamp(try part(1) ?? count, 0, count)
    } else {
      let first = try part(0)
      let last = try part(1)
      start = first.map { clamp($0, -1, count - 1) } ?? count - 1
      stop = last.map { clamp($0, -1, count - 1) } ?? -1
    }
    let span = step > 0 ? stop - start : start - stop
    let length = span <= 0 ? 0 : (span + abs(step) - 1) / abs(step)
    return (start, stop, step, length)
  }

  package func makeSlice(_ start: Value, _ stop: Value, _ step: Value) throws(PyError) -> Value {
    let p = try allocate(.slice, leaf: false, payload: 32, charge: 16)
    p.set(8, .none)
    for (i, v) in [start, stop, step].enumerated() { ObjectLayout.set(p, i, v) }
    return Value(p)
  }

  /// Lexicographic comparison of two runs of values, for lists and tuples.
  func compareRuns(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    // Items are re-read at each step: comparing may run user code that changes the list.
    func count(_ v: Value) -> Int { v.has(.list) ? ListLayout.count(v.pointer) : TupleLayout.count(v.pointer) }
    func item(_ v: Value, _ i: Int) -> Value {
      v.has(.list) ? ListLayout.item(v.pointer, i) : TupleLayout.item(v.pointer, i)
    }
    interpreter.printDepth += 1
    defer { interpreter.printDepth -= 1 }
    if interpreter.printDepth > VM.maximumPrintDepth { throw runtimeError("maximum recursion depth exceeded") }
    if op == .equal && count(a) != count(b) { return .false }
    var i = 0
    while i < count(a) && i < count(b) {
      try pollInterrupts()
      let (x, y) = (item(a, i), item(b, i))
      if try !keysEqual(x, y) {
        if op == .equal { return .false }
        // "Less" is asked the other way round, as on the board.
        switch op {
        case .less: return Value(try isTrue(try binary(.greater, y, x)))
        case .lessEqual: return Value(try isTrue(try binary(.greaterEqual, y, x)))
        default: return Value(try isTrue(try binary(op, x, y)))
        }
      }
      i += 1
    }
    let (m, n) = (count(a), count(b))
    switch op {
    case .equal: return Value(m == n)
    case .less: return Value(m < n)
    case .lessEqual: return Value(m <= n)
    case .greater: return Value(m > n)
    default: return Value(m >= n)
    }
  }
}
