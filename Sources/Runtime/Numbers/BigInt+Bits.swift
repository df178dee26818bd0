/// Shifts and the bit operators, as if a number had endlessly many sign bits.
extension BigInt {
  /// Zero bits below the lowest one; 0 for zero.
  var trailingZeroBits: Int {
    guard let at = limbs.firstIndex(where: { $0 != 0 }) else { return 0 }
    return at * Limbs.bitsPerLimb + limbs[at].trailingZeroBitCount
  }

  /// The magnitude shifted left.
  func movedUp(_ bits: Int) -> [UInt64] {
    limbs.withUnsafeBufferPointer { a in
      Limbs.array(capacity: Limbs.shiftLeftCapacity(a.count, bits: bits)) { Limbs.shiftLeft(a, bits: bits, into: $0) }
    }
  }
  /// The magnitude shifted right, toward zero.
  func movedDown(_ bits: Int) -> [UInt64] {
    limbs.withUnsafeBufferPointer { a in
      Limbs.array(capacity: a.count) { Limbs.shiftRight(a, bits: bits, into: $0) }
    }
  }

  /// `self << bits`.
  package func shiftedLeft(by bits: Int, limitBits: Int = defaultLimitBits) throws(NumberError) -> BigInt {
    if bits < 0 { throw .negativeShift }
    if isZero { return self }
    let (length, over) = bitLength.addingReportingOverflow(bits)
    if over || length > limitBits { throw .tooLarge }
    return BigInt(magnitude: movedUp(bits), isNegative: isNegative)
  }
  /// `self << bits` for a shift of any size.
  package func shiftedLeft(by bits: BigInt, limitBits: Int = defaultLimitBits) throws(NumberError) -> BigInt {
    if bits.isNegative { throw .negativeShift }
    if isZero { return self }
    guard let bits = bits.int64 else { throw .tooLarge }
    return try shiftedLeft(by: Int(bits), limitBits: limitBits)
  }

  /// `self >> bits`, rounded down.
  package func shiftedRight(by bits: Int) throws(NumberError) -> BigInt {
    if bits < 0 { throw .negativeShift }
    let moved = BigInt(magnitude: movedDown(bits), isNegative: isNegative)
    guard isNegative, limbs.withUnsafeBufferPointer({ Limbs.hasLowBits($0, bits: bits) }) else { return moved }
    return moved - .one
  }
  /// `self >> bits` for a shift of any size.
  package func shiftedRight(by bits: BigInt) throws(NumberError) -> BigInt {
    if bits.isNegative { throw .negativeShift }
    guard let bits = bits.int64 else { return isNegative ? BigInt(-1) : .zero }
    return try shiftedRight(by: Int(bits))
  }

  package static prefix func ~ (a: BigInt) -> BigInt { -a - .one }
  package static func & (a: BigInt, b: BigInt) -> BigInt { combine(a, b, &) }
  package static func | (a: BigInt, b: BigInt) -> BigInt { combine(a, b, |) }
  package static func ^ (a: BigInt, b: BigInt) -> BigInt { combine(a, b, ^) }

  /// `count` limbs of two's complement.
  func twosComplement(count: Int) -> [UInt64] {
    var result = [UInt64](repeating: 0, count: count)
    for i in 0..<min(count, limbs.count) { result[i] = limbs[i] }
    if isNegative { BigInt.negate(&result) }
    return result
  }

  private static func negate(_ limbs: inout [UInt64]) {
    var carry = true
    for i in limbs.indices {
      let (sum, over) = (~limbs[i]).addingReportingOverflow(carry ? 1 : 0)
      limbs[i] = sum
      carry = over
    }
  }

  /// From two's complement whose top bit is the sign.
  init(twosComplement limbs: [UInt64]) {
    let isNegative = (limbs.last ?? 0) >> 63 == 1
    var magnitude = limbs
    if isNegative { BigInt.negate(&magnitude) }
    self.init(magnitude: magnitude, isNegative: isNegative)
  }

  private static func combine(_ a: BigInt, _ b: BigInt, _ op: (UInt64, UInt64) -> UInt64) -> BigInt {
    // One limb more than either has, for the sign.
    let count = max(a.limbs.count, b.limbs.count) + 1
    return BigInt(twosComplement: zip(a.twosComplement(count: count), b.twosComplement(count: count)).map(op))
  }
}
