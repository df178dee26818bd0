/// Whether the texts of number constants are ones that the number parsers take as a whole.
enum NumberText {
  static func isInteger(_ text: [UInt8]) -> Bool {
    let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
    return !digits.isEmpty && digits.count <= CodeLimits.integerDigits && digits.allSatisfy(isDigit)
  }

  static func isFloat(_ text: [UInt8]) -> Bool {
    guard text.count <= CodeLimits.floatCharacters else { return false }
    let magnitude = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
    return magnitude.elementsEqual("inf".utf8) || magnitude.elementsEqual("nan".utf8) || isDecimal(magnitude)
  }

  static func isImaginary(_ text: [UInt8]) -> Bool {
    text.last == UInt8(ascii: "j") && isFloat(Array(text.dropLast()))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func isDecimal(_ text: ArraySlice<UInt8>) -> Bool {
    let whole = text.prefix(while: isDigit)
    var rest = text.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(1 + fraction.count)
    }
    guard whole.count + fraction.count > 0 else { return false }
    guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return rest.isEmpty }
    rest = rest.dropFirst()
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    return !rest.isEmpty && rest.allSatisfy(isDigit)
  }
}
