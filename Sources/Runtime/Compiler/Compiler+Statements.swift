extension Compiler {
  mutating func compileModule() throws(CompileError) {
    if options.mode == .eval {
      try compile(tree.root)
      returnValue()
    } else {
      try compile(tree.root)
      loadNone()
      returnValue()
    }
  }

  /// Compiles a leaf, or a node with its line.
  mutating func compile(_ branch: Branch) throws(CompileError) {
    switch branch {
    case .empty, .token(.newline): break
    case .name(let name): load(name)
    case .string(let name): loadString(name)
    case .integer(let value): loadInteger(value)
    case .token(.none): loadNone()
    case .token(.true): emit(.loadConstTrue, depth: 1)
    case .token(.false): emit(.loadConstFalse, depth: 1)
    case .token: loadConstant(.ellipsis)
    case .node(let node):
      let outerLine = errorLine
      errorLine = tree[node].line
      line(errorLine)
      try compileNode(node)
      errorLine = outerLine
    }
  }

  mutating func compileNode(_ node: NodeID) throws(CompileError) {
    switch tree[node].kind {
    case .statements: for statement in tree.children(node) { try compile(statement) }
    case .pass: break
    case .expression: try compileExpressionStatement(node)
    case .annotatedAssignment: try compileAnnotatedAssignment(node)
    case .delete: try compileDelete(tree.child(node, 0))
    case .breakStatement: try compileBreak()
    case .continueStatement: try compileContinue()
    case .returnStatement: try compileReturn(node)
    case .yieldStatement:
      try compile(tree.child(node, 0))
      popTop()
    case .raise:
      for operand in tree.children(node) { try compile(operand) }
      let operands = Int(tree[node].count)
      emit(operands == 0 ? .raiseLast : operands == 1 ? .raiseObject : .raiseFrom, depth: -operands)
    case .global, .nonlocal: try compileScopeStatement(node)
    case .assertStatement: try compileAssert(node)
    case .importNames: try compileImport(node)
    case .importFrom: try compileImportFrom(node)
    case .ifStatement: try compileIf(node)
    case .whileStatement: try compileWhile(node)
    case .forStatement: try compileFor(node)
    case .tryStatement: try compileTry(node)
    case .withStatement: try compileWith(node, item: 1)
    case .asyncStatement: try compileAsync(node)
    case .function:
      let name = try compileFunctionDefinition(node, isAsync: false)
      store(name)
    case .classDefinition:
      let name = try compileClassDefinition(node)
      store(name)
    case .decorated: try compileDecorated(node)
    default: try compileExpression(node)
    }
  }

  private mutating func compileExpressionStatement(_ node: NodeID) throws(CompileError) {
    let left = tree.child(node, 0), right = tree.child(node, 1)
    if tree[node].count == 1 {
      if options.mode == .single && current == 0 {
        load(WellKnownName.replPrint.name)
        try compile(left)
        call(.callFunction, positional: 1, keywords: 0)
      } else {
        try compile(left)
      }
      popTop()
    } else if let augmented = tree.node(right, .augmentedAssignment) {
      try compileAugmentedAssignment(left, augmented)
    } else if let chain = tree.node(right, .assignmentChain) {
      let targets = [left] + tree.children(chain).dropLast()
      try compile(tree.child(chain, targets.count - 1))
      for (index, target) in targets.enumerated() {
        if index < targets.count - 1 { dupTop() }
        try assign(target)
      }
    } else {
      try compileAssignment(left, right)
    }
  }

  private mutating func compileAssignment(_ left: Branch, _ right: Branch) throws(CompileError) {
    if let targets = tree.node(left, .starExpressions), let values = tree.node(right, .starExpressions),
      tree[targets].count == tree[values].count, (2...3).contains(tree[targets].count),
      !tree.children(targets).contains(where: { tree.node($0, .starred) != nil })
    {
      for value in tree.children(values) { try compile(value) }
      if tree[values].count == 3 { rotThree() }
      rotTwo()
      for target in tree.children(targets) { try assign(target) }
      return
    }
    try compile(right)
    try assign(left)
  }

  private mutating func compileAnnotatedAssignment(_ node: NodeID) throws(CompileError) {
    let target = tree.child(node, 0)
    if tree[node].count == 2 {
      try compileAssignment(target, tree.child(node, 1))
    } else if case .name(let name) = target, isScopePass, scopes[current].kind == .function {
      _ = scopes[current].enter(name, as: .local)
    }
  }

  private mutating func compileReturn(_ node: NodeID) throws(CompileError) {
    guard scopes[current].kind == .function else { throw syntaxError("'return' outside function") }
    let value = tree.child(node, 0)
    if let conditional = tree.node(value, .conditional) {
      let otherwise = newLabel()
      try compileJump(tree.child(conditional, 1), ifTruthIs: false, to: otherwise)
      try compile(tree.child(conditional, 0))
      returnValue()
      place(otherwise)
      try compile(tree.child(conditional, 2))
    } else if value == .empty {
      loadNone()
    } else {
      try compile(value)
    }
    returnValue()
  }

  private mutating func compileScopeStatement(_ node: NodeID) throws(CompileError) {
    guard isScopePass else { return }
    for case .name(let name) in tree.children(node) {
      if tree[node].kind == .global { try noteGlobal(name) } else { try noteNonlocal(name) }
    }
  }

  private mutating func compileAssert(_ node: NodeID) throws(CompileError) {
    guard options.optimisationLevel == 0 else { return }
    let end = newLabel()
    try compileJump(tree.child(node, 0), ifTruthIs: true, to: end)
    emit(.loadGlobal, .assertionError, depth: 1)
    if tree[node].count == 2 {
      try compile(tree.child(node, 1))
      call(.callFunction, positional: 1, keywords: 0)
    }
    emit(.raiseObject, depth: -1)
    place(end)
  }

  // MARK: Imports

  /// The names of `a.b.c`.
  func dottedNames(_ branch: Branch) -> [Name] {
    var parts: [Name] = []
    if case .name(let name) = branch { parts.append(name) }
    if let dotted = tree.node(branch, .dottedName) {
      for case .name(let name) in tree.children(dotted) { parts.append(name) }
    }
    return parts
  }

  private mutating func compileImport(_ node: NodeID) throws(CompileError) {
    for item in tree.children(node) {
      loadInteger(0)
      loadNone()
      let renamed = tree.node(item, .importAs)
      let parts = dottedNames(renamed.map { tree.child($0, 0) } ?? item)
      emit(.importName, try joined(parts), depth: -1)
      if let renamed, case .name(let name) = tree.child(renamed, 1) {
        for part in parts.dropFirst() { emit(.loadAttr, part, depth: 0) }
        store(name)
      } else if let first = parts.first {
        store(first)
      }
    }
  }

  private mutating func compileImportFrom(_ node: NodeID) throws(CompileError) {
    let items = tree.children(node).dropFirst(2)
    try compile(tree.child(node, 0))
    let isStar = items.first == .token(.star)
    if isStar {
      loadString(WellKnownName.star.name)
    } else {
      for case .node(let item) in items { if case .name(let name) = tree.child(item, 0) { loadString(name) } }
    }
    emit(.buildTuple, count: items.count, depth: 1 - items.count)
    emit(.importName, try joined(dottedNames(tree.child(node, 1))), depth: -1)
    if isStar {
      emit(.importStar, depth: -1)
      return
    }
    for case .node(let item) in items {
      guard case .name(let name) = tree.child(item, 0) else { continue }
      emit(.importFrom, name, depth: 1)
      if case .name(let renamed) = tree.child(item, 1) { store(renamed) } else { store(name) }
    }
    popTop()
  }
}
