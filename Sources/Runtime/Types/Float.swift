import Glibc

/// float and complex
extension VM {
  func installFloatAndComplex() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 { return try vm.makeFloat(0) }
        if a[1].has(.float) { return a[1] }
        if a[1].has(.str) || a[1].has(.bytes) || a[1].has(.bytearray) {
          return try vm.makeFloat(try vm.parseFloat(try vm.bufferBytes(a[1])))
        }
        return try vm.unary(.float, a[1])
      }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        let value = Value(bits: v)
        let x = FloatLayout.value(value.pointer)
        switch UnaryOperation(rawValue: op) {
        case .positive, .float: return value
        case .negative: return try vm.makeFloat(-x)
        case .absolute: return try vm.makeFloat(abs(x))
        case .bool: return Value(x != 0)
        case .int: return try vm.intFromDouble(x)
        case .hash:
          if x == x.rounded(.towardZero) && abs(x) < 0x1p62 { return Value(small: Int(x)) }
          return Value(small: Int(Int32(truncatingIfNeeded: x.bitPattern ^ (x.bitPattern >> 32))))
        default: return .unsupported
        }
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.numberBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.print = { vm, v, _, out in
      VM(vm).printFloat(FloatLayout.value(Value(bits: v).pointer), TextBuffer(out))
      return Value.none.bits
    }
    install(try makeType("float", tag: .float, slots: slots), for: .float)
    try installComplex()
  }

  func floatBinary(_ op: BinaryOperation, _ x: Double, _ y: Double) throws(PyError) -> Value {
    switch op {
    case .add: return try makeFloat(x + y)
    case .subtract: return try makeFloat(x - y)
    case .multiply: return try makeFloat(x * y)
    case .trueDivide:
      if y == 0 { throw zeroDivision() }
      return try makeFloat(x / y)
    case .floorDivide:
      if y == 0 { throw zeroDivision() }
      return try makeFloat(floorDivide(x, y).quotient)
    case .modulo:
      if y == 0 { throw zeroDivision() }
      return try makeFloat(floorDivide(x, y).remainder)
    case .power:
      if x == 0 && y < 0 { throw zeroDivision() }
      if x < 0 && y != y.rounded(.towardZero) && y.isFinite { return try complexPower(x, 0, y, 0) }
      return try makeFloat(pow(x, y))
    case .less: return Value(x < y)
    case .greater: return Value(x > y)
    case .equal: return Value(x == y)
    case .lessEqual: return Value(x <= y)
    case .greaterEqual: return Value(x >= y)
    default: return .unsupported
    }
  }

  /// Python's floor division and modulo of doubles, together.
  func floorDivide(_ x: Double, _ y: Double) -> (quotient: Double, remainder: Double) {
    var remainder = fmod(x, y)
    var quotient = (x - remainder) / y
    if remainder != 0 {
      if (y < 0) != (remainder < 0) {
        remainder += y
        quotient -= 1
      }
    } else {
      remainder = copysign(0, y)
    }
    if quotient != 0 {
      let down = quotient.rounded(.down)
      quotient = quotient - down > 0.5 ? down + 1 : down
    } else {
      quotient = copysign(0, x / y)
    }
    return (quotient, remainder)
  }
}
