/// One instruction, taken from its bytes.
package struct DecodedInstruction: Equatable, Sendable {
  /// Bytes from the start of the function's code.
  package var offset: Int
  package var nextOffset: Int
  package var opcode: Opcode
  /// Index, count or value; 0 for jumps and for instructions without one.
  package var operand: Int
  /// The byte after the operand: cells of MAKE_CLOSURE*, entries and iterator flag of UNWIND_JUMP.
  package var extra: Int
  /// Where the instruction may jump (or its handler): an offset as decoded, an instruction index after
  /// `InstructionDecoder.decodeAll`; -1 for others.
  package var jumpTarget: Int
}

/// Takes a function's instructions from its bytes, in order of their addresses.
package struct InstructionDecoder {
  private var cursor: CodeCursor

  package init(_ code: [UInt8], from offset: Int, path: [Int] = []) {
    cursor = CodeCursor(code, from: offset, path: path)
  }

  /// The operation and operand that a first byte stands for; nil when there is none.
  private static let meanings: [(opcode: Opcode, operand: Int, isShort: Bool)?] = {
    var table = [(opcode: Opcode, operand: Int, isShort: Bool)?](repeating: nil, count: 256)
    for opcode in Opcode.allCases { table[Int(opcode.rawValue)] = (opcode, 0, false) }
    for form in ShortForm.all {
      for index in 0..<form.count { table[Int(form.first) + index] = (form.opcode, form.firstOperand + index, true) }
    }
    return table
  }()

  /// The next instruction with its jump target as an offset; nil at the end of the code.
  package mutating func next() throws(BytecodeError) -> DecodedInstruction? {
    guard cursor.bytesLeft > 0 else { return nil }
    let offset = cursor.position
    guard let (opcode, operand, isShort) = InstructionDecoder.meanings[Int(try cursor.byte())] else {
      throw cursor.failure(.unknownOpcode, at: offset)
    }
    var instruction = DecodedInstruction(
      offset: offset, nextOffset: 0, opcode: opcode, operand: operand, extra: 0, jumpTarget: -1)
    if !isShort { try readOperand(&instruction) }
    instruction.nextOffset = cursor.position
    return instruction
  }

  private mutating func readOperand(_ instruction: inout DecodedInstruction) throws(BytecodeError) {
    switch instruction.opcode.format {
    case .none: break
    case .name, .unsigned, .constant, .local, .child: instruction.operand = try cursor.unsigned()
    case .signed: instruction.operand = try cursor.signed()
    case .childAndCount:
      instruction.operand = try cursor.unsigned()
      instruction.extra = Int(try cursor.byte())
    case .jumpForward: instruction.jumpTarget = try jumpTarget(isSigned: false)
    case .jumpEitherWay: instruction.jumpTarget = try jumpTarget(isSigned: true)
    case .jumpEitherWayAndCount:
      instruction.jumpTarget = try jumpTarget(isSigned: true)
      instruction.extra = Int(try cursor.byte())
    }
  }

  /// The offset counts from the byte after its field, and its low part comes first.
  private mutating func jumpTarget(isSigned: Bool) throws(BytecodeError) -> Int {
    let low = Int(try cursor.byte())
    guard low & 0x80 != 0 else { return cursor.position + low - (isSigned ? 0x40 : 0) }
    let distance = low & 0x7F | Int(try cursor.byte()) << 7
    return cursor.position + distance - (isSigned ? 0x4000 : 0)
  }

  /// All instructions from `offset` on, with jump targets as instruction indexes.
  package static func decodeAll(
    _ code: [UInt8], from offset: Int, path: [Int] = []
  ) throws(BytecodeError) -> [DecodedInstruction] {
    var decoder = InstructionDecoder(code, from: offset, path: path)
    var instructions: [DecodedInstruction] = []
    var indexOfOffset = [Int](repeating: -1, count: code.count)
    while let instruction = try decoder.next() {
      indexOfOffset[instruction.offset] = instructions.count
      instructions.append(instruction)
    }
    for index in instructions.indices where instructions[index].opcode.format.isJump {
      let target = instructions[index].jumpTarget
      guard indexOfOffset.indices.contains(target), indexOfOffset[target] >= 0 else {
        throw BytecodeError.incompatibleFile(.badJump, CodeLocation(path: path, offset: instructions[index].offset))
      }
      instructions[index].jumpTarget = indexOfOffset[target]
    }
    return instructions
  }
}

extension OperandFormat {
  var isJump: Bool {
    switch self {
    case .jumpForward, .jumpEitherWay, .jumpEitherWayAndCount: true
    default: false
    }
  }
}
