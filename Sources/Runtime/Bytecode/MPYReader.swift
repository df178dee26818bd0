/// Why a `.mpy` file was refused. `message` is the text of the ValueError; `reason` says more for a log.
package struct MPYError: Error, Equatable {
  package let message: String
  package let reason: String
}

/// Reads `.mpy` version 6 files: every read is bounded, every rule of the container is checked (`docs/bytecode.md`).
package struct MPYReader {
  private let bytes: [UInt8]
  private var at = 0
  /// A file with MicroPython's letter was taken for CircuitPython's.
  package private(set) var isForeign = false

  /// Nesting of tuples in constants, and of functions in functions.
  static let maximumDepth = 100
  /// Decimal digits of an int constant: conversion is more than linear.
  static let maximumIntDigits = 100_000

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter strict: refuse the other dialect's files, as the firmware does.
  package mutating func read(dialect: Dialect, strict: Bool) throws(MPYError) -> CodeModule {
    try readHeader(dialect, strict)
    let nameCount = try count()
    let constantCount = try count()
    var names: [[UInt8]] = []
    for _ in 0..<nameCount { names.append(try name()) }
    guard !names.isEmpty else { throw incompatible("no names") }
    var constants: [Constant] = []
    for _ in 0..<constantCount { constants.append(try constant(0)) }
    let root = try rawCode(0)
    guard at == bytes.count else { throw incompatible("bytes after the end") }
    return CodeModule(names: names, constants: constants, root: root)
  }

  private func incompatible(_ reason: String) -> MPYError {
    MPYError(message: "incompatible .mpy file", reason: reason)
  }

  private mutating func readHeader(_ dialect: Dialect, _ strict: Bool) throws(MPYError) {
    guard bytes.count >= 4 else { throw incompatible("shorter than its header") }
    let own: UInt8 = dialect == .circuitpython ? 0x43 : 0x4D
    if bytes[0] != own {
      isForeign = bytes[0] == 0x43 || bytes[0] == 0x4D
      if !isForeign || strict {
        if dialect == .circuitpython && bytes[0] == 0x4D {
          throw MPYError(message: "MicroPython .mpy file; use CircuitPython mpy-cross", reason: "made for MicroPython")
        }
        throw incompatible("not a .mpy file")
      }
    }
    guard bytes[1] == 6 else { throw incompatible("version \(bytes[1]), not 6") }
    let architecture = (bytes[2] >> 2) & 0x2F
    if architecture != 0 {
      if bytes[2] & 3 != 3 { throw incompatible("native code of another version") }
      throw MPYError(message: "native code in .mpy unsupported", reason: "native code")
    }
    guard bytes[3] <= 63, bytes[2] & 0x40 == 0 else { throw incompatible("made for other hardware") }
    at = 4
  }

  private mutating func byte() throws(MPYError) -> UInt8 {
    guard at < bytes.count else { throw incompatible("cut off") }
    defer { at += 1 }
    return bytes[at]
  }

  private mutating func number() throws(MPYError) -> Int {
    var value = 0
    for i in 0..<5 {
      let b = try byte()
      if i == 0 && b == 0x80 { throw incompatible("number not in shortest form") }
      value = value << 7 | Int(b & 0x7F)
      if b & 0x80 == 0 {
        guard value < 1 << 31 else { break }
        return value
      }
    }
    throw incompatible("number too large")
  }

  /// A count of things of at least one byte each.
  private mutating func count() throws(MPYError) -> Int {
    let n = try number()
    guard n <= bytes.count - at else { throw incompatible("count larger than the file") }
    return n
  }

  private mutating func run(_ length: Int) throws(MPYError) -> [UInt8] {
    guard length <= bytes.count - at else { throw incompatible("cut off") }
    defer { at += length }
    return Array(bytes[at..<at + length])
  }

  private mutating func terminated(_ length: Int) throws(MPYError) -> [UInt8] {
    let text = try run(length)
    guard try byte() == 0 else { throw incompatible("string without its end") }
    return text
  }

  private mutating func name() throws(MPYError) -> [UInt8] {
    let n = try number()
    if n & 1 == 0 { return try terminated(n >> 1) }
    guard let text = StaticNames.text(n >> 1) else { throw incompatible("no such static name") }
    return text
  }

  private mutating func constant(_ depth: Int) throws(MPYError) -> Constant {
    guard depth <= MPYReader.maximumDepth else { throw incompatible("nested too deeply") }
    switch try byte() {
    case 1: return .none
    case 2: return .false
    case 3: return .true
    case 4: return .ellipsis
    case 5: return .str(try terminated(try number()))
    case 6: return .bytes(try terminated(try number()))
    case 7:
      let text = try run(try number())
      let digits = text.first == 0x2D ? text.dropFirst() : text[...]
      guard !digits.isEmpty, digits.count <= MPYReader.maximumIntDigits, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
        throw incompatible("bad int")
      }
      return .int(text)
    case 8: return .float(try run(try number()))
    case 9: return .complex(try run(try number()))
    case 10:
      var items: [Constant] = []
      for _ in 0..<(try count()) { items.append(try constant(depth + 1)) }
      return .tuple(items)
    default: throw incompatible("unknown constant type")
    }
  }

  private mutating func rawCode(_ depth: Int) throws(MPYError) -> RawCode {
    guard depth <= MPYReader.maximumDepth else { throw incompatible("nested too deeply") }
    let head = try number()
    guard head & 3 == 0 else { throw incompatible("native code") }
    let code = try run(head >> 3)
    var children: [RawCode] = []
    if head & 4 != 0 {
      let n = try count()
      guard n > 0 else { throw incompatible("no children where there should be") }
      for _ in 0..<n { children.append(try rawCode(depth + 1)) }
    }
    return RawCode(bytes: code, children: children)
  }
}
