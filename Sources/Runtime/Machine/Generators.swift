/// Generators and coroutines: a saved frame window. Resuming copies the window to the VM stack, suspending copies it back;
/// a generator stepped by a `for` or `yield from` runs in the same loop, without native recursion.
extension VM {
  /// A generator from a bound window.
  func makeGenerator(_ function: Value, window: Raw) throws(PyError) -> Value {
    let body = function.pointer.body
    let bytes = body.pointee.frameBytes
    let savedTop = s.pointee.top
    s.pointee.top = window + bytes
    defer { s.pointee.top = savedTop }
    // On the board: the code state with its 4-byte slots.
    let p = try allocate(
      .generator, leaf: false, payload: GeneratorLayout.window - 8 + bytes, charge: 32 + body.pointee.localCount * 4)
    p.set(GeneratorLayout.function, function)
    p.set(GeneratorLayout.state, word: GeneratorLayout.notStarted)
    p.set(GeneratorLayout.position, word: 0)
    p.set(GeneratorLayout.saved, word: 0)
    p.set(GeneratorLayout.flags, word: body.pointee.flags & CodeBody.isAsync != 0 ? GeneratorLayout.isCoroutine : 0)
    (p + GeneratorLayout.window).copyMemory(from: window, byteCount: bytes)
    return Value(p)
  }

  /// Copies a generator's window to `base` and marks it running; where to go on.
  func openGenerator(_ generator: Value, at base: Raw, sending value: Value) throws(PyError) -> PC {
    let p = generator.pointer
    switch p.word(GeneratorLayout.state) {
    case GeneratorLayout.running: throw valueError("generator already executing")
    case GeneratorLayout.notStarted where !value.isNone:
      throw typeError("can't send non-None value to a just-started generator")
    default: break
    }
    if base > s.pointee.stackLimit { throw runtimeError("maximum recursion depth exceeded") }
    let body = p.value(GeneratorLayout.function).pointer.body
    base.copyMemory(from: p + GeneratorLayout.window, byteCount: body.pointee.frameBytes)
    base.set(Frame.generator, generator)
    base.set(Frame.function, p.value(GeneratorLayout.function))
    if p.word(GeneratorLayout.state) == GeneratorLayout.suspended { base.set(p.word(GeneratorLayout.saved), value) }
    p.set(GeneratorLayout.state, word: GeneratorLayout.running)
    return body.pointee.entry + p.word(GeneratorLayout.position)
  }

  func isFinished(_ generator: Value) -> Bool {
    generator.pointer.word(GeneratorLayout.state) == GeneratorLayout.finished
  }

  /// Saves the window of the generator running at `r`; it goes on at `pc`, with the value sent in `register`.
  func suspendGenerator(_ r: Raw, pc: PC, register: Int) {
    let generator = r.raw(Frame.generator)
    let body = r.value(Frame.function).pointer.body
    generator.set(GeneratorLayout.state, word: GeneratorLayout.suspended)
    generator.set(GeneratorLayout.position, word: pc - body.pointee.entry)
    generator.set(GeneratorLayout.saved, word: register)
    (generator + GeneratorLayout.window).copyMemory(from: r, byteCount: body.pointee.frameBytes)
  }

  /// Marks a generator finished; a StopIteration leaving it becomes RuntimeError.
  func finishGenerator(raised generator: Value) {
    let p = generator.pointer
    p.set(GeneratorLayout.state, word: GeneratorLayout.finished)
    // The window must not keep anything alive.
    let bytes = p.value(GeneratorLayout.function).pointer.body.pointee.frameBytes
    (p + GeneratorLayout.window).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    if exceptionIs(.stopIteration) {
      let cause = s.pointee.exception
      _ = runtimeError("generator raised StopIteration")
      if s.pointee.exception.has(.exception) {
        s.pointee.exception.pointer.set(ExceptionLayout.traceback, cause.pointer.value(ExceptionLayout.traceback))
      }
    }
  }

  /// Resumes from native code. `.stop` when it returns; the value is then in `interpreter.generatorValue`.
  package func resume(_ generator: Value, sending value: Value) throws(PyError) -> Value {
    interpreter.generatorValue = .none
    if isFinished(generator) { return .stop }
    let base = s.pointee.top
    let pc = try openGenerator(generator, at: base, sending: value)
    return try runGenerator(generator, pc, base, throwing: false)
  }

  private func runGenerator(_ generator: Value, _ pc: PC, _ base: Raw, throwing: Bool) throws(PyError) -> Value {
    base.set(Frame.info, word: FrameKind.boundary)
    let result = throwing ? try runLoopRaising(pc, base) : try runLoop(pc, base)
    if isFinished(generator) {
      interpreter.generatorValue = result
      return .stop
    }
    return result
  }

