import Glibc

/// array and memoryview: items of a `struct` type code in memory of their own or another's.
///
/// array: as bytearray (+8 bytes in use · +16 capacity · +24 data) with the type code at +32.
/// memoryview: +8 source · +16 first byte within the source's memory · +24 bytes · +32 type code, 256 added when read-only.
enum ArrayLayout { static let code = 32, payload = 32 }
enum ViewLayout { static let source = 8, offset = 16, count = 24, code = 32, payload = 32, readOnly = 256 }

extension VM {
  func installMemoryviewAndArray() throws(PyError) {
    var slots = TypeSlots()
    slots.make = { native($0, $1, $2, makeArrayObject) }
    itemOperations(&slots)
    slots.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let array = Value(bits: v)
        let out = TextBuffer(out)
        out.append("array('\(Character(UnicodeScalar(UInt8(array.pointer.word(ArrayLayout.code)))))'")
        let n = try vm.itemCount(array)
        if n > 0 {
          out.append(", [")
          for i in 0..<n {
            if i > 0 { out.append(", ") }
            try vm.print(try vm.loadItem(array, i), .repr, out)
          }
          out.append("]")
        }
        out.append(")")
        return .none
      }
    }
    slots.buffer = { vm, v, _, out in
      let p = Value(bits: v).pointer
      var view = BufferView()
      view.start = UnsafeMutableRawPointer(BytearrayLayout.bytes(p))
      view.sizeBytes = p.word(BytearrayLayout.count)
      view.typecode = UInt8(truncatingIfNeeded: p.word(ArrayLayout.code))
      out.storeBytes(of: view, as: BufferView.self)
      return Value.none.bits
    }
    let methods = [
      NativeDefinition("append", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.appendItem(a[0], a[1])
          return .none
        }
      },
      NativeDefinition("extend", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          var source = try vm.iterate(a[1])
          while let item = try source.next() { try vm.appendItem(a[0], item) }
          source.end()
          return .none
        }
      },
      NativeDefinition("decode", 1, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeStrChecked(try vm.bufferBytes(a[0]))
        }
      },
    ]
    install(try makeType("array", tag: .array, methods: methods, slots: slots), for: .array)
    try installMemoryview()
  }

  private func installMemoryview() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        guard a.count == 2 else {
          throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
        }
        let view = try vm.buffer(a[1])
        let isWritable = !a[1].has(.str) && !a[1].has(.bytes)
        return try vm.makeView(a[1], 0, view.sizeBytes, Int(view.typecode) | (isWritable ? 0 : ViewLayout.readOnly))
      }
    }
    itemOperations(&slots)
    slots.buffer = { vm, v, writable, out in
      let p = Value(bits: v).pointer
      let code = p.word(ViewLayout.code)
      if writable != 0 && code & ViewLayout.readOnly != 0 { return Value.unsupported.bits }
      var view = BufferView()
      let result = withUnsafeMutablePointer(to: &view) { inner in
        VM(vm).slots(VM(vm).type(of: p.value(ViewLayout.source))).pointee.buffer?(
          vm, p.value(ViewLayout.source).bits, 0, UnsafeMutableRawPointer(inner))
          ?? Value.unsupported.bits
      }
      if result != Value.none.bits { return result }
      // The source may have been resized since; what is left of the view is what lies inside it.
      let offset = min(p.word(ViewLayout.offset), view.sizeBytes)
      view.start = view.start.map { $0 + offset }
      view.sizeBytes = min(p.word(ViewLayout.count), view.sizeBytes - offset)
      view.typecode = UInt8(truncatingIfNeeded: code)
      out.storeBytes(of: view, as: BufferView.self)
      return Value.none.bits
    }
    install(try makeType("memoryview", tag: .memoryview, slots: slots), for: .memoryview)
  }

  fileprivate func makeView(_ source: Value, _ offset: Int, _ count: Int, _ code: Int) throws(PyError) -> Value {
    let p = try allocate(.memoryview, leaf: false, payload: ViewLayout.payload, charge: 16)
    p.set(ViewLayout.source, source)
    p.set(ViewLayout.offset, word: offset)
    p.set(ViewLayout.count, word: count)
    p.set(ViewLayout.code, word: code)
    return Value(p)
  }

  /// Length, indexing, comparison and iteration of anything with a typed buffer.
  private func itemOperations(_ slots: inout TypeSlots) {
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        UnaryOperation(rawValue: op) == .length ? Value(small: try vm.itemCount(Value(bits: v))) : .unsupported
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        let (x, y) = (Value(bits: a), Value(bits: b))
        let op = BinaryOperation(rawValue: op)
        if op == .add || op == .inplaceAdd, x.has(.array), y.has(.array) {
          let bytes = try vm.bufferBytes(x) + vm.bufferBytes(y)
          return try vm.makeArray(UInt8(x.pointer.word(ArrayLayout.code)), bytes)
        }
        guard op == .equal, y.isObject, vm.slots(vm.type(of: y)).pointee.buffer != nil, !y.has(.str) else {
          return .unsupported
        }
        return Value(try vm.bufferView(x).elementsEqual(try vm.bufferView(y)))
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in
        let (object, index) = (Value(bits: v), Value(bits: i))
        let n = try vm.itemCount(object)
        if !index.has(.slice) { return try vm.loadItem(object, try vm.index(index, n, "array")) }
        let (start, stop, step, length) = try vm.sliceBounds(index, n)
        if step != 1 { throw vm.error(.notImplementedError, "only slices with step=1 (aka None) are supported") }
        let view = try vm.buffer(object)
        let size = StructModule.Format.size(view.typecode) ?? 1
        if object.has(.memoryview) {
          let p = object.pointer
          return try vm.makeView(
            p.value(ViewLayout.source), p.word(ViewLayout.offset) + start * size, length * size, p.word(ViewLayout.code)
          )
        }
        _ = stop
        let bytes = Array(try vm.bufferView(object)[start * size..<(start + length) * size])
        return try vm.makeArray(view.typecode, bytes)
      }
    }
    slots.storeItem = { vm, v, i, x in
      operation(vm) { vm throws(PyError) in
        try vm.storeItems(Value(bits: v), Value(bits: i), Value(bits: x))
        return .none
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
  }

  private func storeItems(_ object: Value, _ index: Value, _ value: Value) throws(PyError) {
    let type = string(typeName(object))
    if value.isEmpty { throw typeError("'\(type)' object doesn't support item deletion") }
    if object.has(.memoryview), object.pointer.word(ViewLayout.code) & ViewLayout.readOnly != 0 {
      throw typeError("'\(type)' object doesn't support item assignment")
    }
    let view = try buffer(object, writable: true)
    let size = StructModule.Format.size(view.typecode) ?? 1
    let n = view.sizeBytes / size
    guard index.has(.slice) else {
      try storeItem(view, try self.index(index, n, "array"), value)
      return
    }
    let (start, _, step, length) = try sliceBounds(index, n)
    if step != 1 { throw error(.notImplementedError, "only slices with step=1 (aka None) are supported") }
    let source = try bufferBytes(value)
    if source.count != length * size { throw valueError("lhs and rhs should be compatible") }
    source.withUnsafeBytes { bytes in
      if let from = bytes.baseAddress, let start_ = view.start { memcpy(start_ + start * size, from, bytes.count) }
    }
  }

  private func itemCount(_ object: Value) throws(PyError) -> Int {
    let view = try buffer(object)
    return view.sizeBytes / (StructModule.Format.size(view.typecode) ?? 1)
  }

  private func loadItem(_ object: Value, _ i: Int) throws(PyError) -> Value {
    let view = try buffer(object)
    let format = StructModule.Format(single: view.typecode)
    let bytes = UnsafeBufferPointer(start: view.start?.assumingMemoryBound(to: UInt8.self), count: view.sizeBytes)
    return try format.item(self, bytes, i)
  }

  private func storeItem(_ view: BufferView, _ i: Int, _ value: Value) throws(PyError) {
    let format = StructModule.Format(single: view.typecode)
    guard let start = view.start else { throw indexError() }
    try format.store(self, value, start + i * format.sizeBytes)
  }

  fileprivate func makeArray(_ code: UInt8, _ bytes: [UInt8]) throws(PyError) -> Value {
    let data = try allocateZeroed(.buffer, leaf: true, payload: max(bytes.count, 8), charge: bytes.count)
    for (i, b) in bytes.enumerated() { data.storeBytes(of: b, toByteOffset: 8 + i, as: UInt8.self) }
    let p = try allocate(.array, leaf: false, payload: ArrayLayout.payload, charge: 16)
    p.set(BytearrayLayout.count, word: bytes.count)
    p.set(BytearrayLayout.capacity, word: max(bytes.count, 8))
    p.set(BytearrayLayout.data, Value(data))
    p.set(ArrayLayout.code, word: Int(code))
    return Value(p)
  }

  fileprivate func appendItem(_ array: Value, _ value: Value) throws(PyError) {
    let size = StructModule.Format.size(UInt8(array.pointer.word(ArrayLayout.code))) ?? 1
    let n = array.pointer.word(BytearrayLayout.count)
    try resizeBytearray(array.pointer, n + size)
    do throws(PyError) {
      try storeItem(try buffer(array), n / size, value)
    } catch {
      array.pointer.set(BytearrayLayout.count, word: n)
      throw error
    }
  }
}

