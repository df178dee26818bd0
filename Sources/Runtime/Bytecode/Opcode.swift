/// The operations of bytecode version 6, one case an operation: the one-byte forms with a built-in operand
/// (small integers, the first sixteen locals, operators) are folded into the operation they abbreviate.
package enum Opcode: UInt8, Sendable, CaseIterable {
  case loadConstString = 0x10, loadName, loadGlobal, loadAttr, loadMethod, loadSuperMethod
  case storeName, storeGlobal, storeAttr, deleteName, deleteGlobal, importName, importFrom
  case makeClosure = 0x20, makeClosureDefargs, loadConstSmallInt, loadConstObject
  case loadFast, loadDeref, storeFast, storeDeref, deleteFast, deleteDeref
  case buildTuple, buildList, buildMap, buildSet, buildSlice, storeComp, unpackSequence, unpackEx
  case makeFunction, makeFunctionDefargs
  case callFunction, callFunctionVarKw, callMethod, callMethodVarKw
  case unwindJump = 0x40
  case jump = 0x42, popJumpIfTrue, popJumpIfFalse, jumpIfTrueOrPop, jumpIfFalseOrPop
  case setupWith, setupExcept, setupFinally, popExceptJump, forIter
  case loadConstFalse = 0x50, loadConstNone, loadConstTrue, loadNull, loadBuildClass
  case loadSubscr, storeSubscr, dupTop, dupTopTwo, popTop, rotTwo, rotThree
  case withCleanup, endFinally, getIter, getIterStack
  case storeMap = 0x62, returnValue, raiseLast, raiseObject, raiseFrom, yieldValue, yieldFrom, importStar
  /// Operand: a `UnaryOperator`.
  case unary = 0xd0
  /// Operand: a `BinaryOperator`.
  case binary = 0xd7
}

/// The operators of `Opcode.unary`, in the order of their opcodes.
package enum UnaryOperator: Int, Sendable, CaseIterable { case positive, negative, invert, not }

/// The operators of `Opcode.binary`, in the order of their opcodes.
package enum BinaryOperator: Int, Sendable, CaseIterable {
  case less, greater, equal, lessEqual, greaterEqual, notEqual, contains, `is`, exceptionMatch
  case inplaceOr, inplaceXor, inplaceAnd, inplaceShiftLeft, inplaceShiftRight, inplaceAdd, inplaceSubtract
  case inplaceMultiply, inplaceMatMultiply, inplaceFloorDivide, inplaceTrueDivide, inplaceModulo, inplacePower
  case or, xor, and, shiftLeft, shiftRight, add, subtract
  case multiply, matMultiply, floorDivide, trueDivide, modulo, power
}

/// What follows an opcode byte.
package enum OperandFormat: Sendable {
  case none, name, unsigned, constant, local, child, childAndCount, signed
  case jumpEitherWay, jumpForward, jumpEitherWayAndCount
}

/// One-byte forms: first opcode, count, operation, operand of the first.
package struct ShortForm: Sendable {
  package let first: UInt8
  package let count: Int
  package let opcode: Opcode
  package let firstOperand: Int

  package static let all = [
    ShortForm(first: 0x70, count: 64, opcode: .loadConstSmallInt, firstOperand: -16),
    ShortForm(first: 0xb0, count: 16, opcode: .loadFast, firstOperand: 0),
    ShortForm(first: 0xc0, count: 16, opcode: .storeFast, firstOperand: 0),
    ShortForm(first: 0xd0, count: UnaryOperator.allCases.count, opcode: .unary, firstOperand: 0),
    ShortForm(first: 0xd7, count: BinaryOperator.allCases.count, opcode: .binary, firstOperand: 0),
  ]
}

extension Opcode {
  /// How the operand of the long form is written; operators have only one-byte forms.
  package var format: OperandFormat {
    switch self {
    case .makeClosure, .makeClosureDefargs: .childAndCount
    case .makeFunction, .makeFunctionDefargs: .child
    case .loadConstSmallInt: .signed
    case .loadConstObject: .constant
    case .loadFast, .loadDeref, .storeFast, .storeDeref, .deleteFast, .deleteDeref: .local
    case .unwindJump: .jumpEitherWayAndCount
    case .jump, .popJumpIfTrue, .popJumpIfFalse: .jumpEitherWay
    default:
      switch rawValue >> 4 {
      case 1: .name
      case 2, 3: .unsigned
      case 4: .jumpForward
      default: .none
      }
    }
  }

  /// Whether control never goes on to the following instruction.
  package var endsFlow: Bool {
    switch self {
    case .returnValue, .jump, .raiseObject, .raiseLast, .raiseFrom, .unwindJump, .popExceptJump: true
    default: false
    }
  }

  /// The name in listings: `loadConstNone` is LOAD_CONST_NONE.
  package var listingName: String {
    var text = ""
    for scalar in "\(self)".unicodeScalars {
      if scalar.properties.isUppercase { text += "_" }
      text += scalar.properties.uppercaseMapping
    }
    return text
  }
}
