/// Attribute look-up, store and delete: the slow, complete versions. Handlers cache what these find.
extension VM {
  @inline(__always) func coreType(_ index: Int) -> Value { s.pointee.types[index] }

  package func getAttribute(_ object: Value, _ name: Value) throws(PyError) -> Value {
    let found = try findAttribute(object, name)
    if found.isEmpty { throw noAttribute(object, name) }
    return found
  }

  /// The attribute, bound if it is a method; `.empty` when absent (no error set).
  package func findAttribute(_ object: Value, _ name: Value) throws(PyError) -> Value {
    let (found, receiver) = try findMethod(object, name)
    if receiver.isEmpty || found.isEmpty { return found }
    return try makeBoundMethod(found, receiver)
  }

  /// The attribute as a pair for a call: a function with its receiver, or a finished value with no receiver (`.empty`).
  package func findMethod(_ object: Value, _ name: Value) throws(PyError) -> (Value, Value) {
    if object.isObject {
      switch object.tag {
      case .instance: return try findInInstance(object, name)
      case .type: return try findInType(object, name)
      case .module: return (try findInModule(object, name), .empty)
      default: break
      }
    }
    let type = self.type(of: object)
    if let load = slots(type).pointee.loadAttribute {
      let result = Value(bits: load(raw, object.bits, name.bits))
      if result.isEmpty { throw PyError() }
      if result != .unsupported { return (result, .empty) }
    }
    let found = lookup(type, name)
    if !found.isEmpty { return try bind(found, object, type) }
    if name == interpreter.names.dunderClass { return (type, .empty) }
    return (.empty, .empty)
  }

  private func findInInstance(_ object: Value, _ name: Value) throws(PyError) -> (Value, Value) {
    let own = instanceGet(object, name)
    if !own.isEmpty { return (own, .empty) }
    let type = ShapeLayout.type(object.pointer.raw(InstanceLayout.shape))
    let found = lookup(type, name)
    if !found.isEmpty {
      let wrapped = wrappedNative(object)
      if !wrapped.isEmpty && found.has(.native) && !takesInstance(found) { return try bind(found, wrapped, type) }
      return try bind(found, object, type)
    }
    let names = interpreter.names
    if name == names.dunderClass { return (type, .empty) }
    if name == names.dunderDict { return (try instanceAttributes(object), .empty) }
    let wrapped = wrappedNative(object)
    if !wrapped.isEmpty {
      let native = try findMethod(wrapped, name)
      if !native.0.isEmpty { return native }
    }
    if (type.pointer.word(TypeLayout.flags) | interpreter.lateClassFlags) & TypeLayout.hasGetattr != 0 {
      let getattr = lookup(type, names.dunderGetattr)
      if !getattr.isEmpty { return (try call(getattr, object, name), .empty) }
    }
    return (.empty, .empty)
  }

  private func findInType(_ type: Value, _ name: Value) throws(PyError) -> (Value, Value) {
    let found = lookup(type, name)
    if !found.isEmpty {
      if found.has(.native) && found.pointer.word(NativeLayout.arity) & NativeLayout.isClassMethod != 0 {
        return (found, type)
      }
      if found.has(.object) {
        let kind = found.pointer.value(8)
        if kind == coreType(Interpreter.staticMethodTypeIndex) { return (ObjectLayout.field(found.pointer, 0), .empty) }
        if kind == coreType(Interpreter.classMethodTypeIndex) { return (ObjectLayout.field(found.pointer, 0), type) }
      }
      if found.has(.instance) {
        let get = lookup(self.type(of: found), interpreter.names.dunderGet)
        if !get.isEmpty { return (try call(get, found, .none, type), .empty) }
      }
      return (found, .empty)
    }
    let names = interpreter.names
    switch name {
    case names.dunderName, names.dunderQualname: return (type.pointer.value(TypeLayout.name), .empty)
    case names.dunderClass: return (coreType(Int(Tag.type.rawValue)), .empty)
    case names.dunderDict: return (try copyDict(type.pointer.value(TypeLayout.dict)), .empty)
    case names.dunderBases:
      let bases = type.pointer.value(TypeLayout.bases)
      if !bases.isEmpty { return (bases, .empty) }
      let object = coreType(Interpreter.objectTypeIndex)
      return (type == object ? try makeTuple() : try makeTuple(object), .empty)
    default: break
    }
    // `object`'s own methods, for classes without an explicit base.
    let inherited = lookup(coreType(Interpreter.objectTypeIndex), name)
    return (inherited, .empty)
  }