  /// Throws the VM's current exception into a generator.
  package func resumeThrowing(_ generator: Value) throws(PyError) -> Value {
    interpreter.generatorValue = .none
    if isFinished(generator) { throw PyError() }
    let p = generator.pointer
    let exception = takeException()
    if p.word(GeneratorLayout.state) == GeneratorLayout.running { throw valueError("generator already executing") }
    if p.word(GeneratorLayout.state) == GeneratorLayout.suspended {
      let body = p.value(GeneratorLayout.function).pointer.body
      let at = body.pointee.entry + p.word(GeneratorLayout.position)
      if UInt16(truncatingIfNeeded: at.pointee) == Op.yieldFrom {
        return try throwThrough(generator, at, exception)
      }
    }
    let base = s.pointee.top
    let pc = try openGenerator(generator, at: base, sending: .none)
    s.pointee.exception = exception
    // Raised at the yield itself (the word before), or at the first instruction.
    return try runGenerator(
      generator, pc == base.value(Frame.function).pointer.body.pointee.entry ? pc + 1 : pc, base, throwing: true)
  }

  /// A throw into a generator that waits in `yield from`: the inner iterator gets it first.
  private func throwThrough(_ generator: Value, _ at: PC, _ exception: Value) throws(PyError) -> Value {
    let p = generator.pointer
    let register = fieldA(at.pointee)
    let inner = (p + GeneratorLayout.window).value(register)
    p.set(GeneratorLayout.state, word: GeneratorLayout.running)
    push(exception)
    push(generator)
    defer { s.pointee.top -= 16 }
    do throws(PyError) {
      let isExit = isInstance(exception, exceptionType(.generatorExit))
      if isExit {
        let close = try findAttribute(inner, interpreter.names.close)
        if !close.isEmpty { _ = try call(close) }
        throw raise(exception)
      }
      let result: Value
      if inner.has(.generator) {
        s.pointee.exception = exception
        result = try resumeThrowing(inner)
      } else {
        let method = try findAttribute(inner, interpreter.names.throwName)
        if method.isEmpty { throw raise(exception) }
        result = try call(method, exception)
      }
      p.set(GeneratorLayout.state, word: GeneratorLayout.suspended)
      if result != .stop { return result }
    } catch {
      p.set(GeneratorLayout.state, word: GeneratorLayout.suspended)
      if !exceptionIs(.stopIteration) || s.pointee.exception == exception {
        let raised = takeException()
        let base = s.pointee.top
        let pc = try openGenerator(generator, at: base, sending: .none)
        s.pointee.exception = raised
        return try runGenerator(generator, pc + 1, base, throwing: true)
      }
      interpreter.generatorValue = stopIterationValue(takeException())
    }
    // The inner one finished: its value is that of the `yield from`, and the outer goes on behind it.
    let value = interpreter.generatorValue
    let base = s.pointee.top
    let pc = try openGenerator(generator, at: base, sending: .none)
    base.set(register, value)
    return try runGenerator(generator, pc + 1, base, throwing: false)
  }

  func stopIterationValue(_ exception: Value) -> Value {
    guard exception.has(.exception) else { return .none }
    let args = exception.pointer.value(ExceptionLayout.args)
    return args.isEmpty || TupleLayout.count(args.pointer) == 0 ? .none : TupleLayout.item(args.pointer, 0)
  }

  /// As `runLoop`, beginning with the current exception raised at `pc`.
  func runLoopRaising(_ pc: PC, _ base: Raw) throws(PyError) -> Value {
    var pc = pc
    var r = base
    if findHandler(&pc, &r) { return try runLoop(pc, r) }
    throw PyError()
  }
}

/// a = value sent next; yields b.
func op_yield(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  giveOut(r.value(fieldB(w)), pc, fieldA(w), r, vm, tb, w)
}

/// Suspends the generator at `r` with `value`, and every generator that waits for it in `yield from`, out to a loop or native code.
@inline(__always) func giveOut(_ value: Value, _ pc: PC, _ register: Int, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  var r = r
  VM(vm).suspendGenerator(r, pc: pc, register: register)
  while r.word(Frame.info) & 0xFF == FrameKind.yieldFrom {
    let at = r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self) - 1
    r = r.raw(Frame.callerBase)
    VM(vm).suspendGenerator(r, pc: at, register: fieldA(at.pointee) + 8)
  }
  let info = r.word(Frame.info)
  if info & 0xFF == FrameKind.forIter {
    let caller = r.raw(Frame.callerBase)
    caller.set(info &>> 8, value)
    proceed(r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self), caller, vm, tb, w)
    return
  }
  state(vm).pointee.result = value
  leave(vm)
}

/// Return of register b from a generator.
func op_generatorReturn(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let value = r.value(fieldB(w))
  let info = r.word(Frame.info)
  let generator = r.raw(Frame.generator)
  let bytes = r.value(Frame.function).pointer.body.pointee.frameBytes
  generator.set(GeneratorLayout.state, word: GeneratorLayout.finished)
  (generator + GeneratorLayout.window).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
  switch info & 0xFF {
  case FrameKind.forIter:
    // The instruction before the return address says where the loop ends.
    let next = r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self)
    proceed(next + signedC(next[-1]), r.raw(Frame.callerBase), vm, tb, w)
  case FrameKind.yieldFrom:
    let caller = r.raw(Frame.callerBase)
    caller.set(info &>> 8, value)
    proceed(r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self), caller, vm, tb, w)
  default:
    state(vm).pointee.result = value
    leave(vm)
  }
}

