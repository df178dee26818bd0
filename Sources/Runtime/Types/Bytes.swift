import Glibc

/// bytes, bytearray, and what else lends its memory: buffers.
///
/// bytearray: +8 count · +16 capacity · +24 data (`buffer`, bytes from its +8).
/// memoryview: +8 source · +16 first byte · +24 items · +32 type code (flag 256: read-only)
package enum BytearrayLayout {
  static let count = 8, capacity = 16, data = 24, payload = 24
  @inline(__always) package static func bytes(_ p: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
    (p.raw(data) + 8).assumingMemoryBound(to: UInt8.self)
  }
}

extension VM {
  package func makeBytearray(_ bytes: UnsafeBufferPointer<UInt8>) throws(PyError) -> Value {
    let array = try makeBytearray(count: bytes.count)
    if let source = bytes.baseAddress { memcpy(BytearrayLayout.bytes(array.pointer), source, bytes.count) }
    return array
  }

  /// A bytearray of zeros.
  package func makeBytearray(count: Int) throws(PyError) -> Value {
    let data = try allocateZeroed(.buffer, leaf: true, payload: max(count, 8), charge: count)
    let p = try allocate(.bytearray, leaf: false, payload: BytearrayLayout.payload, charge: 16)
    p.set(BytearrayLayout.count, word: count)
    p.set(BytearrayLayout.capacity, word: max(count, 8))
    p.set(BytearrayLayout.data, Value(data))
    return Value(p)
  }

  /// A bytearray over memory that the board's firmware has anyway: it costs the program nothing.
  package func makeFirmwareBytearray(count: Int) throws(PyError) -> Value {
    let array = try makeBytearray(count: count)
    recharge(array.pointer.raw(BytearrayLayout.data), bytes: 0)
    recharge(array.pointer, bytes: 0)
    return array
  }

  func resizeBytearray(_ p: UnsafeMutableRawPointer, _ count: Int) throws(PyError) {
    if count > p.word(BytearrayLayout.capacity) {
      let capacity = max(count, p.word(BytearrayLayout.capacity) + 8)
      let data = try allocateZeroed(.buffer, leaf: true, payload: capacity, charge: capacity)
      memcpy(data + 8, BytearrayLayout.bytes(p), p.word(BytearrayLayout.count))
      release(p.raw(BytearrayLayout.data))
      p.set(BytearrayLayout.data, Value(data))
      p.set(BytearrayLayout.capacity, word: capacity)
    }
    p.set(BytearrayLayout.count, word: count)
  }

  /// The memory an object lends; TypeError when it lends none (or none to write).
  package func buffer(_ value: Value, writable: Bool = false) throws(PyError) -> BufferView {
    let wrapped = wrappedNative(value)
    let value = wrapped.isEmpty ? value : wrapped
    if value.isObject, let slot = slots(type(of: value)).pointee.buffer {
      var view = BufferView()
      let result = withUnsafeMutablePointer(to: &view) {
        slot(raw, value.bits, writable ? 1 : 0, UnsafeMutableRawPointer($0))
      }
      if result == 0 { throw PyError() }
      if result != Value.unsupported.bits { return view }
    }
    throw typeError("object with buffer protocol required")
  }

  /// The bytes an object lends. Valid until Python code runs again.
  package func bufferView(_ value: Value) throws(PyError) -> UnsafeBufferPointer<UInt8> {
    let view = try buffer(value)
    return UnsafeBufferPointer(start: view.start?.assumingMemoryBound(to: UInt8.self), count: view.sizeBytes)
  }
  package func bufferBytes(_ value: Value) throws(PyError) -> [UInt8] { Array(try bufferView(value)) }

