// Handlers that move data: registers, names, attributes, items, cells.

@c(op_move) func op_move(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  r.set(fieldA(w), r.value(fieldB(w)))
  dispatch(pc, r, vm, tb)
}
@c(op_constant) func op_constant(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  r.set(fieldA(w), Value(bits: pc.pointee))
  dispatch(pc + 1, r, vm, tb)
}
@c(op_clear) func op_clear(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  r.set(fieldA(w), .empty)
  dispatch(pc, r, vm, tb)
}
@c(op_check) func op_check(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if _fastPath(r.word(fieldA(w)) != 0) {
    dispatch(pc, r, vm, tb)
    return
  }
  slowUnbound(pc, r, vm, tb, w)
}
@c(op_loadCell) func op_loadCell(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let value = r.raw(fieldB(w)).value(CellLayout.value)
  if _fastPath(!value.isEmpty) {
    r.set(fieldA(w), value)
    dispatch(pc, r, vm, tb)
    return
  }
  slowUnbound(pc, r, vm, tb, w)
}
@c(op_storeCell) func op_storeCell(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  r.raw(fieldA(w)).set(CellLayout.value, r.value(fieldB(w)))
  dispatch(pc, r, vm, tb)
}
@c(op_deleteCell) func op_deleteCell(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let cell = r.raw(fieldA(w))
  if _fastPath(!cell.value(CellLayout.value).isEmpty) {
    cell.set(CellLayout.value, .empty)
    dispatch(pc, r, vm, tb)
    return
  }
  slowUnbound(pc, r, vm, tb, w)
}

// Globals. Inline words: name, dict version, address of the value. A name found in builtins is cached the same way: the version is
// the globals', and says that the name is not there; the builtins' table never moves.
@c(op_loadGlobal) func op_loadGlobal(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let globals = r.raw(Frame.function).raw(FunctionLayout.globals)
  if _fastPath(UInt64(truncatingIfNeeded: globals.word(DictLayout.version)) == pc[1]) {
    let value = Raw(bitPattern: UInt(pc[2])).unsafelyUnwrapped.value(0)
    if _fastPath(!value.isEmpty) {
      r.set(fieldA(w), value)
      dispatch(pc + 3, r, vm, tb)
      return
    }
  }
  slowLoadGlobal(pc, r, vm, tb, w)
}
@c(op_storeGlobal) func op_storeGlobal(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let globals = r.raw(Frame.function).raw(FunctionLayout.globals)
  if _fastPath(UInt64(truncatingIfNeeded: globals.word(DictLayout.version)) == pc[1]) {
    Raw(bitPattern: UInt(pc[2])).unsafelyUnwrapped.set(0, r.value(fieldA(w)))
    dispatch(pc + 3, r, vm, tb)
    return
  }
  slowStoreGlobal(pc, r, vm, tb, w)
}

