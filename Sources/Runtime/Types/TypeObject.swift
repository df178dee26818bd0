/// Type objects: builtin types, the types of native modules, and classes written in Python, all in one layout.
///
/// +8 name · +16 flags and instance tag · +24 bases (tuple) · +32 attribute dict · +40 root shape of instances ·
/// +48 slots (native operations, a permanent `TypeSlots`) · +56 native base (the builtin type an instance wraps, or empty)
package enum TypeLayout {
  static let name = 8, flags = 16, bases = 24, dict = 32, rootShape = 40, slots = 48, nativeBase = 56, module = 64
  static let payload = 72

  /// The class, or one of its bases, defines the method.
  static let hasGetattr = 1 << 8
  static let hasSetattr = 1 << 9
  static let hasDelattr = 1 << 10
  static let hasDescriptors = 1 << 11
  static let isException = 1 << 12
  /// Written in Python: attributes can be set on it.
  static let isUser = 1 << 13
  static let isNamedTuple = 1 << 14
}

/// Native operations of a type. All take raw words so that they are C functions: no context, no reference counts.
/// A result of 0 means "exception set". `.unsupported` means "this type does not do that".
package struct TypeSlots {
  package typealias Raw = UnsafeMutableRawPointer
  /// `T(args…)`: args[0] is the type itself. nil: "cannot create instances".
  package var make: NativeFunction?
  /// Calling an instance: args[0] is the instance.
  package var call: NativeFunction?
  /// (vm, self, name) → value, or `.unsupported` to go on with the type's dict.
  package var loadAttribute: (@convention(c) (Raw, UInt64, UInt64) -> UInt64)?
  /// (vm, self, name, value or 0 to delete) → None, or `.unsupported` ("can't set attribute").
  package var storeAttribute: (@convention(c) (Raw, UInt64, UInt64, UInt64) -> UInt64)?
  /// (vm, `UnaryOperation` raw value, self)
  package var unary: (@convention(c) (Raw, Int, UInt64) -> UInt64)?
  /// (vm, `BinaryOperation` raw value, left, right); also asked with self on the right for reflected operations.
  package var binary: (@convention(c) (Raw, Int, UInt64, UInt64) -> UInt64)?
  /// (vm, self, index)
  package var loadItem: (@convention(c) (Raw, UInt64, UInt64) -> UInt64)?
  /// (vm, self, index, value or 0 to delete) → None
  package var storeItem: (@convention(c) (Raw, UInt64, UInt64, UInt64) -> UInt64)?
  /// (vm, self) → iterator
  package var iterate: (@convention(c) (Raw, UInt64) -> UInt64)?
  /// (vm, iterator) → next value, `.stop` at the end, 0 on error
  package var next: (@convention(c) (Raw, UInt64) -> UInt64)?
  /// (vm, self, 0 str / 1 repr / 2 json, out: a `TextBuffer`'s word) → None or 0
  package var print: (@convention(c) (Raw, UInt64, Int, Raw) -> UInt64)?
  /// (vm, self, writable 0/1, out: `BufferView` to fill) → None, `.unsupported` or 0
  package var buffer: (@convention(c) (Raw, UInt64, Int, Raw) -> UInt64)?
  /// (vm, self) when a finalised object is freed or the VM ends. Must not allocate.
  package var finalise: (@convention(c) (Raw, UInt64) -> Void)?
  /// (vm, type, instance) → the object that an instance of a Python subclass wraps, before `__init__` (which the type must
  /// then define as a method, taking the same arguments as `make`). nil: `make` is called without arguments instead.
  package var blank: (@convention(c) (Raw, UInt64, UInt64) -> UInt64)?

  package init() {}
}

/// A native: (vm, arguments, counts) → value bits or 0. `counts` is positional | keyword pairs << 16; pairs follow the positional ones.
package typealias NativeFunction = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> UInt64

/// A contiguous run of memory that an object lends: bytes, bytearray, array, memoryview.
package struct BufferView {
  package var start: UnsafeMutableRawPointer?
  package var sizeBytes = 0
  /// `struct` type code of the items; `B` for plain bytes.
  package var typecode: UInt8 = 0x42
  package init() {}
  /// Size of one item.
  package var itemBytes: Int { StructModule.Format.size(typecode) ?? 1 }
}

package enum UnaryOperation: Int { case positive, negative, invert, not, length, bool, hash, absolute, int, float }

