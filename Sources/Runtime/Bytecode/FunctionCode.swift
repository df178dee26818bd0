/// Normalised operation codes: one per operation, whatever its short forms in the file.
enum BC {
  static let loadConstString = 0x10, loadName = 0x11, loadGlobal = 0x12, loadAttr = 0x13, loadMethod = 0x14
  static let loadSuperMethod = 0x15, storeName = 0x16, storeGlobal = 0x17, storeAttr = 0x18, deleteName = 0x19
  static let deleteGlobal = 0x1a, importName = 0x1b, importFrom = 0x1c
  static let makeClosure = 0x20, makeClosureDefargs = 0x21, loadConstSmallInt = 0x22, loadConstObject = 0x23
  static let loadFast = 0x24, loadDeref = 0x25, storeFast = 0x26, storeDeref = 0x27, deleteFast = 0x28,
    deleteDeref = 0x29
  static let buildTuple = 0x2a, buildList = 0x2b, buildMap = 0x2c, buildSet = 0x2d, buildSlice = 0x2e, storeComp = 0x2f
  static let unpackSequence = 0x30, unpackEx = 0x31, makeFunction = 0x32, makeFunctionDefargs = 0x33
  static let callFunction = 0x34, callFunctionVarKw = 0x35, callMethod = 0x36, callMethodVarKw = 0x37
  static let unwindJump = 0x40, jump = 0x42, popJumpIfTrue = 0x43, popJumpIfFalse = 0x44, jumpIfTrueOrPop = 0x45
  static let jumpIfFalseOrPop = 0x46, setupWith = 0x47, setupExcept = 0x48, setupFinally = 0x49, popExceptJump = 0x4a
  static let forIter = 0x4b
  static let loadConstFalse = 0x50, loadConstNone = 0x51, loadConstTrue = 0x52, loadNull = 0x53, loadBuildClass = 0x54
  static let loadSubscr = 0x55, storeSubscr = 0x56, dupTop = 0x57, dupTopTwo = 0x58, popTop = 0x59, rotTwo = 0x5a
  static let rotThree = 0x5b, withCleanup = 0x5c, endFinally = 0x5d, getIter = 0x5e, getIterStack = 0x5f
  static let storeMap = 0x62, returnValue = 0x63, raiseLast = 0x64, raiseObject = 0x65, raiseFrom = 0x66
  static let yieldValue = 0x67, yieldFrom = 0x68, importStar = 0x69
  /// Operand: 0 `+`, 1 `-`, 2 `~`, 3 `not`.
  static let unary = 0xd0
  /// Operand: `BinaryOperation` raw value.
  static let binary = 0xd7
}

/// One decoded instruction.
struct Instruction {
  /// `BC` operation.
  var op: Int
  /// Bytes from the start of the code bytes.
  var offset: Int
  var operand = 0
  /// The extra byte of MAKE_CLOSURE* and UNWIND_JUMP.
  var extra = 0
  /// Instruction index of a jump's target, -1 for others.
  var target = -1
}

/// What stands before a function's instructions.
struct FunctionPrelude {
  var stateSlots = 0
  var exceptionSlots = 0
  var flags = 0
  var positional = 0
  var keywordOnly = 0
  var positionalDefaults = 0
  /// Index into the unit's names.
  var name = 0
  var argumentNames: [Int] = []
  var lineTable = 0..<0
  var cells: [Int] = []
  var firstInstruction = 0

  var isGenerator: Bool { flags & 1 != 0 }
  /// Locals that a call fills: arguments, then the star tuple and dict.
  var boundLocals: Int {
    positional + keywordOnly + (flags & 4 != 0 ? 1 : 0) + (flags & 2 != 0 ? 1 : 0)
  }
}

/// A function's bytecode, decoded and checked as far as one linear scan can (verifier part 1).
struct FunctionCode {
  let bytes: [UInt8]
  var prelude = FunctionPrelude()
  var instructions: [Instruction] = []
  /// How many cells its makers pass: they are its first positional arguments.
  let closedOver: Int

