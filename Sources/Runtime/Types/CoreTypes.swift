/// object, type, None and friends, functions, modules, property and the like.
extension VM {
  func installCoreTypes() throws(PyError) {
    try installObject()
    try installTypeType()
    s.pointee.types[Interpreter.noneTypeIndex] = try makeType("NoneType", slots: constantSlots())
    s.pointee.types[Interpreter.ellipsisTypeIndex] = try makeType("ellipsis", slots: constantSlots())
    s.pointee.types[Interpreter.notImplementedTypeIndex] = try makeType("NotImplementedType", slots: constantSlots())
    try installFunctions()
    try installModule()
    try installWrappers()
    try installSequenceIterator()
    install(try makeType("cell", tag: .cell), for: .cell)
  }

  /// None, ... and NotImplemented: equal to themselves only, hashable.
  private func constantSlots() -> TypeSlots { TypeSlots() }

  private func installObject() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count > 1 { throw vm.typeError("function takes 0 positional arguments but \(a.count - 1) were given") }
        return try vm.makeObject(a[0], fields: 0)
      }
    }
    slots.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let value = Value(bits: v)
        TextBuffer(out).append("<\(vm.string(vm.typeName(value))) object at \(vm.hexAddress(value))>")
        return .none
      }
    }
    let object = try makeType("object", slots: slots)
    s.pointee.types[Interpreter.objectTypeIndex] = object
    try define(object, NativeDefinition("__init__", 1, nil, keywords: true) { _, _, _ in Value.none.bits })
    try define(
      object,
      NativeDefinition("__new__", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.type) else { throw vm.typeError("__new__ arg must be a type") }
          let type = a[0]
          if type.pointer.word(TypeLayout.flags) & TypeLayout.isUser == 0 { return try vm.call(type) }
          return try vm.makeInstance(type)
        }
      }.asStatic)
    try define(
      object,
      NativeDefinition("__setattr__", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.instance), a[1].has(.str) else { throw vm.typeError("arg must be user-type") }
          try vm.setOwnAttribute(a[0], vm.interned(a[1]), a[2])
          return .none
        }
      })
    try define(
      object,
      NativeDefinition("__delattr__", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.instance), a[1].has(.str) else { throw vm.typeError("arg must be user-type") }
          try vm.setOwnAttribute(a[0], vm.interned(a[1]), .empty)
          return .none
        }
      })
  }

  private func installTypeType() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count == 2 { return vm.type(of: a[1]) }
        guard a.count == 4, a[1].has(.str), a[2].has(.tuple), a[3].has(.dict) else {
          throw vm.typeError("type takes 1 or 3 arguments")
        }
        return try vm.makeClass(a[1], a[2], try vm.copyDict(a[3]))
      }
    }
    slots.print = { vm, v, _, out in
      TextBuffer(out).append("<class '\(VM(vm).string(Value(bits: v).pointer.value(TypeLayout.name)))'>")
      return Value.none.bits
    }
    install(try makeType("type", tag: .type, slots: slots), for: .type)
  }

  private func installFunctions() throws(PyError) {
    var slots = TypeSlots()
    slots.print = { vm, v, _, out in
      let function = Value(bits: v)
      let name = VM(vm).string(function.pointer.body.pointee.name)
      TextBuffer(out).append("<function \(name) at \(VM(vm).hexAddress(function))>")
      return Value.none.bits
    }
    slots.loadAttribute = { vm, v, name in
      let names = VM(vm).interpreter.names
      let p = Value(bits: v).pointer
      switch Value(bits: name) {
      case names.dunderName, names.dunderQualname: return p.body.pointee.name.bits
      default: return Value.unsupported.bits
      }
    }
    install(try makeType("function", tag: .function, slots: slots), for: .function)
    var nativeSlots = TypeSlots()
    nativeSlots.print = { vm, v, _, out in
      let name = VM(vm).string(Value(bits: v).pointer.value(NativeLayout.name))
      TextBuffer(out).append("<function \(name) at \(VM(vm).hexAddress(Value(bits: v)))>")
      return Value.none.bits
    }
    nativeSlots.loadAttribute = { vm, v, name in
      Value(bits: name) == VM(vm).interpreter.names.dunderName
        ? Value(bits: v).pointer.value(NativeLayout.name).bits : Value.unsupported.bits
    }
    install(try makeType("function", tag: .native, slots: nativeSlots), for: .native)
    var method = TypeSlots()
    method.print = { vm, _, _, out in
      TextBuffer(out).append("<bound_method>")
      return Value.none.bits
    }
    method.loadAttribute = { vm, v, name in
      operation(vm) { vm throws(PyError) in
        let function = Value(bits: v).pointer.value(BoundMethodLayout.function)
        let found = try vm.findAttribute(function, Value(bits: name))
        return found.isEmpty ? .unsupported : found
      }
    }
    method.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        let (x, y) = (Value(bits: a), Value(bits: b))
        guard BinaryOperation(rawValue: op) == .equal, y.has(.boundMethod) else { return .unsupported }
        return Value(
          x.pointer.value(BoundMethodLayout.function) == y.pointer.value(BoundMethodLayout.function)
            && x.pointer.value(BoundMethodLayout.receiver) == y.pointer.value(BoundMethodLayout.receiver))
      }
    }
    method.unary = { vm, op, v in
      guard UnaryOperation(rawValue: op) == .hash else { return Value.unsupported.bits }
      let p = Value(bits: v).pointer
      let h = p.value(BoundMethodLayout.function).bits &+ p.value(BoundMethodLayout.receiver).bits
      return Value(small: Int(truncatingIfNeeded: h &>> 4)).bits
    }
    install(try makeType("bound_method", tag: .boundMethod, slots: method), for: .boundMethod)
  }

  private func installModule() throws(PyError) {
    var slots = TypeSlots()
    slots.print = { vm, v, _, out in
      let p = Value(bits: v).pointer
      let out = TextBuffer(out)
      out.append("<module '\(VM(vm).string(p.value(ModuleLayout.name)))'")
      let file = VM(vm).dictFindInterned(p.value(ModuleLayout.globals), VM(vm).interpreter.names.dunderFile)
      if file.has(.str) { out.append(" from '\(VM(vm).string(file))'") }
      out.append(">")
      return Value.none.bits
    }
    install(try makeType("module", tag: .module, slots: slots), for: .module)
  }

  private func installWrappers() throws(PyError) {
    for (index, name) in [
      (Interpreter.staticMethodTypeIndex, "staticmethod" as StaticString),
      (Interpreter.classMethodTypeIndex, "classmethod"),
    ] {
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count != 2 { throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given") }
          let wrapper = try vm.makeObject(a[0], fields: 1)
          ObjectLayout.set(wrapper.pointer, 0, a[1])
          return wrapper
        }
      }
      s.pointee.types[index] = try makeType(name, slots: slots)
    }
    var property = TypeSlots()
    property.make = { native($0, $1, $2, makeProperty) }
    s.pointee.types[Interpreter.propertyTypeIndex] = try makeType(
      "property",
      methods: [
        NativeDefinition("getter", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try vm.copyProperty(a, 0) } },
        NativeDefinition("setter", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try vm.copyProperty(a, 1) } },
        NativeDefinition("deleter", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try vm.copyProperty(a, 2) } },
      ], slots: property)
    var superSlots = TypeSlots()
    superSlots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        guard a.count == 3, a[1].has(.type) else { throw vm.typeError("super() takes a class and an object") }
        let object = try vm.makeObject(a[0], fields: 2)
        ObjectLayout.set(object.pointer, 0, a[1])
        ObjectLayout.set(object.pointer, 1, a[2])
        return object
      }
    }
    superSlots.loadAttribute = { vm, v, name in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let (found, receiver) = try vm.findSuper(ObjectLayout.field(p, 0), ObjectLayout.field(p, 1), Value(bits: name))
        if found.isEmpty { return .unsupported }
        return receiver.isEmpty ? found : try vm.makeBoundMethod(found, receiver)
      }
    }
    s.pointee.types[Interpreter.superTypeIndex] = try makeType("super", slots: superSlots)
  }

  private func copyProperty(_ a: Arguments, _ place: Int) throws(PyError) -> Value {
    let copy = try makeObject(a[0].pointer.value(8), fields: 3)
    for i in 0..<3 { ObjectLayout.set(copy.pointer, i, i == place ? a[1] : ObjectLayout.field(a[0].pointer, i)) }
    return copy
  }

  private func installSequenceIterator() throws(PyError) {
    var slots = TypeSlots()
    slots.iterate = { _, v in v }
    slots.next = { vm, v in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let source = ObjectLayout.field(p, 0)
        let i = ObjectLayout.field(p, 1).small
        if i < 0 { return .stop }
        if source.has(.list) {
          if i >= ListLayout.count(source.pointer) { return .stop }
          ObjectLayout.set(p, 1, Value(small: i + 1))
          return ListLayout.item(source.pointer, i)
        }
        if source.has(.tuple) || source.has(.namedTuple) {
          if i >= TupleLayout.count(source.pointer) { return .stop }
          ObjectLayout.set(p, 1, Value(small: i + 1))
          return TupleLayout.item(source.pointer, i)
        }
        do throws(PyError) {
          let item = try vm.getItem(source, Value(small: i))
          ObjectLayout.set(p, 1, Value(small: i + 1))
          return item
        } catch {
          if vm.exceptionIs(.indexError) || vm.exceptionIs(.stopIteration) {
            vm.s.pointee.exception = .empty
            ObjectLayout.set(p, 1, Value(small: -1))
            return .stop
          }
          throw error
        }
      }
    }
    s.pointee.types[Interpreter.sequenceIteratorTypeIndex] = try makeType("iterator", slots: slots)
  }
}

private func makeProperty(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let property = try vm.makeObject(a[0], fields: 3)
  for i in 1..<min(a.count, 4) { ObjectLayout.set(property.pointer, i - 1, a[i]) }
  for i in 0..<a.keywordCount {
    switch vm.string(a.keywordName(i)) {
    case "fget": ObjectLayout.set(property.pointer, 0, a.keywordValue(i))
    case "fset": ObjectLayout.set(property.pointer, 1, a.keywordValue(i))
    case "fdel": ObjectLayout.set(property.pointer, 2, a.keywordValue(i))
    case "doc": break
    default: throw vm.typeError("unexpected keyword argument '\(vm.string(a.keywordName(i)))'")
    }
  }
  return property
}
