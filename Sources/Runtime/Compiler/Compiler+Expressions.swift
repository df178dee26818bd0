extension Compiler {
  mutating func compileExpression(_ node: NodeID) throws(CompileError) {
    switch tree[node].kind {
    case .constant: loadConstant(tree.constant(node))
    case .lambda: try compileLambda(node)
    case .conditional: try compileConditional(node)
    case .walrus: try compileWalrus(node)
    case .orTest, .andTest: try compileLogical(node)
    case .notTest:
      try compile(tree.child(node, 0))
      unary(.not)
    case .comparison: try compileComparison(node)
    case .bitOr, .bitXor, .bitAnd, .shift, .arithmetic, .term: try compileBinary(node)
    case .power:
      try compile(tree.child(node, 0))
      try compile(tree.child(node, 1))
      binary(.power)
    case .unary:
      try compile(tree.child(node, 1))
      let symbol = tree.child(node, 0)
      unary(symbol == .token(.plus) ? .positive : symbol == .token(.minus) ? .negative : .invert)
    case .await: try compileAwait(node)
    case .atomExpression: try compileTrailers(node)
    case .attribute, .subscript, .call: try compileTrailer(node)
    case .slice: try compileSlice(node)
    case .parentheses: try compileParentheses(node)
    case .brackets: try compileBrackets(node)
    case .braces: try compileBraces(node)
    case .starExpressions, .expressions, .subscripts, .targets, .elements:
      try compileAll(tree.children(node))
      emit(.buildTuple, count: Int(tree[node].count), depth: 1 - Int(tree[node].count))
    case .pair:
      try compile(tree.child(node, 1))
      try compile(tree.child(node, 0))
    case .yield, .yieldFrom: try compileYield(node)
    default: throw syntaxError("*x must be assignment target", at: .node(node))
    }
  }

  private mutating func compileAll(_ branches: ArraySlice<Branch>) throws(CompileError) {
    for branch in branches { try compile(branch) }
  }

  private mutating func compileConditional(_ node: NodeID) throws(CompileError) {
    let otherwise = newLabel(), end = newLabel()
    try compileJump(tree.child(node, 1), ifTruthIs: false, to: otherwise)
    try compile(tree.child(node, 0))
    jump(to: end)
    place(otherwise)
    adjustDepth(-1)
    try compile(tree.child(node, 2))
    place(end)
  }

  /// `name := value`, which leaves the value.
  mutating func compileWalrus(_ node: NodeID) throws(CompileError) {
    guard case .name(let name) = tree.child(node, 0) else {
      throw syntaxError("can't assign to expression", at: tree.child(node, 0))
    }
    try compile(tree.child(node, 1))
    dupTop()
    switch scopes[current].kind {
    case .listComprehension, .dictComprehension, .setComprehension, .generatorExpression:
      if isScopePass { try noteWalrusInComprehension(name) } else { store(name) }
    default: store(name)
    }
  }

  private mutating func compileLogical(_ node: NodeID) throws(CompileError) {
    let opcode = tree[node].kind == .orTest ? Opcode.jumpIfTrueOrPop : .jumpIfFalseOrPop
    let end = newLabel()
    for (index, operand) in tree.children(node).enumerated() {
      if index > 0 { jump(opcode, to: end, depth: -1) }
      try compile(operand)
    }
    place(end)
  }

  private mutating func compileComparison(_ node: NodeID) throws(CompileError) {
    let parts = Array(tree.children(node))
    let isChained = parts.count > 3
    let failed = newLabel()
    try compile(parts[0])
    for index in stride(from: 1, to: parts.count, by: 2) {
      let isLast = index == parts.count - 2
      try compile(parts[index + 1])
      if !isLast {
        dupTop()
        rotThree()
      }
      if case .token(let symbol) = parts[index] { compare(symbol) }
      if !isLast { jump(.jumpIfFalseOrPop, to: failed, depth: -1) }
    }
    if isChained {
      let end = newLabel()
      jump(to: end)
      place(failed)
      adjustDepth(1)
      rotTwo()
      popTop()
      place(end)
    }
  }

  private mutating func compare(_ symbol: TokenKind) {
    switch symbol {
    case .less: binary(.less)
    case .greater: binary(.greater)
    case .equalEqual: binary(.equal)
    case .lessEqual: binary(.lessEqual)
    case .greaterEqual: binary(.greaterEqual)
    case .notEqual: binary(.notEqual)
    case .in: binary(.contains)
    case .notIn:
      binary(.contains)
      unary(.not)
    case .isNot:
      binary(.is)
      unary(.not)
    default: binary(.is)
    }
  }

  private mutating func compileBinary(_ node: NodeID) throws(CompileError) {
    let parts = Array(tree.children(node))
    try compile(parts[0])
    for index in stride(from: 1, to: parts.count, by: 2) {
      try compile(parts[index + 1])
      if case .token(let symbol) = parts[index],
        let operation = BinaryOperator(
          rawValue: BinaryOperator.or.rawValue + Int(symbol.rawValue) - Int(TokenKind.bar.rawValue))
      {
        binary(operation)
      }
    }
  }

  // MARK: yield and await

  private func requireFunction(_ message: String) throws(CompileError) {
    let kind = scopes[current].kind
    guard kind == .function || kind == .lambda else { throw syntaxError(message) }
  }

  private mutating func compileYield(_ node: NodeID) throws(CompileError) {
    try requireFunction("'yield' outside function")
    if tree[node].kind == .yieldFrom {
      if scopes[current].flags & Scope.flagAsync != 0 {
        throw syntaxError("'yield from' inside async function")
      }
      try compile(tree.child(node, 0))
      yieldFromIterable()
      return
    }
    if tree[node].count == 0 { loadNone() } else { try compile(tree.child(node, 0)) }
    yieldValue()
  }

  private mutating func compileAwait(_ node: NodeID) throws(CompileError) {
    try requireFunction("'await' outside function")
    try compileTrailers(node)
    if options.dialect == .circuitpython {
      emit(.loadMethod, .awaitMethod, depth: 1)
      call(.callMethod, positional: 0, keywords: 0)
      loadNone()
      yieldFrom()
    } else {
      yieldFromIterable()
    }
  }

  // MARK: Displays

  private mutating func compileSlice(_ node: NodeID) throws(CompileError) {
    for index in 0..<2 {
      let part = tree.child(node, index)
      if part == .empty { loadNone() } else { try compile(part) }
    }
    let step = tree.child(node, 2)
    try compile(step)
    let count = step == .empty ? 2 : 3
    emit(.buildSlice, count: count, depth: 1 - count)
  }

  private mutating func compileParentheses(_ node: NodeID) throws(CompileError) {
    let content = tree.child(node, 0)
    if let comprehension = tree.node(content, .comprehension) {
      try compileComprehension(comprehension, .generatorExpression)
    } else {
      let elements = tree.node(content, .elements).map { tree.children($0) } ?? []
      try compileAll(elements)
      emit(.buildTuple, count: elements.count, depth: 1 - elements.count)
    }
  }

  private mutating func compileBrackets(_ node: NodeID) throws(CompileError) {
    let content = tree.child(node, 0)
    if let comprehension = tree.node(content, .comprehension) {
      try compileComprehension(comprehension, .listComprehension)
    } else {
      let elements = tree.node(content, .elements).map { tree.children($0) } ?? tree.children(node)
      try compileAll(elements)
      emit(.buildList, count: elements.count, depth: 1 - elements.count)
    }
  }

  private mutating func compileBraces(_ node: NodeID) throws(CompileError) {
    let items = tree.children(node)
    guard let first = items.first else {
      emit(.buildMap, count: 0, depth: 1)
      return
    }
    if let comprehension = tree.node(first, .comprehension) {
      let isDict = tree.node(tree.child(comprehension, 0), .pair) != nil
      try compileComprehension(comprehension, isDict ? .dictComprehension : .setComprehension)
      return
    }
    let isDict = tree.node(first, .pair) != nil
    if isDict { emit(.buildMap, count: items.count, depth: 1) }
    for item in items {
      guard (tree.node(item, .pair) != nil) == isDict else {
        throw syntaxError(isDict ? "expecting key:value for dict" : "expecting just a value for set", at: item)
      }
      try compile(item)
      if isDict { emit(.storeMap, depth: -2) }
    }
    if !isDict { emit(.buildSet, count: items.count, depth: 1 - items.count) }
  }
}