  /// Longest function in instructions; keeps analysis time in hand.
  static let maximumBytes = 1 << 20

  init(_ bytes: [UInt8], names: Int, constants: Int, children: Int, closedOver: Int) throws(FlowError) {
    self.bytes = bytes
    self.closedOver = closedOver
    guard bytes.count <= FunctionCode.maximumBytes else { throw FlowError(reason: "function too long") }
    try decodePrelude(names: names)
    try decodeInstructions(names: names, constants: constants, children: children)
  }

  func isCell(_ local: Int) -> Bool { local < closedOver || prelude.cells.contains(local) }

  /// The source line of a code offset.
  func line(_ offset: Int) -> Int {
    var line = 1
    var left = offset - prelude.firstInstruction
    var at = prelude.lineTable.lowerBound
    while at < prelude.lineTable.upperBound {
      let byte = Int(bytes[at])
      let skip: Int
      let lines: Int
      if byte & 0x80 == 0 {
        skip = byte & 0x1F
        lines = byte >> 5
        at += 1
      } else {
        guard at + 1 < prelude.lineTable.upperBound else { break }
        skip = byte & 0x0F
        lines = (byte << 4) & 0x700 | Int(bytes[at + 1])
        at += 2
      }
      if left < skip { break }
      left -= skip
      line += lines
    }
    return line
  }

  private func byte(_ at: inout Int) throws(FlowError) -> Int {
    guard at < bytes.count else { throw FlowError(reason: "truncated code") }
    defer { at += 1 }
    return Int(bytes[at])
  }

  private func unsigned(_ at: inout Int) throws(FlowError) -> Int {
    var value = 0
    for _ in 0..<5 {
      let b = try byte(&at)
      value = value << 7 | b & 0x7F
      if b & 0x80 == 0 {
        guard value < 1 << 31 else { throw FlowError(reason: "number too large") }
        return value
      }
    }
    throw FlowError(reason: "number too long")
  }

  private mutating func decodePrelude(names: Int) throws(FlowError) {
    var at = 0
    var b = try byte(&at)
    var s = b >> 3 & 0xF
    var e = b >> 2 & 1
    var a = b & 3
    var f = 0
    var k = 0
    var d = 0
    var n = 0
    while b & 0x80 != 0 {
      guard n < 8 else { throw FlowError(reason: "bad signature") }
      b = try byte(&at)
      s |= (b & 0x30) << (2 * n)
      e |= (b & 0x02) << n
      f |= ((b & 0x40) >> 6) << n
      a |= (b & 0x04) << n
      k |= ((b & 0x08) >> 3) << n
      d |= (b & 0x01) << n
      n += 1
    }
    var info = 0
    var cells = 0
    n = 0
    repeat {
      guard n < 6 else { throw FlowError(reason: "bad sizes") }
      b = try byte(&at)
      cells |= (b & 1) << n
      info |= ((b & 0x7E) >> 1) << (6 * n)
      n += 1
    } while b & 0x80 != 0
    prelude.stateSlots = s + 1
    prelude.exceptionSlots = e
    prelude.flags = f
    prelude.positional = a
    prelude.keywordOnly = k
    prelude.positionalDefaults = d
    let infoEnd = at + info
    guard s + 1 <= 0x2000, e <= 0x1000, f & ~31 == 0, d <= a, info >= 1, infoEnd + cells <= bytes.count,
      prelude.boundLocals <= prelude.stateSlots
    else { throw FlowError(reason: "bad prelude") }
    prelude.name = try unsigned(&at)
    for _ in 0..<a + k { prelude.argumentNames.append(try unsigned(&at)) }
    guard at <= infoEnd, prelude.name < names, prelude.argumentNames.allSatisfy({ $0 < names }) else {
      throw FlowError(reason: "bad names")
    }
    prelude.lineTable = at..<infoEnd
    for i in 0..<cells {
      let cell = Int(bytes[infoEnd + i])
      guard cell < prelude.stateSlots, !prelude.cells.contains(cell), cell >= closedOver else {
        throw FlowError(reason: "bad cell")
      }
      prelude.cells.append(cell)
    }
    guard closedOver <= a else { throw FlowError(reason: "too many cells") }
    prelude.firstInstruction = infoEnd + cells
  }

