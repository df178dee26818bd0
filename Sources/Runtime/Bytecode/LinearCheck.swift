/// What the rules need to know of the module around a function.
struct ModuleFacts {
  let nameCount: Int
  let constantCount: Int
  /// Names that read `BaseException`: they mark the test of `async with`.
  let baseExceptionNames: Set<Int>
  let dialect: Dialect

  init(_ module: CodeModule, dialect: Dialect) {
    nameCount = module.names.count
    constantCount = module.constants.count
    let wanted = Array("BaseException".utf8)
    baseExceptionNames = Set(module.names.indices.filter { module.names[$0] == wanted })
    self.dialect = dialect
  }
}

/// How a function's parent makes it.
struct MakerFacts {
  var closedOver = 0
  /// Whether some maker passes no defaults.
  var isMadeWithoutDefaults = false
}

/// A function decoded and checked as far as one pass over its instructions can.
struct LinearFunction {
  let path: [Int]
  let prelude: Prelude
  let instructions: [DecodedInstruction]
  let lines: LineTable
  let closedOver: Int
  let isCell: [Bool]
  /// One for each child; nil for children that no instruction names.
  private(set) var makers: [MakerFacts?]

  init(_ code: RawCode, path: [Int], made: MakerFacts, facts: ModuleFacts) throws(BytecodeError) {
    self.path = path
    prelude = try Prelude.decode(code.bytes, path: path)
    lines = try LineTable(code.bytes, prelude, path: path)
    closedOver = made.closedOver
    makers = Array(repeating: nil, count: code.children.count)
    try LinearFunction.check(prelude, made, facts, path)
    isCell = try LinearFunction.cells(prelude, closedOver, path)
    instructions = try InstructionDecoder.decodeAll(code.bytes, from: prelude.instructionStart, path: path)
    guard let last = instructions.last, last.opcode.endsFlow else {
      throw LinearFunction.failure(.runsOffTheEnd, path, code.bytes.count)
    }
    let codeBytes = code.bytes.count - prelude.instructionStart
    guard lines.entries.reduce(0, { $0 + $1.bytes }) <= codeBytes else {
      throw LinearFunction.failure(.badLineTable, path, prelude.lineTable.lowerBound)
    }
    for instruction in instructions {
      if let fault = fault(of: instruction, facts) { throw failure(fault, at: instruction) }
      if let fault = noteMaker(instruction) { throw failure(fault, at: instruction) }
    }
  }

  func failure(_ fault: CodeFault, at instruction: DecodedInstruction) -> BytecodeError {
    LinearFunction.failure(fault, path, instruction.offset)
  }

  private static func failure(_ fault: CodeFault, _ path: [Int], _ offset: Int) -> BytecodeError {
    .incompatibleFile(fault, CodeLocation(path: path, offset: offset))
  }

  private static func check(
    _ prelude: Prelude, _ made: MakerFacts, _ facts: ModuleFacts, _ path: [Int]
  ) throws(BytecodeError) {
    func require(_ condition: Bool, _ fault: CodeFault) throws(BytecodeError) {
      if !condition { throw failure(fault, path, 0) }
    }
    if path.isEmpty {
      let takesNothing = prelude.positional + prelude.keywordOnly + prelude.positionalDefaults == 0
      try require(takesNothing && prelude.flags.isEmpty, .moduleTakesArguments)
    }
    try require(prelude.stateSlots <= CodeLimits.stateSlots, .tooManySlots)
    try require(prelude.exceptionSlots <= CodeLimits.exceptionSlots, .tooManySlots)
    try require(prelude.flags.subtracting(.known(in: facts.dialect)).isEmpty, .unknownFlags)
    try require(prelude.positionalDefaults <= prelude.positional, .tooManyDefaults)
    try require(prelude.boundLocals <= prelude.stateSlots, .argumentsExceedSlots)
    try require(([prelude.name] + prelude.argumentNames).allSatisfy { $0 < facts.nameCount }, .badName)
    try require(made.closedOver <= prelude.positional, .tooManyClosedOver)
    let hasDefaults = prelude.positionalDefaults > 0 || prelude.flags.contains(.keywordDefaults)
    try require(!(made.isMadeWithoutDefaults && hasDefaults), .defaultsMissing)
  }

  /// A closed-over argument in the cell list would become a cell in a cell.
  private static func cells(_ prelude: Prelude, _ closedOver: Int, _ path: [Int]) throws(BytecodeError) -> [Bool] {
    var isCell = Array(repeating: false, count: prelude.stateSlots)
    for local in 0..<closedOver { isCell[local] = true }
    for local in prelude.cells {
      guard local < prelude.stateSlots, !isCell[local] else { throw failure(.badCell, path, 0) }
      isCell[local] = true
    }
    return isCell
  }

  private func fault(of instruction: DecodedInstruction, _ facts: ModuleFacts) -> CodeFault? {
    let operand = instruction.operand
    switch instruction.opcode.format {
    case .name where operand >= facts.nameCount: return .badName
    case .constant where operand >= facts.constantCount: return .badConstant
    case .child where operand >= makers.count: return .badChild
    case .childAndCount where operand >= makers.count: return .badChild
    case .local where operand >= prelude.stateSlots: return .badLocal
    default: break
    }
    switch instruction.opcode {
    case .buildSlice:
      let isOneByte = instruction.nextOffset == instruction.offset + 2
      return isOneByte && (operand == 2 || operand == 3) ? nil : .badOperand
    case .callFunction, .callFunctionVarKw, .callMethod, .callMethodVarKw, .unpackEx:
      return operand < 1 << 16 ? nil : .badOperand
    case .storeComp: return operand & 3 != 3 ? nil : .badOperand
    case .yieldValue, .yieldFrom: return prelude.flags.contains(.generator) ? nil : .yieldOutsideGenerator
    case .loadDeref, .storeDeref, .deleteDeref: return isCell[operand] ? nil : .notACell
    case .storeFast, .deleteFast: return isCell[operand] ? .cellOverwritten : nil
    default: return nil
    }
  }

  private mutating func noteMaker(_ instruction: DecodedInstruction) -> CodeFault? {
    let passesDefaults: Bool
    switch instruction.opcode {
    case .makeFunction, .makeClosure: passesDefaults = false
    case .makeFunctionDefargs, .makeClosureDefargs: passesDefaults = true
    default: return nil
    }
    // MAKE_FUNCTION* has no extra byte, which decodes as 0: it passes no cells.
    var facts = makers[instruction.operand] ?? MakerFacts(closedOver: instruction.extra)
    if facts.closedOver != instruction.extra { return .makersDisagree }
    if !passesDefaults { facts.isMadeWithoutDefaults = true }
    makers[instruction.operand] = facts
    return nil
  }
}
