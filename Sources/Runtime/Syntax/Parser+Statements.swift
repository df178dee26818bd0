extension Parser {
  mutating func parseStatement() throws(CompileError) -> Branch {
    try enter()
    let statement =
      switch kind {
      case .if: try parseIf()
      case .while: try parseWhile()
      case .for: try parseFor()
      case .try: try parseTry()
      case .with: try parseWith()
      case .def: try parseFunction()
      case .class: try parseClass()
      case .at: try parseDecorated()
      case .async: try parseAsync(definitionOnly: false)
      default: try parseSimpleStatements()
      }
    leave()
    return statement
  }

  /// `a; b; c` up to the end of the line.
  mutating func parseSimpleStatements() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    var trailing = false
    try push(parseSmallStatement())
    while try take(.semicolon) {
      guard startsSmallStatement else {
        trailing = true
        break
      }
      try push(parseSmallStatement())
    }
    try expect(.newline)
    return collapse(.statements, line: line, from: base, trailingComma: trailing)
  }

  private var startsSmallStatement: Bool {
    switch kind {
    case .del, .pass, .break, .continue, .return, .raise, .yield, .import, .from, .global, .nonlocal, .assert: true
    default: kind.startsTestOrStar
    }
  }

  private mutating func parseSmallStatement() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    switch kind {
    case .del:
      try advance()
      try push(parseTargets())
      return reduce(.delete, line: line, from: base)
    case .pass:
      try advance()
      return reduce(.pass, line: line, from: base)
    case .break:
      try advance()
      return reduce(.breakStatement, line: line, from: base)
    case .continue:
      try advance()
      return reduce(.continueStatement, line: line, from: base)
    case .return:
      try advance()
      if kind.startsTest { try push(parseExpressions()) }
      return reduce(.returnStatement, line: line, from: base)
    case .raise:
      try advance()
      if kind.startsTest {
        try push(parseTest())
        if try take(.from) { try push(parseTest()) }
      }
      return reduce(.raise, line: line, from: base)
    case .yield:
      try push(parseYield())
      return reduce(.yieldStatement, line: line, from: base)
    case .import: return try parseImport()
    case .from: return try parseFromImport()
    case .global: return try parseNames(.global)
    case .nonlocal: return try parseNames(.nonlocal)
    case .assert:
      try advance()
      try push(parseTest())
      if try take(.comma) { try push(parseTest()) }
      return reduce(.assertStatement, line: line, from: base)
    default: return try parseExpressionStatement()
    }
  }

  private mutating func parseNames(_ nodeKind: NodeKind) throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    repeat { try push(expectName()) } while try take(.comma)
    return reduce(nodeKind, line: line, from: base)
  }

  // MARK: Expression statements

  private mutating func parseExpressionStatement() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    guard kind.startsTestOrStar else { throw unexpected() }
    try push(parseStarExpressions())
    if kind == .colon {
      return try parseAnnotation(line: line, from: base)
    } else if kind.isAugmentedAssignment {
      let operatorLine = self.line, operatorBase = stack.count
      push(.token(kind))
      try advance()
      try push(parseAssigned())
      push(reduce(.augmentedAssignment, line: operatorLine, from: operatorBase))
    } else if kind == .equal {
      let chainLine = self.line, chainBase = stack.count
      while try take(.equal) { try push(parseAssigned()) }
      push(collapse(.assignmentChain, line: chainLine, from: chainBase))
    } else if options.mode != .single, isConstant(stack[base]) {
      // Docstrings and the like leave nothing but their line. At a prompt their value is shown.
      stack.removeLast()
      return reduce(.pass, line: line, from: base)
    }
    if try bindConstant(at: base) { return dropStatement(from: base) }
    return reduce(.expression, line: line, from: base)
  }

  /// What is left of a statement that has no effect and no line.
  private mutating func dropStatement(from base: Int) -> Branch {
    stack.removeLast(stack.count - base)
    return reduce(.pass, line: 0, from: base)
  }

  /// The right side of an assignment.
  private mutating func parseAssigned() throws(CompileError) -> Branch {
    kind == .yield ? try parseYield() : try parseStarExpressions()
  }

  private mutating func parseAnnotation(line: Int32, from base: Int) throws(CompileError) -> Branch {
    try advance()
    _ = try parseTest()
    if try take(.equal) { try push(parseAssigned()) }
    if options.dialect == .micropython, stack.count == base + 2 {
      let value = stack[base + 1]
      if try bindConstant(at: base) { return dropStatement(from: base) }
      if stack[base + 1] != value { return reduce(.expression, line: line, from: base) }
    }
    return reduce(.annotatedAssignment, line: line, from: base)
  }

  /// Records `NAME = const(value)` if that is what the stack holds from `base`, and puts the value in place.
  ///
  /// - Returns: whether the name is private, so that nothing is left of the statement.
  private mutating func bindConstant(at base: Int) throws(CompileError) -> Bool {
    guard stack.count == base + 2, case .name(let name) = stack[base],
      let right = tree.node(stack[base + 1], .atomExpression), tree[right].count == 2,
      tree.child(right, 0) == .name(WellKnownName.constFunction.name),
      let call = tree.node(tree.child(right, 1), .call)
    else { return false }
    let argument = tree.child(call, 0)
    guard tree[call].count == 1, !tree[call].hasTrailingComma, let value = constantValue(argument) else {
      throw syntaxError("not a constant", line: tree[right].line)
    }
    constantNames[name] = value
    stack[base + 1] = argument
    return lexer.names[name].first == UInt8(ascii: "_")
  }

  // MARK: Imports

  /// `a.b.c`: a name, or a node of names.
  mutating func parseDottedName() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    repeat { try push(expectName()) } while try take(.dot)
    return collapse(.dottedName, line: line, from: base)
  }

  private mutating func parseImport() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    repeat {
      let itemLine = self.line, itemBase = stack.count
      try push(parseDottedName())
      if try take(.as) { try push(expectName()) }
      push(collapse(.importAs, line: itemLine, from: itemBase))
    } while try take(.comma)
    return reduce(.importNames, line: line, from: base)
  }

  private mutating func parseFromImport() throws(CompileError) -> Branch {
    let line = line
    let base = stack.count
    try advance()
    var level = 0
    while kind == .dot || kind == .ellipsis {
      level += kind == .dot ? 1 : 3
      try advance()
    }
    push(.integer(level))
    if kind == .name || level == 0 {
      try push(parseDottedName())
    } else {
      push(.empty)
    }
    try expect(.import)
    if try take(.star) {
      push(.token(.star))
    } else if try take(.leftParen) {
      try parseImportItems()
      try expect(.rightParen)
    } else {
      try parseImportItems()
    }
    return reduce(.importFrom, line: line, from: base)
  }

  private mutating func parseImportItems() throws(CompileError) {
    repeat {
      let line = line
      let base = stack.count
      try push(expectName())
      if try take(.as) { try push(expectName()) }
      push(reduce(.importItem, line: line, from: base))
    } while try take(.comma) && kind == .name
  }
}