  private mutating func decodeInstructions(names: Int, constants: Int, children: Int) throws(FlowError) {
    var at = prelude.firstInstruction
    var indexOfOffset = [Int](repeating: -1, count: bytes.count + 1)
    var jumps: [(Int, Int)] = []
    while at < bytes.count {
      indexOfOffset[at] = instructions.count
      var i = Instruction(op: 0, offset: at)
      let opcode = try byte(&at)
      switch opcode {
      case 0x10...0x1c:
        i.op = opcode
        i.operand = try unsigned(&at)
        guard i.operand < names else { throw FlowError(reason: "no such name") }
      case BC.loadConstSmallInt:
        i.op = opcode
        i.operand = try signed(&at)
      case 0x20, 0x21, 0x23...0x37:
        i.op = opcode
        i.operand = try unsigned(&at)
        if opcode <= 0x21 { i.extra = try byte(&at) }
        try checkOperand(opcode, i.operand, constants, children)
      case 0x40, 0x42...0x4b:
        i.op = opcode
        let low = try byte(&at)
        var offset = low
        if low & 0x80 != 0 { offset = low & 0x7F | (try byte(&at)) << 7 }
        if opcode <= 0x44 { offset -= low & 0x80 != 0 ? 0x4000 : 0x40 }
        jumps.append((instructions.count, at + offset))
        if opcode == 0x40 { i.extra = try byte(&at) }
      case 0x50...0x5f, 0x62...0x69: i.op = opcode
      case 0x70...0xaf:
        i.op = BC.loadConstSmallInt
        i.operand = opcode - 0x80
      case 0xb0...0xbf:
        i.op = BC.loadFast
        i.operand = opcode - 0xb0
        try checkOperand(BC.loadFast, i.operand, constants, children)
      case 0xc0...0xcf:
        i.op = BC.storeFast
        i.operand = opcode - 0xc0
        try checkOperand(BC.storeFast, i.operand, constants, children)
      case 0xd0...0xd3:
        i.op = BC.unary
        i.operand = opcode - 0xd0
      case 0xd7...0xf9:
        i.op = BC.binary
        i.operand = opcode - 0xd7
      default: throw FlowError(reason: "unknown opcode")
      }
      instructions.append(i)
    }
    for (index, offset) in jumps {
      guard offset >= 0, offset < bytes.count, indexOfOffset[offset] >= 0 else {
        throw FlowError(reason: "jump out of the code")
      }
      instructions[index].target = indexOfOffset[offset]
    }
  }

  private func checkOperand(_ op: Int, _ n: Int, _ constants: Int, _ children: Int) throws(FlowError) {
    let ok: Bool
    switch op {
    case BC.loadConstObject: ok = n < constants
    case 0x24...0x29: ok = n < prelude.stateSlots
    case BC.makeFunction, BC.makeFunctionDefargs, BC.makeClosure, BC.makeClosureDefargs: ok = n < children
    case BC.buildSlice: ok = n == 2 || n == 3
    case BC.storeComp: ok = n & 3 != 3
    case BC.callFunction, BC.callFunctionVarKw, BC.callMethod, BC.callMethodVarKw, BC.unpackEx: ok = n < 1 << 16
    default: ok = true
    }
    if !ok { throw FlowError(reason: "operand out of range") }
  }

  private func signed(_ at: inout Int) throws(FlowError) -> Int {
    var b = try byte(&at)
    var value = b & 0x40 != 0 ? -1 : 0
    value = value << 7 | b & 0x7F
    var n = 1
    while b & 0x80 != 0 {
      guard n < 9 else { throw FlowError(reason: "number too long") }
      b = try byte(&at)
      value = value << 7 | b & 0x7F
      n += 1
    }
    return value
  }
}
