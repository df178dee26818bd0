/// Ints beyond the small range: limbs in the arena, arithmetic by `BigInt` (`docs/numbers.md`).
extension VM {
  /// An int of any size as a `BigInt`.
  func bigInt(_ v: Value) -> BigInt {
    if v.has(.int) { return BigInt(limbs: IntLayout.magnitude(v.pointer), isNegative: IntLayout.isNegative(v.pointer)) }
    return BigInt(asIndex(v) ?? 0)
  }

  func makeInt(_ n: BigInt) throws(PyError) -> Value {
    try n.limbs.withUnsafeBufferPointer { limbs throws(PyError) in try makeInt(negative: n.isNegative, limbs) }
  }

  /// Most bits that a result may have: what fits the board's heap; more is a MemoryError before any work is done.
  private var limitBits: Int { s.pointee.chargeLimitBlocks * blockBytes * 8 }

  /// A number error as Python's.
  private func pythonError(_ error: NumberError) -> PyError {
    switch error {
    case .divisionByZero: zeroDivision()
    case .negativeShift: valueError("negative shift count")
    case .negativeExponent: valueError("negative exponent")
    case .tooLarge: memoryError(bytes: s.pointee.chargeLimitBlocks * blockBytes)
    case .notANumber: valueError("can't convert NaN to int")
    case .infinite: self.error(.overflowError, "can't convert inf to int")
    case .doesNotFit: self.error(.overflowError, "value must fit")
    }
  }

  /// Long work on big numbers: ctrl-c and the like end it by raising.
  private func interruptible<T>(_ limbs: Int, _ body: () throws(PyError) -> T) throws(PyError) -> T {
    if limbs < Limbs.interruptibleLimbs { return try body() }
    let result = try Limbs.interruptible(pendingWord, mask: ~Pending.collect, body)
    try pollInterrupts()
    return result
  }

  private func limbCount(_ v: Value) -> Int { v.has(.int) ? abs(v.pointer.word(8)) : 1 }

  private func run<T>(_ body: () throws(NumberError) -> T) throws(PyError) -> T {
    do throws(NumberError) { return try body() } catch { throw pythonError(error) }
  }

  func bigUnary(_ op: UnaryOperation, _ v: Value) throws(PyError) -> Value {
    switch op {
    case .positive, .int: return v
    case .negative: return try makeInt(-bigInt(v))
    case .invert: return try makeInt(~bigInt(v))
    case .absolute: return IntLayout.isNegative(v.pointer) ? try makeInt(-bigInt(v)) : v
    case .hash: return Value(small: Int(Int32(truncatingIfNeeded: bigInt(v).lowWord)))
    case .bool: return .true
    case .float: return try makeFloat(bigToDouble(v))
    case .length, .not: return .unsupported
    }
  }

  /// Sign and magnitude of an int, a small one's magnitude in `room`.
  private func limbs(_ v: Value, _ room: UnsafeMutablePointer<UInt64>) -> (negative: Bool, LimbSource) {
    if v.has(.int) { return (IntLayout.isNegative(v.pointer), IntLayout.magnitude(v.pointer)) }
    let n = asIndex(v) ?? 0
    room.pointee = UInt64(n.magnitude)
    return (n < 0, LimbSource(start: room, count: n == 0 ? 0 : 1))
  }

