/// The letters in front of a string literal.
private struct StringPrefix {
  var letters = 0
  var isBytes = false
  var isRaw = false
  var isFormat = false
  var isTemplate = false
}

extension Lexer {
  var isStringStart: Bool { stringPrefix != nil }

  /// The prefix of the literal at the reader, or nil when there is no literal.
  private var stringPrefix: StringPrefix? {
    func isQuote(_ character: Int32) -> Bool { character == 34 || character == 39 }
    var prefix = StringPrefix()
    if isQuote(reader.current) { return prefix }
    let hasTemplates = dialect == .micropython
    if isQuote(reader.next) {
      prefix.letters = 1
      switch reader.current {
      case 117: break
      case 98: prefix.isBytes = true
      case 114: prefix.isRaw = true
      case 102: prefix.isFormat = true
      case 116 where hasTemplates: prefix.isTemplate = true
      default: return nil
      }
      return prefix
    }
    guard isQuote(reader.afterNext) else { return nil }
    prefix.letters = 2
    prefix.isRaw = true
    switch (reader.current, reader.next) {
    case (114, 98), (98, 114): prefix.isBytes = true
    case (114, 102), (102, 114): prefix.isFormat = true
    case (114, 116) where hasTemplates, (116, 114) where hasTemplates: prefix.isTemplate = true
    default: return nil
    }
    return prefix
  }

  /// Reads one literal and those that follow it directly; `text` is their joined value.
  mutating func readStrings() throws(CompileError) {
    guard let first = stringPrefix else { return }
    text.removeAll(keepingCapacity: true)
    if first.isTemplate {
      try readTemplates()
      return
    }
    setKind(first.isBytes ? .bytes : .string)
    var hasExpansion = false
    while let prefix = stringPrefix, prefix.isBytes == first.isBytes, !prefix.isTemplate {
      for _ in 0..<prefix.letters { reader.advance() }
      if prefix.isFormat {
        beginFormatArguments()
        hasExpansion = true
      }
      guard try readLiteral(prefix) else {
        setKind(.invalid)
        return
      }
      skipWhitespace(linesToo: isInBrackets)
    }
    if hasExpansion && dialect == .micropython { expansion.append(UInt8(ascii: ")")) }
  }

  /// Reads from the opening quote to the closing one.
  ///
  /// - Returns: false when the literal is unterminated or wrong.
  private mutating func readLiteral(_ prefix: StringPrefix) throws(CompileError) -> Bool {
    let quote = reader.current
    let quotes = reader.next == quote && reader.afterNext == quote ? 3 : 1
    for _ in 0..<quotes { reader.advance() }
    var closing = 0
    while closing < quotes {
      if reader.isAtEnd || (quotes == 1 && reader.isAt("\n")) { return false }
      if reader.current == quote {
        closing += 1
        takeByte()
        continue
      }
      closing = 0
      if prefix.isFormat && reader.isAt("{") {
        guard try readInterpolation() else { return false }
      } else if reader.isAt("\\") {
        guard try readEscape(prefix) else { return false }
      } else {
        takeByte()
      }
    }
    text.removeLast(quotes)
    return true
  }

  mutating func takeByte() {
    text.append(UInt8(truncatingIfNeeded: reader.current))
    reader.advance()
  }

  // MARK: Escapes

  private mutating func readEscape(_ prefix: StringPrefix) throws(CompileError) -> Bool {
    reader.advance()
    if reader.isAtEnd { return true }
    let character = reader.current
    if prefix.isRaw {
      text.append(92)
      return takeCodePoint(UInt32(character), prefix)
    }
    switch Unicode.Scalar(UInt8(character)) {
    case "\n": reader.advance()
    case "\\", "'", "\"": takeByte()
    case "a": return takeCodePoint(7, prefix)
    case "b": return takeCodePoint(8, prefix)
    case "t": return takeCodePoint(9, prefix)
    case "n": return takeCodePoint(10, prefix)
    case "v": return takeCodePoint(11, prefix)
    case "f": return takeCodePoint(12, prefix)
    case "r": return takeCodePoint(13, prefix)
    case "x": return readHexEscape(digits: 2, prefix)
    case "u" where !prefix.isBytes: return readHexEscape(digits: 4, prefix)
    case "U" where !prefix.isBytes: return readHexEscape(digits: 8, prefix)
    case "0"..."7": return readOctalEscape(prefix)
    case "N":
      throw CompileError(kind: .notImplementedError, message: "unicode name escapes", line: Int(token.line))
    default:
      text.append(92)
      return takeCodePoint(UInt32(character), prefix)
    }
    return true
  }

  /// Adds a code point in place of the current character: a byte in bytes, UTF-8 in str.
  private mutating func takeCodePoint(_ codePoint: UInt32, _ prefix: StringPrefix) -> Bool {
    reader.advance()
    return append(codePoint, prefix)
  }

  private mutating func append(_ codePoint: UInt32, _ prefix: StringPrefix) -> Bool {
    if prefix.isBytes || codePoint < 0x80 {
      guard codePoint < 0x100 else { return false }
      text.append(UInt8(codePoint))
      return true
    }
    // Not `Unicode.Scalar`: surrogates are encoded like any other code point.
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | ((codePoint >> shift) & 0x3f)) }
    switch codePoint {
    case ..<0x800: text += [UInt8(0xc0 | (codePoint >> 6)), continuation(0)]
    case ..<0x1_0000: text += [UInt8(0xe0 | (codePoint >> 12)), continuation(6), continuation(0)]
    case ..<0x11_0000:
      text += [UInt8(0xf0 | (codePoint >> 18)), continuation(12), continuation(6), continuation(0)]
    default: return false
    }
    return true
  }

  private mutating func readHexEscape(digits: Int, _ prefix: StringPrefix) -> Bool {
    reader.advance()
    var codePoint: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = Lexer.hexDigit(reader.current) else { return false }
      codePoint = codePoint << 4 | digit
      reader.advance()
    }
    return append(codePoint, prefix)
  }

  private mutating func readOctalEscape(_ prefix: StringPrefix) -> Bool {
    var codePoint: UInt32 = 0
    for _ in 0..<3 {
      guard reader.current >= 48 && reader.current <= 55 else { break }
      codePoint = codePoint << 3 | UInt32(reader.current - 48)
      reader.advance()
    }
    return append(codePoint, prefix)
  }

  private static func hexDigit(_ character: Int32) -> UInt32? {
    switch character {
    case 48...57: UInt32(character - 48)
    case 97...102: UInt32(character - 87)
    case 65...70: UInt32(character - 55)
    default: nil
    }
  }
}
