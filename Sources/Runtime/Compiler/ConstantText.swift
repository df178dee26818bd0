/// The precision in which the reference compiler, on x86-64, reads and prints floats.
///
/// Elsewhere `Double` has to do: then some literals of 16 digits and more, or with large exponents,
/// come out one unit in the last place apart, and so does their text.
#if arch(x86_64)
  private typealias Extended = Float80
#else
  private typealias Extended = Double
#endif

/// Float literals to doubles and back, with exactly the reference compiler's rounding: not always to
/// the nearest double, but the same text as it for every constant.
enum FloatText {
  /// From this mantissa on one more digit would not fit 64 bits.
  private static let fullMantissa: UInt64 = 0x1999_9999_9999_9998
  /// Larger exponents are all zero or infinite, whatever the digits.
  private static let maximumExponent = 1 << 30

  /// The decimal number collected so far: `mantissa · 10^exponent`.
  private struct Decimal {
    var mantissa: UInt64 = 0
    var exponent = 0
    private var integerZeros = 0
    private var fractionZeros = 0

    mutating func take(_ digit: UInt64, inFraction: Bool) {
      if digit == 0 || mantissa >= fullMantissa {
        if inFraction { fractionZeros += 1 } else { integerZeros += 1 }
        return
      }
      for _ in 0..<integerZeros { add(0, inFraction: false) }
      for _ in 0..<fractionZeros { add(0, inFraction: true) }
      integerZeros = 0
      fractionZeros = 0
      add(digit, inFraction: inFraction)
    }

    private mutating func add(_ digit: UInt64, inFraction: Bool) {
      if mantissa < fullMantissa {
        mantissa = mantissa * 10 + digit
        if inFraction { exponent -= 1 }
      } else if !inFraction {
        exponent += 1
      }
    }

    func value(givenExponent: Int) -> Double {
      Double(scale(Extended(mantissa), exponent + givenExponent + integerZeros))
    }
  }

  /// An unsigned decimal literal; nil when `text` is not wholly one.
  static func parse(_ text: ArraySlice<UInt8>) -> Double? {
    var decimal = Decimal()
    var digits = 0
    var inFraction = false
    var rest = text
    while let character = rest.first {
      if character == UInt8(ascii: "."), !inFraction {
        inFraction = true
      } else if Lexer.isDigit(Int32(character)) {
        decimal.take(UInt64(character - 48), inFraction: inFraction)
        digits += 1
      } else {
        break
      }
      rest.removeFirst()
    }
    guard digits > 0 else { return nil }
    guard let exponent = parseExponent(rest) else { return nil }
    return decimal.value(givenExponent: exponent)
  }

  /// `e`, a sign and digits, or nothing.
  private static func parseExponent(_ text: ArraySlice<UInt8>) -> Int? {
    guard let first = text.first else { return 0 }
    guard first == UInt8(ascii: "e") else { return nil }
    var rest = text.dropFirst()
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    guard !rest.isEmpty else { return nil }
    var exponent = 0
    for character in rest {
      guard Lexer.isDigit(Int32(character)) else { return nil }
      exponent = min(exponent * 10 + Int(character - 48), maximumExponent)
    }
    return isNegative ? -exponent : exponent
  }

  /// `value · 10^exponent`, by squaring and with a division for each bit of a negative exponent.
  private static func scale(_ value: Extended, _ exponent: Int) -> Extended {
    if exponent == 0 || value == 0 { return value }
    var result = value
    var power: Extended = 10
    var bits = exponent.magnitude
    while true {
      if bits & 1 == 1 { result = exponent < 0 ? result / power : result * power }
      bits >>= 1
      if bits == 0 { return result }
      power *= power
    }
  }

