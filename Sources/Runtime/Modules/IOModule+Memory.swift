/// StringIO and BytesIO. Fields: bytearray (None when closed), position.
extension IOModule {
  static func memoryType(_ vm: VM, isText: Bool) throws(PyError) -> Value {
    try vm.nativeType(isText ? "io.StringIO" : "io.BytesIO") { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: 2)
          let initial = a.count > 1 && !a[1].isNone && !a[1].isSmallInt
          let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
          let content = initial ? (a[1].has(.str) ? StrLayout.buffer(a[1].pointer) : try vm.bufferView(a[1])) : empty
          ObjectLayout.set(object.pointer, 0, try vm.makeBytearray(content))
          ObjectLayout.set(object.pointer, 1, Value(small: 0))
          return object
        }
      }
      slots.iterate = { _, v in v }
      slots.next = { vm, v in
        operation(vm) { vm throws(PyError) in
          let object = Value(bits: v)
          let part = try IOModule.take(vm, object, nil, line: true)
          return part.isEmpty ? .stop : try IOModule.memoryText(vm, object, part)
        }
      }
      return try vm.makeType(isText ? "StringIO" : "BytesIO", methods: memoryMethods, slots: slots)
    }
  }

  private static func content(_ vm: VM, _ object: Value) throws(PyError) -> UnsafeMutableRawPointer {
    let array = ObjectLayout.field(object.pointer, 0)
    guard array.has(.bytearray) else { throw vm.valueError("I/O operation on closed file") }
    return array.pointer
  }

  private static func memoryText(_ vm: VM, _ object: Value, _ bytes: [UInt8]) throws(PyError) -> Value {
    object.pointer.value(8) == vm.interpreter.nativeTypes["io.StringIO"]
      ? try vm.makeStrChecked(bytes) : try vm.makeBytes(bytes)
  }

  private static func take(_ vm: VM, _ object: Value, _ count: Int?, line: Bool) throws(PyError) -> [UInt8] {
    let p = try IOModule.content(vm, object)
    let at = min(ObjectLayout.field(object.pointer, 1).small, p.word(BytearrayLayout.count))
    let all = UnsafeBufferPointer(start: BytearrayLayout.bytes(p), count: p.word(BytearrayLayout.count))
    var end = min(all.count, at + min(count ?? all.count, all.count))
    if line, let newline = all[at..<end].firstIndex(of: 0x0A) { end = newline + 1 }
    ObjectLayout.set(object.pointer, 1, Value(small: end))
    return Array(all[at..<end])
  }

  private static var memoryMethods: [NativeDefinition] {
    [
      NativeDefinition("read", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let n = a.count > 1 && !a[1].isNone ? try vm.intArgument(a[1]) : -1
          return try IOModule.memoryText(vm, a[0], try IOModule.take(vm, a[0], n < 0 ? nil : n, line: false))
        }
      },
      NativeDefinition("readline", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try IOModule.memoryText(vm, a[0], try IOModule.take(vm, a[0], nil, line: true))
        }
      },
      NativeDefinition("write", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let p = try IOModule.content(vm, a[0])
          let bytes = Array(a[1].has(.str) ? StrLayout.buffer(a[1].pointer) : try vm.bufferView(a[1]))
          let at = ObjectLayout.field(a[0].pointer, 1).small
          let count = p.word(BytearrayLayout.count)
          if at + bytes.count > count {
            try vm.resizeBytearray(p, at + bytes.count)
            for i in stride(from: count, to: at, by: 1) { BytearrayLayout.bytes(p)[i] = 0 }
          }
          for (i, b) in bytes.enumerated() { BytearrayLayout.bytes(p)[at + i] = b }
          ObjectLayout.set(a[0].pointer, 1, Value(small: at + bytes.count))
          return Value(small: bytes.count)
        }
      },
      NativeDefinition("getvalue", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let p = try IOModule.content(vm, a[0])
          return try IOModule.memoryText(
            vm, a[0], Array(UnsafeBufferPointer(start: BytearrayLayout.bytes(p), count: p.word(BytearrayLayout.count))))
        }
      },
      NativeDefinition("seek", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let p = try IOModule.content(vm, a[0])
          let whence = a.count > 2 ? try vm.intArgument(a[2]) : 0
          let from =
            whence == 0 ? 0 : whence == 1 ? ObjectLayout.field(a[0].pointer, 1).small : p.word(BytearrayLayout.count)
          let target = max(0, from + (try vm.intArgument(a[1])))
          ObjectLayout.set(a[0].pointer, 1, Value(small: target))
          return Value(small: target)
        }
      },
      NativeDefinition("tell", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in ObjectLayout.field(a[0].pointer, 1) }
      },
      NativeDefinition("flush", 1, 1) { _, _, _ in Value.none.bits },
      NativeDefinition("close", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          ObjectLayout.set(a[0].pointer, 0, .none)
          return .none
        }
      },
      NativeDefinition("__enter__", 1, 1) { _, args, _ in args.value(0).bits },
      NativeDefinition("__exit__", 4, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in
          ObjectLayout.set(a[0].pointer, 0, .none)
          return .none
        }
      },
    ]
  }
}
