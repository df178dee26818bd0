/// Classes written in Python: making them, and making their instances.
extension VM {
  /// `__build_class__(body, name, *bases)`
  func buildClass(_ a: Arguments) throws(PyError) -> Value {
    guard a[0].has(.function), a[1].has(.str) else { throw typeError("invalid class definition") }
    let dict = try makeDict()
    let base = s.pointee.top
    push(dict)
    defer { s.pointee.top = base }
    let cell = try callBody(a[0], locals: dict)
    let bases = try makeTuple(from: a.base + 16, count: a.count - 2)
    push(bases)
    let made = try makeClass(a[1], bases, dict)
    if cell.has(.cell) { cell.pointer.set(CellLayout.value, made) }
    return made
  }

  /// `type(name, bases, dict)`
  package func makeClass(_ name: Value, _ bases: Value, _ dict: Value) throws(PyError) -> Value {
    var native = Value.empty
    var inherited = 0
    let object = coreType(Interpreter.objectTypeIndex)
    for i in 0..<TupleLayout.count(bases.pointer) {
      let base = TupleLayout.item(bases.pointer, i)
      guard base.has(.type) else { throw typeError("type '\(string(typeName(base)))' isn't an acceptable base type") }
      let flags = base.pointer.word(TypeLayout.flags)
      inherited |= flags
      var builtin = base.pointer.value(TypeLayout.nativeBase)
      if flags & TypeLayout.isUser == 0 && base != object { builtin = base }
      if !builtin.isEmpty && flags & TypeLayout.isException == 0 {
        guard slots(builtin).pointee.make != nil else {
          throw typeError("type '\(string(base.pointer.value(TypeLayout.name)))' isn't an acceptable base type")
        }
        if !native.isEmpty && native != builtin { throw typeError("multiple bases have instance lay-out conflict") }
        native = builtin
      }
    }
    let kept =
      TypeLayout.hasGetattr | TypeLayout.hasSetattr | TypeLayout.hasDelattr | TypeLayout.hasDescriptors
      | TypeLayout.isException | TypeLayout.isNamedTuple
    let p = try allocateZeroed(.type, leaf: false, payload: TypeLayout.payload, charge: 64)
    p.set(TypeLayout.name, interned(name))
    p.set(TypeLayout.flags, word: Int(Tag.instance.rawValue) | TypeLayout.isUser | inherited & kept)
    if TupleLayout.count(bases.pointer) > 0 && bases != .empty { p.set(TypeLayout.bases, bases) }
    p.set(TypeLayout.dict, dict)
    p.set(TypeLayout.nativeBase, native)
    let isException = inherited & TypeLayout.isException != 0
    let slotsOwner = isException ? exceptionType(.baseException) : native.isEmpty ? object : native
    p.set(TypeLayout.slots, word: slotsOwner.pointer.word(TypeLayout.slots))
    let type = Value(p)
    interpreter.userTypes.append(type)
    try finishClass(type, dict)
    return type
  }

  private func finishClass(_ type: Value, _ dict: Value) throws(PyError) {
    push(type)
    defer { pop() }
    let names = interpreter.names
    // `__new__` is a static method whether it says so or not.
    let new = dictFindInterned(dict, names.dunderNew)
    if new.has(.function) {
      try dictStore(dict, names.dunderNew, try makeWrapper(Interpreter.staticMethodTypeIndex, new))
    }
    var at = 0
    while let (slot, key, value) = dictNext(dict, from: at) {
      at = slot + 1
      if key.has(.str) { noteClassAttribute(type, key, value, isNew: true) }
    }
    classChanged()
    at = 0
    while let (slot, key, value) = dictNext(dict, from: at) {
      at = slot + 1
      guard value.has(.instance) else { continue }
      let setName = lookup(self.type(of: value), names.dunderSetName)
      if !setName.isEmpty { _ = try call(setName, value, type, key) }
    }
  }

  /// A staticmethod, classmethod or similar one-field wrapper.
  func makeWrapper(_ typeIndex: Int, _ value: Value) throws(PyError) -> Value {
    let wrapper = try makeObject(coreType(typeIndex), fields: 1)
    ObjectLayout.set(wrapper.pointer, 0, value)
    return wrapper
  }

  /// `T(…)` for any type.
  func instantiate(_ type: Value, _ args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError) -> Value {
    let flags = type.pointer.word(TypeLayout.flags)
    if flags & TypeLayout.isUser == 0
      || flags & TypeLayout.isNamedTuple != 0 && type.pointer.value(TypeLayout.nativeBase).isEmpty
    {
      guard let make = slots(type).pointee.make else {
        throw typeError("cannot create '\(string(type.pointer.value(TypeLayout.name)))' instances")
      }
      return try callWithType(make, type, args, counts)
    }
    let names = interpreter.names
    let new = lookup(type, names.dunderNew)
    var instance: Value
    if !new.isEmpty && !new.has(.native) {
      let (function, _) = try bind(new, type, type)
      instance = try callWithReceiver(function, type, args, counts)
      if !isInstance(instance, type) { return instance }
    } else {
      instance = try makePlain(type, flags, args, counts)
    }
    let initialiser = lookup(type, names.dunderInit)
    if initialiser.isEmpty || initialiser.has(.native) { return try completed(instance, args, counts) }
    push(instance)
    defer { pop() }
    let result = try callWithReceiver(initialiser, instance, args, counts)
    if !result.isNone {
      throw typeError("__init__() should return None, not '\(string(typeName(result)))'")
    }
    return try completed(instance, args, counts)
  }

