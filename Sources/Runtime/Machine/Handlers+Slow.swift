// The slow ways of the handlers in Handlers+Data and Handlers+Arithmetic: they may allocate, call user code and raise. Same
// signature as handlers; they end by going on (`proceed`) or by unwinding.

/// Goes on at `pc`, at a safepoint: what waits (a collection, an interrupt) is done first.
@inline(__always) func proceed(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if _slowPath(state(vm).pointee.pending != 0) {
    state(vm).pointee.resumePC = pc
    slowPoll(pc, r, vm, tb, w)
    return
  }
  dispatch(pc, r, vm, tb)
}

/// Runs what may raise; `.empty` when it did.
@inline(__always) func attempt(_ vm: Raw, _ body: (VM) throws(PyError) -> Value) -> Value {
  do throws(PyError) { return try body(VM(vm)) } catch { return .empty }
}

/// Stores a slow handler's result and goes on, or unwinds.
@inline(__always) func deliver(_ value: Value, _ next: PC, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if value.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  r.set(fieldA(w), value)
  proceed(next, r, vm, tb, w)
}
/// As `deliver` for what has no result.
@inline(__always) func finish(_ value: Value, _ next: PC, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if value.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  proceed(next, r, vm, tb, w)
}

/// What waits at a safepoint; then on at `resumePC`.
@inline(never) func slowPoll(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let target = state(vm).pointee.resumePC
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.serveSafepoint()
    return .none
  }
  if ok.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  dispatch(target, r, vm, tb)
}

extension VM {
  /// Collects and raises what was asked for from outside. All live values must be on the VM stack.
  package func serveSafepoint() throws(PyError) {
    let pending = s.pointee.pending
    if pending & Pending.collect != 0 {
      if !interpreter.collectsAlways { clearPending(Pending.collect) }
      if s.pointee.gcEnabled { collect() }
      let overdraft = s.pointee.overdraftBytes
      s.pointee.overdraftBytes = 0
      if overdraft > 0 && s.pointee.chargedBlocks > s.pointee.chargeLimitBlocks { throw memoryError(bytes: overdraft) }
    }
    try serveInterrupts()
    try serveEvents()
  }

  /// For long native loops: serves what waits, if anything. All live values must be on the VM stack.
  @inline(__always) package func poll() throws(PyError) {
    if pendingBits != 0 { try serveSafepoint() }
  }

  /// For long native loops that hold values elsewhere: serves interrupts, but does not collect.
  @inline(__always) package func pollInterrupts() throws(PyError) {
    if pendingBits & ~Pending.collect != 0 { try serveInterrupts() }
  }

  /// Raises KeyboardInterrupt or ReloadException when asked for from outside; natives that wait call it after each wait.
  package func serveInterrupts() throws(PyError) {
    let pending = s.pointee.pending
    if pending & Pending.stop != 0 {
      interpreter.isStopped = true
      throw error(.systemExit, args: .none)
    }
    if pending & Pending.interrupt != 0 {
      clearPending(Pending.interrupt)
      throw raise(try makeException(exceptionType(.keyboardInterrupt), args: try makeTuple()))
    }
    if pending & Pending.reload != 0 {
      clearPending(Pending.reload)
      throw raise(try makeException(exceptionType(.reloadException), args: try makeTuple()))
    }
  }
}

@inline(never) func slowBinary(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let op = BinaryOperation(rawValue: Int(w & 0xFFFF) - Int(Op.binary)).unsafelyUnwrapped
  let value = attempt(vm) { vm throws(PyError) in try vm.binary(op, r.value(fieldB(w)), r.value(fieldC(w))) }
  deliver(value, pc, pc, r, vm, tb, w)
}
@inline(never) func slowBinaryConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let op = BinaryOperation(rawValue: Int(w & 0xFFFF) - Int(Op.binaryConstant)).unsafelyUnwrapped
  let value = attempt(vm) { vm throws(PyError) in try vm.binary(op, r.value(fieldB(w)), Value(bits: pc.pointee)) }
  deliver(value, pc + 1, pc, r, vm, tb, w)
}
/// Operators without a fast way.
func op_binary(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) { slowBinary(pc, r, vm, tb, w) }
func op_binaryConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) { slowBinaryConstant(pc, r, vm, tb, w) }

@inline(__always) func jumpCompare(
  _ other: Value, _ next: PC, _ base: UInt16, _ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64
) {
  settle(r, vm)
  let number = Int(w & 0xFFFF) - Int(base)
  let op = BinaryOperation(rawValue: number % 6).unsafelyUnwrapped
  let value = attempt(vm) { vm throws(PyError) in
    Value(try vm.isTrue(try vm.binary(op, r.value(fieldB(w)), other)))
  }
  if value.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  proceed((value == .true) == (number < 6) ? pc + signedA(w) : next, r, vm, tb, w)
}
@inline(never) func slowJumpCompare(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  jumpCompare(r.value(fieldC(w)), pc, Op.jumpCompare, pc, r, vm, tb, w)
}
@inline(never) func slowJumpCompareConstant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  jumpCompare(Value(bits: pc.pointee), pc + 1, Op.jumpCompareConstant, pc, r, vm, tb, w)
}
@inline(never) func slowJumpTruth(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let truth = attempt(vm) { vm throws(PyError) in Value(try vm.isTrue(r.value(fieldA(w)))) }
  if truth.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  let jumps = (truth == .true) == (UInt16(truncatingIfNeeded: w) == Op.jumpIfTrue)
  proceed(jumps ? pc + wide(w) : pc, r, vm, tb, w)
}

