extension Limbs {
  /// Bases that text may have.
  package static let bases = 2...36

  /// Limbs up to which peeling off one limb's digits at a time beats splitting in halves (docs/numbers.md).
  private static let textSplitThreshold = 30
  /// Digits up to which taking one limb's digits at a time beats parsing halves (docs/numbers.md).
  private static let parseSplitDigits = 600

  /// The largest power of the base in one limb, and its digits.
  struct Chunk {
    let base: UInt64
    let digits: Int
    let power: UInt64

    init(base: Int) {
      precondition(Limbs.bases.contains(base))
      var power = UInt64(base)
      var digits = 1
      while true {
        let (next, over) = power.multipliedReportingOverflow(by: UInt64(base))
        if over { break }
        power = next
        digits += 1
      }
      self.base = UInt64(base)
      self.digits = digits
      self.power = power
    }
  }

  /// Bytes that the text of a magnitude of `bitLength` bits may need.
  package static func textCapacity(bitLength: Int, base: Int) -> Int {
    // A base of k whole bits gives at most one digit for every k bits.
    bitLength / (Int.bitWidth - 1 - base.leadingZeroBitCount) + 1
  }

  /// The digits (lower case) of `a`, `0` for zero; returns how many.
  package static func writeText(_ a: LimbSource, base: Int, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let a = trimmed(a)
    guard !a.isEmpty else {
      target[0] = 0x30
      return 1
    }
    if base & (base - 1) == 0 { return writeBits(a, digitBits: base.trailingZeroBitCount, into: target) }
    let chunk = Chunk(base: base)
    if a.count <= textSplitThreshold { return writeShort(Array(a), chunk, minimumDigits: 0, target, at: 0) }
    // powers[k] = base^(chunk.digits · 2^k), as many as halve the text to the threshold.
    var powers = [[chunk.power]]
    while let last = powers.last, last.count * 2 <= a.count + 1, !isInterrupted { powers.append(product(last, last)) }
    if isInterrupted { return 0 }
    return writeHalves(Array(a), chunk, powers[...], minimumDigits: 0, target, at: 0)
  }

  private static func writeBits(_ a: LimbSource, digitBits: Int, into target: UnsafeMutableBufferPointer<UInt8>) -> Int
  {
    let count = (bitLength(a) + digitBits - 1) / digitBits
    let mask = (UInt64(1) << UInt64(digitBits)) - 1
    for i in 0..<count {
      let bit = i * digitBits
      let at = bit / bitsPerLimb
      let offset = UInt64(bit % bitsPerLimb)
      var digit = a[at] >> offset
      if offset > UInt64(bitsPerLimb - digitBits) && at + 1 < a.count { digit |= a[at + 1] << (64 - offset) }
      target[count - 1 - i] = digitByte(digit & mask)
    }
    return count
  }

