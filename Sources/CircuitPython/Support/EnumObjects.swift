import Runtime

/// The board's enumerations: classes with constants that print as `module.Class.NAME`.
extension VM {
  /// Makes the class under `key` with its constants, in the order of `names`.
  func enumType(
    _ key: NativeTypeKey, _ module: StaticString, _ name: StaticString, _ names: [StaticString]
  ) throws(PyError) -> Value {
    try type(key) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.print = { vm, v, _, out in
        let text = ObjectLayout.field(Value(bits: v).pointer, 0)
        TextBuffer(out).append(StrLayout.buffer(text.pointer))
        return Value.none.bits
      }
      let type = try vm.makeType(name, slots: slots)
      for (i, constant) in names.enumerated() {
        let object = try vm.makeObject(type, fields: 2)
        // What it prints as lives as long as the type: it is firmware on the board.
        ObjectLayout.set(object.pointer, 0, try vm.makeStr("\(module).\(name).\(constant)"))
        ObjectLayout.set(object.pointer, 1, Value(small: i))
        try vm.define(type, constant, object)
      }
      return type
    }
  }

  /// Place of a constant in its enumeration; nil for anything else.
  func enumIndex(_ value: Value, _ key: NativeTypeKey) -> Int? {
    isNative(value, key) ? ObjectLayout.field(value.pointer, 1).small : nil
  }
}
