/// How builtin types and native modules are declared: tables of names and natives.

/// One method or function of a table.
package struct NativeDefinition {
  let name: StaticString
  let arity: Int
  let function: NativeFunction

  /// - Parameters:
  ///   - minimum: least positional arguments, counting self for methods.
  ///   - maximum: most, nil for any number.
  ///   - keywords: whether keyword arguments are passed on (`Arguments.keyword`); otherwise they are a TypeError.
  package init(
    _ name: StaticString, _ minimum: Int, _ maximum: Int?, keywords: Bool = false, _ function: NativeFunction
  ) {
    self.name = name
    arity =
      minimum | (maximum ?? NativeLayout.unlimited) << 16 | (keywords ? NativeLayout.takesKeywords : 0)
    self.function = function
  }

  private init(_ name: StaticString, _ arity: Int, _ function: NativeFunction) {
    self.name = name
    self.arity = arity
    self.function = function
  }

  /// A static method: no self.
  package var asStatic: NativeDefinition { NativeDefinition(name, arity | NativeLayout.isStatic, function) }
  /// A method whose self is the outermost object: an instance of a Python subclass rather than what it wraps.
  package var asInstanceMethod: NativeDefinition {
    NativeDefinition(name, arity | NativeLayout.takesInstance, function)
  }
  /// A class method: the class comes first.
  package var asClassMethod: NativeDefinition { NativeDefinition(name, arity | NativeLayout.isClassMethod, function) }
}

/// The arguments of a native, read in place on the VM stack (so they are rooted).
package struct Arguments {
  package let base: UnsafeMutableRawPointer
  /// Positional arguments, self included.
  package let count: Int
  package let keywordCount: Int

  @inline(__always) init(_ base: UnsafeMutableRawPointer, _ counts: Int) {
    self.base = base
    count = counts & 0xFFFF
    keywordCount = counts &>> 16
  }
  @inline(__always) package subscript(i: Int) -> Value { base.value(i &* 8) }
  /// Positional argument `i`, or `.empty` when not given.
  @inline(__always) package func optional(_ i: Int) -> Value { i < count ? base.value(i &* 8) : .empty }
  package func keywordName(_ i: Int) -> Value { base.value((count + i * 2) * 8) }
  package func keywordValue(_ i: Int) -> Value { base.value((count + i * 2 + 1) * 8) }
  /// The value of a keyword argument (an interned name), or `.empty`.
  package func keyword(_ name: Value) -> Value {
    for i in 0..<keywordCount where keywordName(i) == name { return keywordValue(i) }
    return .empty
  }
}

/// Runs a native's body with typed errors and turns the outcome into a word. Every native is written as
/// `NativeDefinition("name", 1, 2) { native($0, $1, $2, someFunction) }`.
@inline(__always)
package func native(
  _ vm: UnsafeMutableRawPointer, _ args: UnsafeMutableRawPointer, _ counts: Int,
  _ body: (VM, Arguments) throws(PyError) -> Value
) -> UInt64 {
  do throws(PyError) { return try body(VM(vm), Arguments(args, counts)).bits } catch { return 0 }
}

/// As `native`, for the operations of `TypeSlots`.
@inline(__always)
package func operation(_ vm: UnsafeMutableRawPointer, _ body: (VM) throws(PyError) -> Value) -> UInt64 {
  do throws(PyError) { return try body(VM(vm)).bits } catch { return 0 }
}

/// A module in native code, built when first imported.
package struct NativeModule {
  package let name: String
  /// Files in `/lib` may take its place (`MP_REGISTER_EXTENSIBLE_MODULE` on the board).
  package let isReplaceable: Bool
  /// Fills the module's globals (`__name__` is set already).
  package let build: (VM, _ globals: Value) throws(PyError) -> Void

  package init(_ name: String, isReplaceable: Bool = false, build: @escaping (VM, Value) throws(PyError) -> Void) {
    self.name = name
    self.isReplaceable = isReplaceable
    self.build = build
  }
}

