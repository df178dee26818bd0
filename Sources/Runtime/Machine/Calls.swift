/// Calling anything with anything: the complete way, used by native code and by handlers whose fast path did not fit.
extension VM {
  package func call(_ function: Value) throws(PyError) -> Value {
    try call(function, at: s.pointee.top, 0)
  }
  package func call(_ function: Value, _ a: Value) throws(PyError) -> Value {
    let base = s.pointee.top
    push(a)
    defer { s.pointee.top = base }
    return try call(function, at: base, 1)
  }
  package func call(_ function: Value, _ a: Value, _ b: Value) throws(PyError) -> Value {
    let base = s.pointee.top
    push(a)
    push(b)
    defer { s.pointee.top = base }
    return try call(function, at: base, 2)
  }
  package func call(_ function: Value, _ a: Value, _ b: Value, _ c: Value) throws(PyError) -> Value {
    let base = s.pointee.top
    push(a)
    push(b)
    push(c)
    defer { s.pointee.top = base }
    return try call(function, at: base, 3)
  }
  package func call(_ function: Value, _ arguments: [Value]) throws(PyError) -> Value {
    let base = s.pointee.top
    for argument in arguments { push(argument) }
    defer { s.pointee.top = base }
    return try call(function, at: base, arguments.count)
  }
  /// `object.name(arguments…)`
  package func callMethod(_ object: Value, _ name: Value, _ arguments: Value...) throws(PyError) -> Value {
    let (function, receiver) = try findMethod(object, name)
    if function.isEmpty { throw noAttribute(object, name) }
    return try call(function, receiver.isEmpty ? arguments : [receiver] + arguments)
  }

  /// Calls with arguments on the VM stack at `args` (below or at `top`), `counts` as natives get them.
  func call(_ function: Value, at args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError) -> Value {
    let words = (counts & 0xFFFF) + 2 * (counts &>> 16)
    let saved = s.pointee.top
    if s.pointee.top < args + words * 8 { s.pointee.top = args + words * 8 }
    defer { s.pointee.top = saved }
    guard function.isObject else { throw notCallable(function) }
    switch function.tag {
    case .function: return try callFunction(function, args, counts)
    case .native: return try callNative(function, args, counts)
    case .boundMethod:
      let p = function.pointer
      return try callWithReceiver(
        p.value(BoundMethodLayout.function), p.value(BoundMethodLayout.receiver), args, counts)
    case .type: return try instantiate(function, args, counts)
    case .instance:
      let type = self.type(of: function)
      let method = lookup(type, interpreter.names.dunderCall)
      if !method.isEmpty {
        let (bound, receiver) = try bind(method, function, type)
        if receiver.isEmpty { return try call(bound, at: args, counts) }
        return try callWithReceiver(bound, receiver, args, counts)
      }
      let wrapped = wrappedNative(function)
      if !wrapped.isEmpty { return try call(wrapped, at: args, counts) }
      throw notCallable(function)
    default:
      guard let call = slots(type(of: function)).pointee.call else { throw notCallable(function) }
      let base = s.pointee.top
      push(function)
      base.advanced(by: 8).copyMemory(from: args, byteCount: words * 8)
      s.pointee.top = base + 8 + words * 8
      return try checked(call(raw, base, counts + 1))
    }
  }

  func notCallable(_ value: Value) -> PyError {
    typeError("'\(string(typeName(value)))' object isn't callable")
  }

  /// A native's word as a value or an error.
  @inline(__always) func checked(_ bits: UInt64) throws(PyError) -> Value {
    if bits == 0 { throw PyError() }
    return Value(bits: bits)
  }

  func callWithReceiver(_ function: Value, _ receiver: Value, _ args: UnsafeMutableRawPointer, _ counts: Int)
    throws(PyError)
    -> Value
  {
    let words = (counts & 0xFFFF) + 2 * (counts &>> 16)
    let base = s.pointee.top
    base.set(0, receiver)
    base.advanced(by: 8).copyMemory(from: args, byteCount: words * 8)
    s.pointee.top = base + 8 + words * 8
    defer { s.pointee.top = base }
    return try call(function, at: base, counts + 1)
  }