  private func findInModule(_ module: Value, _ name: Value) throws(PyError) -> Value {
    let globals = module.pointer.value(ModuleLayout.globals)
    let found = dictFindInterned(globals, name)
    if !found.isEmpty { return found }
    let names = interpreter.names
    if name == names.dunderDict { return globals }
    if name == names.dunderClass { return type(of: module) }
    let getattr = dictFindInterned(globals, names.dunderGetattr)
    if getattr.isEmpty { return .empty }
    // A missing attribute of a native module is told by `.unsupported`, not by an exception.
    let result = try call(getattr, name)
    return result == .unsupported ? .empty : result
  }

  /// What a class's attribute becomes when reached through an instance.
  func bind(_ found: Value, _ object: Value, _ type: Value) throws(PyError) -> (Value, Value) {
    guard found.isObject else { return (found, .empty) }
    switch found.tag {
    case .function: return (found, object)
    case .native:
      let arity = found.pointer.word(NativeLayout.arity)
      if arity & NativeLayout.isStatic != 0 { return (found, .empty) }
      return (found, arity & NativeLayout.isClassMethod != 0 ? type : object)
    case .object:
      let kind = found.pointer.value(8)
      if kind == coreType(Interpreter.propertyTypeIndex) {
        let getter = ObjectLayout.field(found.pointer, 0)
        if getter.isNone { throw error(.attributeError, "unreadable attribute") }
        return (try call(getter, accessorReceiver(getter, object)), .empty)
      }
      if kind == coreType(Interpreter.staticMethodTypeIndex) { return (ObjectLayout.field(found.pointer, 0), .empty) }
      if kind == coreType(Interpreter.classMethodTypeIndex) { return (ObjectLayout.field(found.pointer, 0), type) }
      return (found, .empty)
    case .instance:
      let get = lookup(self.type(of: found), interpreter.names.dunderGet)
      if get.isEmpty { return (found, .empty) }
      return (try call(get, found, object, type), .empty)
    default: return (found, .empty)
    }
  }

  func takesInstance(_ native: Value) -> Bool {
    native.pointer.word(NativeLayout.arity) & NativeLayout.takesInstance != 0
  }

  /// Native accessors of a property get the native object that an instance wraps.
  private func accessorReceiver(_ accessor: Value, _ object: Value) -> Value {
    guard accessor.has(.native) else { return object }
    let wrapped = wrappedNative(object)
    return wrapped.isEmpty ? object : wrapped
  }

  package func makeBoundMethod(_ function: Value, _ receiver: Value) throws(PyError) -> Value {
    let p = try allocate(.boundMethod, leaf: false, payload: BoundMethodLayout.payload, charge: 12)
    p.set(BoundMethodLayout.function, function)
    p.set(BoundMethodLayout.receiver, receiver)
    return Value(p)
  }

  package func noAttribute(_ object: Value, _ name: Value) -> PyError {
    if object.has(.type) {
      return error(
        .attributeError,
        "type object '\(string(object.pointer.value(TypeLayout.name)))' has no attribute '\(string(name))'")
    }
    return error(.attributeError, "'\(string(typeName(object)))' object has no attribute '\(string(name))'")
  }

  /// Stores an attribute; `value` empty deletes it.
  package func setAttribute(_ object: Value, _ name: Value, _ value: Value) throws(PyError) {
    if object.isObject {
      switch object.tag {
      case .instance:
        try setInInstance(object, name, value)
        return
      case .type:
        try setInType(object, name, value)
        return
      case .module:
        let globals = object.pointer.value(ModuleLayout.globals)
        if globals.pointer.header.bits & Header.fixedFlag == 0 {
          if value.isEmpty {
            if try dictRemove(globals, name).isEmpty { throw noAttribute(object, name) }
          } else {
            try dictStore(globals, name, value)
          }
          return
        }
      default: break
      }
    }
    let type = self.type(of: object)
    if let store = slots(type).pointee.storeAttribute {
      let result = Value(bits: store(raw, object.bits, name.bits, value.bits))
      if result.isEmpty { throw PyError() }
      if result != .unsupported { return }
    } else if try setThroughDescriptor(object, type, name, value) {
      return
    }
    if try findAttribute(object, name).isEmpty { throw noAttribute(object, name) }
    throw error(.attributeError, "can't set attribute '\(string(name))'")
  }

