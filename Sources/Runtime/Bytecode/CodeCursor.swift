/// Reads the integers of a `.mpy` file, or of a function's code, within bounds.
struct CodeCursor {
  let bytes: [UInt8]
  var position: Int
  let end: Int
  /// The function that `bytes` are the code of; nil when they are a whole file.
  let path: [Int]?

  init(_ bytes: [UInt8], from position: Int = 0, to end: Int? = nil, path: [Int]? = nil) {
    self.bytes = bytes
    self.position = position
    self.end = end ?? bytes.count
    self.path = path
  }

  var bytesLeft: Int { end - position }

  func failure(_ fault: CodeFault, at offset: Int? = nil) -> BytecodeError {
    .incompatibleFile(fault, CodeLocation(path: path, offset: offset ?? position))
  }

  mutating func byte() throws(BytecodeError) -> UInt8 {
    guard position < end else { throw failure(.truncated) }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func take(_ count: Int) throws(BytecodeError) -> [UInt8] {
    guard count <= bytesLeft else { throw failure(.truncated) }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Most significant group first, below 2³¹, shortest form only.
  mutating func unsigned() throws(BytecodeError) -> Int {
    let start = position
    var value = 0
    for _ in 0..<CodeLimits.unsignedBytes {
      let next = try byte()
      if position == start + 1 && next == 0x80 { throw failure(.numberNotShortest, at: start) }
      value = value << 7 | Int(next & 0x7F)
      if next & 0x80 == 0 {
        guard value < 1 << 31 else { throw failure(.numberTooLarge, at: start) }
        return value
      }
    }
    throw failure(.numberTooLarge, at: start)
  }

  /// A count of things that take at least one byte each.
  mutating func count() throws(BytecodeError) -> Int {
    let start = position
    let value = try unsigned()
    guard value <= bytesLeft else { throw failure(.countTooLarge, at: start) }
    return value
  }

  /// Two's complement, sign in bit 6 of the first byte, shortest form only.
  mutating func signed() throws(BytecodeError) -> Int {
    let start = position
    var value = 0
    for index in 0..<CodeLimits.signedBytes {
      let next = try byte()
      if index == 0 { value = next & 0x40 == 0 ? 0 : -1 }
      let isSignOnly = index == 1 && (value == 0 || value == -1) && (next & 0x40 != 0) == (value == -1)
      if isSignOnly { throw failure(.numberNotShortest, at: start) }
      value = value << 7 | Int(next & 0x7F)
      if next & 0x80 == 0 { return value }
    }
    throw failure(.numberTooLarge, at: start)
  }
}

/// Appends integers in the forms that `CodeCursor` reads.
package enum CodeBytes {
  /// Appends `value` (0 or more) most significant group first.
  package static func append(unsigned value: Int, to bytes: inout [UInt8]) {
    var shift = 0
    while value >> (shift + 7) != 0 { shift += 7 }
    while shift > 0 {
      bytes.append(UInt8(value >> shift & 0x7F) | 0x80)
      shift -= 7
    }
    bytes.append(UInt8(value & 0x7F))
  }

  /// Appends `value` in the fewest groups whose first has the value's sign in bit 6.
  package static func append(signed value: Int, to bytes: inout [UInt8]) {
    var shift = 0
    while value >> (shift + 6) != 0 && value >> (shift + 6) != -1 { shift += 7 }
    while shift > 0 {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift) & 0x7F | 0x80)
      shift -= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value) & 0x7F)
  }
}