  private static func digitByte(_ digit: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: digit < 10 ? 0x30 + digit : 0x57 + digit)
  }

  /// Writes at `at`, padded with zeros to `minimumDigits`; returns where it ends.
  private static func writeHalves(
    _ a: [UInt64], _ chunk: Chunk, _ powers: ArraySlice<[UInt64]>, minimumDigits: Int,
    _ target: UnsafeMutableBufferPointer<UInt8>, at: Int
  ) -> Int {
    guard a.count > textSplitThreshold, let power = powers.last else {
      return writeShort(a, chunk, minimumDigits: minimumDigits, target, at: at)
    }
    // (Interrupted, the halves are zero: their text is no longer than it would have been.)
    if a.count >= interruptibleLimbs && isInterrupted { return at }
    let lowDigits = chunk.digits << (powers.count - 1)
    let (high, low) = quotientAndRemainder(a, power)
    if high.isEmpty && minimumDigits == 0 {
      return writeHalves(low, chunk, powers.dropLast(), minimumDigits: 0, target, at: at)
    }
    let middle = writeHalves(
      high, chunk, powers.dropLast(), minimumDigits: max(minimumDigits - lowDigits, 0), target, at: at)
    return writeHalves(low, chunk, powers.dropLast(), minimumDigits: lowDigits, target, at: middle)
  }

  private static func writeShort(
    _ a: [UInt64], _ chunk: Chunk, minimumDigits: Int, _ target: UnsafeMutableBufferPointer<UInt8>, at: Int
  ) -> Int {
    var rest = a
    var count = rest.count
    var reversed: [UInt8] = []
    reversed.reserveCapacity(max(minimumDigits, (count + 1) * chunk.digits))
    while count > 0 {
      var digits = rest.withUnsafeMutableBufferPointer { rest in
        let live = LimbTarget(rebasing: rest[0..<count])
        return divide(LimbSource(live), byLimb: chunk.power, quotient: live)
      }
      while count > 0 && rest[count - 1] == 0 { count -= 1 }
      var left = chunk.digits
      while count > 0 ? left > 0 : digits > 0 {
        let (q, r) = digits.quotientAndRemainder(dividingBy: chunk.base)
        reversed.append(digitByte(r))
        digits = q
        left -= 1
      }
    }
    let padding = max(minimumDigits - reversed.count, 0)
    for i in 0..<padding { target[at + i] = 0x30 }
    for (i, byte) in reversed.reversed().enumerated() { target[at + padding + i] = byte }
    return at + padding + reversed.count
  }

  /// Limbs that the magnitude of `digitCount` digits may need.
  package static func parseCapacity(digitCount: Int, base: Int) -> Int {
    let chunk = Chunk(base: base)
    return (digitCount + chunk.digits - 1) / chunk.digits
  }

  /// The value of a digit byte (either case), 255 if it is none in any base.
  @inline(__always)
  package static func digitValue(_ byte: UInt8) -> UInt8 {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x5A: byte - 0x41 + 10
    case 0x61...0x7A: byte - 0x61 + 10
    default: 255
    }
  }

  /// The magnitude that a run of nothing but digits stands for; returns the significant count, or nil if a byte is not a
  /// digit of the base or there is none.
  package static func parse(_ text: UnsafeBufferPointer<UInt8>, base: Int, into target: LimbTarget) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ digitValue($0) < base }) else { return nil }
    let chunk = Chunk(base: base)
    if text.count <= parseSplitDigits { return parseShort(text, chunk, into: target) }
    var powers = [[chunk.power]]
    while let last = powers.last, chunk.digits << powers.count < text.count { powers.append(product(last, last)) }
    let limbs = parseHalves(text, chunk, powers[...])
    for (i, limb) in limbs.enumerated() { target[i] = limb }
    return limbs.count
  }

  private static func parseHalves(
    _ text: UnsafeBufferPointer<UInt8>, _ chunk: Chunk, _ powers: ArraySlice<[UInt64]>
  ) -> [UInt64] {
    guard text.count > parseSplitDigits, let power = powers.last else {
      return [UInt64](unsafeUninitializedCapacity: text.count / chunk.digits + 1) { target, count in
        count = parseShort(text, chunk, into: target)
      }
    }
    let lowDigits = chunk.digits << (powers.count - 1)
    if text.count <= lowDigits { return parseHalves(text, chunk, powers.dropLast()) }
    let split = text.count - lowDigits
    let high = product(parseHalves(.init(rebasing: text[0..<split]), chunk, powers.dropLast()), power)
    let low = parseHalves(.init(rebasing: text[split...]), chunk, powers.dropLast())
    return sum(high, low)
  }

  private static func parseShort(_ text: UnsafeBufferPointer<UInt8>, _ chunk: Chunk, into target: LimbTarget) -> Int {
    var count = 0
    var at = 0
    // The first piece is the short one, so that all others multiply by the same power.
    var end = text.count % chunk.digits
    if end == 0 { end = chunk.digits }
    while at < text.count {
      var carry: UInt64 = 0
      while at < end {
        carry = carry &* chunk.base &+ UInt64(digitValue(text[at]))
        at += 1
      }
      for i in 0..<count {
        let (high, low) = target[i].multipliedFullWidth(by: chunk.power)
        let (sum, over) = low.addingReportingOverflow(carry)
        target[i] = sum
        carry = high &+ (over ? 1 : 0)
      }
      if carry != 0 {
        target[count] = carry
        count += 1
      }
      end += chunk.digits
    }
    return count
  }
}