  /// Sums, differences and products, the usual cases, straight from limbs to limbs; nil for other operators.
  private func limbArithmetic(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value? {
    guard op == .add || op == .subtract || op == .multiply else { return nil }
    return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2) { small throws(PyError) in
      let rooms = small.baseAddress.unsafelyUnwrapped
      let (aNegative, x) = limbs(a, rooms)
      let (isNegative, y) = limbs(b, rooms + 1)
      let bNegative = op == .subtract ? !isNegative : isNegative
      if op == .multiply && (x.count + y.count) * 64 > limitBits { throw memoryError(bytes: (x.count + y.count) * 8) }
      let capacity = op == .multiply ? Limbs.multiplyCapacity(x.count, y.count) : Limbs.addCapacity(x.count, y.count)
      return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(capacity, 1)) { room throws(PyError) in
        let n: Int
        var negative = aNegative
        if op == .multiply {
          n = Limbs.multiply(x, y, into: room)
          negative = aNegative != isNegative
        } else if aNegative == bNegative {
          n = Limbs.add(x, y, into: room)
        } else if Limbs.compare(x, y) >= 0 {
          n = Limbs.subtract(x, y, into: room)
        } else {
          n = Limbs.subtract(y, x, into: room)
          negative = bNegative
        }
        return try makeInt(negative: negative, LimbSource(rebasing: room[..<n]))
      }
    }
  }

  func bigBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    // A power's operands may be small and its way long.
    let size = op.plain == .power ? Limbs.interruptibleLimbs : limbCount(a) + limbCount(b)
    return try interruptible(size) { () throws(PyError) in try bigBinaryNow(op, a, b) }
  }

  private func bigBinaryNow(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if let result = try limbArithmetic(op, a, b) { return result }
    let (x, y) = (bigInt(a), bigInt(b))
    switch op {
    case .floorDivide: return try makeInt(try run { () throws(NumberError) in try x.dividedFloor(by: y) }.quotient)
    case .modulo: return try makeInt(try run { () throws(NumberError) in try x.dividedFloor(by: y) }.remainder)
    case .trueDivide:
      if y.isZero { throw zeroDivision() }
      return try makeFloat(x.double / y.double)
    case .power:
      if y.isNegative { return try floatBinary(.power, x.double, y.double) }
      let limit = limitBits
      return try makeInt(try run { () throws(NumberError) in try x.power(y, limitBits: limit) })
    case .or: return try makeInt(x | y)
    case .and: return try makeInt(x & y)
    case .xor: return try makeInt(x ^ y)
    case .shiftLeft:
      let limit = limitBits
      return try makeInt(try run { () throws(NumberError) in try x.shiftedLeft(by: y, limitBits: limit) })
    case .shiftRight: return try makeInt(try run { () throws(NumberError) in try x.shiftedRight(by: y) })
    case .less: return Value(x.compare(y) < 0)
    case .greater: return Value(x.compare(y) > 0)
    case .equal: return Value(x.compare(y) == 0)
    case .lessEqual: return Value(x.compare(y) <= 0)
    case .greaterEqual: return Value(x.compare(y) >= 0)
    default: return .unsupported
    }
  }

  func bigToDouble(_ v: Value) -> Double { bigInt(v).double }

  func bigFromDouble(_ x: Double) throws(PyError) -> Value {
    try makeInt(try run { () throws(NumberError) in try BigInt(truncating: x) })
  }

  func bitLength(_ v: Value) -> Int { bigInt(v).bitLength }

  func printBig(_ v: Value, _ out: TextBuffer) throws(PyError) { try printInt(v, base: 10, out) }

  func printInt(_ v: Value, base: Int, _ out: TextBuffer) throws(PyError) {
    if base == 10, let n = asIndex(v) {
      out.append(decimal: n)
    } else {
      out.append(try interruptible(limbCount(v)) { () throws(PyError) in bigInt(v).text(base: base) })
    }
  }

  /// `pow(a, b, c)`
  func powerModulo(_ a: Value, _ b: Value, _ c: Value) throws(PyError) -> Value {
    guard isInteger(a), isInteger(b), isInteger(c) else { throw typeError("pow() with 3 arguments requires integers") }
    let (x, y, m) = (bigInt(a), bigInt(b), bigInt(c))
    return try interruptible(Limbs.interruptibleLimbs) { () throws(PyError) in
      try makeInt(try run { () throws(NumberError) in try x.power(y, modulo: m) })
    }
  }

  /// The number in a text, as `int(text, base)` reads it: spaces around, sign, prefix, underscores refused.
  func parseInt(_ text: [UInt8], base: Int) throws(PyError) -> Value {
    var digits = text[...]
    while let first = digits.first, isSpace(first) { digits.removeFirst() }
    while let last = digits.last, isSpace(last) { digits.removeLast() }
    var isNegative = false
    if let sign = digits.first, sign == 0x2B || sign == 0x2D {
      isNegative = sign == 0x2D
      digits.removeFirst()
    }
    var radix = base
    if digits.count > 2, digits.first == 0x30 {
      let prefixes: [UInt8: Int] = [0x78: 16, 0x6F: 8, 0x62: 2]
      if let named = prefixes[digits[digits.startIndex + 1] | 32], base == 0 || base == named {
        radix = named
        digits = digits.dropFirst(2)
      }
    }
    if radix == 0 { radix = 10 }
    if digits.count <= 18 && radix == 10, !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
      let n = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
      return Value(small: isNegative ? -n : n)
    }
    let n = try interruptible(digits.count / 16) { () throws(PyError) in BigInt(text: Array(digits), base: radix) }
    guard !digits.isEmpty, digits.first != 0x2B, digits.first != 0x2D, let n else {
      throw valueError("invalid syntax for integer with base \(base)")
    }
    return try makeInt(isNegative ? -n : n)
  }
}

/// `int.from_bytes(bytes, order, signed=False)`; args[0] is the class.
func intFromBytes(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let (big, signed) = try vm.byteOrder(a, orderAt: 2)
  let bytes = try vm.bufferBytes(a[1])
  return try vm.makeInt(bytes.withUnsafeBytes { BigInt(bytes: $0, bigEndian: big, signed: signed) })
}

/// `int.to_bytes(length=1, order='big', signed=False)`
func intToBytes(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  var length = a.optional(1)
  if length.isEmpty { length = a.keyword(vm.intern("length")) }
  let count = length.isEmpty ? 1 : try vm.intArgument(length)
  if count < 0 { throw vm.valueError("negative count") }
  try vm.ensureRoom(count)
  let (big, signed) = try vm.byteOrder(a, orderAt: 2)
  let n = vm.bigInt(a[0])
  let bytes: [UInt8]
  do throws(NumberError) {
    bytes = try n.bytes(count: count, bigEndian: big, signed: signed)
  } catch {
    throw vm.error(.overflowError, "value must fit in \(count) byte(s)")
  }
  return try vm.makeBytes(bytes)
}

extension VM {
  /// The byte order and sign arguments of `to_bytes` and `from_bytes`.
  fileprivate func byteOrder(_ a: Arguments, orderAt: Int) throws(PyError) -> (bigEndian: Bool, signed: Bool) {
    var order = a.optional(orderAt)
    if order.isEmpty { order = a.keyword(intern("byteorder")) }
    let signed = a.keyword(intern("signed"))
    let isBig: Bool
    if order.isEmpty {
      isBig = true
    } else {
      guard order.has(.str) else { throw cannotConvert(order, to: "str") }
      switch string(order) {
      case "big": isBig = true
      case "little": isBig = false
      default: throw valueError("byteorder must be 'little' or 'big'")
      }
    }
    return (isBig, signed.isEmpty ? false : try isTrue(signed))
  }
}
