/// Reads a `.mpy` file. Everything that the container promises is checked here; the code inside is checked by `verify`.
/// - Parameters:
///   - dialect: whose runtime loads the file.
///   - strict: refuse what that runtime would refuse. Otherwise the other dialect's files, and 63-bit small integers,
///     are taken too.
/// - Returns: the module, and whether the file is MicroPython's (it is then verified under `Dialect.micropython`).
/// - Throws: `BytecodeError`, whose `pythonMessage` is the text of the board's ValueError.
package func decodeMPY(
  _ bytes: [UInt8], dialect: Dialect, strict: Bool
) throws(BytecodeError) -> (module: CodeModule, wasMicroPython: Bool) {
  var reader = MPYReader(cursor: CodeCursor(bytes))
  let fileDialect = try reader.readHeader(dialect: dialect, strict: strict)
  return (try reader.readModule(), fileDialect == .micropython)
}

extension Dialect {
  /// The first byte of a file.
  var letter: UInt8 { self == .micropython ? 0x4d : 0x43 }
}

/// The numbers of a file's header and object table.
enum MPYFormat {
  static let version: UInt8 = 6
  /// Sub-version of the native interface; matters only in native files.
  static let nativeSubVersion: UInt8 = 3
  static let architectureFlagsFollow: UInt8 = 0x40
  /// Small-integer bits of a 32-bit board and of a 64-bit computer.
  static let boardSmallIntegerBits: UInt8 = 31
  static let hostSmallIntegerBits: UInt8 = 63
  static let bytecodeKind = 0
  static let hasChildren = 4

  enum ConstantType: UInt8 {
    case none = 1, `false`, `true`, ellipsis, str, bytes, int, float, complex, tuple
  }
}

private struct MPYReader {
  var cursor: CodeCursor

  /// The checks come in the board's order, so that a file wrong in two ways gives the board's text.
  mutating func readHeader(dialect: Dialect, strict: Bool) throws(BytecodeError) -> Dialect {
    let letter = try cursor.byte()
    let fileDialect: Dialect = letter == Dialect.micropython.letter ? .micropython : .circuitpython
    if strict && dialect == .circuitpython && fileDialect == .micropython { throw .microPythonFile }
    guard letter == fileDialect.letter && (!strict || fileDialect == dialect) else {
      throw cursor.failure(.wrongLetter, at: 0)
    }
    guard try cursor.byte() == MPYFormat.version else { throw cursor.failure(.wrongVersion, at: 1) }
    let features = try cursor.byte()
    let smallIntegerBits = try cursor.byte()
    // Bit 7 counts as part of the architecture, bit 6 does not.
    let isNative = (features >> 2) & 0x2F != 0
    if isNative && features & 3 != MPYFormat.nativeSubVersion { throw cursor.failure(.wrongSubVersion, at: 2) }
    let widest = strict ? MPYFormat.boardSmallIntegerBits : MPYFormat.hostSmallIntegerBits
    if smallIntegerBits > widest { throw cursor.failure(.wideSmallIntegers, at: 3) }
    if isNative { throw .nativeCode }
    if features & MPYFormat.architectureFlagsFollow != 0 { throw cursor.failure(.architectureFlags, at: 2) }
    return fileDialect
  }

  mutating func readModule() throws(BytecodeError) -> CodeModule {
    let nameCount = try cursor.count()
    let constantCount = try cursor.count()
    guard nameCount > 0 else { throw cursor.failure(.noNames) }
    guard nameCount + constantCount <= cursor.bytesLeft else { throw cursor.failure(.countTooLarge) }
    var names: [[UInt8]] = []
    for _ in 0..<nameCount { names.append(try readName()) }
    var constants: [Constant] = []
    for _ in 0..<constantCount { constants.append(try readConstant(depth: 0)) }
    let root = try readRawCode(depth: 0)
    guard cursor.bytesLeft == 0 else { throw cursor.failure(.trailingBytes) }
    return CodeModule(names: names, constants: constants, root: root)
  }

  private mutating func readName() throws(BytecodeError) -> [UInt8] {
    let start = cursor.position
    let entry = try cursor.unsigned()
    if entry & 1 != 0 {
      guard let name = StaticNames.name(number: entry >> 1) else { throw cursor.failure(.unknownStaticName, at: start) }
      return name
    }
    return try readZeroTerminated(entry >> 1)
  }

  private mutating func readZeroTerminated(_ count: Int) throws(BytecodeError) -> [UInt8] {
    let bytes = try cursor.take(count)
    guard try cursor.byte() == 0 else { throw cursor.failure(.missingZeroByte, at: cursor.position - 1) }
    return bytes
  }

  private mutating func readConstant(depth: Int) throws(BytecodeError) -> Constant {
    let start = cursor.position
    guard depth <= CodeLimits.nesting else { throw cursor.failure(.nestedTooDeeply) }
    guard let type = MPYFormat.ConstantType(rawValue: try cursor.byte()) else {
      throw cursor.failure(.unknownConstantType, at: start)
    }
    switch type {
    case .none: return .none
    case .false: return .false
    case .true: return .true
    case .ellipsis: return .ellipsis
    case .str: return .str(try readZeroTerminated(try cursor.unsigned()))
    case .bytes: return .bytes(try readZeroTerminated(try cursor.unsigned()))
    case .int: return .int(try readNumber(NumberText.isInteger))
    case .float: return .float(try readNumber(NumberText.isFloat))
    case .complex: return .complex(try readNumber(NumberText.isImaginary))
    case .tuple:
      var items: [Constant] = []
      for _ in 0..<(try cursor.count()) { items.append(try readConstant(depth: depth + 1)) }
      return .tuple(items)
    }
  }

  private mutating func readNumber(_ isValid: ([UInt8]) -> Bool) throws(BytecodeError) -> [UInt8] {
    let start = cursor.position
    let text = try cursor.take(try cursor.unsigned())
    guard isValid(text) else { throw cursor.failure(.badNumberText, at: start) }
    return text
  }

  private mutating func readRawCode(depth: Int) throws(BytecodeError) -> RawCode {
    let start = cursor.position
    guard depth <= CodeLimits.nesting else { throw cursor.failure(.nestedTooDeeply) }
    let head = try cursor.unsigned()
    guard head & 3 == MPYFormat.bytecodeKind else { throw cursor.failure(.nativeKind, at: start) }
    var code = RawCode(bytes: try cursor.take(head >> 3), children: [])
    guard head & MPYFormat.hasChildren != 0 else { return code }
    let count = try cursor.count()
    guard count > 0 else { throw cursor.failure(.noChildren) }
    for _ in 0..<count { code.children.append(try readRawCode(depth: depth + 1)) }
    return code
  }
}
