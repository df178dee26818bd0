/// The special methods behind the operators.
extension BinaryOperation {
  /// The comparison that asks the other operand the same question.
  var mirrored: BinaryOperation? {
    switch self {
    case .less: .greater
    case .greater: .less
    case .lessEqual: .greaterEqual
    case .greaterEqual: .lessEqual
    default: nil
    }
  }

  func methodName(_ n: WellKnownNames) -> Value {
    switch self {
    case .less: n.dunderLt
    case .greater: n.dunderGt
    case .equal: n.dunderEq
    case .lessEqual: n.dunderLe
    case .greaterEqual: n.dunderGe
    case .notEqual: n.dunderNe
    case .contains: n.dunderContains
    case .is, .exceptionMatch: n.empty
    case .inplaceOr: n.dunderIor
    case .inplaceXor: n.dunderIxor
    case .inplaceAnd: n.dunderIand
    case .inplaceShiftLeft: n.dunderIlshift
    case .inplaceShiftRight: n.dunderIrshift
    case .inplaceAdd: n.dunderIadd
    case .inplaceSubtract: n.dunderIsub
    case .inplaceMultiply: n.dunderImul
    case .inplaceMatMultiply: n.dunderImatmul
    case .inplaceFloorDivide: n.dunderIfloordiv
    case .inplaceTrueDivide: n.dunderItruediv
    case .inplaceModulo: n.dunderImod
    case .inplacePower: n.dunderIpow
    case .or: n.dunderOr
    case .xor: n.dunderXor
    case .and: n.dunderAnd
    case .shiftLeft: n.dunderLshift
    case .shiftRight: n.dunderRshift
    case .add: n.dunderAdd
    case .subtract: n.dunderSub
    case .multiply: n.dunderMul
    case .matMultiply: n.dunderMatmul
    case .floorDivide: n.dunderFloordiv
    case .trueDivide: n.dunderTruediv
    case .modulo: n.dunderMod
    case .power: n.dunderPow
    }
  }

  func reflectedName(_ n: WellKnownNames) -> Value? {
    switch self {
    case .or: n.dunderRor
    case .xor: n.dunderRxor
    case .and: n.dunderRand
    case .shiftLeft: n.dunderRlshift
    case .shiftRight: n.dunderRrshift
    case .add: n.dunderRadd
    case .subtract: n.dunderRsub
    case .multiply: n.dunderRmul
    case .matMultiply: n.dunderRmatmul
    case .floorDivide: n.dunderRfloordiv
    case .trueDivide: n.dunderRtruediv
    case .modulo: n.dunderRmod
    case .power: n.dunderRpow
    default: nil
    }
  }
}

extension UnaryOperation {
  var shownName: String {
    switch self {
    case .positive: "__pos__"
    case .negative: "__neg__"
    case .invert: "__invert__"
    case .absolute: "__abs__"
    case .hash: "__hash__"
    case .bool, .not: "__bool__"
    case .length: "__len__"
    case .int: "__int__"
    case .float: "__float__"
    }
  }
}
