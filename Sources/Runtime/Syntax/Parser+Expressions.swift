extension Parser {
  // MARK: Lists

  /// Elements with commas, each read by `element`; a comma may end the list.
  private mutating func parseList(
    _ nodeKind: NodeKind, starts: (TokenKind) -> Bool, element: (inout Parser) throws(CompileError) -> Branch
  ) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    var trailing = false
    try push(element(&self))
    while try take(.comma) {
      guard starts(kind) else {
        trailing = true
        break
      }
      try push(element(&self))
    }
    return collapse(nodeKind, line: line, from: base, trailingComma: trailing)
  }

  /// What may be assigned or stand as a statement: tests and starred expressions.
  mutating func parseStarExpressions() throws(CompileError) -> Branch {
    let list = try parseList(.starExpressions, starts: \.startsTestOrStar) { (parser) throws(CompileError) in
      parser.kind == .star ? try parser.parseStar() : try parser.parseTest()
    }
    return foldTuple(list, .starExpressions)
  }

  /// A list of tests, without stars.
  mutating func parseExpressions() throws(CompileError) -> Branch {
    let list = try parseList(.expressions, starts: \.startsTest) { (parser) throws(CompileError) in
      try parser.parseTest()
    }
    return foldTuple(list, .expressions)
  }

  /// The targets of `for` and `del`.
  mutating func parseTargets() throws(CompileError) -> Branch {
    try parseList(.targets, starts: { $0 == .star || ($0.startsTest && $0 != .lambda && $0 != .not) }) {
      (parser) throws(CompileError) in
      parser.kind == .star ? try parser.parseStar() : try parser.parseBinary()
    }
  }

  mutating func parseSubscripts() throws(CompileError) -> Branch {
    let list = try parseList(.subscripts, starts: { $0 == .colon || $0.startsTest }) {
      (parser) throws(CompileError) in
      try parser.parseSubscript()
    }
    return foldTuple(list, .subscripts)
  }

  mutating func parseStar() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(parseBinary())
    return reduce(.starred, line: line, from: base)
  }

  private mutating func parseSubscript() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    push(kind == .colon ? .empty : try parseTest())
    guard try take(.colon) else { return stack.removeLast() }
    push(kind.startsTest ? try parseTest() : .empty)
    if try take(.colon), kind.startsTest { try push(parseTest()) }
    return reduce(.slice, line: line, from: base)
  }

  // MARK: Tests

  mutating func parseNamedTest() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try push(parseTest())
    if try take(.colonEqual) { try push(parseTest()) }
    return collapse(.walrus, line: line, from: base)
  }

  mutating func parseTest() throws(CompileError) -> Branch {
    try enter()
    let test = kind == .lambda ? try parseLambda(conditionalBody: true) : try parseConditional()
    leave()
    return test
  }

  /// The condition of a comprehension: no conditional expression, so that `else` is not mistaken for its own.
  mutating func parseTestWithoutCondition() throws(CompileError) -> Branch {
    try enter()
    let test = kind == .lambda ? try parseLambda(conditionalBody: false) : try parseOr()
    leave()
    return test
  }

  private mutating func parseLambda(conditionalBody: Bool) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(parseParameters(annotated: false))
    try expect(.colon)
    try push(conditionalBody ? parseTest() : parseTestWithoutCondition())
    return reduce(.lambda, line: line, from: base)
  }

  private mutating func parseConditional() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try push(parseOr())
    guard try take(.if) else { return stack.removeLast() }
    try push(parseOr())
    try expect(.else)
    try push(parseTest())
    return reduce(.conditional, line: line, from: base)
  }

  mutating func parseOr() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    repeat { try push(parseAnd()) } while try take(.or)
    if stack.count == base + 1 { return stack.removeLast() }
    return foldLogical(.orTest, decidedBy: true, line: line, from: base)
  }

  private mutating func parseAnd() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    repeat { try push(parseNot()) } while try take(.and)
    if stack.count == base + 1 { return stack.removeLast() }
    return foldLogical(.andTest, decidedBy: false, line: line, from: base)
  }

  private mutating func parseNot() throws(CompileError) -> Branch {
    guard kind == .not else { return try parseComparison() }
    let line = line
    let base = stack.count
    try enter()
    try advance()
    let operand = try parseNot()
    leave()
    if let value = constantValue(operand) { return .token(value.isTrue ? .false : .true) }
    push(operand)
    return reduce(.notTest, line: line, from: base)
  }

  private mutating func parseComparison() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try push(parseBinary())
    while let comparison = try takeComparison() {
      push(.token(comparison))
      try push(parseBinary())
    }
    return collapse(.comparison, line: line, from: base)
  }

  private mutating func takeComparison() throws(CompileError) -> TokenKind? {
    let comparison = kind
    switch comparison {
    case .less, .greater, .equalEqual, .lessEqual, .greaterEqual, .notEqual, .in:
      try advance()
      return comparison
    case .not:
      try advance()
      try expect(.in)
      return .notIn
    case .is:
      try advance()
      return try take(.not) ? .isNot : .is
    default: return nil
    }
  }

  // MARK: Operators

  /// How tightly a binary operator binds, from `|` (0) to `*` (5).
  private static func level(of kind: TokenKind) -> Int? {
    switch kind {
    case .bar: 0
    case .caret: 1
    case .ampersand: 2
    case .shiftLeft, .shiftRight: 3
    case .plus, .minus: 4
    case .star, .at, .doubleSlash, .slash, .percent: 5
    default: nil
    }
  }

  private static let levelKinds: [NodeKind] = [.bitOr, .bitXor, .bitAnd, .shift, .arithmetic, .term]

  /// Operands joined by binary operators that bind at least as tightly as `minimumLevel`.
  mutating func parseBinary(minimumLevel: Int = 0) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    var left = try parseFactor()
    while let level = Parser.level(of: kind), level >= minimumLevel {
      push(left)
      while Parser.level(of: kind) == level {
        push(.token(kind))
        try advance()
        try push(parseBinary(minimumLevel: level + 1))
      }
      left = foldBinary(Parser.levelKinds[level], line: line, from: base)
    }
    return left
  }

  private mutating func parseFactor() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    switch kind {
    case .plus, .minus, .tilde:
      push(.token(kind))
      try enter()
      try advance()
      try push(parseFactor())
      leave()
      return foldUnary(line: line, from: base)
    default:
      try push(parseAtomExpression())
      guard try take(.doubleStar) else { return stack.removeLast() }
      try enter()
      try push(parseFactor())
      leave()
      return foldPower(line: line, from: base)
    }
  }
}
