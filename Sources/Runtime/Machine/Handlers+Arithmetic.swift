// Handlers of operators. A hot handler contains no call but tail calls: the slow way is a function of its own that is jumped to.
// The fast bodies are `@inline(__always)` so that the plain, constant and jumping forms share them.

/// The result bits, or 0 for "not both small, or overflow".
@inline(__always) func fastAdd(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b) else { return 0 }
  let (sum, overflow) = Int64(bitPattern: a.bits &- 1).addingReportingOverflow(Int64(bitPattern: b.bits))
  return overflow ? 0 : UInt64(bitPattern: sum)
}
@inline(__always) func fastSubtract(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b) else { return 0 }
  let (difference, overflow) = Int64(bitPattern: a.bits).subtractingReportingOverflow(Int64(bitPattern: b.bits &- 1))
  return overflow ? 0 : UInt64(bitPattern: difference)
}
@inline(__always) func fastMultiply(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b) else { return 0 }
  let (product, overflow) = Int64(bitPattern: a.bits &- 1).multipliedReportingOverflow(
    by: Int64(bitPattern: b.bits) &>> 1)
  return overflow ? 0 : UInt64(bitPattern: product) | 1
}
@inline(__always) func fastFloorDivide(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b), b.bits != 1 else { return 0 }
  let x = Int64(bitPattern: a.bits) &>> 1
  let y = Int64(bitPattern: b.bits) &>> 1
  if y == -1 { return 0 }  // the one division that can overflow
  var q = unsafeDivide(x, y)
  if x &- q &* y != 0 && (x ^ y) < 0 { q &-= 1 }
  return UInt64(bitPattern: q) &<< 1 | 1
}
@inline(__always) func fastModulo(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b), b.bits != 1 else { return 0 }
  let x = Int64(bitPattern: a.bits) &>> 1
  let y = Int64(bitPattern: b.bits) &>> 1
  if y == -1 { return 1 }
  var m = x &- unsafeDivide(x, y) &* y
  if m != 0 && (m ^ y) < 0 { m &+= y }
  return UInt64(bitPattern: m) &<< 1 | 1
}
/// Division whose divisor is known to be neither 0 nor -1, so that no trap is compiled in.
@inline(__always) func unsafeDivide(_ x: Int64, _ y: Int64) -> Int64 {
  if x >= 0 && y > 0 && (x | y) &>> 32 == 0 {
    // 32-bit division takes a third of the time of a 64-bit one.
    return Int64(UInt32(truncatingIfNeeded: x).dividedFully(by: UInt32(truncatingIfNeeded: y)))
  }
  let magnitude = x.magnitudeBits.dividedFully(by: y.magnitudeBits)
  return (x ^ y) < 0 ? 0 &- Int64(bitPattern: magnitude) : Int64(bitPattern: magnitude)
}
extension Int64 {
  @inline(__always) var magnitudeBits: UInt64 { UInt64(bitPattern: self < 0 ? 0 &- self : self) }
}
extension FixedWidthInteger where Self: UnsignedInteger {
  /// Quotient for a divisor that the caller knows is not 0; the optimiser is told so, and compiles no trap.
  @inline(__always) func dividedFully(by divisor: Self) -> Self {
    divisor == 0 ? 0 : self / divisor
  }
}
@inline(__always) func fastAnd(_ a: Value, _ b: Value) -> UInt64 { Value.bothSmall(a, b) ? a.bits & b.bits : 0 }
@inline(__always) func fastOr(_ a: Value, _ b: Value) -> UInt64 { Value.bothSmall(a, b) ? a.bits | b.bits : 0 }
@inline(__always) func fastXor(_ a: Value, _ b: Value) -> UInt64 { Value.bothSmall(a, b) ? (a.bits ^ b.bits) | 1 : 0 }
@inline(__always) func fastShiftLeft(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b) else { return 0 }
  let n = Int64(bitPattern: b.bits) &>> 1
  if n < 0 || n > 61 { return 0 }
  let x = Int64(bitPattern: a.bits &- 1)
  let shifted = x &<< n
  return shifted &>> n == x ? UInt64(bitPattern: shifted) | 1 : 0
}
@inline(__always) func fastShiftRight(_ a: Value, _ b: Value) -> UInt64 {
  guard Value.bothSmall(a, b) else { return 0 }
  let n = Int64(bitPattern: b.bits) &>> 1
  if n < 0 { return 0 }
  return UInt64(bitPattern: (Int64(bitPattern: a.bits) &>> min(n, 63)) | 1)
}

@inline(__always) func bothFloat(_ a: Value, _ b: Value) -> Bool { a.has(.float) && b.has(.float) }