  func installBytes() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        let array = try vm.bytesFrom(a)
        return try vm.makeBytes(
          UnsafeBufferPointer(start: BytearrayLayout.bytes(array.pointer), count: array.pointer.word(8)))
      }
    }
    slots.unary = { vm, op, v in
      UnaryOperation(rawValue: op) == .length
        ? Value(small: StrLayout.length(Value(bits: v).pointer)).bits : Value.unsupported.bits
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.bytesBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in try vm.bytesGet(Value(bits: v), Value(bits: i)) }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
    slots.print = { vm, v, _, out in
      VM(vm).printQuoted(StrLayout.buffer(Value(bits: v).pointer), TextBuffer(out), isBytes: true)
      return Value.none.bits
    }
    slots.buffer = { vm, v, writable, out in
      if writable != 0 { return Value.unsupported.bits }
      let p = Value(bits: v).pointer
      var view = BufferView()
      view.start = UnsafeMutableRawPointer(StrLayout.bytes(p))
      view.sizeBytes = StrLayout.length(p)
      out.storeBytes(of: view, as: BufferView.self)
      return Value.none.bits
    }
    install(try makeType("bytes", tag: .bytes, methods: VM.bytesMethods, slots: slots), for: .bytes)
    try installBytearray(slots)
  }

  private static var bytesMethods: [NativeDefinition] {
    sharedTextMethods + [
      NativeDefinition("decode", 1, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeStrChecked(try vm.bufferBytes(a[0]))
        }
      },
      NativeDefinition("hex", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let separator = a.count > 1 ? (a[1].has(.str) ? vm.text(a[1]) : try vm.bufferBytes(a[1])) : []
          return try vm.makeStr { out throws(PyError) in try vm.printHex(try vm.bufferView(a[0]), separator, out) }
        }
      },
      NativeDefinition("fromhex", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let digits = a[1].has(.str) ? StrLayout.buffer(a[1].pointer) : try vm.bufferView(a[1])
          let bytes = try vm.parseHex(digits)
          return a[0] == vm.s.pointee.types[Int(Tag.bytearray.rawValue)]
            ? try bytes.withUnsafeBufferPointer { b throws(PyError) in try vm.makeBytearray(b) }
            : try vm.makeBytes(bytes)
        }
      }.asClassMethod,
    ]
  }

  func printHex(_ bytes: UnsafeBufferPointer<UInt8>, _ separator: [UInt8], _ out: TextBuffer) throws(PyError) {
    for (i, b) in bytes.enumerated() {
      if i > 0 { out.append(separator) }
      out.append(hexDigit(b >> 4))
      out.append(hexDigit(b & 15))
    }
  }

  func parseHex(_ text: UnsafeBufferPointer<UInt8>) throws(PyError) -> [UInt8] {
    var bytes: [UInt8] = []
    var high: UInt8?
    for c in text {
      if isSpace(c) && high == nil { continue }
      let lower = c | 32
      let digit: UInt8
      if c >= 48 && c <= 57 {
        digit = c - 48
      } else if lower >= 97 && lower <= 102 {
        digit = lower - 87
      } else {
        throw valueError("non-hex digit")
      }
      if let h = high {
        bytes.append(h << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    if high != nil { throw valueError("odd-length string") }
    return bytes
  }

  /// The bytearray behind `bytes(…)` and `bytearray(…)`.
  private func bytesFrom(_ a: Arguments) throws(PyError) -> Value {
    if a.count < 2 { return try makeBytearray(count: 0) }
    if a[1].has(.str) {
      if a.count < 3 { throw typeError("string argument without an encoding") }
      return try makeBytearray(StrLayout.buffer(a[1].pointer))
    }
    if let n = asIndex(a[1]), !a[1].isBool {
      if n < 0 { throw valueError("negative count") }
      try ensureRoom(n)
      return try makeBytearray(count: n)
    }
    if a[1].isObject, slots(type(of: a[1])).pointee.buffer != nil { return try makeBytearray(try bufferView(a[1])) }
    let array = try makeBytearray(count: 0)
    push(array)
    defer { pop() }
    var iterator = try iterate(a[1])
    while let item = try iterator.next() { try appendByte(array, item) }
    iterator.end()
    return array
  }

  func byteArgument(_ value: Value) throws(PyError) -> UInt8 {
    let n = try intArgument(value)
    guard n >= 0 && n <= 255 else { throw valueError("bytes value out of range") }
    return UInt8(n)
  }

  private func appendByte(_ array: Value, _ item: Value) throws(PyError) {
    let b = try byteArgument(item)
    let n = array.pointer.word(BytearrayLayout.count)
    try resizeBytearray(array.pointer, n + 1)
    BytearrayLayout.bytes(array.pointer)[n] = b
  }

  private func bytesGet(_ v: Value, _ index: Value) throws(PyError) -> Value {
    let bytes = try bufferView(v)
    if index.has(.slice) {
      let (start, stop, step, length) = try sliceBounds(index, bytes.count)
      if step != 1 {
        if v.has(.bytes) || v.has(.bytearray) { _ = length }
        throw error(.notImplementedError, "only slices with step=1 (aka None) are supported")
      }
      let part = UnsafeBufferPointer(rebasing: bytes[start..<max(start, stop)])
      return v.has(.bytearray) ? try makeBytearray(part) : try makeBytes(part)
    }
    return Value(small: Int(bytes[try self.index(index, bytes.count, v.has(.bytes) ? "bytes" : "bytearray")]))
  }

  private func bytesBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if op == .modulo, a.has(.bytes) {
      let text = try formatPercent(a, b)
      return try makeBytes(StrLayout.buffer(text.pointer))
    }
    if op == .multiply || op == .inplaceMultiply {
      guard let times = asIndex(b) else { return .unsupported }
      if a.has(.bytes) { return try repeated(a, times) }
      let n = a.pointer.word(BytearrayLayout.count)
      let result = try makeBytearray(count: n * max(0, times))
      for i in 0..<max(0, times) {
        memcpy(BytearrayLayout.bytes(result.pointer) + i * n, BytearrayLayout.bytes(a.pointer), n)
      }
      return result
    }
    if op == .contains, let n = asIndex(b) {
      return Value(n >= 0 && n < 256 ? try bufferView(a).contains(UInt8(n)) : false)
    }
    guard b.isObject, !b.has(.str), slots(type(of: b)).pointee.buffer != nil else { return .unsupported }
    let (x, y) = (try bufferView(a), try bufferView(b))
    switch op {
    case .add:
      if a.has(.bytes) && b.has(.bytes) { return try concatenated(a, b) }
      let result = try makeBytearray(count: x.count + y.count)
      let start = BytearrayLayout.bytes(result.pointer)
      if let from = x.baseAddress { memcpy(start, from, x.count) }
      if let from = y.baseAddress { memcpy(start + x.count, from, y.count) }
      return a.has(.bytes) ? try makeBytes(UnsafeBufferPointer(start: start, count: x.count + y.count)) : result
    case .inplaceAdd:
      if a.has(.bytes) { return try bytesBinary(.add, a, b) }
      let copy = Array(y)
      let n = x.count
      try resizeBytearray(a.pointer, n + copy.count)
      for (i, byte) in copy.enumerated() { BytearrayLayout.bytes(a.pointer)[n + i] = byte }
      return a
    case .contains: return Value(try find(y, in: x, from: 0, to: x.count) != nil)
    case .equal: return Value(x.elementsEqual(y))
    case .less: return Value(compareBytes(x, y) < 0)
    case .greater: return Value(compareBytes(x, y) > 0)
    case .lessEqual: return Value(compareBytes(x, y) <= 0)
    case .greaterEqual: return Value(compareBytes(x, y) >= 0)
    default: return .unsupported
    }
  }

  private func installBytearray(_ shared: TypeSlots) throws(PyError) {
    var slots = shared
    slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try vm.bytesFrom(a) } }
    slots.unary = { vm, op, v in
      UnaryOperation(rawValue: op) == .length
        ? Value(small: Value(bits: v).pointer.word(BytearrayLayout.count)).bits : Value.unsupported.bits
    }
    slots.storeItem = { vm, v, i, x in
      operation(vm) { vm throws(PyError) in
        try vm.bytearraySet(Value(bits: v), Value(bits: i), Value(bits: x))
        return .none
      }
    }
    slots.print = { vm, v, _, out in
      let p = Value(bits: v).pointer
      let out = TextBuffer(out)
      out.append("bytearray(")
      VM(vm).printQuoted(UnsafeBufferPointer(start: BytearrayLayout.bytes(p), count: p.word(8)), out, isBytes: true)
      out.append(")")
      return Value.none.bits
    }
    slots.buffer = { vm, v, _, out in
      let p = Value(bits: v).pointer
      var view = BufferView()
      view.start = UnsafeMutableRawPointer(BytearrayLayout.bytes(p))
      view.sizeBytes = p.word(BytearrayLayout.count)
      out.storeBytes(of: view, as: BufferView.self)
      return Value.none.bits
    }
    let methods =
      VM.bytesMethods + [
        NativeDefinition("append", 2, 2) {
          native($0, $1, $2) { vm, a throws(PyError) in
            try vm.appendByte(a[0], a[1])
            return .none
          }
        },
        NativeDefinition("extend", 2, 2) {
          native($0, $1, $2) { vm, a throws(PyError) in
            if a[1].isObject, vm.slots(vm.type(of: a[1])).pointee.buffer != nil {
              _ = try vm.bytesBinary(.inplaceAdd, a[0], a[1])
              return .none
            }
            var iterator = try vm.iterate(a[1])
            while let item = try iterator.next() { try vm.appendByte(a[0], item) }
            iterator.end()
            return .none
          }
        },
      ]
    install(try makeType("bytearray", tag: .bytearray, methods: methods, slots: slots), for: .bytearray)
  }

  private func bytearraySet(_ v: Value, _ index: Value, _ x: Value) throws(PyError) {
    let p = v.pointer
    let n = p.word(BytearrayLayout.count)
    if index.has(.slice) {
      let (start, end, step, _) = try sliceBounds(index, n)
      if step != 1 { throw error(.notImplementedError, "only slices with step=1 (aka None) are supported") }
      let stop = max(start, end)
      let new: [UInt8]
      if x.isEmpty {
        new = []
      } else if x.isObject, slots(type(of: x)).pointee.buffer != nil, !x.has(.str) {
        new = try bufferBytes(x)
      } else {
        throw error(.notImplementedError, "array/bytes required on right side")
      }
      let total = n - (stop - start) + new.count
      if total > n { try resizeBytearray(p, total) }
      let bytes = BytearrayLayout.bytes(p)
      memmove(bytes + start + new.count, bytes + stop, n - stop)
      for (i, b) in new.enumerated() { bytes[start + i] = b }
      p.set(BytearrayLayout.count, word: total)
      return
    }
    if x.isEmpty { throw typeError("'bytearray' object doesn't support item deletion") }
    BytearrayLayout.bytes(p)[try self.index(index, n, "bytearray")] = try byteArgument(x)
  }
}
