/// A magnitude to read: little-endian 64-bit limbs. Leading (high) zero limbs are allowed unless said otherwise.
package typealias LimbSource = UnsafeBufferPointer<UInt64>
/// Where a magnitude is written. It must not overlap a source unless the function says that it may.
package typealias LimbTarget = UnsafeMutableBufferPointer<UInt64>

/// Arithmetic on magnitudes in memory that the caller owns. Each writing function returns how many limbs of its result
/// are significant; limbs of the target above those are unspecified.
package enum Limbs {
  package static let bitsPerLimb = 64

  /// How many limbs are left without the high zero limbs.
  package static func significantCount(_ a: LimbSource) -> Int {
    var count = a.count
    while count > 0 && a[count - 1] == 0 { count -= 1 }
    return count
  }
  static func trimmed(_ a: LimbSource) -> LimbSource { LimbSource(rebasing: a[0..<significantCount(a)]) }

  /// Bits up to the highest one; 0 for zero.
  package static func bitLength(_ a: LimbSource) -> Int {
    let count = significantCount(a)
    return count == 0 ? 0 : count * bitsPerLimb - a[count - 1].leadingZeroBitCount
  }

  /// −1, 0 or 1.
  package static func compare(_ a: LimbSource, _ b: LimbSource) -> Int {
    let a = trimmed(a)
    let b = trimmed(b)
    if a.count != b.count { return a.count < b.count ? -1 : 1 }
    var i = a.count
    while i > 0 {
      i -= 1
      if a[i] != b[i] { return a[i] < b[i] ? -1 : 1 }
    }
    return 0
  }

  /// Limbs that `add` may need.
  package static func addCapacity(_ aCount: Int, _ bCount: Int) -> Int { max(aCount, bCount) + 1 }

  /// `a + b`; the target may be `a` or `b` itself.
  package static func add(_ a: LimbSource, _ b: LimbSource, into target: LimbTarget) -> Int {
    let (long, short) = a.count >= b.count ? (a, b) : (b, a)
    var carry: UInt64 = 0
    for i in 0..<short.count {
      let (partial, over1) = long[i].addingReportingOverflow(short[i])
      let (sum, over2) = partial.addingReportingOverflow(carry)
      target[i] = sum
      carry = (over1 || over2) ? 1 : 0
    }
    for i in short.count..<long.count {
      let (sum, over) = long[i].addingReportingOverflow(carry)
      target[i] = sum
      carry = over ? 1 : 0
    }
    if carry != 0 {
      target[long.count] = carry
      return long.count + 1
    }
    return significantCount(LimbSource(rebasing: target[0..<long.count]))
  }

  /// `a - b`, where a ≥ b; needs as many limbs as `a` has. The target may be `a` or `b` itself.
  package static func subtract(_ a: LimbSource, _ b: LimbSource, into target: LimbTarget) -> Int {
    let b = trimmed(b)
    var borrow: UInt64 = 0
    for i in 0..<b.count {
      let (partial, under1) = a[i].subtractingReportingOverflow(b[i])
      let (difference, under2) = partial.subtractingReportingOverflow(borrow)
      target[i] = difference
      borrow = (under1 || under2) ? 1 : 0
    }
    for i in b.count..<a.count {
      let (difference, under) = a[i].subtractingReportingOverflow(borrow)
      target[i] = difference
      borrow = under ? 1 : 0
    }
    precondition(borrow == 0, "subtracted a larger magnitude")
    return significantCount(LimbSource(rebasing: target[0..<a.count]))
  }

  /// Limbs that `shiftLeft` may need.
  package static func shiftLeftCapacity(_ count: Int, bits: Int) -> Int { count + bits / bitsPerLimb + 1 }

  /// `a << bits`. The target may start where `a` starts.
  package static func shiftLeft(_ a: LimbSource, bits: Int, into target: LimbTarget) -> Int {
    let a = trimmed(a)
    if a.isEmpty { return 0 }
    let whole = bits / bitsPerLimb
    let part = UInt64(bits % bitsPerLimb)
    let count = a.count + whole
    var i = a.count
    // From the top, so that shifting in place doesn't overwrite what is still to be read.
    if part == 0 {
      while i > 0 {
        i -= 1
        target[i + whole] = a[i]
      }
      for i in 0..<whole { target[i] = 0 }
      return count
    }
    let carried = a[i - 1] >> (64 - part)
    while i > 0 {
      i -= 1
      target[i + whole] = (a[i] << part) | (i > 0 ? a[i - 1] >> (64 - part) : 0)
    }
    for i in 0..<whole { target[i] = 0 }
    if carried == 0 { return count }
    target[count] = carried
    return count + 1
  }

  /// `a >> bits`, dropping what falls out; needs at most `a.count - bits / 64` limbs. The target may start where `a` starts.
  package static func shiftRight(_ a: LimbSource, bits: Int, into target: LimbTarget) -> Int {
    let whole = bits / bitsPerLimb
    let part = UInt64(bits % bitsPerLimb)
    if whole >= a.count { return 0 }
    let count = a.count - whole
    for i in 0..<count {
      let low = a[i + whole] >> part
      let high = part > 0 && i + whole + 1 < a.count ? a[i + whole + 1] << (64 - part) : 0
      target[i] = low | high
    }
    return significantCount(LimbSource(rebasing: target[0..<count]))
  }

  /// Whether any of the lowest `bits` bits is set: what a right shift would lose.
  package static func hasLowBits(_ a: LimbSource, bits: Int) -> Bool {
    let whole = min(bits / bitsPerLimb, a.count)
    for i in 0..<whole where a[i] != 0 { return true }
    let part = bits % bitsPerLimb
    return part > 0 && whole < a.count && a[whole] << UInt64(64 - part) != 0
  }
}
