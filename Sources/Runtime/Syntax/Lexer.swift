/// Source text to tokens, one at a time: `token` is the current one, `advance()` reads the next.
///
/// Strings are joined and f-strings rewritten here (see `Lexer+FormatStrings.swift`), so the parser
/// never sees them.
struct Lexer {
  var reader: SourceReader
  var names: NameTable
  let dialect: Dialect
  private(set) var token = Token()
  /// The text of the current number or string token.
  var text: [UInt8] = []
  /// Why the current `.invalid` token is one, where that is more than `invalid syntax`.
  var failure: CompileError?

  /// The columns that opened the blocks around `reader`.
  private var indentation = [1]
  /// INDENT tokens to deliver, or DEDENT tokens when negative.
  private var pendingIndents = 0
  private var bracketDepth = 0
  /// MicroPython: text to read after the current token.
  var expansion: [UInt8] = []

  init(source: [UInt8], names: NameTable, dialect: Dialect) throws(CompileError) {
    reader = SourceReader(source: source, dialect: dialect)
    self.names = names
    self.dialect = dialect
    try advance()
    let column = firstColumn
    if column != 1 && token.kind != .newline { token.kind = .indent }
  }

  private var firstColumn = 1

  mutating func advance() throws(CompileError) {
    if dialect == .circuitpython {
      reader.enterArguments()
    } else if !expansion.isEmpty {
      reader.insert(expansion)
      expansion.removeAll(keepingCapacity: true)
    }
    if pendingIndents == 0 { skipWhitespace(linesToo: bracketDepth > 0) }
    token.line = reader.line
    firstColumn = reader.column
    if pendingIndents != 0 {
      token.kind = pendingIndents > 0 ? .indent : .dedent
      pendingIndents -= pendingIndents.signum()
    } else if reader.isAt("\n") {
      readNewline()
    } else if reader.isAtEnd {
      token.kind = .end
    } else if isStringStart {
      try readStrings()
    } else if Lexer.isNameStart(reader.current) {
      try readName()
    } else if Lexer.isDigit(reader.current) || (reader.isAt(".") && Lexer.isDigit(reader.next)) {
      readNumber()
    } else {
      readOperator()
    }
  }

  // MARK: Space and lines

  /// Skips spaces, comments and continued lines; with `linesToo` also the ends of lines.
  mutating func skipWhitespace(linesToo: Bool) {
    while !reader.isAtEnd {
      switch reader.current {
      case 10:
        if !linesToo { return }
        reader.advance()
      case 32, 9, 11, 12, 13: reader.advance()
      case 35:
        while !reader.isAtEnd && !reader.isAt("\n") { reader.advance() }
      case 92 where reader.isNext("\n"):
        reader.advance()
        reader.advance()
      default: return
      }
    }
  }

  var isInBrackets: Bool { bracketDepth > 0 }

  private mutating func readNewline() {
    token.kind = .newline
    skipWhitespace(linesToo: true)
    let column = reader.column
    if column > indentation[indentation.count - 1] {
      indentation.append(column)
      pendingIndents = 1
    } else {
      while column < indentation[indentation.count - 1] {
        indentation.removeLast()
        pendingIndents -= 1
      }
      if column != indentation[indentation.count - 1] {
        token.kind = .dedentMismatch
      }
    }
  }

  // MARK: Names and numbers

  static func isNameStart(_ character: Int32) -> Bool {
    (character >= 97 && character <= 122) || (character >= 65 && character <= 90) || character == 95
      || character >= 0x80
  }

  static func isDigit(_ character: Int32) -> Bool { character >= 48 && character <= 57 }

  private static func isLetter(_ character: Int32) -> Bool {
    character < 0x80 && character != 95 && isNameStart(character)
  }

  private mutating func readName() throws(CompileError) {
    text.removeAll(keepingCapacity: true)
    repeat {
      text.append(UInt8(reader.current))
      reader.advance()
    } while Lexer.isNameStart(reader.current) || Lexer.isDigit(reader.current)
    let name = try intern(text)
    token.name = name
    token.kind = Keyword.kind(of: name)
  }

