// The slow ways of attribute handlers: the full look-up, then filling the inline cache if what was found is of a kind that can be cached.

@inline(never) func slowLoadAttribute(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let object = r.value(fieldB(w))
  let name = Value(bits: pc[0])
  if object.has(.instance) {
    let shape = object.pointer.raw(InstanceLayout.shape)
    let slot = VM(vm).shapeSlot(shape, name)
    if slot >= 0 {
      if slot < ShapeLayout.inlineCapacity(shape) {
        pc[1] = UInt64(UInt(bitPattern: shape))
        pc[2] = UInt64(InstanceLayout.slots + slot * 8)
      }
      let inline = ShapeLayout.inlineCapacity(shape)
      r.set(fieldA(w), VM(vm).slotAddress(object.pointer, slot, inline: inline).value(0))
      dispatch(pc + 3, r, vm, tb)
      return
    }
  } else if object.has(.module) {
    let globals = object.pointer.raw(ModuleLayout.globals)
    let slot = VM(vm).dictSlotInterned(globals, name)
    if slot >= 0 {
      pc[1] = UInt64(truncatingIfNeeded: globals.word(DictLayout.version))
      pc[2] = UInt64(UInt(bitPattern: DictLayout.slot(globals, slot) + 8))
    }
  }
  let value = attempt(vm) { vm throws(PyError) in try vm.getAttribute(object, name) }
  deliver(value, pc + 3, pc, r, vm, tb, w)
}

@inline(never) func slowStoreAttribute(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let object = r.value(fieldB(w))
  let name = Value(bits: pc[0])
  if object.has(.instance) {
    let shape = object.pointer.raw(InstanceLayout.shape)
    let type = ShapeLayout.type(shape)
    let slot = VM(vm).shapeSlot(shape, name)
    if slot >= 0 && slot < ShapeLayout.inlineCapacity(shape) && VM(vm).storesPlainly(type, name) {
      pc[1] = UInt64(UInt(bitPattern: shape))
      pc[2] = UInt64(InstanceLayout.slots + slot * 8)
      pc[3] = state(vm).pointee.classEpoch
    }
  }
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.setAttribute(object, name, r.value(fieldA(w)))
    return .none
  }
  finish(ok, pc + 4, pc, r, vm, tb, w)
}

func op_deleteAttribute(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let ok = attempt(vm) { vm throws(PyError) in
    try vm.setAttribute(r.value(fieldB(w)), Value(bits: pc[0]), .empty)
    return .none
  }
  finish(ok, pc + 1, pc, r, vm, tb, w)
}

extension VM {
  /// Whether storing `name` on instances of `type` is no more than writing a slot.
  func storesPlainly(_ type: Value, _ name: Value) -> Bool {
    let flags = type.pointer.word(TypeLayout.flags) | interpreter.lateClassFlags
    if flags & TypeLayout.hasSetattr != 0 { return false }
    if flags & TypeLayout.hasDescriptors == 0 { return true }
    let found = lookup(type, name)
    return !(found.has(.object) || found.has(.instance))
  }
}

@inline(never) func slowLoadMethod(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  let object = r.value(fieldB(w))
  let name = Value(bits: pc[0])
  var pair = (Value.empty, Value.empty)
  let ok = attempt(vm) { vm throws(PyError) in
    pair = try vm.findMethod(object, name)
    if pair.0.isEmpty { throw vm.noAttribute(object, name) }
    return .none
  }
  if ok.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  r.set(fieldA(w), pair.0)
  r.set(fieldA(w) &+ 8, pair.1)
  VM(vm).cacheMethod(pc, object, name, pair)
  proceed(pc + 4, r, vm, tb, w)
}

extension VM {
  fileprivate func cacheMethod(_ pc: PC, _ object: Value, _ name: Value, _ pair: (Value, Value)) {
    guard object.isObject else { return }
    if object.tag == .module {
      let globals = object.pointer.raw(ModuleLayout.globals)
      let slot = dictSlotInterned(globals, name)
      if slot >= 0 {
        pc[1] = UInt64(truncatingIfNeeded: globals.word(DictLayout.version))
        pc[2] = UInt64(UInt(bitPattern: DictLayout.slot(globals, slot) + 8))
      }
      return
    }
    // Only a function bound to the object itself is the same at the next time.
    guard pair.1 == object, pair.0.has(.function) || pair.0.has(.native) else { return }
    if object.tag == .instance {
      pc[1] = UInt64(UInt(bitPattern: object.pointer.raw(InstanceLayout.shape)))
    } else if object.tag != .object && object.tag != .type && object.tag != .exception && object.tag != .namedTuple {
      pc[1] = UInt64(object.tag.rawValue)
    } else {
      return
    }
    pc[2] = pair.0.bits
    pc[3] = s.pointee.classEpoch
  }
}

/// a, a+1 = method and receiver of super(class b, self b+1).name
func op_loadSuperMethod(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw, _ w: UInt64) {
  settle(r, vm)
  var pair = (Value.empty, Value.empty)
  let ok = attempt(vm) { vm throws(PyError) in
    let name = Value(bits: pc[0])
    let type = r.value(fieldB(w))
    if !type.has(.type) { throw vm.typeError("super() needs a class") }
    pair = try vm.findSuper(type, r.value(fieldB(w) + 8), name)
    if pair.0.isEmpty { throw vm.error(.attributeError, "'super' object has no attribute '\(vm.string(name))'") }
    return .none
  }
  if ok.isEmpty {
    unwind(pc, r, vm, tb, w)
    return
  }
  r.set(fieldA(w), pair.0)
  r.set(fieldA(w) &+ 8, pair.1)
  proceed(pc + 1, r, vm, tb, w)
}

extension VM {
  /// A name looked up in the bases of `type` (not in it), bound to `object`.
  func findSuper(_ type: Value, _ object: Value, _ name: Value) throws(PyError) -> (Value, Value) {
    let bases = type.pointer.value(TypeLayout.bases)
    if !bases.isEmpty {
      for i in 0..<TupleLayout.count(bases.pointer) {
        let found = lookup(TupleLayout.item(bases.pointer, i), name)
        if found.isEmpty { continue }
        // (Builtin types have no `__init__` of their own, exceptions aside.)
        let receiver = found.has(.native) && !takesInstance(found) ? wrappedOrSelf(object) : object
        return try bind(found, receiver, object.has(.type) ? object : self.type(of: object))
      }
    }
    if name == interpreter.names.dunderInit && object.has(.instance)
      && !self.type(of: object).pointer.value(TypeLayout.nativeBase).isEmpty
    {
      return (try nativeInitialiser(), object)
    }
    let found = lookup(coreType(Interpreter.objectTypeIndex), name)
    return found.isEmpty ? (.empty, .empty) : try bind(found, object, self.type(of: object))
  }
}