/// (iterator a, value sent a+1) → result in a when the iterator ends; until then each of its values is yielded from here.
func op_yieldFrom(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let iterator = r.value(fieldA(w))
  let sent = r.value(fieldA(w) + 8)
  if iterator.has(.generator) && !VM(vm).isFinished(iterator) {
    stepGenerator(iterator, sent, FrameKind.yieldFrom, pc, r, vm, tb, w)
    return
  }
  let value = attempt(vm) { vm throws(PyError) in
    if iterator.has(.generator) {
      vm.interpreter.generatorValue = .none
      return .stop
    }
    vm.interpreter.generatorValue = .none
    if sent.isNone { return try vm.nextKeepingValue(iterator) }
    do throws(PyError) {
      return try vm.callMethod(iterator, vm.interpreter.names.send, sent)
    } catch {
      if !vm.exceptionIs(.stopIteration) { throw error }
      vm.interpreter.generatorValue = vm.stopIterationValue(vm.takeException())
      return .stop
    }
  }
  if value.isEmpty {
    unwind(pc, r, vm, tb, w)
  } else if value == .stop {
    r.set(fieldA(w), VM(vm).interpreter.generatorValue)
    proceed(pc, r, vm, tb, w)
  } else {
    giveOut(value, pc - 1, fieldA(w) + 8, r, vm, tb, w)
  }
}

/// Runs a generator's next step in this loop, its window behind the frame at `r`.
@inline(__always) func stepGenerator(
  _ generator: Value, _ sent: Value, _ kind: Int, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64
) {
  let base = state(vm).pointee.top
  var start = pc
  let ok = attempt(vm) { vm throws(PyError) in
    start = try vm.openGenerator(generator, at: base, sending: sent)
    return .none
  }
  if ok.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  base.set(Frame.returnPC, word: Int(bitPattern: pc))
  base.set(Frame.callerBase, word: Int(bitPattern: r))
  base.set(Frame.info, word: fieldA(w) << 8 | kind)
  dispatch(start, base, vm, tb)
}

extension VM {
  /// As `next`, with the value of a StopIteration kept in `interpreter.generatorValue`.
  func nextKeepingValue(_ iterator: Value) throws(PyError) -> Value {
    guard iterator.has(.instance) else { return try next(iterator) }
    let method = try findAttribute(iterator, interpreter.names.dunderNext)
    if method.isEmpty { return try next(iterator) }
    do throws(PyError) {
      return try call(method)
    } catch {
      if !exceptionIs(.stopIteration) { throw error }
      interpreter.generatorValue = stopIterationValue(takeException())
      return .stop
    }
  }
}

@inline(never) func slowForIterate(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let it = r + fieldB(w)
  let kind = it.value(24)
  // A generator expression gets its iterator as an argument: in the second register, with no kind noted.
  let iterator = kind.isEmpty ? it.value(8) : it.value(0)
  if iterator.has(.generator) {
    if VM(vm).isFinished(iterator) {
      proceed(pc + signedC(w), r, vm, tb, w)
      return
    }
    stepGenerator(iterator, .none, FrameKind.forIter, pc, r, vm, tb, w)
    return
  }
  let value = attempt(vm) { vm throws(PyError) in try vm.next(iterator) }
  if value == .stop {
    proceed(pc + signedC(w), r, vm, tb, w)
    return
  }
  deliver(value, pc, pc, r, vm, tb, w)
}

/// a = iter(b)
func op_getIterator(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in try vm.iterator(r.value(fieldB(w))) }
  deliver(value, pc, pc, r, vm, tb, w)
}

/// Fills the four loop registers at a for iterating over b.
func op_getIteratorStack(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let it = r + fieldA(w)
  let source = r.value(fieldB(w))
  if source.isObject {
    switch source.tag {
    case .list, .tuple, .namedTuple:
      it.set(0, source)
      it.set(8, Value(small: 0))
      it.set(16, .none)
      it.set(24, Value(small: source.tag == .list ? LoopKind.list : LoopKind.tuple))
      dispatch(pc, r, vm, tb)
      return
    case .range:
      let p = source.pointer
      it.set(0, Value(small: p.word(RangeLayout.start)))
      it.set(8, Value(small: p.word(RangeLayout.stop)))
      it.set(16, Value(small: p.word(RangeLayout.step)))
      it.set(24, Value(small: LoopKind.range))
      dispatch(pc, r, vm, tb)
      return
    default: break
    }
  }
  let iterator = attempt(vm) { vm throws(PyError) in try vm.iterator(source) }
  if iterator.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  it.set(0, iterator)
  it.set(8, .none)
  it.set(16, .none)
  it.set(24, Value(small: LoopKind.object))
  proceed(pc, r, vm, tb, w)
}