  /// - Throws: `name too long`.
  mutating func intern(_ text: [UInt8]) throws(CompileError) -> Name {
    guard text.count <= NameTable.longestNameBytes else {
      throw CompileError(kind: .runtimeError, message: "name too long", line: Int(token.line))
    }
    return names.intern(text)
  }

  private mutating func readNumber() {
    text.removeAll(keepingCapacity: true)
    let hasPrefix = reader.isAt("0") && [98, 66, 111, 79, 120, 88].contains(reader.next)
    token.kind = .integer
    while true {
      let character = reader.current
      if !hasPrefix && (character == 101 || character == 69) {
        token.kind = .float
        text.append(101)
        reader.advance()
        if reader.isAt("+") || reader.isAt("-") {
          text.append(UInt8(reader.current))
          reader.advance()
        }
      } else if Lexer.isLetter(character) || Lexer.isDigit(character) || character == 46 {
        if character == 46 || character == 106 || character == 74 { token.kind = .float }
        text.append(UInt8(character))
        reader.advance()
      } else if character == 95 {
        reader.advance()
      } else {
        return
      }
    }
  }

  // MARK: Operators

  /// Consumes `character` if it is there.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard reader.isAt(character) else { return false }
    reader.advance()
    return true
  }

  private mutating func readOperator() {
    let character = reader.current
    reader.advance()
    token.kind = operatorKind(UInt8(truncatingIfNeeded: character))
  }

  private mutating func bracket(_ kind: TokenKind, opens: Bool) -> TokenKind {
    // A closing bracket too many is refused by the parser before the depth matters.
    bracketDepth = max(0, bracketDepth + (opens ? 1 : -1))
    return kind
  }

  private mutating func operatorKind(_ first: UInt8) -> TokenKind {
    switch Unicode.Scalar(first) {
    case "(": return bracket(.leftParen, opens: true)
    case ")": return bracket(.rightParen, opens: false)
    case "[": return bracket(.leftBracket, opens: true)
    case "]": return bracket(.rightBracket, opens: false)
    case "{": return bracket(.leftBrace, opens: true)
    case "}": return bracket(.rightBrace, opens: false)
    case ",": return .comma
    case ";": return .semicolon
    case "~": return .tilde
    case ":": return take("=") ? .colonEqual : .colon
    case "<":
      if take("<") { return take("=") ? .shiftLeftEqual : .shiftLeft }
      return take("=") ? .lessEqual : .less
    case ">":
      if take(">") { return take("=") ? .shiftRightEqual : .shiftRight }
      return take("=") ? .greaterEqual : .greater
    case "*":
      if take("*") { return take("=") ? .doubleStarEqual : .doubleStar }
      return take("=") ? .starEqual : .star
    case "/":
      if take("/") { return take("=") ? .doubleSlashEqual : .doubleSlash }
      return take("=") ? .slashEqual : .slash
    case "+": return take("=") ? .plusEqual : .plus
    case "-":
      if take(">") { return .arrow }
      return take("=") ? .minusEqual : .minus
    case "&": return take("=") ? .ampersandEqual : .ampersand
    case "|": return take("=") ? .barEqual : .bar
    case "%": return take("=") ? .percentEqual : .percent
    case "^": return take("=") ? .caretEqual : .caret
    case "@": return take("=") ? .atEqual : .at
    case "=": return take("=") ? .equalEqual : .equal
    case "!": return take("=") ? .notEqual : .invalid
    case ".":
      guard reader.isAt(".") && reader.isNext(".") else { return .dot }
      reader.advance()
      reader.advance()
      return .ellipsis
    default: return .invalid
    }
  }

  mutating func setKind(_ kind: TokenKind, name: Name? = nil) {
    token.kind = kind
    if let name { token.name = name }
  }
}