  /// A builtin base that neither `__new__` nor `__init__` initialised gets the same arguments, as on the board.
  private func completed(_ instance: Value, _ args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError) -> Value {
    guard instance.has(.instance), wrappedNative(instance).isEmpty else { return instance }
    let native = type(of: instance).pointer.value(TypeLayout.nativeBase)
    guard !native.isEmpty, let make = slots(native).pointee.make else { return instance }
    push(instance)
    defer { pop() }
    instance.pointer.set(InstanceLayout.slots, try callWithType(make, native, args, counts))
    return instance
  }

  /// What `super().__init__` is in a class with a builtin base: makes the builtin object that the instance wraps.
  func nativeInitialiser() throws(PyError) -> Value {
    try nativeType("super().__init__") { vm throws(PyError) in
      try vm.makeNative(
        NativeDefinition("__init__", 1, nil, keywords: true) {
          native($0, $1, $2) { vm, a throws(PyError) in
            guard a[0].has(.instance) else { throw vm.typeError("arg must be user-type") }
            let native = vm.type(of: a[0]).pointer.value(TypeLayout.nativeBase)
            guard !native.isEmpty, let make = vm.slots(native).pointee.make else { return .none }
            let counts = (a.count - 1) | a.keywordCount << 16
            a[0].pointer.set(InstanceLayout.slots, try vm.callWithType(make, native, a.base + 8, counts))
            return .none
          }
        })
    }
  }

  /// An instance before `__init__`.
  private func makePlain(_ type: Value, _ flags: Int, _ args: UnsafeMutableRawPointer, _ counts: Int) throws(PyError)
    -> Value
  {
    if flags & TypeLayout.isException != 0 {
      return try makeException(type, args: try makeTuple(from: args, count: counts & 0xFFFF))
    }
    let instance = try makeInstance(type)
    let native = type.pointer.value(TypeLayout.nativeBase)
    if native.isEmpty { return instance }
    push(instance)
    defer { pop() }
    // With an `__init__` of its own `super().__init__(…)` makes the wrapped object; a container is there, empty, before that.
    let hasOwnInit =
      !lookup(type, interpreter.names.dunderInit).isEmpty && !lookup(type, interpreter.names.dunderInit).has(.native)
    if let blank = slots(native).pointee.blank {
      let wrapped = try checked(blank(raw, native.bits, instance.bits))
      instance.pointer.set(InstanceLayout.slots, wrapped)
      if !hasOwnInit {
        _ = try callWithReceiver(lookup(native, interpreter.names.dunderInit), wrapped, args, counts)
      }
      return instance
    }
    guard let make = slots(native).pointee.make else { return instance }
    let isContainer = [Tag.list, .dict, .set, .bytearray].contains { native == s.pointee.types[Int($0.rawValue)] }
    if hasOwnInit && !isContainer { return instance }
    let wrapped = hasOwnInit ? try callWithType(make, native, args, 0) : try callWithType(make, native, args, counts)
    instance.pointer.set(InstanceLayout.slots, wrapped)
    return instance
  }

  /// Calls a type's maker: the type goes before the arguments.
  func callWithType(_ make: NativeFunction, _ type: Value, _ args: UnsafeMutableRawPointer, _ counts: Int)
    throws(PyError) -> Value
  {
    let words = (counts & 0xFFFF) + 2 * (counts &>> 16)
    let base = s.pointee.top
    base.set(0, type)
    (base + 8).copyMemory(from: args, byteCount: words * 8)
    s.pointee.top = base + 8 + words * 8
    defer { s.pointee.top = base }
    return try checked(make(raw, base, counts + 1))
  }

  /// How many different attributes the methods of a class and its bases store on self: a guess at how many slots instances want.
  func storedAttributeCount(_ type: Value) -> Int {
    var names: Set<UInt64> = []
    func visit(_ type: Value, _ depth: Int) {
      let dict = type.pointer.value(TypeLayout.dict)
      if depth > 8 || dict.isEmpty { return }
      let initialiser = dictFindInterned(dict, interpreter.names.dunderInit)
      if initialiser.has(.function) {
        let unit = LoadedUnit.of(initialiser.pointer.value(FunctionLayout.unit))
        for name in unit.storedNames(initialiser.pointer.body.pointee.index) { names.insert(name.bits) }
      }
      let bases = type.pointer.value(TypeLayout.bases)
      if bases.isEmpty { return }
      for i in 0..<TupleLayout.count(bases.pointer) { visit(TupleLayout.item(bases.pointer, i), depth + 1) }
    }
    visit(type, 0)
    return names.count
  }
}
