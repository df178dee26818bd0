/// struct
enum StructModule {
  static var module: NativeModule {
    NativeModule("struct") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("calcsize", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              Value(small: try Format(vm, a[0]).sizeBytes)
            }
          },
          NativeDefinition("pack", 1, nil) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let format = try Format(vm, a[0])
              try vm.ensureRoom(format.sizeBytes)
              let (bytes, start) = try vm.makeBytesUninitialised(count: format.sizeBytes)
              start.update(repeating: 0, count: format.sizeBytes)
              try format.pack(vm, a, 1, UnsafeMutableRawPointer(start))
              vm.finishBytes(bytes)
              return bytes
            }
          },
          NativeDefinition("pack_into", 3, nil) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let format = try Format(vm, a[0])
              let view = try vm.buffer(a[1], writable: true)
              let offset = try StructModule.place(vm, a[2], view.sizeBytes, format.sizeBytes)
              try format.pack(vm, a, 3, view.start.unsafelyUnwrapped + offset)
              return .none
            }
          },
          NativeDefinition("unpack", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let format = try Format(vm, a[0])
              let bytes = try vm.bufferView(a[1])
              if bytes.count != format.sizeBytes { throw vm.runtimeError("buffer size must match format") }
              return try format.unpack(vm, bytes, 0)
            }
          },
          NativeDefinition("unpack_from", 2, 3, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let format = try Format(vm, a[0])
              let bytes = try vm.bufferView(a[1])
              var offset = a.optional(2)
              if offset.isEmpty { offset = a.keyword(vm.intern("offset")) }
              return try format.unpack(
                vm, bytes,
                try StructModule.place(vm, offset.isEmpty ? Value(small: 0) : offset, bytes.count, format.sizeBytes))
            }
          },
        ])
    }
  }

  /// An offset into a buffer with room for the format behind it.
  private static func place(_ vm: VM, _ value: Value, _ count: Int, _ needed: Int) throws(PyError) -> Int {
    var offset = try vm.intArgument(value)
    if offset < 0 { offset += count }
    guard offset >= 0, offset <= count, needed <= count - offset else { throw vm.valueError("buffer too small") }
    return offset
  }

  /// A parsed format string.
  struct Format {
    struct Item {
      let code: UInt8
      let count: Int
      let offset: Int
      let sizeBytes: Int
    }
    var items: [Item] = []
    var sizeBytes = 0
    var isBig = false

    /// Largest count in a format: no board has memory for more.
    static let maximumBytes = 1 << 26

    init(_ vm: VM, _ value: Value) throws(PyError) {
      let text: UnsafeBufferPointer<UInt8> =
        value.has(.str) ? StrLayout.buffer(value.pointer) : try vm.bufferView(value)
      var i = 0
      var isNative = true
      if let first = text.first, "@=<>!".utf8.contains(first) {
        isBig = first == 0x3E || first == 0x21
        isNative = first == 0x40
        i = 1
      }
      while i < text.count {
        var count = 1
        if text[i] >= 48 && text[i] <= 57 {
          count = 0
          while i < text.count, text[i] >= 48 && text[i] <= 57 {
            count = min(count * 10 + Int(text[i] - 48), Format.maximumBytes)
            i += 1
          }
        }
        guard i < text.count else { throw vm.valueError("bad typecode") }
        let code = text[i]
        i += 1
        if isSpace(code) { continue }
        guard let size = Format.size(code) else { throw vm.valueError("bad typecode") }
        if isNative && code != 0x73 { sizeBytes = (sizeBytes + size - 1) / size * size }
        items.append(Item(code: code, count: count, offset: sizeBytes, sizeBytes: size))
        sizeBytes += size * count
        if sizeBytes > Format.maximumBytes { throw vm.memoryError(bytes: sizeBytes) }
      }
    }

    /// Size and alignment of an item, as on a 32-bit board.
    static func size(_ code: UInt8) -> Int? {
      switch code {
      case 0x62, 0x42, 0x78, 0x63, 0x73, 0x3F: 1
      case 0x68, 0x48: 2
      case 0x69, 0x49, 0x6C, 0x4C, 0x66, 0x50, 0x4F, 0x53: 4
      case 0x71, 0x51, 0x64: 8
      default: nil
      }
    }

    func pack(_ vm: VM, _ a: Arguments, _ first: Int, _ target: UnsafeMutableRawPointer) throws(PyError) {
      var next = first
      let wanted = items.reduce(0) { $0 + ($1.code == 0x78 ? 0 : $1.code == 0x73 ? 1 : $1.count) }
      if a.count - first != wanted { throw vm.typeError("expected \(wanted) arguments, got \(a.count - first)") }
      for item in items {
        if item.code == 0x78 {
          (target + item.offset).initializeMemory(as: UInt8.self, repeating: 0, count: item.count)
        } else if item.code == 0x73 {
          let bytes = a[next].has(.str) ? StrLayout.buffer(a[next].pointer) : try vm.bufferView(a[next])
          for i in 0..<item.count {
            target.storeBytes(of: i < bytes.count ? bytes[i] : 0, toByteOffset: item.offset + i, as: UInt8.self)
          }
          next += 1
        } else {
          for i in 0..<item.count {
            try packOne(vm, item, a[next], target + (item.offset + i * item.sizeBytes))
            next += 1
          }
        }
      }
    }

    func packOne(_ vm: VM, _ item: Item, _ value: Value, _ target: UnsafeMutableRawPointer) throws(PyError) {
      let bits: UInt64
      switch item.code {
      case 0x66:
        guard let x = vm.asNumber(value) else { throw vm.cannotConvert(value, to: "float") }
        bits = UInt64(Float(x).bitPattern)
      case 0x64:
        guard let x = vm.asNumber(value) else { throw vm.cannotConvert(value, to: "float") }
        bits = x.bitPattern
      case 0x3F: bits = try vm.isTrue(value) ? 1 : 0
      case 0x63 where value.has(.bytes) && StrLayout.length(value.pointer) == 1:
        bits = UInt64(StrLayout.bytes(value.pointer)[0])
      default: bits = try vm.integerBits(value, item.sizeBytes, isSigned: item.code >= 97)
      }
      for i in 0..<item.sizeBytes {
        let shift = UInt64(isBig ? item.sizeBytes - 1 - i : i) * 8
        target.storeBytes(of: UInt8(truncatingIfNeeded: bits >> shift), toByteOffset: i, as: UInt8.self)
      }
    }

    func unpack(_ vm: VM, _ bytes: UnsafeBufferPointer<UInt8>, _ base: Int) throws(PyError) -> Value {
      var values: [Value] = []
      for item in items {
        if item.code == 0x78 { continue }
        if item.code == 0x73 {
          values.append(
            try vm.makeBytes(UnsafeBufferPointer(rebasing: bytes[base + item.offset..<base + item.offset + item.count]))
          )
          continue
        }
        for i in 0..<item.count {
          values.append(try unpackOne(vm, item, bytes, base + item.offset + i * item.sizeBytes))
        }
      }
      return try vm.makeTuple(values)
    }

    func unpackOne(_ vm: VM, _ item: Item, _ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) throws(PyError) -> Value {
      var bits: UInt64 = 0
      for i in 0..<item.sizeBytes { bits = bits << 8 | UInt64(bytes[isBig ? at + i : at + item.sizeBytes - 1 - i]) }
      switch item.code {
      case 0x66: return try vm.makeFloat(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
      case 0x64: return try vm.makeFloat(Double(bitPattern: bits))
      case 0x3F: return Value(bits != 0)
      case 0x63: return try vm.makeBytes([UInt8(truncatingIfNeeded: bits)])
      default:
        if item.code >= 97 {
          let shift = UInt64(64 - item.sizeBytes * 8)
          return try vm.makeInt(Int(Int64(bitPattern: bits << shift) >> Int64(shift)))
        }
        return try vm.makeUnsigned(bits)
      }
    }
  }
}

