// Handlers of control flow: jumps, calls, returns, loops.

@c(op_jump) func op_jump(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  dispatch(pc + wide(w), r, vm, tb)
}
/// A jump back: the place where interrupts, reloads and collections are honoured.
@c(op_loop) func op_loop(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if _slowPath(state(vm).pointee.pending != 0) {
    state(vm).pointee.resumePC = pc + wide(w)
    slowPoll(pc, r, vm, tb, w)
    return
  }
  dispatch(pc + wide(w), r, vm, tb)
}

/// Truth of what needs no call: 0 false, 1 true, 2 unknown.
@inline(__always) func fastTruth(_ v: Value) -> Int {
  if v == .true { return 1 }
  if v == .false || v.isNone { return 0 }
  if v.isSmallInt { return v.bits != 1 ? 1 : 0 }
  return 2
}
@c(op_jumpIfTrue) func op_jumpIfTrue(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let truth = fastTruth(r.value(fieldA(w)))
  if truth == 1 {
    if _slowPath(state(vm).pointee.pending != 0) {
      state(vm).pointee.resumePC = pc + wide(w)
      slowPoll(pc, r, vm, tb, w)
      return
    }
    dispatch(pc + wide(w), r, vm, tb)
    return
  }
  if _slowPath(truth == 2) {
    slowJumpTruth(pc, r, vm, tb, w)
    return
  }
  dispatch(pc, r, vm, tb)
}
@c(op_jumpIfFalse) func op_jumpIfFalse(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let truth = fastTruth(r.value(fieldA(w)))
  if truth == 0 {
    dispatch(pc + wide(w), r, vm, tb)
    return
  }
  if _slowPath(truth == 2) {
    slowJumpTruth(pc, r, vm, tb, w)
    return
  }
  dispatch(pc, r, vm, tb)
}
@c(op_jumpIs) func op_jumpIs(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  dispatch(r.value(fieldB(w)) == r.value(fieldC(w)) ? pc + signedA(w) : pc, r, vm, tb)
}
@c(op_jumpIsNot) func op_jumpIsNot(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  dispatch(r.value(fieldB(w)) != r.value(fieldC(w)) ? pc + signedA(w) : pc, r, vm, tb)
}
@c(op_jumpIsConstant) func op_jumpIsConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  dispatch(r.value(fieldB(w)).bits == pc.pointee ? pc + signedA(w) : pc + 1, r, vm, tb)
}
@c(op_jumpIsNotConstant) func op_jumpIsNotConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  dispatch(r.value(fieldB(w)).bits != pc.pointee ? pc + signedA(w) : pc + 1, r, vm, tb)
}

/// a = call of b with c positional arguments, which follow b.
@c(op_call) func op_call(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  let function = r.value(at)
  if _fastPath(function.has(.function)) {
    let n = fieldC(w)
    let body = function.pointer.body
    let base = r + (at &+ 8 &+ n &* 8)
    let s = state(vm)
    let used = s.pointee.pystackUsed &+ body.pointee.pystackBytes
    if _fastPath(
      body.pointee.simpleArity == n && used <= s.pointee.pystackLimit && base <= s.pointee.stackLimit)
    {
      s.pointee.pystackUsed = used
      var from = r + (at &+ 8)
      var to = base + Frame.locals
      while from < base {
        to.set(0, from.value(0))
        from += 8
        to += 8
      }
      base.set(Frame.function, function)
      base.set(Frame.returnPC, word: Int(bitPattern: pc))
      base.set(Frame.callerBase, word: Int(bitPattern: r))
      base.set(Frame.info, word: fieldA(w) &<< 8 | FrameKind.call)
      dispatch(body.pointee.entry, base, vm, tb)
      return
    }
  }
  slowCall(pc, r, vm, tb, w)
}
/// a = call of the method pair at b, b+1 with c positional arguments, which follow.
@c(op_callMethod) func op_callMethod(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let at = fieldB(w)
  let function = r.value(at)
  if _fastPath(function.has(.function)) {
    let hasReceiver = r.word(at &+ 8) != 0
    let n = fieldC(w) &+ (hasReceiver ? 1 : 0)
    var from = r + (hasReceiver ? at &+ 8 : at &+ 16)
    let body = function.pointer.body
    let base = from + n &* 8
    let s = state(vm)
    let used = s.pointee.pystackUsed &+ body.pointee.pystackBytes
    if _fastPath(
      body.pointee.simpleArity == n && used <= s.pointee.pystackLimit && base <= s.pointee.stackLimit)
    {
      s.pointee.pystackUsed = used
      var to = base + Frame.locals
      while from < base {
        to.set(0, from.value(0))
        from += 8
        to += 8
      }
      base.set(Frame.function, function)
      base.set(Frame.returnPC, word: Int(bitPattern: pc))
      base.set(Frame.callerBase, word: Int(bitPattern: r))
      base.set(Frame.info, word: fieldA(w) &<< 8 | FrameKind.call)
      dispatch(body.pointee.entry, base, vm, tb)
      return
    }
  }
  slowCallMethod(pc, r, vm, tb, w)
}

