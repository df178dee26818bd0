/// Raising: from the failing instruction outwards until a handler is found or native code is reached.
///
/// `pc` is behind the failing instruction's word. Tail-called by slow handlers like any other continuation.
@inline(never) func unwind(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  var target = pc
  var frame = r
  if VM(vm).findHandler(&target, &frame) {
    dispatch(target, frame, vm, tb)
    return
  }
  leave(vm)
}

extension VM {
  /// Walks frames outwards. True: `pc` and `r` are where to go on. False: the run loop has to be left with the exception set.
  func findHandler(_ pc: inout PC, _ r: inout Raw) -> Bool {
    s.pointee.result = .empty
    var isOrigin = true
    let stops = s.pointee.pending & Pending.stop != 0
    while true {
      let function = r.value(Frame.function)
      let body = function.pointer.body
      let unit = body.pointee.unit._withUnsafeGuaranteedRef { $0 }
      let word = pc - body.pointee.entry - 1
      s.pointee.top = r + body.pointee.frameBytes
      let place = unit.place(body.pointee.index, word)
      let exception = s.pointee.exception
      if !(isOrigin && place.keepsTraceback) {
        addTraceback(exception, unit: unit, body: body, place)
      }
      if isOrigin && !place.keepsTraceback { noteContext(exception, unit, body, place, r) }
      isOrigin = false
      if !stops, let handler = unit.handler(body.pointee.index, place) {
        r.set(handler.exceptionRegister, exception)
        if handler.isFinally { r.set(handler.exceptionRegister + 8, .empty) }
        r.set(handler.savedRegister, exception)
        s.pointee.exception = .empty
        pc = body.pointee.entry + handler.target
        return true
      }
      let info = r.word(Frame.info)
      let kind = info & 0xFF
      if body.pointee.flags & CodeBody.isGenerator == 0 { s.pointee.pystackUsed -= body.pointee.pystackBytes }
      if body.pointee.flags & CodeBody.isGenerator != 0 { finishGenerator(raised: r.value(Frame.generator)) }
      if kind == FrameKind.boundary { return false }
      pc = r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self)
      r = r.raw(Frame.callerBase)
    }
  }

  /// Adds (file, line, function) to an exception's traceback. Out of memory, the traceback is cut instead.
  private func addTraceback(
    _ exception: Value, unit: LoadedUnit, body: UnsafeMutablePointer<CodeBody>, _ place: LoadedUnit.Place
  ) {
    guard exception.has(.exception) else { return }
    let p = exception.pointer
    let limit = s.pointee.chargeLimitBlocks
    s.pointee.chargeLimitBlocks = limit + 64
    defer { s.pointee.chargeLimitBlocks = limit }
    do throws(PyError) {
      if p.value(ExceptionLayout.traceback).isEmpty { p.set(ExceptionLayout.traceback, try makeList()) }
      let list = p.value(ExceptionLayout.traceback)
      // Endless recursion through handlers must not grow it without limit; the innermost entries matter most.
      if ListLayout.count(list.pointer) >= 3 * Interpreter.maximumTracebackEntries { return }
      try append(list, unit.fileName)
      try append(list, Value(small: place.line))
      try append(list, body.pointee.name)
    } catch {
      s.pointee.exception = exception
    }
  }

  /// Notes the exception being handled as the context of a new one.
  private func noteContext(
    _ exception: Value, _ unit: LoadedUnit, _ body: UnsafeMutablePointer<CodeBody>, _ place: LoadedUnit.Place, _ r: Raw
  ) {
    guard exception.has(.exception), let register = unit.activeException(body.pointee.index, place) else { return }
    let active = r.value(register)
    if active.has(.exception) && active != exception && exception.pointer.value(ExceptionLayout.context).isNone {
      exception.pointer.set(ExceptionLayout.context, active)
    }
  }
}

@inline(never) func slowReraise(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let exception = r.value(fieldB(w))
  if exception.has(.exception) {
    state(vm).pointee.exception = exception
  } else {
    settle(r, vm)
    _ = VM(vm).valueError("incompatible .mpy file")
  }
  unwind(pc, r, vm, tb, w)
}
/// raise b
func op_raise(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  _ = attempt(vm) { vm throws(PyError) in throw vm.raise(try vm.exceptionInstance(r.value(fieldB(w)))) }
  unwind(pc, r, vm, tb, w)
}
/// raise b from c
func op_raiseFrom(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  _ = attempt(vm) { vm throws(PyError) in
    let exception = try vm.exceptionInstance(r.value(fieldB(w)))
    let cause = r.value(fieldC(w))
    if cause.isNone {
      exception.pointer.set(ExceptionLayout.flags, word: 1)
    } else {
      exception.pointer.set(ExceptionLayout.cause, try vm.exceptionInstance(cause))
      exception.pointer.set(ExceptionLayout.flags, word: 1)
    }
    throw vm.raise(exception)
  }
  unwind(pc, r, vm, tb, w)
}
/// Bare raise: b, c … the registers that may hold exceptions being handled are in inline words (count first), innermost first.
func op_reraise(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  for i in 0..<fieldC(w) {
    let exception = r.value(Int(pc[i]))
    if exception.has(.exception) {
      state(vm).pointee.exception = exception
      unwind(pc, r, vm, tb, w)
      return
    }
  }
  _ = VM(vm).runtimeError("no active exception to reraise")
  unwind(pc, r, vm, tb, w)
}

extension VM {
  /// What `raise x` raises: an instance as it is, a class called without arguments.
  func exceptionInstance(_ value: Value) throws(PyError) -> Value {
    if value.has(.exception) { return value }
    if value.has(.type) && isSubtype(value, exceptionType(.baseException)) {
      let made = try call(value)
      if made.has(.exception) { return made }
    }
    throw typeError("exceptions must derive from BaseException")
  }
}