  private func setInInstance(_ object: Value, _ name: Value, _ value: Value) throws(PyError) {
    let type = ShapeLayout.type(object.pointer.raw(InstanceLayout.shape))
    let flags = type.pointer.word(TypeLayout.flags) | interpreter.lateClassFlags
    if flags & TypeLayout.hasDescriptors != 0, try setThroughDescriptor(object, type, name, value) { return }
    if flags & (TypeLayout.hasSetattr | TypeLayout.hasDelattr) != 0 {
      let names = interpreter.names
      let method = lookup(type, value.isEmpty ? names.dunderDelattr : names.dunderSetattr)
      if !method.isEmpty && !method.has(.native) {
        if value.isEmpty { _ = try call(method, object, name) } else { _ = try call(method, object, name, value) }
        return
      }
    }
    try setOwnAttribute(object, name, value)
  }

  /// What `object.__setattr__` does: no `__setattr__`, no descriptors.
  package func setOwnAttribute(_ object: Value, _ name: Value, _ value: Value) throws(PyError) {
    if value.isEmpty {
      if try !instanceDelete(object, name) { throw noAttribute(object, name) }
    } else {
      try instanceSet(object, name, value)
    }
  }

  /// Properties and descriptors of the class come first. False: none of that name.
  private func setThroughDescriptor(_ object: Value, _ type: Value, _ name: Value, _ value: Value) throws(PyError)
    -> Bool
  {
    let found = lookup(type, name)
    if found.has(.object) && found.pointer.value(8) == coreType(Interpreter.propertyTypeIndex) {
      let accessor = ObjectLayout.field(found.pointer, value.isEmpty ? 2 : 1)
      if accessor.isNone { throw error(.attributeError, "can't set attribute '\(string(name))'") }
      let receiver = accessorReceiver(accessor, object)
      if value.isEmpty { _ = try call(accessor, receiver) } else { _ = try call(accessor, receiver, value) }
      return true
    }
    if found.has(.instance) {
      let names = interpreter.names
      let method = lookup(self.type(of: found), value.isEmpty ? names.dunderDelete : names.dunderSet)
      if method.isEmpty { return false }
      if value.isEmpty { _ = try call(method, found, object) } else { _ = try call(method, found, object, value) }
      return true
    }
    return false
  }

  private func setInType(_ type: Value, _ name: Value, _ value: Value) throws(PyError) {
    if type.pointer.word(TypeLayout.flags) & TypeLayout.isUser == 0 {
      throw error(.attributeError, "can't set attribute '\(string(name))'")
    }
    let dict = type.pointer.value(TypeLayout.dict)
    if value.isEmpty {
      if try dictRemove(dict, name).isEmpty { throw noAttribute(type, name) }
      classChanged()
      return
    }
    let slot = dictSlotInterned(dict.pointer, name)
    if slot >= 0 {
      let address = DictLayout.slot(dict.pointer, slot)
      // Plain data replaced by plain data is never held by an inline cache.
      let wasData = !address.value(8).isObject || address.value(8).tag.isPlainData
      address.set(8, value)
      if wasData && (!value.isObject || value.tag.isPlainData) { return }
    } else {
      try dictStore(dict, name, value)
    }
    noteClassAttribute(type, name, value)
    classChanged()
  }

  /// Keeps the flags that let look-ups skip work: does the class have `__getattr__`, descriptors …
  /// A class that gains one after its creation may have subclasses already: then every class is taken to have it.
  func noteClassAttribute(_ type: Value, _ name: Value, _ value: Value, isNew: Bool = false) {
    let names = interpreter.names
    var flags = 0
    if name == names.dunderGetattr { flags |= TypeLayout.hasGetattr }
    if name == names.dunderSetattr { flags |= TypeLayout.hasSetattr }
    if name == names.dunderDelattr { flags |= TypeLayout.hasDelattr }
    if value.has(.instance) { flags |= TypeLayout.hasDescriptors }
    if value.has(.object) && value.pointer.value(8) == coreType(Interpreter.propertyTypeIndex) {
      flags |= TypeLayout.hasDescriptors
    }
    if isNew {
      type.pointer.set(TypeLayout.flags, word: type.pointer.word(TypeLayout.flags) | flags)
    } else {
      interpreter.lateClassFlags |= flags
    }
  }

  package func getAttribute(_ object: Value, _ name: StaticString) throws(PyError) -> Value {
    try getAttribute(object, intern(name))
  }
}

extension Tag {
  /// Values of these types mean the same whether found on a class or an instance.
  @inline(__always) var isPlainData: Bool {
    rawValue <= Tag.slice.rawValue || self == .module || self == .exception
  }
}
