// The slow ways of calls and returns. Python functions, constructors and bound methods still run without native recursion:
// the callee's window is made and the loop goes on in it.

/// Calls `function` with `counts` arguments at `args` (behind everything live of the frame), result to register a.
@inline(__always) func callGeneral(
  _ function: Value, _ args: Raw, _ counts: Int, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64
) {
  settle(r, vm)
  let end = args + ((counts & 0xFFFF) + 2 * (counts &>> 16)) * 8
  if end > state(vm).pointee.top { state(vm).pointee.top = end }
  if function.has(.native) {
    let value = attempt(vm) { vm throws(PyError) in try vm.callNative(function, args, counts) }
    deliver(value, pc, pc, r, vm, tb, w)
    return
  }
  let base = state(vm).pointee.top
  let value = attempt(vm) { vm throws(PyError) in
    try vm.prepareCall(function, args, counts, base, destination: r + fieldA(w))
  }
  if value == .entered {
    let window = state(vm).pointee.top
    window.set(Frame.returnPC, word: Int(bitPattern: pc))
    window.set(Frame.callerBase, word: Int(bitPattern: r))
    window.set(Frame.info, word: window.word(Frame.info) | fieldA(w) << 8)
    dispatch(window.value(Frame.function).pointer.body.pointee.entry, window, vm, tb)
    return
  }
  deliver(value, pc, pc, r, vm, tb, w)
}

extension VM {
  /// Either finishes the call (returns its value), or binds a Python function's window, leaves it at `top` with its kind in the info
  /// word, and returns `.entered`.
  ///
  /// Never inlined, and nothing is passed by address: a handler whose frame something points into does not end in a tail call, and then
  /// the native stack grows with each Python call (`make check-vm` looks).
  @inline(never) func prepareCall(
    _ function: Value, _ args: Raw, _ counts: Int, _ base: Raw, destination: Raw
  ) throws(PyError) -> Value {
    guard function.isObject else { throw notCallable(function) }
    switch function.tag {
    case .function:
      return try enterFunction(function, args, counts, base, FrameKind.call)
    case .boundMethod:
      let p = function.pointer
      let inner = p.value(BoundMethodLayout.function)
      if !inner.has(.function) { return try call(function, at: args, counts) }
      let shifted = prepend(p.value(BoundMethodLayout.receiver), args, counts, base)
      return try enterFunction(inner, base, counts + 1, shifted, FrameKind.call)
    case .type where isPlainClass(function):
      let instance = try makeInstance(function)
      destination.set(0, instance)
      let initialiser = lookup(function, interpreter.names.dunderInit)
      // Without an `__init__` the board takes any arguments and forgets them.
      if initialiser.isEmpty || initialiser.has(.native) { return instance }
      if !initialiser.has(.function) { return try instantiate(function, args, counts) }
      let shifted = prepend(instance, args, counts, base)
      return try enterFunction(initialiser, base, counts + 1, shifted, FrameKind.construct)
    default:
      return try call(function, at: args, counts)
    }
  }

  /// Copies arguments behind a receiver at `base`; the address behind them.
  private func prepend(_ receiver: Value, _ args: Raw, _ counts: Int, _ base: Raw) -> Raw {
    let words = (counts & 0xFFFF) + 2 * (counts &>> 16)
    base.set(0, receiver)
    (base + 8).copyMemory(from: args, byteCount: words * 8)
    s.pointee.top = base + 8 + words * 8
    return s.pointee.top
  }

  private func enterFunction(
    _ function: Value, _ args: Raw, _ counts: Int, _ base: Raw, _ kind: Int
  ) throws(PyError) -> Value {
    let body = function.pointer.body
    try bindArguments(function, args, counts, into: base)
    if body.pointee.flags & CodeBody.isGenerator != 0 { return try makeGenerator(function, window: base) }
    try enterPython(body.pointee.pystackBytes, base)
    base.set(Frame.info, word: kind)
    s.pointee.top = base
    return .entered
  }

  /// A class written in Python whose instances are made by making an instance and calling `__init__`.
  func isPlainClass(_ type: Value) -> Bool {
    let p = type.pointer
    return p.word(TypeLayout.flags) & (TypeLayout.isUser | TypeLayout.isException | TypeLayout.isNamedTuple)
      == TypeLayout.isUser && p.value(TypeLayout.nativeBase).isEmpty
      && lookup(type, interpreter.names.dunderNew).isEmpty
  }
}

