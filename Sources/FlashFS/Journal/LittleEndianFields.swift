/// Writes the fields of an on-flash structure one after the other, unaligned and little-endian.
struct LittleEndianWriter {
  let memory: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

  mutating func put<Value: FixedWidthInteger>(_ value: Value) {
    memory.storeBytes(of: value.littleEndian, toByteOffset: count, as: Value.self)
    count += MemoryLayout<Value>.size
  }

  mutating func put(_ text: StaticString) {
    memory.baseAddress!.advanced(by: count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  /// The CRC of all that was put so far.
  mutating func putChecksum() {
    put(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: memory[0..<count])))
  }

  /// Everything behind the last field becomes what erased flash reads as.
  func fillRest() {
    UnsafeMutableRawBufferPointer(rebasing: memory[count...]).initializeMemory(as: UInt8.self, repeating: 0xFF)
  }
}

/// Reads the fields of an on-flash structure one after the other, unaligned and little-endian.
struct LittleEndianReader {
  let memory: UnsafeRawBufferPointer
  private(set) var count = 0

  init(_ memory: UnsafeRawBufferPointer) { self.memory = memory }

  mutating func take<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value {
    defer { count += MemoryLayout<Value>.size }
    return Value(littleEndian: memory.loadUnaligned(fromByteOffset: count, as: Value.self))
  }

  mutating func skip(_ byteCount: Int) { count += byteCount }

  /// Whether the next bytes are `text`; goes behind them.
  mutating func takes(_ text: StaticString) -> Bool {
    defer { count += text.utf8CodeUnitCount }
    let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    return equalBytes(UnsafeRawBufferPointer(rebasing: memory[count..<count + wanted.count]), wanted)
  }

  /// Whether the next field is the CRC of all that was read so far.
  mutating func takesChecksum() -> Bool {
    let expected = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: memory[0..<count]))
    return take(UInt32.self) == expected
  }
}