  func callNative(_ function: Value, _ args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError) -> Value {
    let p = function.pointer
    let arity = p.word(NativeLayout.arity)
    try checkArity(arity, counts)
    if arity & NativeLayout.isMethod != 0 {
      let receiver = args.value(0)
      // Instances of native modules' types share a tag; they are told apart by their type.
      if !receiver.isObject || Int(receiver.tag.rawValue) != arity &>> NativeLayout.receiverTagShift
        || receiver.has(.object)
      {
        try checkReceiver(function, args)
      }
    }
    let code = unsafeBitCast(p.word(NativeLayout.code), to: NativeFunction.self)
    return try checked(code(raw, args, counts))
  }

  /// Raises TypeError unless a method's first argument is what it is a method of. An instance of a subclass written in Python is replaced
  /// by the builtin object in it.
  private func checkReceiver(_ function: Value, _ args: UnsafeMutableRawPointer) throws(PyError) {
    let owner = function.pointer.value(NativeLayout.owner)
    let receiver = args.value(0)
    let wrapped = wrappedNative(receiver)
    let native = wrapped.isEmpty ? receiver : wrapped
    // A subclass written in Python has the memory layout of its base only if that is an exception; others wrap an object.
    let type = self.type(of: native)
    if type == owner || (!native.has(.instance) && isSubtype(type, owner)) {
      if native != receiver { args.set(0, native) }
      return
    }
    let (wanted, given) = (string(owner.pointer.value(TypeLayout.name)), string(typeName(receiver)))
    throw typeError("argument should be a '\(wanted)' not a '\(given)'")
  }

  /// Raises TypeError unless the counts suit a native's arity word.
  func checkArity(_ arity: Int, _ counts: Int) throws(PyError) {
    let n = counts & 0xFFFF
    let least = arity & 0xFFFF
    let most = (arity &>> 16) & 0xFFFF
    if counts > 0xFFFF && arity & NativeLayout.takesKeywords == 0 {
      throw typeError("function doesn't take keyword arguments")
    }
    if n >= least && (n <= most || most == NativeLayout.unlimited) { return }
    if least == most {
      throw typeError("function takes \(least) positional arguments but \(n) were given")
    }
    if n < least {
      throw typeError("function missing \(least - n) required positional arguments")
    }
    throw typeError("function expected at most \(most) arguments, got \(n)")
  }

  /// Runs a Python function to its end in a nested loop.
  func callFunction(_ function: Value, _ args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError) -> Value {
    let base = s.pointee.top
    let body = function.pointer.body
    try bindArguments(function, args, counts, into: base)
    if body.pointee.flags & CodeBody.isGenerator != 0 { return try makeGenerator(function, window: base) }
    return try execute(base)
  }

  /// Enters a bound frame from native code and runs until it returns.
  func execute(_ base: UnsafeMutableRawPointer) throws(PyError) -> Value {
    let body = base.value(Frame.function).pointer.body
    try enterPython(body.pointee.pystackBytes, base)
    base.set(Frame.info, word: FrameKind.boundary)
    return try runLoop(body.pointee.entry, base)
  }

  /// Runs handlers from `pc` until a boundary frame returns or fails.
  func runLoop(_ pc: UnsafeMutablePointer<UInt64>, _ base: UnsafeMutableRawPointer) throws(PyError) -> Value {
    if s.pointee.nativeDepth >= Interpreter.maximumNativeDepth {
      throw runtimeError("maximum recursion depth exceeded")
    }
    let savedTop = s.pointee.top
    s.pointee.nativeDepth += 1
    s.pointee.result = .empty
    drive(pc, base, raw, s.pointee.handlers)
    s.pointee.nativeDepth -= 1
    s.pointee.top = savedTop
    let result = s.pointee.result
    s.pointee.result = .empty
    if result.isEmpty { throw PyError() }
    return result
  }

  /// Accounts for one more Python frame at `base`; RuntimeError when the board's stack would be full.
  @inline(__always) func enterPython(_ pystackBytes: Int, _ base: UnsafeMutableRawPointer) throws(PyError) {
    let used = s.pointee.pystackUsed &+ pystackBytes
    if used > s.pointee.pystackLimit || base > s.pointee.stackLimit { throw pystackExhausted() }
    s.pointee.pystackUsed = used
  }

  func pystackExhausted() -> PyError { runtimeError("pystack exhausted") }
}
