import Glibc

/// Arithmetic on numbers in the source, with Python's semantics and the reference compiler's limits.
enum FoldedNumber {
  case int(Int)
  /// Outside the range of `int`.
  case bigInt(BigInt)
  case float(Double)

  /// Results with more bits stay in the code as an operation: the reference compiler runs out of
  /// memory somewhat later, and writing them out in decimal takes time quadratic in their length.
  static let maximumResultBits = 1 << 17

  private init(_ value: BigInt) {
    self = if let small = value.int64 { .int(Int(small)) } else { .bigInt(value) }
  }

  private var big: BigInt? {
    switch self {
    case .int(let value): BigInt(value)
    case .bigInt(let value): value
    case .float: nil
    }
  }

  private var double: Double {
    switch self {
    case .int(let value):
      // Beyond 62 bits the reference adds digit by digit, which rounds differently.
      value.magnitude < 1 << 62 || value == -(1 << 62) ? Double(value) : BigInt(value).foldedDouble
    case .bigInt(let value): value.foldedDouble
    case .float(let value): value
    }
  }

  /// As a VM with floats of that width would store it.
  func rounded(_ mode: FloatMode) -> FoldedNumber {
    guard case .float(let value) = self, mode != .double else { return self }
    return .float(mode.round(value))
  }

  // MARK: One operand

  func applying(_ symbol: TokenKind) -> FoldedNumber? {
    switch (symbol, self) {
    case (.plus, _): self
    case (.minus, .float(let value)): .float(-value)
    case (.tilde, .float): nil
    case (.minus, .int(let value)) where value != .min: .int(-value)
    case (.tilde, .int(let value)): .int(~value)
    case (.minus, _): big.map { FoldedNumber(-$0) }
    case (.tilde, _): big.map { FoldedNumber(~$0) }
    default: nil
    }
  }

  // MARK: Two operands

  /// The result, or nil where the operation raises, is complex or too large.
  func applying(_ symbol: TokenKind, _ right: FoldedNumber) -> FoldedNumber? {
    if symbol == .slash { return right.double == 0 ? nil : .float(double / right.double) }
    if case .int(let a) = self, case .int(let b) = right, let result = FoldedNumber.small(a, symbol, b) {
      return .int(result)
    }
    if let a = big, let b = right.big { return FoldedNumber.big(a, symbol, b) }
    return FoldedNumber.float(double, symbol, right.double)
  }

  /// The common cases; nil sends the others to big integers.
  private static func small(_ a: Int, _ symbol: TokenKind, _ b: Int) -> Int? {
    func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
      result.overflow ? nil : result.partialValue
    }
    switch symbol {
    case .bar: return a | b
    case .caret: return a ^ b
    case .ampersand: return a & b
    case .plus: return checked(a.addingReportingOverflow(b))
    case .minus: return checked(a.subtractingReportingOverflow(b))
    case .star: return checked(a.multipliedReportingOverflow(by: b))
    case .shiftRight: return b < 0 ? nil : a >> min(b, 63)
    case .shiftLeft:
      guard b >= 0, b < 63, (a << b) >> b == a else { return nil }
      return a << b
    case .doubleSlash, .percent:
      guard b != 0, b != -1 else { return nil }
      let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
      let adjusts = remainder != 0 && (remainder < 0) != (b < 0)
      return symbol == .percent ? (adjusts ? remainder + b : remainder) : (adjusts ? quotient - 1 : quotient)
    default: return nil
    }
  }

  private static func big(_ a: BigInt, _ symbol: TokenKind, _ b: BigInt) -> FoldedNumber? {
    let result: BigInt?
    switch symbol {
    case .bar: result = a | b
    case .caret: result = a ^ b
    case .ampersand: result = a & b
    case .plus: result = a + b
    case .minus: result = a - b
    case .star: result = a.bitLength + b.bitLength > maximumResultBits ? nil : a * b
    case .shiftLeft: result = try? a.shiftedLeft(by: b, limitBits: maximumResultBits)
    case .shiftRight: result = try? a.shiftedRight(by: b)
    case .doubleSlash: result = try? a.dividedFloor(by: b).quotient
    case .percent: result = try? a.dividedFloor(by: b).remainder
    case .doubleStar:
      if b.isNegative { return float(a.foldedDouble, .doubleStar, b.foldedDouble) }
      result = try? a.power(b, limitBits: maximumResultBits)
    default: result = nil
    }
    return result.map { FoldedNumber($0) }
  }

  private static func float(_ a: Double, _ symbol: TokenKind, _ b: Double) -> FoldedNumber? {
    switch symbol {
    case .plus: return .float(a + b)
    case .minus: return .float(a - b)
    case .star: return .float(a * b)
    case .doubleSlash: return b == 0 ? nil : .float(floorDivided(a, b).quotient)
    case .percent: return b == 0 ? nil : .float(floorDivided(a, b).remainder)
    case .doubleStar:
      if a == 0 && b < 0 && b.isFinite { return nil }
      if a < 0 && b.isFinite && b != b.rounded(.down) { return nil }
      return .float(pow(a, b))
    default: return nil
    }
  }

  /// Quotient and remainder such that the remainder has the divisor's sign.
  private static func floorDivided(_ a: Double, _ b: Double) -> (quotient: Double, remainder: Double) {
    var remainder = fmod(a, b)
    var quotient = (a - remainder) / b
    if remainder == 0 {
      remainder = copysign(0, b)
    } else if (remainder < 0) != (b < 0) {
      remainder += b
      quotient -= 1
    }
    if quotient == 0 { return (copysign(0, a / b), remainder) }
    let floored = quotient.rounded(.down)
    return (quotient - floored > 0.5 ? floored + 1 : floored, remainder)
  }
}
