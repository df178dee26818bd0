extension Parser {
  mutating func parseAtomExpression() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    let isAwait = try take(.await)
    try push(parseAtom())
    while true {
      switch kind {
      case .leftParen: try push(parseCall())
      case .leftBracket:
        let subscriptLine = self.line, subscriptBase = stack.count
        try advance()
        try push(parseSubscripts())
        try expect(.rightBracket)
        push(reduce(.subscript, line: subscriptLine, from: subscriptBase))
      case .dot:
        let attributeLine = self.line, attributeBase = stack.count
        try advance()
        try push(expectName())
        push(reduce(.attribute, line: attributeLine, from: attributeBase))
      default:
        if isAwait { return reduce(.await, line: line, from: base) }
        if stack.count == base + 1 { return stack.removeLast() }
        if let constant = moduleConstant(from: base) { return constant }
        return reduce(.atomExpression, line: line, from: base)
      }
    }
  }

  private mutating func parseAtom() throws(CompileError) -> Branch {
    let line = line
    let kind = kind
    switch kind {
    case .name:
      let name = lexer.token.name
      try advance()
      guard !constantNames.isEmpty, let value = constantNames[name] else { return .name(name) }
      return branch(for: value, line: line)
    case .integer:
      let value = try integerLiteral(lexer.text, line: line)
      try advance()
      return branch(for: value, line: line)
    case .float:
      let value = try floatLiteral(lexer.text, line: line)
      try advance()
      return tree.addConstant(value, line: line)
    case .string:
      let text = lexer.text
      let atom: Branch
      if text.count <= Parser.longestShortStringBytes {
        atom = .string(lexer.names.intern(text))
      } else if let name = lexer.names.find(text) {
        atom = .string(name)
      } else {
        atom = tree.addConstant(.str(text), line: line)
      }
      try advance()
      return atom
    case .bytes:
      let atom = tree.addConstant(.bytes(lexer.text), line: line)
      try advance()
      return atom
    case .ellipsis, .none, .true, .false:
      try advance()
      return .token(kind)
    case .debug:
      try advance()
      return .token(options.optimisationLevel == 0 ? .true : .false)
    case .leftParen: return try parseParentheses()
    case .leftBracket:
      let base = stack.count
      try advance()
      if self.kind != .rightBracket { try push(parseElements()) }
      try expect(.rightBracket)
      return reduce(.brackets, line: line, from: base)
    case .leftBrace: return try parseBraces()
    default: throw unexpected()
    }
  }

  /// Strings up to this length are always interned; longer ones only if they are already.
  private static let longestShortStringBytes = 10

  private mutating func parseParentheses() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    if kind != .rightParen { try push(kind == .yield ? parseYield() : parseElements()) }
    try expect(.rightParen)
    guard stack.count > base else { return reduce(.parentheses, line: line, from: base) }
    let content = foldTuple(stack.removeLast(), .elements)
    guard tree.node(content, .elements) != nil || tree.node(content, .comprehension) != nil else { return content }
    return tree.add(.parentheses, line: line, CollectionOfOne(content))
  }

  /// The inside of `( )` and `[ ]`: one element, `elements`, or a `comprehension`.
  private mutating func parseElements() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try push(parseElement())
    if kind == .for {
      try push(parseComprehensionFor())
      return reduce(.comprehension, line: line, from: base)
    }
    guard try take(.comma) else { return stack.removeLast() }
    let restLine = self.line
    var hasTrailingComma = true
    while kind.startsTestOrStar {
      try push(parseElement())
      hasTrailingComma = try take(.comma)
      if !hasTrailingComma { break }
    }
    // What follows the first comma is a list of its own, whose line counts unless it is a single element.
    let restCount = stack.count - base - 1
    let restIsList = restCount > 1 || (restCount == 1 && hasTrailingComma)
    return reduce(.elements, line: restIsList ? restLine : line, from: base)
  }

  private mutating func parseElement() throws(CompileError) -> Branch {
    kind == .star ? try parseStar() : try parseNamedTest()
  }

  private mutating func parseBraces() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    let firstLine = self.line
    while kind.startsTest {
      try push(parseBraceItem())
      if kind == .for && stack.count == base + 1 {
        try push(parseComprehensionFor())
        push(reduce(.comprehension, line: firstLine, from: base))
        break
      }
      guard try take(.comma) else { break }
    }
    try expect(.rightBrace)
    return reduce(.braces, line: line, from: base)
  }

  private mutating func parseBraceItem() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try push(parseTest())
    if try take(.colon) { try push(parseTest()) }
    return collapse(.pair, line: line, from: base)
  }

  private mutating func parseComprehensionFor() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try enter()
    try advance()
    try push(parseTargets())
    try expect(.in)
    try push(parseOr())
    try pushComprehensionClause()
    leave()
    return reduce(.comprehensionFor, line: line, from: base)
  }

  private mutating func pushComprehensionClause() throws(CompileError) {
    if kind == .for {
      try push(parseComprehensionFor())
    } else if kind == .if {
      let line = line
      let base = stack.count
      try enter()
      try advance()
      try push(parseTestWithoutCondition())
      try pushComprehensionClause()
      leave()
      push(reduce(.comprehensionIf, line: line, from: base))
    }
  }

  // MARK: Calls

  /// `( … )` behind a callable, a class's name or a decorator's name.
  mutating func parseCall() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    var trailing = false
    while kind.startsTestOrStar || kind == .doubleStar {
      try push(parseArgument())
      trailing = try take(.comma)
      if !trailing { break }
    }
    try expect(.rightParen)
    return reduce(.call, line: line, from: base, trailingComma: trailing)
  }

  private mutating func parseArgument() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    switch kind {
    case .star:
      try advance()
      try push(parseTest())
      return reduce(.starred, line: line, from: base)
    case .doubleStar:
      try advance()
      try push(parseTest())
      return reduce(.doubleStarArgument, line: line, from: base)
    default:
      try push(parseTest())
      switch kind {
      case .for:
        try push(parseComprehensionFor())
        return reduce(.comprehension, line: line, from: base)
      case .equal:
        try advance()
        try push(parseTest())
        return reduce(.keywordArgument, line: line, from: base)
      case .colonEqual:
        try advance()
        try push(parseTest())
        return reduce(.walrus, line: line, from: base)
      default: return stack.removeLast()
      }
    }
  }

  mutating func parseYield() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    if try take(.from) {
      try push(parseTest())
      return reduce(.yieldFrom, line: line, from: base)
    }
    if kind.startsTest { try push(parseExpressions()) }
    return reduce(.yield, line: line, from: base)
  }
}