// Attributes. Inline words: name, guard, place. The guard is an instance's shape (place: byte offset of the slot) or the layout
// version of a module's globals (place: address of the value).
@c(op_loadAttribute) func op_loadAttribute(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let object = r.value(fieldB(w))
  if _fastPath(object.isObject) {
    let p = object.pointer
    if _fastPath(object.tag == .instance && UInt64(truncatingIfNeeded: p.word(InstanceLayout.shape)) == pc[1]) {
      r.set(fieldA(w), p.value(Int(truncatingIfNeeded: pc[2])))
      dispatch(pc + 3, r, vm, tb)
      return
    }
    if object.tag == .module
      && UInt64(truncatingIfNeeded: p.raw(ModuleLayout.globals).word(DictLayout.version)) == pc[1]
    {
      r.set(fieldA(w), Raw(bitPattern: UInt(pc[2])).unsafelyUnwrapped.value(0))
      dispatch(pc + 3, r, vm, tb)
      return
    }
  }
  slowLoadAttribute(pc, r, vm, tb, w)
}
/// b.name = a. The shape guard also says that no descriptor or `__setattr__` interferes; a class change bumps the epoch, which is
/// part of the cache (fourth word). Fifth word: the shape after adding the attribute, 0 when it is there already.
@c(op_storeAttribute) func op_storeAttribute(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let object = r.value(fieldB(w))
  if _fastPath(object.isObject) {
    let p = object.pointer
    if _fastPath(
      object.tag == .instance && UInt64(truncatingIfNeeded: p.word(InstanceLayout.shape)) == pc[1]
        && pc[3] == state(vm).pointee.classEpoch)
    {
      p.set(Int(truncatingIfNeeded: pc[2]), r.value(fieldA(w)))
      dispatch(pc + 4, r, vm, tb)
      return
    }
  }
  slowStoreAttribute(pc, r, vm, tb, w)
}
/// a, a+1 = the method and its receiver (or a value and nothing). Inline words: name, guard, function, class epoch.
@c(op_loadMethod) func op_loadMethod(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let object = r.value(fieldB(w))
  if _fastPath(object.isObject) {
    let p = object.pointer
    if object.tag == .instance {
      if _fastPath(
        UInt64(truncatingIfNeeded: p.word(InstanceLayout.shape)) == pc[1] && pc[3] == state(vm).pointee.classEpoch)
      {
        r.set(fieldA(w), Value(bits: pc[2]))
        r.set(fieldA(w) &+ 8, object)
        dispatch(pc + 4, r, vm, tb)
        return
      }
    } else if object.tag == .module {
      if UInt64(truncatingIfNeeded: p.raw(ModuleLayout.globals).word(DictLayout.version)) == pc[1] {
        r.set(fieldA(w), Raw(bitPattern: UInt(pc[2])).unsafelyUnwrapped.value(0))
        r.set(fieldA(w) &+ 8, .empty)
        dispatch(pc + 4, r, vm, tb)
        return
      }
    } else if UInt64(object.tag.rawValue) == pc[1] && pc[3] == state(vm).pointee.classEpoch {
      // Builtin types cannot change: their tag is guard enough.
      r.set(fieldA(w), Value(bits: pc[2]))
      r.set(fieldA(w) &+ 8, object)
      dispatch(pc + 4, r, vm, tb)
      return
    }
  }
  slowLoadMethod(pc, r, vm, tb, w)
}

/// The address of item `index` of a list or tuple for a small index in range (negative ones count from the end), else nil.
@inline(__always) func itemAddress(_ object: Value, _ index: Value) -> Raw? {
  guard object.isObject, index.isSmallInt else { return nil }
  let p = object.pointer
  var i = index.small
  if object.tag == .list {
    let n = ListLayout.count(p)
    if i < 0 { i = i &+ n }
    return UInt(bitPattern: i) < UInt(bitPattern: n) ? ListLayout.at(p, i) : nil
  }
  if object.tag == .tuple {
    let n = TupleLayout.count(p)
    if i < 0 { i = i &+ n }
    return UInt(bitPattern: i) < UInt(bitPattern: n) ? p + (TupleLayout.items &+ i &* 8) : nil
  }
  return nil
}
@c(op_loadItem) func op_loadItem(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  if let at = itemAddress(r.value(fieldB(w)), r.value(fieldC(w))) {
    r.set(fieldA(w), at.value(0))
    dispatch(pc, r, vm, tb)
    return
  }
  slowLoadItem(pc, r, vm, tb, w)
}
/// b[c] = a
@c(op_storeItem) func op_storeItem(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let object = r.value(fieldB(w))
  if object.has(.list), let at = itemAddress(object, r.value(fieldC(w))) {
    at.set(0, r.value(fieldA(w)))
    dispatch(pc, r, vm, tb)
    return
  }
  slowStoreItem(pc, r, vm, tb, w)
}
@c(op_listAppend) func op_listAppend(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  let list = r.value(fieldA(w))
  if _fastPath(list.has(.list)) {
    let p = list.pointer
    let n = p.word(ListLayout.countOffset)
    if _fastPath(n < p.word(ListLayout.capacityOffset)) {
      ListLayout.at(p, n).set(0, r.value(fieldB(w)))
      p.set(ListLayout.countOffset, word: n &+ 1)
      dispatch(pc, r, vm, tb)
      return
    }
  }
  slowListAppend(pc, r, vm, tb, w)
}