/// `array.array(typecode, initialiser)`
private func makeArrayObject(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  guard a.count >= 2, a.count <= 3, a[1].has(.str), StrLayout.length(a[1].pointer) == 1 else {
    throw vm.valueError("bad typecode")
  }
  let code = StrLayout.bytes(a[1].pointer)[0]
  guard "bBhHiIlLqQfd".utf8.contains(code) else { throw vm.valueError("bad typecode") }
  if a.count == 3, a[2].has(.bytes) || a[2].has(.bytearray) {
    let bytes = try vm.bufferBytes(a[2])
    let size = StructModule.Format.size(code) ?? 1
    return try vm.makeArray(code, Array(bytes[..<(bytes.count / size * size)]))
  }
  let array = try vm.makeArray(code, [])
  if a.count == 3 {
    vm.push(array)
    defer { vm.pop() }
    var source = try vm.iterate(a[2])
    while let item = try source.next() { try vm.appendItem(array, item) }
    source.end()
  }
  return array
}

/// array
enum ArrayModule {
  static var module: NativeModule {
    NativeModule("array") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "array", vm.s.pointee.types[Int(Tag.array.rawValue)])
    }
  }
}

extension StructModule.Format {
  /// One item of a type code, little-endian and unaligned as arrays keep them.
  init(single code: UInt8) {
    sizeBytes = StructModule.Format.size(code) ?? 1
    items = [Item(code: code, count: 1, offset: 0, sizeBytes: sizeBytes)]
  }

  func item(_ vm: VM, _ bytes: UnsafeBufferPointer<UInt8>, _ i: Int) throws(PyError) -> Value {
    try unpackOne(vm, items[0], bytes, i * sizeBytes)
  }

  func store(_ vm: VM, _ value: Value, _ target: UnsafeMutableRawPointer) throws(PyError) {
    try packOne(vm, items[0], value, target)
  }
}