@inline(never) func slowCall(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  callGeneral(r.value(at), r + (at + 8), fieldC(w), pc, r, vm, tb, w)
}
@inline(never) func slowCallMethod(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  let hasReceiver = r.word(at + 8) != 0
  callGeneral(
    r.value(at), r + (hasReceiver ? at + 8 : at + 16), fieldC(w) + (hasReceiver ? 1 : 0), pc, r, vm, tb, w)
}
/// As call, with the keyword count in an inline word.
func op_callKeywords(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  callGeneral(r.value(at), r + (at + 8), fieldC(w) | Int(pc[0]) << 16, pc + 1, r, vm, tb, w)
}
func op_callMethodKeywords(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  let hasReceiver = r.word(at + 8) != 0
  callGeneral(
    r.value(at), r + (hasReceiver ? at + 8 : at + 16), (fieldC(w) + (hasReceiver ? 1 : 0)) | Int(pc[0]) << 16, pc + 1,
    r, vm, tb, w)
}

/// Calls with stars: c positional items, an inline word of pairs, then the bitmap of starred items behind them.
@inline(__always) func callSpread(
  _ function: Value, _ receiver: Value, _ items: Raw, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64
) {
  settle(r, vm)
  let args = state(vm).pointee.top
  var counts = 0
  let ok = attempt(vm) { vm throws(PyError) in
    counts = try vm.spread(receiver, items, fieldC(w), Int(pc[0]))
    return .none
  }
  if ok.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  // The spread arguments stand at the frame's end; `callGeneral` settles again and sees them as its arguments.
  callGeneral(function, args, counts, pc + 1, r, vm, tb, w)
}
func op_callSpread(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  callSpread(r.value(at), .empty, r + (at + 8), pc, r, vm, tb, w)
}
func op_callMethodSpread(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  callSpread(r.value(at), r.value(at + 8), r + (at + 16), pc, r, vm, tb, w)
}

extension VM {
  /// Most arguments of one call after spreading: counts are 16 bits, and the VM stack has room for this many beyond a frame.
  static var maximumArguments: Int { 8000 }

  /// Pushes the arguments of a call with stars; their counts.
  func spread(_ receiver: Value, _ items: Raw, _ positional: Int, _ pairs: Int) throws(PyError) -> Int {
    let bitmapValue = items.value((positional + pairs * 2) * 8)
    guard bitmapValue.isSmallInt else { throw typeError("invalid call") }
    let bitmap = bitmapValue.small
    let list = try makeList()
    let keywords = try makeList()
    // Kept on the stack while user iterators run; the arguments then take their place.
    let base = s.pointee.top
    push(list)
    push(keywords)
    if !receiver.isEmpty { try append(list, receiver) }
    for i in 0..<positional {
      let item = items.value(i * 8)
      if i < 62 && bitmap >> i & 1 != 0 {
        var iterator = try iterate(item)
        while let element = try iterator.next() { try append(list, element) }
        iterator.end()
      } else {
        try append(list, item)
      }
    }
    for i in 0..<pairs {
      let key = items.value((positional + i * 2) * 8)
      let value = items.value((positional + i * 2 + 1) * 8)
      if key.isEmpty {
        try spreadMapping(value, into: keywords)
      } else {
        try append(keywords, key)
        try append(keywords, value)
      }
    }
    let n = ListLayout.count(list.pointer)
    let k = ListLayout.count(keywords.pointer)
    if n + k > VM.maximumArguments { throw typeError("too many args") }
    s.pointee.top = base
    for i in 0..<n { push(ListLayout.item(list.pointer, i)) }
    for i in 0..<k { push(ListLayout.item(keywords.pointer, i)) }
    return n | (k / 2) << 16
  }

  private func spreadMapping(_ mapping: Value, into keywords: Value) throws(PyError) {
    func add(_ key: Value, _ value: Value) throws(PyError) {
      guard key.has(.str) else { throw typeError("keywords must be strings") }
      try append(keywords, interned(key))
      try append(keywords, value)
    }
    if mapping.has(.dict) {
      var at = 0
      while let (slot, key, value) = dictNext(mapping, from: at) {
        try add(key, value)
        at = slot + 1
      }
      return
    }
    let keys = try callMethod(mapping, interpreter.names.keys)
    var iterator = try iterate(keys)
    while let key = try iterator.next() { try add(key, try getItem(mapping, key)) }
    iterator.end()
  }
}

