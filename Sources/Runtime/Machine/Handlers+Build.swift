// Handlers that make collections and take them apart; imports; with blocks. None is hot enough for a fast path of its own.

/// a = tuple of c values from b
func op_buildTuple(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  deliver(
    attempt(vm) { vm throws(PyError) in try vm.makeTuple(from: r + fieldB(w), count: fieldC(w)) }, pc, pc, r, vm, tb, w)
}
func op_buildList(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  deliver(
    attempt(vm) { vm throws(PyError) in try vm.makeList(from: r + fieldB(w), count: fieldC(w)) }, pc, pc, r, vm, tb, w)
}
func op_buildMap(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  deliver(attempt(vm) { vm throws(PyError) in try vm.makeDict(fieldC(w)) }, pc, pc, r, vm, tb, w)
}
func op_buildSet(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let set = try vm.makeSet(room: fieldC(w))
    // The set takes the place of its first item's register while hashes may run user code.
    vm.push(set)
    for i in 0..<fieldC(w) { try vm.setAdd(set, r.value(fieldB(w) + i * 8)) }
    vm.pop()
    return set
  }
  deliver(value, pc, pc, r, vm, tb, w)
}
func op_buildSlice(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let b = r + fieldB(w)
    return try vm.makeSlice(b.value(0), b.value(8), fieldC(w) == 3 ? b.value(16) : .none)
  }
  deliver(value, pc, pc, r, vm, tb, w)
}
/// a[b] = c, on a dict display
func op_storeMap(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let dict = r.value(fieldA(w))
    guard dict.has(.dict) else { throw vm.valueError("incompatible .mpy file") }
    try vm.dictStore(dict, r.value(fieldB(w)), r.value(fieldC(w)))
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
func op_setAdd(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let set = r.value(fieldA(w))
    guard set.has(.set) else { throw vm.valueError("incompatible .mpy file") }
    try vm.setAdd(set, r.value(fieldB(w)))
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}

/// c values of b into the registers from a, the first item highest.
func op_unpackSequence(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let count = fieldC(w)
    let source = r.value(fieldB(w))
    let a = r + fieldA(w)
    if source.has(.tuple) && TupleLayout.count(source.pointer) == count {
      for i in 0..<count { a.set((count - 1 - i) * 8, TupleLayout.item(source.pointer, i)) }
      return .none
    }
    let list = try vm.unpackable(source, atMost: count)
    let n = ListLayout.count(list.pointer)
    if n < count { throw vm.valueError("need more than \(n) values to unpack") }
    if n > count { throw vm.valueError("too many values to unpack (expected \(count))") }
    for i in 0..<count { a.set((count - 1 - i) * 8, ListLayout.item(list.pointer, i)) }
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
/// As unpackSequence with a star: low byte of c items before it, high byte behind it.
func op_unpackExtended(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let before = fieldC(w) & 0xFF
    let behind = fieldC(w) >> 8
    let list = try vm.list(from: r.value(fieldB(w)))
    let n = ListLayout.count(list.pointer)
    if n < before + behind { throw vm.valueError("need more than \(n) values to unpack") }
    let a = r + fieldA(w)
    for i in 0..<behind { a.set(i * 8, ListLayout.item(list.pointer, n - 1 - i)) }
    a.set(behind * 8, try vm.makeList(from: ListLayout.at(list.pointer, before), count: n - before - behind))
    for i in 0..<before { a.set((behind + before - i) * 8, ListLayout.item(list.pointer, i)) }
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}

extension VM {
  /// The items of anything that can be unpacked, as a list of at most one more than wanted (an endless iterator must not hang).
  fileprivate func unpackable(_ source: Value, atMost count: Int) throws(PyError) -> Value {
    if source.has(.list) { return source }
    var iterator = try iterate(source)
    defer { iterator.end() }
    let list = try makeList(capacity: count)
    push(list)
    while ListLayout.count(list.pointer) <= count, let item = try iterator.next() { try append(list, item) }
    return list
  }
}

/// a = import of the name in the inline word; b level, c from-list
func op_importName(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in
    let level = r.value(fieldB(w))
    guard level.isSmallInt, level.small >= 0 else { throw vm.valueError("incompatible .mpy file") }
    let globals = r.raw(Frame.function).value(FunctionLayout.globals)
    return try vm.importModule(Value(bits: pc[0]), globals: globals, fromList: r.value(fieldC(w)), level: level.small)
  }
  deliver(value, pc + 1, pc, r, vm, tb, w)
}
func op_importFrom(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let value = attempt(vm) { vm throws(PyError) in try vm.importFrom(r.value(fieldB(w)), Value(bits: pc[0])) }
  deliver(value, pc + 1, pc, r, vm, tb, w)
}
/// from b import *; c: locals dict register, or 0 for the globals
func op_importStar(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let target = fieldC(w) == 0 ? r.raw(Frame.function).value(FunctionLayout.globals) : r.value(fieldC(w))
    try vm.importStar(r.value(fieldB(w)), into: target)
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}

/// Enters context b: a, a+1 = its exit and receiver, a+2 = what enter gave.
func op_setupWith(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    let context = r.value(fieldB(w))
    let names = vm.interpreter.names
    let exit = try vm.findMethod(context, names.dunderExit)
    if exit.0.isEmpty { throw vm.noAttribute(context, names.dunderExit) }
    let enter = try vm.findMethod(context, names.dunderEnter)
    if enter.0.isEmpty { throw vm.noAttribute(context, names.dunderEnter) }
    let a = r + fieldA(w)
    a.set(0, exit.0)
    a.set(8, exit.1)
    a.set(16, enter.1.isEmpty ? try vm.call(enter.0) : try vm.call(enter.0, enter.1))
    return .none
  }
  finish(ok, pc, pc, r, vm, tb, w)
}
/// (exit a, receiver a+1, finally state a+2, a+3) → finally state in a, a+1; None if exit swallowed the exception
func op_withCleanup(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let a = r + fieldA(w)
  let state = a.value(16)
  let target = a.value(24)
  let isException = target.isEmpty && state.has(.exception)
  let result = attempt(vm) { vm throws(PyError) in
    let exit = a.value(0)
    let receiver = a.value(8)
    let arguments: [Value] = isException ? [vm.type(of: state), state, .none] : [.none, .none, .none]
    let answer = try vm.call(exit, receiver.isEmpty ? arguments : [receiver] + arguments)
    return isException ? Value(try vm.isTrue(answer)) : .false
  }
  if result.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  a.set(0, result == .true ? .none : state)
  a.set(8, target)
  proceed(pc, r, vm, tb, w)
}