  /// The shortest text of at least 16 digits that reads back as `value`, without its trailing zeros.
  static func text(_ value: Double) -> [UInt8] {
    if value.isNaN { return Array("nan".utf8) }
    if value.sign == .minus { return [UInt8(ascii: "-")] + text(-value) }
    if value.isInfinite { return Array("inf".utf8) }
    if value == 0 { return [UInt8(ascii: "0")] }
    let exponent = decimalExponent(of: value)
    var result: [UInt8] = []
    for digits in 16...19 {
      var shifted = exponent
      let rounded = scale(Extended(value), digits - exponent - 1) + 0.5
      var mantissa = rounded < 0x1p64 ? UInt64(rounded) : UInt64.max
      if digits < 19 ? mantissa >= powerOfTen(digits) : mantissa >= 10_000_000_000_000_000_000 {
        mantissa /= 10
        shifted += 1
      }
      // A subnormal equal to its rounded power of ten has fewer digits; the reference pads them.
      let text = Array(String(mantissa).utf8)
      let padding = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - text.count))
      result = format(padding + text, exponent: shifted)
      if parse(result[...]) == value { break }
    }
    return result
  }

  private static func powerOfTen(_ exponent: Int) -> UInt64 {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  private static func decimalExponent(of value: Double) -> Int {
    let binary = value.isSubnormal ? -1023 : Int(value.exponent)
    var exponent = Int(Double(binary) * 0.3010299956639812)
    if value >= 1 {
      while value >= Double(scale(1, exponent + 1)) { exponent += 1 }
    } else {
      while value < Double(scale(1, exponent)) { exponent -= 1 }
    }
    return exponent
  }

  /// Digits with the point after the first, moved by `exponent` where the text stays short.
  private static func format(_ digits: [UInt8], exponent: Int) -> [UInt8] {
    var significant = digits
    while significant.count > 1, significant.last == UInt8(ascii: "0") { significant.removeLast() }
    let zero = UInt8(ascii: "0"), point = UInt8(ascii: ".")
    if (0..<16).contains(exponent) {
      let whole = exponent + 1
      while significant.count < whole { significant.append(zero) }
      let fraction = significant[whole...]
      return Array(significant[..<whole]) + (fraction.isEmpty ? [] : [point] + fraction)
    }
    if (-4..<0).contains(exponent) {
      return [zero, point] + [UInt8](repeating: zero, count: -exponent - 1) + significant
    }
    let fraction = significant.dropFirst()
    let magnitude = exponent.magnitude
    return [significant[0]] + (fraction.isEmpty ? [] : [point] + fraction)
      + "e\(exponent < 0 ? "-" : "+")\(magnitude < 10 ? "0" : "")\(magnitude)".utf8
  }
}

/// Constants as they are written to the code's tables.
enum ConstantText {
  /// - Parameter isExact: floats as C's hexadecimal text, for a VM whose own decimal reading is not exact.
  static func constant(_ value: ConstantValue, isExact: Bool = false) -> Constant {
    switch value {
    case .none: .none
    case .false: .false
    case .true: .true
    case .ellipsis: .ellipsis
    case .str(let bytes): .str(bytes)
    case .bytes(let bytes): .bytes(bytes)
    case .int(let value): .int(Array(String(value).utf8))
    case .bigInt(let value): .int(value.text())
    case .float(let bits): .float(isExact ? exact(Double(bitPattern: bits)) : float(Double(bitPattern: bits)))
    case .nan: .float(float(.nan))
    case .complex(let bits): .complex(FloatText.text(Double(bitPattern: bits)) + [UInt8(ascii: "j")])
    case .tuple(let elements): .tuple(elements.map { constant($0, isExact: isExact) })
    }
  }

  /// `0x1.8p+3`, `inf`: what `strtod` reads exactly.
  private static func exact(_ value: Double) -> [UInt8] {
    if value.isInfinite { return float(value) }
    let fraction = String(value.significandBitPattern, radix: 16)
    let zeros = String(repeating: "0", count: 13 - fraction.count)
    let (whole, exponent) = value.isNormal ? ("1", Int(value.exponent)) : ("0", value == 0 ? 0 : -1022)
    return Array("\(value.sign == .minus ? "-" : "")0x\(whole).\(zeros)\(fraction)p\(exponent)".utf8)
  }

  private static func float(_ value: Double) -> [UInt8] {
    let text = FloatText.text(value)
    // Without one of these it would read back as an int; `n` is that of `inf` and `nan`.
    let isFloat = text.contains { [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "n")].contains($0) }
    return isFloat ? text : text + [UInt8(ascii: "."), UInt8(ascii: "0")]
  }
}