@inline(never) func slowReturn(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  leaveFrame(r.value(fieldB(w)), pc, r, vm, tb, w)
}
@inline(never) func slowReturnConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  leaveFrame(Value(bits: pc.pointee), pc, r, vm, tb, w)
}
/// Returns from a constructor or to native code.
@inline(__always) func leaveFrame(_ value: Value, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let info = r.word(Frame.info)
  if info & 0xFF == FrameKind.construct && !value.isNone {
    settle(r, vm)
    _ = VM(vm).typeError("__init__() should return None, not '\(VM(vm).string(VM(vm).typeName(value)))'")
    unwind(pc, r, vm, tb, w)
    return
  }
  state(vm).pointee.pystackUsed -= fieldC(w)
  if info & 0xFF == FrameKind.boundary {
    state(vm).pointee.result = value
    leave(vm)
    return
  }
  // A constructor: the register holds the instance already.
  dispatch(r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self), r.raw(Frame.callerBase), vm, tb)
}

/// b bytes of arguments … a = function from child (inline word: index in its unit), b = defaults register, c = 1 if defaults are given.
func op_makeFunction(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let hasDefaults = fieldC(w) != 0
    return try vm.makeFunction(
      from: r.value(Frame.function), index: Int(pc[0]), defaults: hasDefaults ? r.value(fieldB(w)) : .empty,
      keywordDefaults: hasDefaults ? r.value(fieldB(w) + 8) : .empty, cells: .empty)
  }
  deliver(value, pc + 1, pc, r, vm, tb, w)
}
/// As makeFunction; the cells (count: second inline word) follow the defaults at b.
func op_makeClosure(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let hasDefaults = fieldC(w) != 0
    let first = r + (fieldB(w) + (hasDefaults ? 16 : 0))
    return try vm.makeFunction(
      from: r.value(Frame.function), index: Int(pc[0]), defaults: hasDefaults ? r.value(fieldB(w)) : .empty,
      keywordDefaults: hasDefaults ? r.value(fieldB(w) + 8) : .empty,
      cells: try vm.makeTuple(from: first, count: Int(pc[1])))
  }
  deliver(value, pc + 2, pc, r, vm, tb, w)
}

extension VM {
  /// A function object of the same unit and globals as `maker`.
  func makeFunction(from maker: Value, index: Int, defaults: Value, keywordDefaults: Value, cells: Value)
    throws(PyError)
    -> Value
  {
    let unit = maker.pointer.value(FunctionLayout.unit)
    let body = LoadedUnit.of(unit).body(index)
    if body.pointee.positionalDefaults
      != (defaults.isEmpty ? 0 : (defaults.has(.tuple) ? TupleLayout.count(defaults.pointer) : -1))
    {
      throw valueError("incompatible .mpy file")
    }
    return try makeFunction(
      unit: unit, index: index, globals: maker.pointer.value(FunctionLayout.globals), defaults: defaults,
      keywordDefaults: keywordDefaults, cells: cells)
  }

  func makeFunction(
    unit: Value, index: Int, globals: Value, defaults: Value = .empty, keywordDefaults: Value = .empty,
    cells: Value = .empty
  ) throws(PyError) -> Value {
    // On the board: 16 bytes, 4 more for each closed-over cell behind two words.
    let charge = cells.isEmpty ? 16 : 16 + 8 + TupleLayout.count(cells.pointer) * 4
    let p = try allocate(.function, leaf: false, payload: FunctionLayout.payload, charge: charge)
    p.set(FunctionLayout.unit, unit)
    p.set(FunctionLayout.body, word: Int(bitPattern: LoadedUnit.of(unit).body(index)))
    p.set(FunctionLayout.globals, globals)
    p.set(FunctionLayout.defaults, defaults)
    p.set(FunctionLayout.keywordDefaults, keywordDefaults)
    p.set(FunctionLayout.cells, cells)
    return Value(p)
  }
}