extension VM {
  /// The low bytes of an int that has to fit in `sizeBytes`.
  package func integerBits(_ value: Value, _ sizeBytes: Int, isSigned: Bool) throws(PyError) -> UInt64 {
    guard isInteger(value) else {
      if value.has(.float) {
        return try integerBits(try intFromDouble(FloatLayout.value(value.pointer)), sizeBytes, isSigned: isSigned)
      }
      throw cannotConvert(value, to: "int")
    }
    if value.has(.int) {
      let magnitude = IntLayout.magnitude(value.pointer)
      let isNegative = IntLayout.isNegative(value.pointer)
      guard sizeBytes == 8, magnitude.count == 1,
        isSigned ? magnitude[0] <= (isNegative ? Int64.min.magnitude : Int64.max.magnitude) : !isNegative
      else {
        throw error(.overflowError, "value must fit in \(sizeBytes) byte(s)")
      }
      return isNegative ? 0 &- magnitude[0] : magnitude[0]
    }
    let n = asIndex(value) ?? 0
    if sizeBytes < 8 {
      let bits = sizeBytes * 8
      let range = isSigned ? -(1 << (bits - 1))...(1 << (bits - 1)) - 1 : 0...(1 << bits) - 1
      guard range.contains(n) else { throw error(.overflowError, "value must fit in \(sizeBytes) byte(s)") }
    } else if n < 0 && !isSigned {
      throw error(.overflowError, "value must fit in 8 byte(s)")
    }
    return UInt64(bitPattern: Int64(n))
  }

  package func makeUnsigned(_ bits: UInt64) throws(PyError) -> Value {
    var limb = bits
    return try withUnsafePointer(to: &limb) { p throws(PyError) in
      try makeInt(negative: false, UnsafeBufferPointer(start: p, count: 1))
    }
  }
}
