/// t-strings (MicroPython only): the literal becomes a call of `__template__`, whose arguments are
/// source text: the string parts as a tuple, then value, text, conversion and format of each interpolation.
extension Lexer {
  private static let functionName = Array("__template__".utf8)
  /// Calls of more arguments are passed as one tuple: the count is stored in one byte.
  private static let maximumArguments = 255

  /// The quotes of the literal being read.
  private struct Literal {
    let quote: UInt8
    let quotes: Int
    let isRaw: Bool
    var delimiter: [UInt8] { [UInt8](repeating: quote, count: quotes) }
  }

  mutating func readTemplates() throws(CompileError) {
    var isRaw = false
    while !reader.isAt("\"") && !reader.isAt("'") {
      isRaw = isRaw || reader.isAt("r")
      reader.advance()
    }
    let quotes = reader.next == reader.current && reader.afterNext == reader.current ? 3 : 1
    let literal = Literal(quote: UInt8(reader.current), quotes: quotes, isRaw: isRaw)
    for _ in 0..<quotes { reader.advance() }
    guard let (parts, interpolations) = readParts(literal) else {
      setKind(.invalid)
      return
    }
    let count = interpolations.count
    var call = Array("((".utf8)
    for part in parts { call += literal.delimiter + part + literal.delimiter + [UInt8(ascii: ",")] }
    call += Array("),".utf8)
    let wraps = 1 + 4 * count > Lexer.maximumArguments
    if wraps { call.append(UInt8(ascii: "(")) }
    for interpolation in interpolations { call += interpolation }
    if wraps { call.append(UInt8(ascii: ")")) }
    call.append(UInt8(ascii: ")"))
    expansion = call
    setKind(.name, name: try intern(Lexer.functionName))
  }

  /// The string parts and the source text of the interpolations; nil when the literal is wrong.
  private mutating func readParts(_ literal: Literal) -> (parts: [[UInt8]], interpolations: [[UInt8]])? {
    var parts: [[UInt8]] = [[]]
    var interpolations: [[UInt8]] = []
    while !isAtDelimiter(literal) {
      if reader.isAtEnd || (literal.quotes == 1 && reader.isAt("\n")) { return nil }
      if reader.isAt("{") && reader.isNext("{") || reader.isAt("}") && reader.isNext("}") {
        parts[parts.count - 1].append(UInt8(reader.current))
        reader.advance()
        reader.advance()
      } else if reader.isAt("{") {
        reader.advance()
        guard let text = readTemplateInterpolation(literal, &parts[parts.count - 1]) else {
          failure = malformedTemplate()
          return nil
        }
        interpolations.append(text)
        parts.append([])
      } else if reader.isAt("}") {
        failure = malformedTemplate()
        return nil
      } else {
        appendPartCharacter(literal, to: &parts[parts.count - 1])
      }
    }
    for _ in 0..<literal.quotes { reader.advance() }
    return (parts, interpolations)
  }

  private func isAtDelimiter(_ literal: Literal) -> Bool {
    let quote = Int32(literal.quote)
    guard reader.current == quote else { return false }
    return literal.quotes == 1 || (reader.next == quote && reader.afterNext == quote)
  }

  /// One character of a string part, with escapes left for the second reading.
  private mutating func appendPartCharacter(_ literal: Literal, to part: inout [UInt8]) {
    let backslash = UInt8(ascii: "\\")
    func append(_ character: Int32) {
      if character == 10 {
        part += [backslash, UInt8(ascii: "n")]
      } else {
        part.append(UInt8(truncatingIfNeeded: character))
      }
    }
    guard reader.isAt("\\") else {
      append(reader.current)
      reader.advance()
      return
    }
    reader.advance()
    if literal.isRaw {
      part += [backslash, backslash]
      return
    }
    part.append(backslash)
    guard !reader.isAtEnd else { return }
    part.append(UInt8(truncatingIfNeeded: reader.current))
    reader.advance()
  }

  private func malformedTemplate() -> CompileError {
    CompileError(kind: .syntaxError, message: "malformed f-string", line: Int(token.line))
  }

  /// After `{`: the expression, `!conversion`, `:format` and `}`, as arguments of the call. An expression
  /// that ends in `=` is also part of the text, `part`.
  private mutating func readTemplateInterpolation(_ literal: Literal, _ part: inout [UInt8]) -> [UInt8]? {
    let comma = UInt8(ascii: ",")
    var expression = readExpression()
    let isDebug = expression.last == UInt8(ascii: "=")
    if isDebug {
      part += expression
      expression.removeLast()
    }
    while let last = expression.last, [32, 9, 10, 11, 12, 13].contains(last) { expression.removeLast() }
    guard !expression.isEmpty else { return nil }
    let quote = literal.quote
    var conversion = Array("None".utf8)
    if reader.isAt("!") {
      conversion = [quote, UInt8(truncatingIfNeeded: reader.next), quote]
      reader.advance()
      reader.advance()
    } else if isDebug && !reader.isAt(":") {
      conversion = [quote, UInt8(ascii: "r"), quote]
    }
    var format: [UInt8] = []
    var isNested = false
    if reader.isAt(":") {
      reader.advance()
      var depth = 0
      while depth > 0 || !reader.isAt("}") {
        if reader.isAtEnd || isAtDelimiter(literal) { return nil }
        if reader.isAt("{") {
          isNested = true
          depth += 1
        } else if reader.isAt("}") {
          depth -= 1
        }
        if literal.isRaw && reader.isAt("\\") { format.append(92) }
        format.append(UInt8(truncatingIfNeeded: reader.current))
        reader.advance()
      }
    }
    guard reader.isAt("}") else { return nil }
    reader.advance()
    let escaped = expression.flatMap { $0 == quote || $0 == 92 ? [92, $0] : [$0] }
    return [UInt8(ascii: "(")] + expression + Array("),".utf8) + [quote] + escaped + [quote, comma] + conversion
      + [comma] + (isNested ? [UInt8(ascii: "f")] : []) + [quote] + format + [quote, comma]
  }
}
