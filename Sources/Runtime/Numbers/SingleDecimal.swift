import Glibc

/// Decimal text to and from single floats the way boards do it: in single precision throughout, so the last digits are the board's,
/// not the mathematically nearest ones. `100 / 3` prints `33.33334` because a search over mantissas met that first.
struct SingleDecimal {
  /// Two floats that differ in these bits only are stored the same.
  let ignoredBits: UInt32

  init(_ mode: FloatMode) { ignoredBits = mode == .board ? 3 : 0 }

  /// Most digits a mantissa gets, and how many are safe without looking whether the text reads back.
  private static let mostDigits = 9
  private static let safeDigits = 6
  /// Bytes that the board's printing has for a number.
  private static let bufferBytes = 33
  /// Powers of five up to this one are exact in a single.
  private static let exactPowerOfFive = 10
  /// Digits behind a mantissa as large as this are dropped.
  private static let fullMantissa: UInt32 = 0x1999_9998

  /// `x` times a power of ten: the power of two goes into the exponent field (which may wrap), five's is multiplied or divided.
  static func scaled(_ x: Float, _ exponent: Int) -> Float {
    if exponent == 0 || x == 0 { return x }
    let field = (x.bitPattern >> 23) &+ UInt32(truncatingIfNeeded: exponent)
    let shifted = Float(bitPattern: x.bitPattern & 0x807F_FFFF | (field & 0xFF) << 23)
    if exponent < 0 && exponent >= -exactPowerOfFive { return shifted / powerOfFive(-exponent) }
    return shifted * powerOfFive(exponent)
  }

  private static func powerOfFive(_ n: Int) -> Float { Float(pow(5, Double(n))) }

  // MARK: Reading

  /// An unsigned decimal number (digits, at most one point, an exponent; underscores are skipped).
  static func parse(_ text: some Sequence<UInt8>) -> Float {
    var mantissa = Mantissa()
    var isFraction = false
    var exponent = 0
    var hasExponent = false
    var isNegative = false
    for c in text {
      switch c {
      case 0x30...0x39 where hasExponent: exponent = min(exponent * 10 + Int(c - 0x30), 1 << 24)
      case 0x30...0x39: mantissa.take(UInt32(c - 0x30), isFraction: isFraction)
      case 0x2E: isFraction = true
      case 0x2D: isNegative = true
      case 0x45, 0x65: hasExponent = true
      default: break
      }
    }
    return scaled(Float(mantissa.value), (isNegative ? -exponent : exponent) + mantissa.exponent)
  }

  /// Digits as they come in; zeros count only once another digit follows.
  private struct Mantissa {
    var value: UInt32 = 0
    private var accepted = 0
    private var wholeZeros = 0
    private var fractionZeros = 0
    /// Power of ten that the digits still have to be scaled by.
    var exponent: Int { accepted + wholeZeros }

    mutating func take(_ digit: UInt32, isFraction: Bool) {
      if digit == 0 || value >= SingleDecimal.fullMantissa {
        if isFraction { fractionZeros += 1 } else { wholeZeros += 1 }
        return
      }
      while wholeZeros > 0 {
        accept(0, isFraction: false)
        wholeZeros -= 1
      }
      while fractionZeros > 0 {
        accept(0, isFraction: true)
        fractionZeros -= 1
      }
      accept(digit, isFraction: isFraction)
    }

    private mutating func accept(_ digit: UInt32, isFraction: Bool) {
      if value < SingleDecimal.fullMantissa {
        value = value * 10 + digit
        if isFraction { accepted -= 1 }
      } else if !isFraction {
        accepted += 1
      }
    }
  }

  // MARK: Writing

  enum Style { case exponent, fixed, general }

  /// A positive finite number as `%e`, `%f` or `%g` (lower case) with `precision` digits; nil stands for `repr`.
  func text(_ x: Float, _ style: Style, precision: Int?, hasSign: Bool) -> [UInt8] {
    Writer(x: x, style: style, precision: precision, hasSign: hasSign, ignoredBits: ignoredBits).text()
  }

  private struct Writer {
    let x: Float
    let ignoredBits: UInt32
    var style: Style
    /// Exponents below this are written out as zeros in the general style.
    let expandedExponents: Int
    /// Decimal exponent of the first digit.
    let exponent: Int
    var mostDigits: Int
    var leadingZeros = 0
    var trailingZeros = 0

    init(x: Float, style: Style, precision: Int?, hasSign: Bool, ignoredBits: UInt32) {
      self.x = x
      self.ignoredBits = ignoredBits
      self.style = style
      let room = SingleDecimal.bufferBytes - (hasSign ? 1 : 0)
      let isRepr = precision == nil
      var precision = precision ?? SingleDecimal.mostDigits
      expandedExponents = isRepr ? 16 : min(precision, room - 3)
      exponent = Writer.decimalExponent(x)
      if style == .fixed && exponent > 0 && exponent + precision + 2 > room {
        self.style = .general
        precision += 1
      }
      mostDigits = precision
      switch self.style {
      case .fixed:
        mostDigits = min(mostDigits, room - 3)
        if exponent >= 0 {
          mostDigits += exponent + 1
        } else if mostDigits > 2 && exponent < -2 {
          leadingZeros = min(-exponent, mostDigits) - 2
          mostDigits -= leadingZeros
        } else {
          mostDigits += 1
        }
      case .general: if mostDigits == 0 { mostDigits = 1 }
      case .exponent: mostDigits += 1
      }
      if mostDigits > SingleDecimal.mostDigits {
        trailingZeros = mostDigits - SingleDecimal.mostDigits
        mostDigits = SingleDecimal.mostDigits
      }
      trailingZeros = min(trailingZeros, room - mostDigits - (self.style == .fixed ? 3 : 7))
    }