func slowUnary(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let op = UnaryOperation(rawValue: Int(w & 0xFFFF) - Int(Op.unary)).unsafelyUnwrapped
  let value = attempt(vm) { vm throws(PyError) in try vm.unary(op, r.value(fieldB(w))) }
  deliver(value, pc, pc, r, vm, tb, w)
}

@inline(never) func slowUnbound(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  _ = VM(vm).error(.nameError, "local variable referenced before assignment")
  unwind(pc, r, vm, tb, w)
}

@inline(never) func slowLoadGlobal(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let name = Value(bits: pc[0])
  let globals = r.raw(Frame.function).value(FunctionLayout.globals).pointer
  let s = state(vm)
  var dict = globals
  var slot = VM(vm).dictSlotInterned(globals, name)
  if slot < 0 {
    dict = s.pointee.builtins.pointer
    slot = VM(vm).dictSlotInterned(dict, name)
  }
  if slot < 0 {
    _ = VM(vm).error(.nameError, "name '\(VM(vm).string(name))' isn't defined")
    unwind(pc, r, vm, tb, w)
    return
  }
  let address = DictLayout.slot(dict, slot) + 8
  pc[1] = UInt64(truncatingIfNeeded: globals.word(DictLayout.version))
  pc[2] = UInt64(UInt(bitPattern: address))
  r.set(fieldA(w), address.value(0))
  dispatch(pc + 3, r, vm, tb)
}
@inline(never) func slowStoreGlobal(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let globals = r.raw(Frame.function).value(FunctionLayout.globals)
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.dictStore(globals, Value(bits: pc[0]), r.value(fieldA(w)))
    return .none
  }
  if !ok.isEmpty {
    let slot = VM(vm).dictSlotInterned(globals.pointer, Value(bits: pc[0]))
    pc[1] = UInt64(truncatingIfNeeded: globals.pointer.word(DictLayout.version))
    pc[2] = UInt64(UInt(bitPattern: DictLayout.slot(globals.pointer, slot) + 8))
  }
  finish(ok, pc + 3, pc, r, vm, tb, w)
}
func op_deleteGlobal(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let globals = r.raw(Frame.function).value(FunctionLayout.globals)
  let ok = attempt(vm) { vm throws(PyError) in
    let name = Value(bits: pc[0])
    if try vm.dictRemove(globals, name).isEmpty {
      throw vm.error(.nameError, "name '\(vm.string(name))' isn't defined")
    }
    return .none
  }
  finish(ok, pc + 1, pc, r, vm, tb, w)
}

// Names of class bodies and `exec`: register b holds the locals dict.
func op_loadName(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let name = Value(bits: pc[0])
    for dict in [r.value(fieldB(w)), r.raw(Frame.function).value(FunctionLayout.globals), vm.s.pointee.builtins] {
      let found = vm.dictFindInterned(dict, name)
      if !found.isEmpty { return found }
    }
    throw vm.error(.nameError, "name '\(vm.string(name))' isn't defined")
  }
  deliver(value, pc + 1, pc, r, vm, tb, w)
}
func op_storeName(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.dictStore(r.value(fieldB(w)), Value(bits: pc[0]), r.value(fieldA(w)))
    return .none
  }
  finish(ok, pc + 1, pc, r, vm, tb, w)
}
func op_deleteName(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let name = Value(bits: pc[0])
    if try vm.dictRemove(r.value(fieldB(w)), name).isEmpty {
      throw vm.error(.nameError, "name '\(vm.string(name))' isn't defined")
    }
    return .none
  }
  finish(ok, pc + 1, pc, r, vm, tb, w)
}

@inline(never) func slowLoadItem(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let object = r.value(fieldB(w))
    let index = r.value(fieldC(w))
    if object.has(.dict) {
      let found = try vm.dictFind(object, index)
      if found.isEmpty { throw vm.error(.keyError, args: index) }
      return found
    }
    return try vm.getItem(object, index)
  }
  deliver(value, pc, pc, r, vm, tb, w)
}
@inline(never) func slowStoreItem(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let object = r.value(fieldB(w))
    if object.has(.dict) {
      try vm.dictStore(object, r.value(fieldC(w)), r.value(fieldA(w)))
    } else {
      try vm.setItem(object, r.value(fieldC(w)), r.value(fieldA(w)))
    }
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
func op_deleteItem(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.setItem(r.value(fieldB(w)), r.value(fieldC(w)), .empty)
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
@inline(never) func slowListAppend(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    guard r.value(fieldA(w)).has(.list) else { throw vm.valueError("incompatible .mpy file") }
    try vm.ensureRoom(ListLayout.capacity(r.raw(fieldA(w))) * 8)
    try vm.append(r.value(fieldA(w)), r.value(fieldB(w)))
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