/// The number in a float or small int, if it is one of them and at least one of the pair is a float.
@inline(__always) func asDouble(_ v: Value) -> Double? {
  if v.has(.float) { return FloatLayout.value(v.pointer) }
  // Small ints beyond 2^53 round differently in two steps; the slow way does it right.
  if v.isSmallInt {
    let i = v.small
    return i &+ (1 &<< 53) >= 0 && i <= 1 &<< 53 ? Double(i) : nil
  }
  return nil
}

/// A boxed float from the current hole, or 0 when that is full.
@inline(__always) func boxFloat(_ vm: Raw, _ x: Double) -> UInt64 {
  let s = state(vm)
  let p = s.pointee.cursor
  let charged = s.pointee.chargedBlocks &+ s.pointee.floatChargeBlocks
  if p + blockBytes > s.pointee.holeEnd || charged > s.pointee.chargeLimitBlocks { return 0 }
  s.pointee.cursor = p + blockBytes
  s.pointee.chargedBlocks = charged
  p.storeBytes(of: s.pointee.floatHeader, as: UInt64.self)
  p.storeBytes(of: s.pointee.floatMode.roundInline(x), toByteOffset: 8, as: Double.self)
  return UInt64(UInt(bitPattern: p))
}

extension FloatMode {
  /// As `round`, without a call.
  @inline(__always) func roundInline(_ x: Double) -> Double {
    if self == .double { return x }
    let single = Float(x)
    if self == .single { return Double(single) }
    let kept = single.bitPattern & ~3
    let filled = Double(Float(bitPattern: kept | ((kept &>> 2) & 3)))
    return single != single ? .nan : filled
  }
}

/// `a OP b` on floats (or a float and a small int), or 0.
@inline(__always) func fastFloat(_ vm: Raw, _ a: Value, _ b: Value, _ op: (Double, Double) -> Double) -> UInt64 {
  if a.bits & b.bits & 1 != 0 { return 0 }
  guard let x = asDouble(a), let y = asDouble(b) else { return 0 }
  return boxFloat(vm, op(x, y))
}
@inline(__always) func addBits(_ vm: Raw, _ a: Value, _ b: Value) -> UInt64 {
  let i = fastAdd(a, b)
  return i != 0 ? i : fastFloat(vm, a, b) { $0 + $1 }
}
@inline(__always) func subtractBits(_ vm: Raw, _ a: Value, _ b: Value) -> UInt64 {
  let i = fastSubtract(a, b)
  return i != 0 ? i : fastFloat(vm, a, b) { $0 - $1 }
}
@inline(__always) func multiplyBits(_ vm: Raw, _ a: Value, _ b: Value) -> UInt64 {
  let i = fastMultiply(a, b)
  return i != 0 ? i : fastFloat(vm, a, b) { $0 * $1 }
}
@inline(__always) func divideBits(_ vm: Raw, _ a: Value, _ b: Value) -> UInt64 {
  guard let x = asDouble(a), let y = asDouble(b), y != 0 else { return 0 }
  return boxFloat(vm, x / y)
}

/// Comparison of small ints or floats: 0 false, 1 true, 2 unknown.
@inline(__always) func fastCompare(
  _ a: Value, _ b: Value, _ ints: (Int64, Int64) -> Bool, _ floats: (Double, Double) -> Bool
)
  -> Int
{
  if Value.bothSmall(a, b) { return ints(Int64(bitPattern: a.bits), Int64(bitPattern: b.bits)) ? 1 : 0 }
  if bothFloat(a, b) { return floats(FloatLayout.value(a.pointer), FloatLayout.value(b.pointer)) ? 1 : 0 }
  return 2
}
@inline(__always) func compareLess(_ a: Value, _ b: Value) -> Int { fastCompare(a, b, { $0 < $1 }, { $0 < $1 }) }
@inline(__always) func compareGreater(_ a: Value, _ b: Value) -> Int { fastCompare(a, b, { $0 > $1 }, { $0 > $1 }) }
@inline(__always) func compareLessEqual(_ a: Value, _ b: Value) -> Int { fastCompare(a, b, { $0 <= $1 }, { $0 <= $1 }) }
@inline(__always) func compareGreaterEqual(_ a: Value, _ b: Value) -> Int {
  fastCompare(a, b, { $0 >= $1 }, { $0 >= $1 })
}
@inline(__always) func compareEqual(_ a: Value, _ b: Value) -> Int { fastCompare(a, b, { $0 == $1 }, { $0 == $1 }) }
@inline(__always) func compareNotEqual(_ a: Value, _ b: Value) -> Int { fastCompare(a, b, { $0 != $1 }, { $0 != $1 }) }
