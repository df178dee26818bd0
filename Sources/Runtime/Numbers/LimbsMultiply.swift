extension Limbs {
  /// From this many limbs on Karatsuba beats the schoolbook way (docs/numbers.md has the measurement).
  static let karatsubaThreshold = 40

  /// Limbs that `multiply` may need.
  package static func multiplyCapacity(_ aCount: Int, _ bCount: Int) -> Int { aCount + bCount }

  /// `a * b`.
  package static func multiply(_ a: LimbSource, _ b: LimbSource, into target: LimbTarget) -> Int {
    let a = trimmed(a)
    let b = trimmed(b)
    let (long, short) = a.count >= b.count ? (a, b) : (b, a)
    guard let l = long.baseAddress, let s = short.baseAddress, let r = target.baseAddress, short.count > 0 else {
      return 0
    }
    precondition(target.count >= a.count + b.count)
    multiply(l, long.count, s, short.count, r)
    return significantCount(LimbSource(start: r, count: long.count + short.count))
  }

  /// `a * a`; the same room as `multiply`.
  package static func square(_ a: LimbSource, into target: LimbTarget) -> Int { multiply(a, a, into: target) }

  /// All of `aCount + bCount` limbs of `r` are written; aCount ≥ bCount ≥ 1.
  private static func multiply(
    _ a: UnsafePointer<UInt64>, _ aCount: Int, _ b: UnsafePointer<UInt64>, _ bCount: Int,
    _ r: UnsafeMutablePointer<UInt64>
  ) {
    if bCount < karatsubaThreshold { return schoolbook(a, aCount, b, bCount, r) }
    // The longer one is cut into pieces as long as the shorter one.
    let scratchCount = karatsubaScratch(bCount)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: scratchCount + 2 * bCount) { room in
      guard let scratch = room.baseAddress else { return }
      if aCount == bCount { return karatsuba(a, b, bCount, r, scratch) }
      let piece = scratch + scratchCount
      r.update(repeating: 0, count: aCount + bCount)
      var at = 0
      while at < aCount {
        let count = min(bCount, aCount - at)
        if count == bCount {
          karatsuba(a + at, b, bCount, piece, scratch)
        } else {
          multiply(b, bCount, a + at, count, piece)
        }
        addInPlace(r + at, aCount + bCount - at, piece, count + bCount)
        at += count
      }
    }
  }

  private static func schoolbook(
    _ a: UnsafePointer<UInt64>, _ aCount: Int, _ b: UnsafePointer<UInt64>, _ bCount: Int,
    _ r: UnsafeMutablePointer<UInt64>
  ) {
    r.update(repeating: 0, count: aCount)
    for j in 0..<bCount { r[aCount &+ j] = multiplyAdd(r + j, a, aCount, by: b[j]) }
  }

  /// `r += a * factor` over `count` limbs; returns what is carried out.
  @inline(__always)
  static func multiplyAdd(
    _ r: UnsafeMutablePointer<UInt64>, _ a: UnsafePointer<UInt64>, _ count: Int, by factor: UInt64
  ) -> UInt64 {
    var carry: UInt64 = 0
    var i = 0
    while i < count {
      let (high, low) = a[i].multipliedFullWidth(by: factor)
      let (partial, over1) = low.addingReportingOverflow(carry)
      let (sum, over2) = partial.addingReportingOverflow(r[i])
      r[i] = sum
      carry = high &+ (over1 ? 1 : 0) &+ (over2 ? 1 : 0)
      i &+= 1
    }
    return carry
  }

  /// Each level takes 4·m + 1 for halves of m ≤ (n + 1) / 2 limbs; 64 levels are more than any length has.
  private static func karatsubaScratch(_ count: Int) -> Int { 4 * count + 5 * 64 }

  /// `r = a * b`, both of `n` limbs.
  private static func karatsuba(
    _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ n: Int, _ r: UnsafeMutablePointer<UInt64>,
    _ scratch: UnsafeMutablePointer<UInt64>
  ) {
    if n < karatsubaThreshold { return schoolbook(a, n, b, n, r) }
    if n >= interruptibleLimbs && isInterrupted { return r.update(repeating: 0, count: 2 * n) }
    let m = (n + 1) / 2
    let h = n - m
    let product = scratch + 2 * m + 1
    let deeper = product + 2 * m
    let aLowLarger = absoluteDifference(a, m, a + m, h, scratch)
    let bLowLarger = absoluteDifference(b, m, b + m, h, scratch + m)
    karatsuba(scratch, scratch + m, m, product, deeper)
    karatsuba(a, b, m, r, deeper)
    karatsuba(a + m, b + m, h, r + 2 * m, deeper)
    // middle = low + high − (a0 − a1)(b0 − b1)
    scratch.update(from: r, count: 2 * m)
    scratch[2 * m] = 0
    addInPlace(scratch, 2 * m + 1, r + 2 * m, 2 * h)
    if aLowLarger == bLowLarger {
      subtractInPlace(scratch, 2 * m + 1, product, 2 * m)
    } else {
      addInPlace(scratch, 2 * m + 1, product, 2 * m)
    }
    // The middle's top limbs are zero where r has no room for them.
    addInPlace(r + m, 2 * n - m, scratch, min(2 * m + 1, 2 * n - m))
  }

  /// `r = |a − b|` in aCount ≥ bCount limbs; whether a ≥ b.
  private static func absoluteDifference(
    _ a: UnsafePointer<UInt64>, _ aCount: Int, _ b: UnsafePointer<UInt64>, _ bCount: Int,
    _ r: UnsafeMutablePointer<UInt64>
  ) -> Bool {
    let aLarger = compare(LimbSource(start: a, count: aCount), LimbSource(start: b, count: bCount)) >= 0
    if aLarger {
      r.update(from: a, count: aCount)
      subtractInPlace(r, aCount, b, bCount)
    } else {
      r.update(from: b, count: bCount)
      for i in bCount..<aCount { r[i] = 0 }
      // a < b, so a's limbs above b's are zero.
      subtractInPlace(r, bCount, a, bCount)
    }
    return aLarger
  }

  /// `r += a`; a carry out of the rCount ≥ aCount limbs is dropped (callers know that there is none).
  static func addInPlace(
    _ r: UnsafeMutablePointer<UInt64>, _ rCount: Int, _ a: UnsafePointer<UInt64>, _ aCount: Int
  ) {
    var carry: UInt64 = 0
    for i in 0..<aCount {
      let (partial, over1) = r[i].addingReportingOverflow(a[i])
      let (sum, over2) = partial.addingReportingOverflow(carry)
      r[i] = sum
      carry = (over1 || over2) ? 1 : 0
    }
    var i = aCount
    while carry != 0 && i < rCount {
      let (sum, over) = r[i].addingReportingOverflow(1)
      r[i] = sum
      carry = over ? 1 : 0
      i += 1
    }
  }

  /// `r -= a`, modulo 2^(64·rCount); rCount ≥ aCount.
  static func subtractInPlace(
    _ r: UnsafeMutablePointer<UInt64>, _ rCount: Int, _ a: UnsafePointer<UInt64>, _ aCount: Int
  ) {
    var borrow: UInt64 = 0
    for i in 0..<aCount {
      let (partial, under1) = r[i].subtractingReportingOverflow(a[i])
      let (difference, under2) = partial.subtractingReportingOverflow(borrow)
      r[i] = difference
      borrow = (under1 || under2) ? 1 : 0
    }
    var i = aCount
    while borrow != 0 && i < rCount {
      let (difference, under) = r[i].subtractingReportingOverflow(1)
      r[i] = difference
      borrow = under ? 1 : 0
      i += 1
    }
  }
}