/// In the bytecode's order (0xd7 + raw value), reflected forms are found by name.
package enum BinaryOperation: Int {
  case less, greater, equal, lessEqual, greaterEqual, notEqual, contains, `is`, exceptionMatch
  case inplaceOr, inplaceXor, inplaceAnd, inplaceShiftLeft, inplaceShiftRight, inplaceAdd, inplaceSubtract
  case inplaceMultiply, inplaceMatMultiply, inplaceFloorDivide, inplaceTrueDivide, inplaceModulo, inplacePower
  case or, xor, and, shiftLeft, shiftRight, add, subtract, multiply, matMultiply, floorDivide, trueDivide, modulo, power

  /// The plain operation of an in-place one; itself otherwise.
  package var plain: BinaryOperation {
    let raw = rawValue
    return raw >= 9 && raw < 22 ? BinaryOperation(rawValue: raw + 13).unsafelyUnwrapped : self
  }
  package var isInplace: Bool { rawValue >= 9 && rawValue < 22 }
  package var isComparison: Bool { rawValue < 6 }
}

extension VM {
  /// The type of any value.
  package func type(of value: Value) -> Value {
    if value.isObject {
      let p = value.pointer
      switch value.tag {
      case .instance: return ShapeLayout.type(p.value(8).pointer)
      case .object, .exception: return p.value(8)
      case .namedTuple: return TupleLayout.namedType(p)
      case .generator where p.word(GeneratorLayout.flags) & GeneratorLayout.isCoroutine != 0:
        return interpreter.coroutineType
      case .dict where p.header.bits & Header.orderedDictFlag != 0: return interpreter.orderedDictType
      default: return s.pointee.types[Int(value.tag.rawValue)]
      }
    }
    if value.isSmallInt { return s.pointee.types[Int(Tag.int.rawValue)] }
    return s.pointee.types[Interpreter.typeIndex(ofImmediate: value)]
  }

  @inline(__always) package func slots(_ type: Value) -> UnsafeMutablePointer<TypeSlots> {
    type.pointer.raw(TypeLayout.slots).assumingMemoryBound(to: TypeSlots.self)
  }

  package func typeName(_ value: Value) -> Value { type(of: value).pointer.value(TypeLayout.name) }

  /// Looks a name up in a class and its bases, depth first from left to right as the board does. `.empty` when absent.
  package func lookup(_ type: Value, _ name: Value) -> Value {
    let index = Int(truncatingIfNeeded: (type.bits &>> 4) ^ (name.bits &>> 4)) & (Interpreter.methodCacheCount - 1)
    let entry = s.pointee.methodCache + index
    if entry.pointee.type == type.bits && entry.pointee.name == name.bits && entry.pointee.epoch == s.pointee.classEpoch
    {
      return entry.pointee.found
    }
    let found = lookupUncached(type, name, depth: 0)
    // Plain data is replaced without a new epoch (class counters), so it is looked up each time.
    if found.isObject ? found.tag.isPlainData : !found.isEmpty { return found }
    entry.pointee = MethodCacheEntry(type: type.bits, name: name.bits, epoch: s.pointee.classEpoch, found: found)
    return found
  }

  private func lookupUncached(_ type: Value, _ name: Value, depth: Int) -> Value {
    let p = type.pointer
    let dict = p.value(TypeLayout.dict)
    if !dict.isEmpty {
      let found = dictFindInterned(dict, name)
      if !found.isEmpty { return found }
    }
    let bases = p.value(TypeLayout.bases)
    if !bases.isEmpty {
      for i in 0..<TupleLayout.count(bases.pointer) {
        let found = lookupUncached(TupleLayout.item(bases.pointer, i), name, depth: depth + 1)
        if !found.isEmpty { return found }
      }
    }
    return .empty
  }

  /// Whether `type` is `base` or derives from it.
  package func isSubtype(_ type: Value, _ base: Value) -> Bool {
    if type == base || base == s.pointee.types[Interpreter.objectTypeIndex] { return true }
    let bases = type.pointer.value(TypeLayout.bases)
    if bases.isEmpty { return false }
    for i in 0..<TupleLayout.count(bases.pointer) where isSubtype(TupleLayout.item(bases.pointer, i), base) {
      return true
    }
    return false
  }

  package func isInstance(_ value: Value, _ type: Value) -> Bool { isSubtype(self.type(of: value), type) }

  /// Must be called after any change to what a class's lookups can find.
  @inline(__always) func classChanged() { s.pointee.classEpoch &+= 1 }
}
