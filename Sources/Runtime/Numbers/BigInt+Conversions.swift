import Glibc

extension BigInt {
  /// The nearest double, ties to even; infinite if it is beyond all doubles.
  package var double: Double {
    let length = bitLength
    let magnitude: Double
    if length <= Limbs.bitsPerLimb {
      magnitude = Double(limbs.first ?? 0)
    } else {
      // 64 bits are more than a double has, so what is cut off only matters by being there.
      let shift = length - Limbs.bitsPerLimb
      let lost = limbs.withUnsafeBufferPointer { Limbs.hasLowBits($0, bits: shift) }
      magnitude = scalbn(Double(movedDown(shift)[0] | (lost ? 1 : 0)), Int32(clamping: shift))
    }
    return isNegative ? -magnitude : magnitude
  }

  /// The double that the reference compiler's constant folding makes (mpy-bytecode.md 3.5): right for numbers of 63 bits,
  /// beyond that digit by digit in base 2^32 from the top, each step rounded.
  package var foldedDouble: Double {
    if isSmall(bits: 63) { return double }
    var value = 0.0
    for limb in limbs.reversed() {
      value = value * 0x1p32 + Double(limb >> 32)
      value = value * 0x1p32 + Double(limb & 0xFFFF_FFFF)
    }
    return isNegative ? -value : value
  }

  /// The digits in `base` (2–36, lower case), with `-` in front of a negative number.
  package func text(base: Int = 10) -> [UInt8] {
    limbs.withUnsafeBufferPointer { a in
      let capacity = Limbs.textCapacity(bitLength: Limbs.bitLength(a), base: base)
      return [UInt8](unsafeUninitializedCapacity: capacity + 1) { target, count in
        let sign = isNegative ? 1 : 0
        if isNegative { target[0] = 0x2D }
        count = sign + Limbs.writeText(a, base: base, into: .init(rebasing: target[sign...]))
      }
    }
  }

  /// From an optional sign and nothing but digits of the base; nil for anything else.
  package init?(text: UnsafeBufferPointer<UInt8>, base: Int = 10) {
    let signed = text.first == 0x2D || text.first == 0x2B
    let digits = UnsafeBufferPointer(rebasing: text[(signed ? 1 : 0)...])
    var isValid = false
    let limbs = Limbs.array(capacity: Limbs.parseCapacity(digitCount: digits.count, base: base)) { target in
      guard let count = Limbs.parse(digits, base: base, into: target) else { return 0 }
      isValid = true
      return count
    }
    guard isValid else { return nil }
    self.init(magnitude: limbs, isNegative: text.first == 0x2D)
  }
  package init?(text: [UInt8], base: Int = 10) {
    guard let value = text.withUnsafeBufferPointer({ BigInt(text: $0, base: base) }) else { return nil }
    self = value
  }
  package init?(text: String, base: Int = 10) { self.init(text: Array(text.utf8), base: base) }

  /// From bytes, two's complement if signed.
  package init(bytes: UnsafeRawBufferPointer, bigEndian: Bool, signed: Bool) {
    let isNegative = signed && (bigEndian ? bytes.first : bytes.last).map { $0 >> 7 == 1 } ?? false
    // A limb more than needed, so that an unsigned top bit isn't taken for a sign.
    var limbs = [UInt64](repeating: isNegative ? .max : 0, count: bytes.count / 8 + 1)
    for i in 0..<bytes.count {
      let byte = UInt64(bigEndian ? bytes[bytes.count - 1 - i] : bytes[i])
      let shift = UInt64(i % 8 * 8)
      limbs[i / 8] = limbs[i / 8] & ~(0xFF << shift) | byte << shift
    }
    self.init(twosComplement: limbs)
  }

  /// `count` bytes; `doesNotFit` if they are too few, or unsigned and the number is negative.
  package func bytes(count: Int, bigEndian: Bool, signed: Bool) throws(NumberError) -> [UInt8] {
    guard signed ? isSmall(bits: count * 8) : !isNegative && bitLength <= count * 8 else { throw .doesNotFit }
    let limbs = twosComplement(count: count / 8 + 1)
    let little = (0..<count).map { UInt8(truncatingIfNeeded: limbs[$0 / 8] >> UInt64($0 % 8 * 8)) }
    return bigEndian ? little.reversed() : little
  }
}

extension BigInt: CustomStringConvertible {
  package var description: String { String(decoding: text(), as: UTF8.self) }
}
