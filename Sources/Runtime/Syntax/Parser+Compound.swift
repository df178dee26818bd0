extension Parser {
  /// The body of a compound statement: an indented block, or statements on the same line.
  mutating func parseSuite() throws(CompileError) -> Branch {
    try expect(.colon)
    guard try take(.newline) else { return try parseSimpleStatements() }
    guard kind == .indent else {
      // A missing indent is plain bad syntax, whatever stands there.
      throw kind == .dedentMismatch ? unexpected() : .invalidSyntax(line: line)
    }
    try advance()
    let line = line
    let base = stack.count
    repeat { try push(parseStatement()) } while kind != .dedent && kind != .end
    let block = collapse(.statements, line: line, from: base)
    try expect(.dedent)
    return block
  }

  private mutating func pushElse() throws(CompileError) {
    if try take(.else) { try push(parseSuite()) } else { push(.empty) }
  }

  mutating func parseIf() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    repeat {
      try advance()
      try push(parseNamedTest())
      try push(parseSuite())
    } while kind == .elif
    try pushElse()
    return reduce(.ifStatement, line: line, from: base)
  }

  mutating func parseWhile() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(parseNamedTest())
    try push(parseSuite())
    try pushElse()
    return reduce(.whileStatement, line: line, from: base)
  }

  mutating func parseFor() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(parseTargets())
    try expect(.in)
    try push(parseExpressions())
    try push(parseSuite())
    try pushElse()
    return reduce(.forStatement, line: line, from: base)
  }

  mutating func parseTry() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(parseSuite())
    push(.empty)
    push(.empty)
    guard kind == .except || kind == .finally else { throw unexpected() }
    while kind == .except {
      let clauseLine = self.line, clauseBase = stack.count
      try advance()
      push(kind == .colon ? .empty : try parseTest())
      push(stack[clauseBase] != .empty ? try take(.as) ? try expectName() : .empty : .empty)
      try push(parseSuite())
      push(reduce(.exceptClause, line: clauseLine, from: clauseBase))
    }
    if stack.count > base + 3, try take(.else) { stack[base + 1] = try parseSuite() }
    if try take(.finally) { stack[base + 2] = try parseSuite() }
    return reduce(.tryStatement, line: line, from: base)
  }

  mutating func parseWith() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    push(.empty)
    repeat {
      let itemLine = self.line, itemBase = stack.count
      try push(parseTest())
      if try take(.as) { try push(parseBinary()) }
      push(collapse(.withItem, line: itemLine, from: itemBase))
    } while try take(.comma)
    stack[base] = try parseSuite()
    return reduce(.withStatement, line: line, from: base)
  }

  mutating func parseAsync(definitionOnly: Bool) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    switch kind {
    case .def: try push(parseFunction())
    case .with where !definitionOnly: try push(parseWith())
    case .for where !definitionOnly: try push(parseFor())
    default: throw unexpected()
    }
    return reduce(.asyncStatement, line: line, from: base)
  }

  // MARK: Definitions

  mutating func parseDecorated() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    push(.empty)
    while kind == .at {
      let decoratorLine = self.line, decoratorBase = stack.count
      try advance()
      try push(parseDottedName())
      if kind == .leftParen { try push(parseCall()) }
      try expect(.newline)
      push(reduce(.decorator, line: decoratorLine, from: decoratorBase))
    }
    stack[base] =
      switch kind {
      case .class: try parseClass()
      case .def: try parseFunction()
      case .async: try parseAsync(definitionOnly: true)
      default: throw unexpected()
      }
    return reduce(.decorated, line: line, from: base)
  }

  mutating func parseFunction() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(expectName())
    try expect(.leftParen)
    try push(parseParameters(annotated: true))
    try expect(.rightParen)
    if try take(.arrow) { _ = try parseTest() }
    try push(parseSuite())
    return reduce(.function, line: line, from: base)
  }

  mutating func parseClass() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    try push(expectName())
    push(kind == .leftParen ? try parseCall() : .empty)
    try push(parseSuite())
    return reduce(.classDefinition, line: line, from: base)
  }

  /// The parameters of a `def` (`annotated`) or `lambda`; `.empty` when there are none.
  mutating func parseParameters(annotated: Bool) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    while kind == .name || kind == .star || kind == .doubleStar {
      try push(parseParameter(annotated: annotated))
      guard try take(.comma) else { break }
    }
    return stack.count == base ? .empty : reduce(.parameters, line: line, from: base)
  }

  private mutating func parseParameter(annotated: Bool) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    let starred = kind
    if starred != .name { try advance() }
    if starred != .star || kind == .name {
      try push(expectName())
      if annotated, try take(.colon) { _ = try parseTest() }
    }
    switch starred {
    case .star: return reduce(.starParameter, line: line, from: base)
    case .doubleStar: return reduce(.doubleStarParameter, line: line, from: base)
    default:
      if try take(.equal) { try push(parseTest()) }
      return reduce(.parameter, line: line, from: base)
    }
  }
}
