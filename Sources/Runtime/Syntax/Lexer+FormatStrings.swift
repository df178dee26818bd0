/// f-strings: the literal becomes a format string, the interpolations become source text behind it:
/// `f"a{x:>5}"` is read as `"a{:>5}".format((x),)`.
extension Lexer {
  /// Begins the argument text of an f-string, once for a whole concatenation.
  mutating func beginFormatArguments() {
    let opening = Array(".format(".utf8)
    if dialect == .micropython {
      if expansion.isEmpty { expansion = opening }
    } else if reader.argumentBuffer.isEmpty {
      reader.appendToArguments(opening)
    }
  }

  private mutating func appendToArguments(_ text: [UInt8]) {
    if dialect == .micropython {
      expansion += text
    } else {
      reader.appendToArguments(text)
    }
  }

  /// Reads from `{` to the `:`, `}` or `!r` that ends the expression, or over `{{`.
  ///
  /// - Returns: false when the interpolation is malformed.
  mutating func readInterpolation() throws(CompileError) -> Bool {
    reader.advance()
    if reader.isAt("{") {
      text += [UInt8(ascii: "{"), UInt8(ascii: "{")]
      reader.advance()
      // CircuitPython does not look at the character after `{{`, be it the closing quote.
      if dialect == .circuitpython && !reader.isAtEnd { takeByte() }
      return true
    }
    var expression = readExpression()
    if expression.isEmpty {
      failure = malformed()
      return false
    }
    if expression.last == UInt8(ascii: "=") {
      text += expression
      expression.removeLast()
    }
    appendToArguments([UInt8(ascii: "(")] + expression + [UInt8(ascii: ")"), UInt8(ascii: ",")])
    text.append(UInt8(ascii: "{"))
    return true
  }

  private func malformed() -> CompileError {
    let message = dialect == .micropython ? "malformed f-string" : "invalid syntax"
    return CompileError(kind: .syntaxError, message: message, line: Int(token.line))
  }

  /// The text up to a `:`, `}`, `!r` or `!s` outside brackets and braces.
  mutating func readExpression() -> [UInt8] {
    var expression: [UInt8] = []
    var depth = 0
    while !reader.isAtEnd {
      if depth == 0 && (reader.isAt(":") || reader.isAt("}") || isAtConversion) { break }
      if reader.isAt("[") || reader.isAt("{") {
        depth += 1
      } else if reader.isAt("]") || reader.isAt("}") {
        depth -= 1
      }
      expression.append(UInt8(truncatingIfNeeded: reader.current))
      reader.advance()
    }
    return expression
  }

  private var isAtConversion: Bool {
    reader.isAt("!") && (reader.isNext("r") || reader.isNext("s"))
      && (reader.isAfterNext(":") || reader.isAfterNext("}"))
  }
}