/// Returns register b; c is what the frame took of the board's Python stack.
@c(op_returnValue) func op_returnValue(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let info = r.word(Frame.info)
  if _fastPath(info & 0xFF == FrameKind.call) {
    let s = state(vm)
    s.pointee.pystackUsed = s.pointee.pystackUsed &- fieldC(w)
    let caller = r.raw(Frame.callerBase)
    caller.set(info &>> 8, r.value(fieldB(w)))
    dispatch(r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self), caller, vm, tb)
    return
  }
  slowReturn(pc, r, vm, tb, w)
}
@c(op_returnConstant) func op_returnConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let info = r.word(Frame.info)
  if _fastPath(info & 0xFF == FrameKind.call) {
    let s = state(vm)
    s.pointee.pystackUsed = s.pointee.pystackUsed &- fieldC(w)
    let caller = r.raw(Frame.callerBase)
    caller.set(info &>> 8, Value(bits: pc.pointee))
    dispatch(r.raw(Frame.returnPC).assumingMemoryBound(to: UInt64.self), caller, vm, tb)
    return
  }
  slowReturnConstant(pc, r, vm, tb, w)
}

/// Kinds of loops over a builtin, kept in the fourth of the four iterator registers.
enum LoopKind {
  /// An iterator object: in the first register, or in the second for a generator expression's argument.
  static let object = 0
  /// First: the list; second: index.
  static let list = 1
  static let tuple = 2
  /// First: next value; second: stop; third: step.
  static let range = 3
  static let generator = 4
}

/// a = next of the loop at b, or jump by c at its end.
@c(op_forIterate) func op_forIterate(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let it = r + fieldB(w)
  let kind = it.value(24).small
  if kind == LoopKind.range {
    let current = it.value(0).small
    let stop = it.value(8).small
    let step = it.value(16).small
    if step > 0 ? current < stop : current > stop {
      r.set(fieldA(w), Value(small: current))
      it.set(0, Value(small: current &+ step))
      dispatch(pc, r, vm, tb)
    } else {
      dispatch(pc + signedC(w), r, vm, tb)
    }
    return
  }
  if kind == LoopKind.list || kind == LoopKind.tuple {
    let p = it.value(0).pointer
    let index = it.value(8).small
    if kind == LoopKind.list {
      if index < ListLayout.count(p) {
        r.set(fieldA(w), ListLayout.item(p, index))
        it.set(8, Value(small: index &+ 1))
        dispatch(pc, r, vm, tb)
        return
      }
    } else if index < TupleLayout.count(p) {
      r.set(fieldA(w), TupleLayout.item(p, index))
      it.set(8, Value(small: index &+ 1))
      dispatch(pc, r, vm, tb)
      return
    }
    dispatch(pc + signedC(w), r, vm, tb)
    return
  }
  slowForIterate(pc, r, vm, tb, w)
}
@c(op_endFinally) func op_endFinally(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  // Finally state in b, b+1: a pending jump's target, else None or an exception.
  let target = r.value(fieldB(w) &+ 8)
  if target.isSmallInt {
    let code = r.raw(Frame.function).body.pointee.entry
    dispatch(code + target.small, r, vm, tb)
    return
  }
  if r.value(fieldB(w)).isNone {
    dispatch(pc, r, vm, tb)
    return
  }
  slowReraise(pc, r, vm, tb, w)
}
/// Puts a pending return or jump at a, a+1: the value in b, and c words from here the code that carries it on.
@c(op_pendingJump) func op_pendingJump(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  r.set(fieldA(w), r.value(fieldB(w)))
  r.set(fieldA(w) &+ 8, Value(bits: pc.pointee))
  dispatch(pc + 1, r, vm, tb)
}
@c(op_jumpIfException) func op_jumpIfException(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let isException = r.word(fieldA(w) &+ 8) == 0 && r.value(fieldA(w)).has(.exception)
  dispatch(isException ? pc : pc + wide(w), r, vm, tb)
}
