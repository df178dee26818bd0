extension Limbs {
  /// Limbs that `divide` may need for the quotient; the remainder needs as many as the divisor has.
  package static func quotientCapacity(_ aCount: Int, _ bCount: Int) -> Int { max(aCount - bCount + 1, 0) }

  /// `a / b` and `a % b`; b is not zero (a precondition: who calls raises its own error). The significant counts.
  package static func divide(
    _ a: LimbSource, by b: LimbSource, quotient: LimbTarget, remainder: LimbTarget
  ) -> (quotientCount: Int, remainderCount: Int) {
    let a = trimmed(a)
    let b = trimmed(b)
    precondition(b.count > 0, "division by zero")
    if compare(a, b) < 0 {
      for i in 0..<a.count { remainder[i] = a[i] }
      return (0, a.count)
    }
    if b.count == 1 {
      let left = divide(a, byLimb: b[0], quotient: quotient)
      if left != 0 { remainder[0] = left }
      return (significantCount(LimbSource(rebasing: quotient[0..<a.count])), left == 0 ? 0 : 1)
    }
    return divideLong(a, b, quotient, remainder)
  }

  /// `a / divisor` into as many limbs as `a` has (it may be `a` itself); returns the remainder.
  package static func divide(_ a: LimbSource, byLimb divisor: UInt64, quotient: LimbTarget) -> UInt64 {
    var remainder: UInt64 = 0
    var i = a.count
    while i > 0 {
      i -= 1
      let (q, r) = divisor.dividingFullWidth((remainder, a[i]))
      quotient[i] = q
      remainder = r
    }
    return remainder
  }

  private static func divideLong(
    _ a: LimbSource, _ b: LimbSource, _ quotient: LimbTarget, _ remainder: LimbTarget
  ) -> (quotientCount: Int, remainderCount: Int) {
    let n = b.count
    let shift = b[n - 1].leadingZeroBitCount
    return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: a.count + 1 + n) { room in
      let u = LimbTarget(rebasing: room[0...a.count])
      let v = LimbTarget(rebasing: room[(a.count + 1)...])
      u[a.count] = 0
      _ = shiftLeft(a, bits: shift, into: u)
      // The divisor's top limb has room for the shift.
      _ = shiftLeft(b, bits: shift, into: v)
      let quotientCount = a.count - n + 1
      guard let up = u.baseAddress, let vp = v.baseAddress, let qp = quotient.baseAddress else { return (0, 0) }
      precondition(quotient.count >= quotientCount)
      if !divideNormalized(up, a.count + 1, vp, n, qp) { return (0, 0) }
      let remainderCount = shiftRight(LimbSource(rebasing: u[0..<n]), bits: shift, into: remainder)
      return (significantCount(LimbSource(start: qp, count: quotientCount)), remainderCount)
    }
  }

  /// Knuth's algorithm D. v has its top bit set; u (top limb below v's top) becomes the remainder in its low n limbs;
  /// `q` gets uCount − n limbs. False when it was interrupted.
  static func divideNormalized(
    _ u: UnsafeMutablePointer<UInt64>, _ uCount: Int, _ v: UnsafePointer<UInt64>, _ n: Int,
    _ q: UnsafeMutablePointer<UInt64>
  ) -> Bool {
    let top = v[n - 1]
    let next = v[n - 2]
    var j = uCount - n
    while j > 0 {
      j -= 1
      if n >= interruptibleLimbs && isInterrupted { return false }
      var guess: UInt64
      if u[j + n] >= top {
        guess = .max
      } else {
        var rest: UInt64
        (guess, rest) = top.dividingFullWidth((u[j + n], u[j + n - 1]))
        // At most twice: the guess from two limbs is too large by no more than that.
        while true {
          let product = guess.multipliedFullWidth(by: next)
          guard product.high > rest || (product.high == rest && product.low > u[j + n - 2]) else { break }
          guess -= 1
          let (sum, over) = rest.addingReportingOverflow(top)
          if over { break }
          rest = sum
        }
      }
      let borrow = multiplySubtract(u + j, v, n, by: guess)
      var (left, under) = u[j + n].subtractingReportingOverflow(borrow)
      while under {
        guess -= 1
        let carry = addSameLength(u + j, v, n)
        let (sum, over) = left.addingReportingOverflow(carry)
        left = sum
        under = !over
      }
      u[j + n] = left
      q[j] = guess
    }
    return true
  }

  /// `r -= a * factor` over `count` limbs; returns what is borrowed.
  @inline(__always)
  private static func multiplySubtract(
    _ r: UnsafeMutablePointer<UInt64>, _ a: UnsafePointer<UInt64>, _ count: Int, by factor: UInt64
  ) -> UInt64 {
    var borrow: UInt64 = 0
    var i = 0
    while i < count {
      let (high, low) = a[i].multipliedFullWidth(by: factor)
      let (partial, over) = low.addingReportingOverflow(borrow)
      let (difference, under) = r[i].subtractingReportingOverflow(partial)
      r[i] = difference
      borrow = high &+ (over ? 1 : 0) &+ (under ? 1 : 0)
      i &+= 1
    }
    return borrow
  }

  private static func addSameLength(
    _ r: UnsafeMutablePointer<UInt64>, _ a: UnsafePointer<UInt64>, _ count: Int
  ) -> UInt64 {
    var carry: UInt64 = 0
    for i in 0..<count {
      let (partial, over1) = r[i].addingReportingOverflow(a[i])
      let (sum, over2) = partial.addingReportingOverflow(carry)
      r[i] = sum
      carry = (over1 || over2) ? 1 : 0
    }
    return carry
  }
}
