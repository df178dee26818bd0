/// What the lexer hands to the parser.
enum TokenKind: UInt8, Sendable {
  case end, invalid, dedentMismatch, newline, indent, dedent
  case name, integer, float, string, bytes

  // Keywords, in the order of `Keyword.all`.
  case `false`, none, `true`, debug, `as`, assert, async, await, `break`, `class`, `continue`, def, del, elif
  case `else`, except, finally, `for`, from, global, `if`, `import`, `in`, `is`, lambda, nonlocal, not, or, and
  case pass, raise, `return`, `try`, `while`, with, yield

  case leftParen, rightParen, leftBracket, rightBracket, leftBrace, rightBrace
  case comma, semicolon, colon, colonEqual, tilde, dot, ellipsis, arrow, equal
  case less, greater, equalEqual, lessEqual, greaterEqual, notEqual
  /// Two-word comparison operators; the parser makes them.
  case notIn, isNot
  case bar, caret, ampersand, shiftLeft, shiftRight, plus, minus, star, at, doubleSlash, slash, percent, doubleStar
  // Augmented assignments, in the order of their operators above.
  case barEqual, caretEqual, ampersandEqual, shiftLeftEqual, shiftRightEqual, plusEqual, minusEqual, starEqual
  case atEqual, doubleSlashEqual, slashEqual, percentEqual, doubleStarEqual

  var isAugmentedAssignment: Bool {
    rawValue >= TokenKind.barEqual.rawValue && rawValue <= TokenKind.doubleStarEqual.rawValue
  }

  /// Whether a `test` (any expression without a star) can begin with this token.
  var startsTest: Bool {
    switch self {
    case .name, .integer, .float, .string, .bytes, .ellipsis, .none, .true, .false, .debug, .leftParen, .leftBracket,
      .leftBrace, .lambda, .not, .plus, .minus, .tilde, .await:
      true
    default: false
    }
  }

  var startsTestOrStar: Bool { self == .star || startsTest }
}

/// The keywords are the first names interned, so that a name's number tells whether it is one.
enum Keyword {
  /// In the order of their token kinds.
  static let all: [StaticString] = [
    "False", "None", "True", "__debug__", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "and", "pass", "raise", "return", "try", "while", "with", "yield",
  ]
  static let count = TokenKind.yield.rawValue - TokenKind.false.rawValue + 1

  static func kind(of name: Name) -> TokenKind {
    guard name.number < Int32(count) else { return .name }
    return TokenKind(rawValue: TokenKind.false.rawValue + UInt8(name.number)) ?? .name
  }
}

/// The token that the parser looks at. Text of numbers and strings is in `Lexer.text`.
struct Token {
  var kind = TokenKind.end
  /// The line of the token's first byte, counted from 1.
  var line: Int32 = 1
  /// The interned text of a `.name` token.
  var name = WellKnownName.empty.name
}
