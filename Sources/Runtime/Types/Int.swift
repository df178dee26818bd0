/// int and bool, small ints' side; `BigInteger.swift` has what overflows.
extension VM {
  func installIntAndBool() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count == 1 { return Value(small: 0) }
        if a.count > 3 { throw vm.typeError("function expected at most 2 arguments, got \(a.count - 1)") }
        let base = a.count == 3 ? try vm.intArgument(a[2]) : 10
        return try vm.makeInt(from: a[1], base: base, hasBase: a.count == 3)
      }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        try vm.intUnary(UnaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: v))
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.numberBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        try vm.printBig(Value(bits: v), TextBuffer(out))
        return .none
      }
    }
    let methods = [
      NativeDefinition("bit_length", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(small: vm.bitLength(a[0]))
        }
      },
      NativeDefinition("from_bytes", 2, 3, keywords: true) { native($0, $1, $2, intFromBytes) }.asClassMethod,
      NativeDefinition("to_bytes", 1, 3, keywords: true) { native($0, $1, $2, intToBytes) },
    ]
    install(try makeType("int", tag: .int, methods: methods, slots: slots), for: .int)
    var bool = TypeSlots()
    bool.make = { native($0, $1, $2) { vm, a throws(PyError) in a.count < 2 ? .false : Value(try vm.isTrue(a[1])) } }
    bool.unary = slots.unary
    bool.binary = slots.binary
    s.pointee.types[Interpreter.boolTypeIndex] = try makeType("bool", slots: bool)
  }

  private func intUnary(_ op: UnaryOperation, _ v: Value) throws(PyError) -> Value {
    if v.has(.int) { return try bigUnary(op, v) }
    let n = v.isSmallInt ? v.small : v == .true ? 1 : 0
    switch op {
    case .positive, .int: return Value(small: n)
    case .negative: return try makeInt(-n)
    case .invert: return Value(small: ~n)
    case .absolute: return try makeInt(abs(n))
    case .hash: return Value(small: n)
    case .bool: return Value(n != 0)
    case .float: return try makeFloat(Double(n))
    case .length, .not: return .unsupported
    }
  }

  /// Arithmetic and comparison of numbers of any two kinds; `.unsupported` for anything else.
  func numberBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if a.has(.complex) || b.has(.complex) { return try complexBinary(op.plain, a, b) }
    if a.has(.float) || b.has(.float) {
      guard let x = asNumber(a), let y = asNumber(b) else { return .unsupported }
      return try floatBinary(op.plain, x, y)
    }
    guard let x = asIndex(a), let y = asIndex(b), !a.has(.instance), !b.has(.instance) else {
      return isInteger(a) && isInteger(b) ? try bigBinary(op.plain, a, b) : .unsupported
    }
    return try intBinary(op.plain, x, y, a, b)
  }

  func isInteger(_ v: Value) -> Bool { v.isSmallInt || v.isBool || v.has(.int) }

  /// A number as a double; nil for what is not one.
  package func asNumber(_ v: Value) -> Double? {
    if v.isSmallInt { return Double(v.small) }
    if v.has(.float) { return FloatLayout.value(v.pointer) }
    if v.isBool { return v == .true ? 1 : 0 }
    if v.has(.int) { return bigToDouble(v) }
    return nil
  }

  private func intBinary(_ op: BinaryOperation, _ x: Int, _ y: Int, _ a: Value, _ b: Value) throws(PyError) -> Value {
    func checked(_ r: (partialValue: Int, overflow: Bool)) throws(PyError) -> Value {
      r.overflow ? try bigBinary(op, a, b) : try makeInt(r.partialValue)
    }
    switch op {
    case .add: return try checked(x.addingReportingOverflow(y))
    case .subtract: return try checked(x.subtractingReportingOverflow(y))
    case .multiply: return try checked(x.multipliedReportingOverflow(by: y))
    case .floorDivide:
      if y == 0 { throw zeroDivision() }
      let q = x / y
      return try makeInt(x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q)
    case .modulo:
      if y == 0 { throw zeroDivision() }
      let m = x % y
      return Value(small: m != 0 && (m < 0) != (y < 0) ? m + y : m)
    case .trueDivide:
      if y == 0 { throw zeroDivision() }
      return try makeFloat(Double(x) / Double(y))
    case .power: return try intPower(x, y, a, b)
    case .or: return Value(small: x | y)
    case .and: return Value(small: x & y)
    case .xor: return Value(small: x ^ y)
    case .shiftLeft:
      if y < 0 { throw valueError("negative shift count") }
      if x == 0 { return Value(small: 0) }
      if y < 62, (x << y) >> y == x { return try makeInt(x << y) }
      return try bigBinary(op, a, b)
    case .shiftRight:
      if y < 0 { throw valueError("negative shift count") }
      return Value(small: x >> min(y, 63))
    case .less: return Value(x < y)
    case .greater: return Value(x > y)
    case .equal: return Value(x == y)
    case .lessEqual: return Value(x <= y)
    case .greaterEqual: return Value(x >= y)
    default: return .unsupported
    }
  }

  private func intPower(_ x: Int, _ y: Int, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if y < 0 {
      if x == 0 { throw zeroDivision() }
      return try floatBinary(.power, Double(x), Double(y))
    }
    var result = 1
    var base = x
    var left = y
    while true {
      if left & 1 != 0 {
        let (product, overflow) = result.multipliedReportingOverflow(by: base)
        if overflow { return try bigBinary(.power, a, b) }
        result = product
      }
      left >>= 1
      if left == 0 { return try makeInt(result) }
      let (square, overflow) = base.multipliedReportingOverflow(by: base)
      if overflow { return try bigBinary(.power, a, b) }
      base = square
    }
  }

  /// `int(value)` and `int(text, base)`
  private func makeInt(from value: Value, base: Int, hasBase: Bool) throws(PyError) -> Value {
    if value.has(.str) || value.has(.bytes) || value.has(.bytearray) {
      guard base == 0 || (2...36).contains(base) else { throw valueError("base must be 2-36") }
      return try parseInt(try bufferBytes(value), base: base)
    }
    if hasBase { throw cannotConvert(value, to: "str") }
    if value.isSmallInt || value.has(.int) { return value }
    if value.has(.float) { return try intFromDouble(FloatLayout.value(value.pointer)) }
    return try unary(.int, value)
  }

  func intFromDouble(_ x: Double) throws(PyError) -> Value {
    if x.isNaN { throw valueError("can't convert NaN to int") }
    if x.isInfinite { throw error(.overflowError, "can't convert inf to int") }
    let t = x.rounded(.towardZero)
    if abs(t) < 0x1p62 { return Value(small: Int(t)) }
    return try bigFromDouble(t)
  }
}
