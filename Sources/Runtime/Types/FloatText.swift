import Glibc

/// Floats as text: the shortest digits that read back to the same stored value, in the board's notation. Singles go the board's own way
/// (`SingleDecimal`).
extension VM {
  /// Most digits that a double can need.
  private static let maximumDigits = 17

  func printFloat(_ x: Double, _ out: TextBuffer, isPart: Bool = false) {
    if x.isNaN {
      out.append("nan")
      return
    }
    if x.sign == .minus { out.append(0x2D) }
    let value = abs(x)
    if value.isInfinite {
      out.append("inf")
      return
    }
    if value == 0 {
      out.append(isPart ? "0" : "0.0")
      return
    }
    if s.pointee.floatMode != .double {
      let text = SingleDecimal(s.pointee.floatMode).text(Float(value), .general, precision: nil, hasSign: x < 0)
      out.append(text)
      if !isPart && !text.contains(0x2E) && !text.contains(0x65) { out.append(".0") }
      return
    }
    let (digits, exponent) = shortest(value)
    if exponent >= 16 || exponent < -4 {
      out.append(digits[0])
      if digits.count > 1 {
        out.append(0x2E)
        out.append(Array(digits[1...]))
      }
      out.append(exponent < 0 ? "e-" : "e+")
      if abs(exponent) < 10 { out.append(0x30) }
      out.append(decimal: abs(exponent))
      return
    }
    if exponent < 0 {
      out.append("0.")
      out.append(repeating: 0x30, count: -exponent - 1)
      out.append(digits)
      return
    }
    for i in 0...max(exponent, digits.count - 1) {
      if i == exponent + 1 { out.append(0x2E) }
      out.append(i < digits.count ? digits[i] : 0x30)
    }
    if digits.count <= exponent + 1 && !isPart { out.append(".0") }
  }

  /// Shortest decimal digits of a positive finite double, and the decimal exponent of the first.
  private func shortest(_ value: Double) -> (digits: [UInt8], exponent: Int) {
    for count in 1..<VM.maximumDigits {
      let (digits, exponent) = nearest(value, count)
      if strtod("\(digits)e\(exponent - count + 1)", nil) == value { return (Array(String(digits).utf8), exponent) }
    }
    let (digits, exponent) = nearest(value, VM.maximumDigits)
    return (Array(String(digits).utf8), exponent)
  }

  /// The value rounded to `count` digits, as an integer, and the exponent of its first digit.
  private func nearest(_ value: Double, _ count: Int) -> (Int, Int) {
    let buffer = takeBuffer()
    defer { release(buffer) }
    appendFormatted(value, 0x65, count - 1, false, buffer)
    var digits = 0
    var at = 0
    let text = buffer.bytes
    while text[at] != 0x65 {
      if text[at] != 0x2E { digits = digits * 10 + Int(text[at] - 48) }
      at += 1
    }
    let exponent = Int(String(decoding: text[(at + 1)...], as: UTF8.self)) ?? 0
    return (digits, exponent)
  }

  /// The number in a text, as `float(text)` reads it.
  func parseFloat(_ text: [UInt8]) throws(PyError) -> Double {
    var body = text[...]
    while let first = body.first, isSpace(first) { body.removeFirst() }
    while let last = body.last, isSpace(last) { body.removeLast() }
    guard VM.isFloatText(body) else { throw valueError("invalid syntax for number") }
    if s.pointee.floatMode == .double { return strtod(String(decoding: body, as: UTF8.self), nil) }
    // (`n` or `i`: infinity and NaN.)
    if body.contains(where: { $0 | 32 == 0x6E }) { return strtod(String(decoding: body, as: UTF8.self), nil) }
    let isNegative = body.first == 0x2D
    if isNegative || body.first == 0x2B { body.removeFirst() }
    let x = Double(SingleDecimal.parse(body))
    return isNegative ? -x : x
  }

  /// `[sign] (digits [. digits] | . digits) [e [sign] digits]`, or inf, infinity, nan in any case.
  private static func isFloatText(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    if let sign = rest.first, sign == 0x2B || sign == 0x2D { rest.removeFirst() }
    let lower = String(decoding: rest, as: UTF8.self).lowercased()
    if lower == "inf" || lower == "infinity" || lower == "nan" { return true }
    func digits() -> Int {
      let run = rest.prefix { $0 >= 48 && $0 <= 57 }.count
      rest = rest.dropFirst(run)
      return run
    }
    var count = digits()
    if rest.first == 0x2E {
      rest.removeFirst()
      count += digits()
    }
    if count == 0 { return false }
    if let e = rest.first, e | 32 == 0x65 {
      rest.removeFirst()
      if let sign = rest.first, sign == 0x2B || sign == 0x2D { rest.removeFirst() }
      if digits() == 0 { return false }
    }
    return rest.isEmpty
  }
}