    /// The exponent e with 10^e <= x < 10^(e+1), the powers as single floats.
    private static func decimalExponent(_ x: Float) -> Int {
      if x == 0 { return 0 }
      let binary = Int(x.bitPattern >> 23 & 0xFF) - 127
      var e = Int(Float(binary) * 0.301_029_995_663_981_2)
      if x >= 1 {
        while x >= SingleDecimal.scaled(1, e + 1) { e += 1 }
      } else {
        while x < SingleDecimal.scaled(1, e) { e -= 1 }
      }
      return e
    }

    /// How far what a mantissa reads back as is from the number, as far as stored bits go.
    private func difference(_ mantissa: UInt32, _ power: Int) -> Float {
      var digits = Mantissa()
      for c in String(mantissa).utf8 { digits.take(UInt32(c - 0x30), isFraction: false) }
      let read = SingleDecimal.scaled(Float(digits.value), digits.exponent - power)
      return Float(bitPattern: read.bitPattern & ~ignoredBits) - Float(bitPattern: x.bitPattern & ~ignoredBits)
    }

    func text() -> [UInt8] {
      var count = min(SingleDecimal.safeDigits, mostDigits)
      while true {
        let (mantissa, isFinal) = search(count)
        if isFinal || count >= mostDigits { return write(mantissa, count) }
        count += 1
      }
    }

    /// Power of ten that makes an integer with `count` digits of the number.
    private func power(_ count: Int) -> Int {
      if x == 0 { return 0 }
      if style != .fixed || exponent >= 0 { return count - 1 - exponent }
      return leadingZeros > 0 ? count + leadingZeros : count - 1
    }

    /// What a mantissa is once a digit too many has been taken off it.
    private func fitted(_ mantissa: UInt32, _ count: Int) -> (UInt32, Int) {
      let isTooLong = style != .fixed && mantissa >= Writer.tens(count)
      return isTooLong ? (mantissa / 10, power(count) - 1) : (mantissa, power(count))
    }

    private static func tens(_ count: Int) -> UInt32 { (0..<max(count, 1)).reduce(1) { n, _ in n * 10 } }

    /// The mantissa of `count` digits that reads back, or the nearest one; whether it does.
    private func search(_ count: Int) -> (mantissa: UInt32, isFinal: Bool) {
      var power = power(count)
      var mantissa: UInt32 = 1
      let extra = count - SingleDecimal.safeDigits
      if extra > 1 && power > 2 {
        mantissa = 100
        power -= 2
      } else if extra > 0 && power > 1 {
        mantissa = 10
        power -= 1
      }
      // The half is added in wider precision: the reference measurements show no rounding to even beyond 2^23.
      let start = Double(SingleDecimal.scaled(x, power)) + 0.5
      mantissa = mantissa &* (start < 4_294_967_296 ? UInt32(start) : UInt32.max)
      func difference(_ mantissa: UInt32) -> Float {
        let (fit, power) = fitted(mantissa, count)
        return self.difference(fit, power)
      }
      var off = difference(mantissa)
      if off.bitPattern == 0 { return (mantissa, true) }
      var best = (mantissa: mantissa, off: off)
      var step: UInt32 = extra > 0 ? 1 << UInt32(3 * extra) : 1
      for _ in 0..<12 {
        mantissa = off.sign == .minus ? mantissa &+ step : mantissa &- step
        off = difference(mantissa)
        if off.bitPattern == 0 { return (mantissa, true) }
        let gain = abs(off) - abs(best.off)
        if gain.sign == .minus || (gain == 0 && mantissa % 10 == 0) { best = (mantissa, off) }
        if step == 1 { return (best.mantissa, false) }
        step >>= 1
      }
      return (mantissa, true)
    }

    private func write(_ mantissa: UInt32, _ count: Int) -> [UInt8] {
      var mantissa = mantissa
      var count = count
      var exponent = exponent
      var zeros = trailingZeros + mostDigits - count
      var out: [UInt8] = []
      /// Digits before the point, less one; nil when there is no point to come.
      var point: Int? = 0
      if style == .fixed && x != 0 {
        if exponent >= 0 {
          point = exponent
        } else if leadingZeros > 0 {
          out = [0x30, 0x2E] + [UInt8](repeating: 0x30, count: leadingZeros)
          point = nil
        }
      }
      if mantissa >= Writer.tens(count) {
        if style == .fixed {
          count += 1
          point = point.map { $0 + 1 }
        } else {
          mantissa /= 10
          exponent += 1
        }
      }
      if style == .general && exponent > 0 && exponent < expandedExponents {
        point = exponent
        if exponent >= count { zeros = exponent - (count - 1) }
        exponent = 0
      } else if style == .general && exponent < 0 && exponent >= -4 {
        out = [0x30, 0x2E] + [UInt8](repeating: 0x30, count: -exponent - 1)
        point = nil
        exponent = 0
      }
      var digits = Array(String(mantissa).utf8)
      digits = [UInt8](repeating: 0x30, count: max(0, count - digits.count)) + digits
      digits += [UInt8](repeating: 0x30, count: max(0, zeros))
      for (i, digit) in digits.enumerated() {
        out.append(digit)
        if i == point && i < digits.count - 1 { out.append(0x2E) }
      }
      if style == .general && out.contains(0x2E) {
        while out.last == 0x30 { out.removeLast() }
        if out.last == 0x2E { out.removeLast() }
      }
      if style == .exponent || (style == .general && exponent != 0) {
        let digits = Array(String(abs(exponent)).utf8)
        out += [0x65, exponent < 0 ? 0x2D : 0x2B] + (digits.count < 2 ? [0x30] : []) + digits
      }
      return out
    }
  }
}
