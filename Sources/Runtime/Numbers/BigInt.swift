/// What integer arithmetic can refuse; the caller has the words for the user.
package enum NumberError: Error, Equatable {
  case divisionByZero
  case negativeShift
  case negativeExponent
  /// The result would have more bits than the caller allows.
  case tooLarge
  /// A float that is not a number, or infinite, has no integer.
  case notANumber
  case infinite
  /// The value does not fit the bytes asked for.
  case doesNotFit
}

/// An integer of any size, with Python's semantics. Immutable in spirit: operators make new ones.
package struct BigInt: Hashable, Sendable {
  /// The magnitude, least significant first, without high zero limbs; empty for zero.
  package let limbs: [UInt64]
  /// False for zero.
  package let isNegative: Bool

  package static let zero = BigInt(magnitude: [], isNegative: false)
  package static let one = BigInt(1)

  /// Bits that a result may have when the caller names no limit: 512 MiB, so that a runaway `**` can't take the host's memory.
  package static let defaultLimitBits = 1 << 32

  /// From a magnitude that may have high zero limbs.
  package init(magnitude: [UInt64], isNegative: Bool) {
    var limbs = magnitude
    while limbs.last == 0 { limbs.removeLast() }
    self.limbs = limbs
    self.isNegative = isNegative && !limbs.isEmpty
  }

  package init(limbs: LimbSource, isNegative: Bool) {
    self.init(magnitude: Array(limbs), isNegative: isNegative)
  }

  package init(_ value: Int64) {
    self.init(magnitude: [value.magnitude], isNegative: value < 0)
  }
  package init(_ value: Int) { self.init(Int64(value)) }
  package init(unsigned value: UInt64) { self.init(magnitude: [value], isNegative: false) }

  /// The integer part, toward zero.
  package init(truncating value: Double) throws(NumberError) {
    if value.isNaN { throw .notANumber }
    if value.isInfinite { throw .infinite }
    guard value.magnitude >= 1 else {
      self = .zero
      return
    }
    let shift = Int(value.exponent) - Double.significandBitCount
    let significand = value.significandBitPattern | 1 << UInt64(Double.significandBitCount)
    let magnitude = BigInt(unsigned: significand)
    let moved = shift >= 0 ? magnitude.movedUp(shift) : magnitude.movedDown(-shift)
    self.init(magnitude: moved, isNegative: value < 0)
  }

  package var isZero: Bool { limbs.isEmpty }
  package var signum: Int { isNegative ? -1 : limbs.isEmpty ? 0 : 1 }
  package var isOdd: Bool { (limbs.first ?? 0) & 1 == 1 }

  /// Bits of the magnitude; 0 for zero.
  package var bitLength: Int { limbs.withUnsafeBufferPointer(Limbs.bitLength) }

  /// Whether it fits a signed integer of `bits` bits.
  package func isSmall(bits: Int) -> Bool {
    let length = bitLength
    if length < bits { return true }
    // The most negative number has one bit more than all others.
    return isNegative && length == bits && limbs.dropLast().allSatisfy { $0 == 0 }
      && limbs[limbs.count - 1].nonzeroBitCount == 1
  }

  /// The value, if 64 bits hold it.
  package var int64: Int64? {
    guard isSmall(bits: 64) else { return nil }
    let low = Int64(bitPattern: limbs.first ?? 0)
    return isNegative ? 0 &- low : low
  }

  /// The value modulo 2^64, as two's complement has it.
  package var lowWord: UInt64 {
    let low = limbs.first ?? 0
    return isNegative ? 0 &- low : low
  }

  package static prefix func - (a: BigInt) -> BigInt { BigInt(magnitude: a.limbs, isNegative: !a.isNegative) }
  package var magnitude: BigInt { BigInt(magnitude: limbs, isNegative: false) }

  package static func + (a: BigInt, b: BigInt) -> BigInt {
    if a.isNegative == b.isNegative { return BigInt(magnitude: Limbs.sum(a.limbs, b.limbs), isNegative: a.isNegative) }
    if Limbs.order(a.limbs, b.limbs) >= 0 {
      return BigInt(magnitude: Limbs.difference(a.limbs, b.limbs), isNegative: a.isNegative)
    }
    return BigInt(magnitude: Limbs.difference(b.limbs, a.limbs), isNegative: b.isNegative)
  }
  package static func - (a: BigInt, b: BigInt) -> BigInt { a + -b }
  package static func * (a: BigInt, b: BigInt) -> BigInt {
    BigInt(magnitude: Limbs.product(a.limbs, b.limbs), isNegative: a.isNegative != b.isNegative)
  }

  /// Python's `//` and `%`: the quotient is rounded down, the remainder has the divisor's sign.
  package func dividedFloor(by divisor: BigInt) throws(NumberError) -> (quotient: BigInt, remainder: BigInt) {
    if divisor.isZero { throw .divisionByZero }
    let (q, r) = Limbs.quotientAndRemainder(limbs, divisor.limbs)
    let quotient = BigInt(magnitude: q, isNegative: isNegative != divisor.isNegative)
    let remainder = BigInt(magnitude: r, isNegative: isNegative)
    if isNegative == divisor.isNegative || remainder.isZero { return (quotient, remainder) }
    return (quotient - .one, remainder + divisor)
  }

  /// `self ** exponent`; the exponent is not negative.
  package func power(_ exponent: BigInt, limitBits: Int = defaultLimitBits) throws(NumberError) -> BigInt {
    if exponent.isNegative { throw .negativeExponent }
    if exponent.isZero { return .one }
    if isZero || self == .one { return self }
    if limbs == [1] { return exponent.isOdd ? self : .one }
    guard let count = exponent.int64 else { throw .tooLarge }
    // (bits − 1) · count is what the result has at least.
    let (least, over) = (bitLength - 1).multipliedReportingOverflow(by: Int(count))
    if over || least > limitBits { throw .tooLarge }
    // Powers of two are taken out first: they only shift.
    let zeros = trailingZeroBits
    var result = BigInt.one
    let odd = BigInt(magnitude: movedDown(zeros), isNegative: isNegative)
    var bit = Int64.bitWidth - count.leadingZeroBitCount
    while bit > 0 {
      bit -= 1
      result = result * result
      if count >> Int64(bit) & 1 == 1 { result = result * odd }
    }
    return try result.shiftedLeft(by: zeros * Int(count), limitBits: limitBits)
  }

  /// `pow(self, exponent, modulus)`, the result with the modulus' sign.
  package func power(_ exponent: BigInt, modulo modulus: BigInt) throws(NumberError) -> BigInt {
    if modulus.isZero { throw .divisionByZero }
    if exponent.isNegative { throw .negativeExponent }
    let m = modulus.magnitude
    let base = try dividedFloor(by: m).remainder
    var result = try BigInt.one.dividedFloor(by: m).remainder
    var bit = exponent.bitLength
    while bit > 0 {
      bit -= 1
      if Limbs.isInterrupted { return .zero }
      result = try (result * result).dividedFloor(by: m).remainder
      if exponent.limbs[bit / 64] >> UInt64(bit % 64) & 1 == 1 {
        result = try (result * base).dividedFloor(by: m).remainder
      }
    }
    return try result.dividedFloor(by: modulus).remainder
  }
}

extension BigInt: Comparable {
  package static func < (a: BigInt, b: BigInt) -> Bool { a.compare(b) < 0 }

  /// −1, 0 or 1.
  package func compare(_ other: BigInt) -> Int {
    if isNegative != other.isNegative { return isNegative ? -1 : 1 }
    let order = Limbs.order(limbs, other.limbs)
    return isNegative ? -order : order
  }
}
