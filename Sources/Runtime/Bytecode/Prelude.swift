/// What stands before a function's instructions: signature, sizes, names, line table, cell list.
package struct Prelude: Equatable, Sendable {
  /// Locals and value stack together, at least 1.
  package var stateSlots: Int
  package var exceptionSlots: Int
  package var flags: CodeFlags
  /// Positional arguments; closed-over cells are the first of them.
  package var positional: Int
  package var keywordOnly: Int
  package var positionalDefaults: Int
  /// Index into the module's names.
  package var name: Int
  /// Indexes into the module's names: positional, then keyword-only.
  package var argumentNames: [Int]
  /// Where the line table lies in the code bytes.
  package var lineTable: Range<Int>
  /// Locals that become cells on entry.
  package var cells: [Int]
  /// Bytes before the first instruction.
  package var instructionStart: Int

  /// Locals that a call fills: arguments, then the star tuple and the star-star dict.
  package var boundLocals: Int {
    positional + keywordOnly + (flags.contains(.variablePositional) ? 1 : 0)
      + (flags.contains(.variableKeywords) ? 1 : 0)
  }
}

/// Function flags of the signature.
package struct CodeFlags: OptionSet, Sendable, Hashable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let generator = CodeFlags(rawValue: 1)
  package static let variableKeywords = CodeFlags(rawValue: 2)
  package static let variablePositional = CodeFlags(rawValue: 4)
  package static let keywordDefaults = CodeFlags(rawValue: 8)
  /// CircuitPython only, always with `generator`.
  package static let async = CodeFlags(rawValue: 16)

  static func known(in dialect: Dialect) -> CodeFlags {
    let common: CodeFlags = [.generator, .variableKeywords, .variablePositional, .keywordDefaults]
    return dialect == .circuitpython ? common.union(.async) : common
  }
}

extension Prelude {
  /// Reads the prelude of a function's code, bounded but not yet checked against the module.
  /// - Parameter path: child numbers, for the error's location.
  package static func decode(_ bytes: [UInt8], path: [Int] = []) throws(BytecodeError) -> Prelude {
    guard bytes.count <= CodeLimits.functionBytes else {
      throw BytecodeError.incompatibleFile(.functionTooLong, CodeLocation(path: path, offset: 0))
    }
    var cursor = CodeCursor(bytes, path: path)
    var prelude = try decodeSignature(&cursor)
    let (infoBytes, cellCount) = try decodeSizes(&cursor)
    guard infoBytes >= 1, infoBytes + cellCount <= cursor.bytesLeft else { throw cursor.failure(.badSizes) }
    let infoEnd = cursor.position + infoBytes
    // Each name takes a byte: more of them than bytes cannot be, and must not be allocated for.
    guard prelude.positional + prelude.keywordOnly < infoBytes else { throw cursor.failure(.badSizes) }
    var info = CodeCursor(bytes, from: cursor.position, to: infoEnd, path: path)
    prelude.name = try info.unsigned()
    for _ in 0..<prelude.positional + prelude.keywordOnly { prelude.argumentNames.append(try info.unsigned()) }
    prelude.lineTable = info.position..<infoEnd
    prelude.cells = bytes[infoEnd..<infoEnd + cellCount].map(Int.init)
    prelude.instructionStart = infoEnd + cellCount
    return prelude
  }

  private static func decodeSignature(_ cursor: inout CodeCursor) throws(BytecodeError) -> Prelude {
    var byte = Int(try cursor.byte())
    var state = byte >> 3 & 0xF
    var exceptions = byte >> 2 & 1
    var positional = byte & 3
    var flags = 0
    var keywordOnly = 0
    var defaults = 0
    var round = 0
    while byte & 0x80 != 0 {
      guard round < CodeLimits.preludeFieldBytes else { throw cursor.failure(.numberTooLarge) }
      byte = Int(try cursor.byte())
      state |= (byte >> 4 & 3) << (4 + 2 * round)
      exceptions |= (byte >> 1 & 1) << (1 + round)
      flags |= (byte >> 6 & 1) << round
      positional |= (byte >> 2 & 1) << (2 + round)
      keywordOnly |= (byte >> 3 & 1) << round
      defaults |= (byte & 1) << round
      round += 1
    }
    return Prelude(
      stateSlots: state + 1, exceptionSlots: exceptions, flags: CodeFlags(rawValue: flags), positional: positional,
      keywordOnly: keywordOnly, positionalDefaults: defaults, name: 0, argumentNames: [], lineTable: 0..<0, cells: [],
      instructionStart: 0)
  }

  private static func decodeSizes(_ cursor: inout CodeCursor) throws(BytecodeError) -> (info: Int, cells: Int) {
    var info = 0
    var cells = 0
    for round in 0..<CodeLimits.preludeFieldBytes {
      let byte = Int(try cursor.byte())
      cells |= (byte & 1) << round
      info |= (byte >> 1 & 0x3F) << (6 * round)
      if byte & 0x80 == 0 { return (info, cells) }
    }
    throw cursor.failure(.numberTooLarge)
  }

  /// The bytes before the instructions. The ranges of `self` are not used: the line table is given.
  package func encoded(lineTable lines: [UInt8]) -> [UInt8] {
    var info: [UInt8] = []
    CodeBytes.append(unsigned: name, to: &info)
    for argument in argumentNames { CodeBytes.append(unsigned: argument, to: &info) }
    info += lines
    var bytes = encodedSignature()
    var infoLeft = info.count
    var cellsLeft = cells.count
    repeat {
      var byte = (infoLeft & 0x3F) << 1 | cellsLeft & 1
      infoLeft >>= 6
      cellsLeft >>= 1
      if infoLeft | cellsLeft != 0 { byte |= 0x80 }
      bytes.append(UInt8(byte))
    } while infoLeft | cellsLeft != 0
    return bytes + info + cells.map { UInt8($0) }
  }

  private func encodedSignature() -> [UInt8] {
    var (state, exceptions, positional) = (stateSlots - 1, exceptionSlots, self.positional)
    var (flags, keywordOnly, defaults) = (self.flags.rawValue, self.keywordOnly, positionalDefaults)
    var bytes = [UInt8((state & 0xF) << 3 | (exceptions & 1) << 2 | positional & 3)]
    state >>= 4
    exceptions >>= 1
    positional >>= 2
    while state | exceptions | positional | flags | keywordOnly | defaults != 0 {
      bytes[bytes.count - 1] |= 0x80
      let low = (flags & 1) << 6 | (state & 3) << 4 | (keywordOnly & 1) << 3
      bytes.append(UInt8(low | (positional & 1) << 2 | (exceptions & 1) << 1 | defaults & 1))
      state >>= 2
      exceptions >>= 1
      flags >>= 1
      positional >>= 1
      keywordOnly >>= 1
      defaults >>= 1
    }
    return bytes
  }
}
