extension Compiler {
  /// Makes the comprehension's function and calls it with the first iterable.
  mutating func compileComprehension(_ node: NodeID, _ kind: ScopeKind) throws(CompileError) {
    guard case .node(let clause) = tree.child(node, 1) else { return }
    let name: WellKnownName =
      switch kind {
      case .listComprehension: .listComprehension
      case .dictComprehension: .dictComprehension
      case .setComprehension: .setComprehension
      default: .generatorExpression
      }
    let scope = scope(kind, of: node, named: name.name)
    make(scope, withDefaults: false)
    try compile(tree.child(clause, 1))
    if kind == .generatorExpression { emit(.getIter, depth: 0) }
    call(.callFunction, positional: 1, keywords: 0)
  }

  mutating func compileComprehensionBody() throws(CompileError) {
    guard case .node(let node) = scopes[current].node, case .node(let clause) = tree.child(node, 1) else { return }
    let iterable = WellKnownName.empty.name
    if isScopePass {
      _ = scopes[current].enter(iterable, as: .local)
      scopes[current].positionalCount = 1
    }
    line(tree[node].line)
    switch scopes[current].kind {
    case .listComprehension: emit(.buildList, count: 0, depth: 1)
    case .dictComprehension: emit(.buildMap, count: 0, depth: 1)
    case .setComprehension: emit(.buildSet, count: 0, depth: 1)
    default: break
    }
    if scopes[current].kind == .generatorExpression {
      // The argument is an iterator already; these are the slots of an iterator on the stack.
      emit(.loadNull, depth: 1)
      load(iterable)
      emit(.loadNull, depth: 1)
      emit(.loadNull, depth: 1)
    } else {
      load(iterable)
      emit(.getIterStack, depth: 3)
    }
    try compileLoop(clause, element: tree.child(node, 0), depth: 0)
    if scopes[current].kind == .generatorExpression { loadNone() }
    returnValue()
  }

  private mutating func compileLoop(_ clause: NodeID, element: Branch, depth: Int) throws(CompileError) {
    let top = newLabel(), end = newLabel()
    place(top)
    jump(.forIter, to: end, depth: 1)
    try assign(tree.child(clause, 0))
    var rest = tree.child(clause, 2)
    while let condition = tree.node(rest, .comprehensionIf) {
      try compileJump(tree.child(condition, 0), ifTruthIs: false, to: top)
      rest = tree.child(condition, 1)
    }
    if let inner = tree.node(rest, .comprehensionFor) {
      try compile(tree.child(inner, 1))
      emit(.getIterStack, depth: 3)
      try compileLoop(inner, element: element, depth: depth + 1)
    } else {
      try compile(element)
      storeElement(depth: depth)
    }
    jump(to: top)
    place(end)
    adjustDepth(-4)
  }

  private mutating func storeElement(depth: Int) {
    // Four slots of an iterator for each loop, and the element itself.
    let distance = 4 * depth + 5
    switch scopes[current].kind {
    case .listComprehension: emit(.storeComp, count: distance << 2, depth: -1)
    case .dictComprehension: emit(.storeComp, count: (distance + 1) << 2 | 1, depth: -2)
    case .setComprehension: emit(.storeComp, count: distance << 2 | 2, depth: -1)
    default:
      yieldValue()
      popTop()
    }
  }
}