extension VM {
  /// A native function object.
  /// - Parameter owner: the type whose instances it takes as first argument; empty for functions.
  package func makeNative(_ definition: NativeDefinition, owner: Value = .empty) throws(PyError) -> Value {
    let p = try allocate(.native, leaf: false, payload: NativeLayout.payload, charge: 0)
    p.storeBytes(of: unsafeBitCast(definition.function, to: Int.self), toByteOffset: NativeLayout.code, as: Int.self)
    p.set(NativeLayout.name, intern(definition.name))
    // One that wants the instance itself looks at its receiver itself.
    let unchecked = NativeLayout.isStatic | NativeLayout.isClassMethod | NativeLayout.takesInstance
    let isMethod = !owner.isEmpty && definition.arity & unchecked == 0
    let tag = isMethod ? owner.pointer.word(TypeLayout.flags) & 0xFF : 0
    p.set(
      NativeLayout.arity,
      word: definition.arity | (isMethod ? NativeLayout.isMethod | tag << NativeLayout.receiverTagShift : 0))
    p.set(NativeLayout.owner, isMethod ? owner : .empty)
    return Value(p)
  }

  /// Makes a builtin type. `tag` is the tag of its instances, `.object` for types of native modules.
  package func makeType(
    _ name: StaticString, tag: Tag = .object, base: Value = .empty, methods: [NativeDefinition] = [],
    slots: TypeSlots = TypeSlots()
  ) throws(PyError) -> Value {
    let p = try allocateZeroed(.type, leaf: false, payload: TypeLayout.payload, charge: 0)
    p.set(TypeLayout.name, intern(name))
    p.set(TypeLayout.flags, word: Int(tag.rawValue))
    let table = UnsafeMutablePointer<TypeSlots>.allocate(capacity: 1)
    table.initialize(to: slots)
    interpreter.slotTables.append(table)
    p.set(TypeLayout.slots, word: Int(bitPattern: table))
    if !base.isEmpty { p.set(TypeLayout.bases, try makeTuple(base)) }
    p.set(TypeLayout.dict, try makeDict(0, ordered: true))
    let type = Value(p)
    for method in methods { try define(type, method) }
    return type
  }

  /// Adds a method or function to a type.
  package func define(_ type: Value, _ definition: NativeDefinition) throws(PyError) {
    // The methods of `object` look at their receiver themselves.
    let owner = type == coreType(Interpreter.objectTypeIndex) ? Value.empty : type
    try dictStore(
      type.pointer.value(TypeLayout.dict), intern(definition.name), try makeNative(definition, owner: owner))
    classChanged()
  }

  /// Adds any attribute to a type.
  package func define(_ type: Value, _ name: StaticString, _ value: Value) throws(PyError) {
    try dictStore(type.pointer.value(TypeLayout.dict), intern(name), value)
    classChanged()
  }

  /// Adds a property with native accessors; without a setter it is read-only.
  package func define(_ type: Value, property name: StaticString, get: NativeFunction, set: NativeFunction? = nil)
    throws(PyError)
  {
    let property = try makeObject(coreType(Interpreter.propertyTypeIndex), fields: 3)
    ObjectLayout.set(property.pointer, 0, try makeNative(NativeDefinition(name, 1, 1, get)))
    if let set { ObjectLayout.set(property.pointer, 1, try makeNative(NativeDefinition(name, 2, 2, set))) }
    try define(type, name, property)
    noteClassAttribute(type, intern(name), property, isNew: true)
  }

  /// The type of a native module, made at first use and kept for the VM's life under `key`.
  package func nativeType(_ key: String, _ make: (VM) throws(PyError) -> Value) throws(PyError) -> Value {
    if let type = interpreter.nativeTypes[key] { return type }
    let type = try make(self)
    interpreter.nativeTypes[key] = type
    addRoot(type)
    return type
  }

  /// Installs the type of a builtin tag; `type(of:)` finds it from then on.
  func install(_ type: Value, for tag: Tag) { s.pointee.types[Int(tag.rawValue)] = type }

  /// Adds functions to a module's globals.
  package func define(_ globals: Value, functions: [NativeDefinition]) throws(PyError) {
    for function in functions { try dictStore(globals, intern(function.name), try makeNative(function)) }
  }

  /// Adds a constant or object to a module's globals.
  package func define(_ globals: Value, constant name: StaticString, _ value: Value) throws(PyError) {
    try dictStore(globals, intern(name), value)
  }
}
