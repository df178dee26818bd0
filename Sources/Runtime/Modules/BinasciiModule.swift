/// binascii
enum BinasciiModule {
  static var module: NativeModule {
    NativeModule("binascii") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("hexlify", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let separator = a.count > 1 ? try vm.bufferBytes(a[1]) : []
              let out = vm.takeBuffer()
              defer { vm.release(out) }
              try vm.printHex(try vm.bufferView(a[0]), separator, out)
              return try vm.makeBytes(out.bytes)
            }
          },
          NativeDefinition("unhexlify", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              try vm.makeBytes(try vm.parseHex(try vm.bufferView(a[0])))
            }
          },
          NativeDefinition("b2a_base64", 1, 1, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let newline = a.keyword(vm.intern("newline"))
              var text = BinasciiModule.encode(try vm.bufferView(a[0]))
              let wantsNewline = newline.isEmpty ? true : try vm.isTrue(newline)
              if wantsNewline { text.append(0x0A) }
              return try vm.makeBytes(text)
            }
          },
          NativeDefinition("a2b_base64", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard let bytes = BinasciiModule.decode(try vm.bufferView(a[0])) else {
                throw vm.valueError("incorrect padding")
              }
              return try vm.makeBytes(bytes)
            }
          },
          NativeDefinition("crc32", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let start = UInt32(truncatingIfNeeded: a.count > 1 ? try vm.intArgument(a[1]) : 0)
              return Value(small: Int(BinasciiModule.crc32(try vm.bufferView(a[0]), start)))
            }
          },
        ])
    }
  }

  /// CRC-32 (IEEE) of bytes, going on from `start`.
  static func crc32(_ bytes: UnsafeBufferPointer<UInt8>, _ start: UInt32) -> UInt32 {
    var crc = ~start
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func encode(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let n = min(3, bytes.count - at)
      var group: UInt32 = 0
      for i in 0..<3 { group = group << 8 | (i < n ? UInt32(bytes[at + i]) : 0) }
      for i in 0..<4 { text.append(i <= n ? alphabet[Int(group >> UInt32(18 - 6 * i)) & 63] : 0x3D) }
      at += 3
    }
    return text
  }

  private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var count = 0
    var padding = 0
    for c in text {
      if c == 0x3D {
        padding += 1
        continue
      }
      guard let digit = alphabet.firstIndex(of: c) else { continue }
      if padding > 0 { return nil }
      group = group << 6 | UInt32(digit)
      count += 1
      if count == 4 {
        bytes += [
          UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
          UInt8(truncatingIfNeeded: group),
        ]
        group = 0
        count = 0
      }
    }
    switch (count, padding) {
    case (0, 0): return bytes
    case (2, 2): return bytes + [UInt8(truncatingIfNeeded: group >> 4)]
    case (3, 1): return bytes + [UInt8(truncatingIfNeeded: group >> 10), UInt8(truncatingIfNeeded: group >> 2)]
    default: return nil
    }
  }
}
