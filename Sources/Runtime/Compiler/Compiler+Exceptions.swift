/// try, with, and their asynchronous forms.
extension Compiler {
  mutating func compileTry(_ node: NodeID) throws(CompileError) {
    let finally = tree.child(node, 2)
    guard finally != .empty else {
      try compileExcept(node)
      return
    }
    let handler = newLabel()
    setUp(.setupFinally, handler: handler)
    if tree[node].count == 3 {
      adjustDepth(3)
      try compile(tree.child(node, 0))
      adjustDepth(-3)
    } else {
      try compileExcept(node)
    }
    loadNone()
    place(handler)
    adjustDepth(1)
    try compile(finally)
    adjustDepth(-1)
    endFinally()
  }

  private mutating func compileExcept(_ node: NodeID) throws(CompileError) {
    let handler = newLabel(), succeeded = newLabel(), end = newLabel()
    setUp(.setupExcept, handler: handler)
    try compile(tree.child(node, 0))
    jump(.popExceptJump, to: succeeded, depth: 0)
    place(handler)
    adjustDepth(4)
    let clauses = tree.children(node).dropFirst(3)
    for (index, branch) in clauses.enumerated() {
      guard case .node(let clause) = branch else { continue }
      if tree.child(clause, 0) == .empty && index < clauses.count - 1 {
        throw syntaxError("default 'except' must be last", at: branch)
      }
      try compileClause(clause, end: end)
    }
    endFinally()
    adjustDepth(-3)
    place(succeeded)
    try compile(tree.child(node, 1))
    place(end)
  }

  private mutating func compileClause(_ clause: NodeID, end: Assembler.Label) throws(CompileError) {
    let next = newLabel()
    if tree.child(clause, 0) != .empty {
      dupTop()
      try compile(tree.child(clause, 0))
      binary(.exceptionMatch)
      jump(.popJumpIfFalse, to: next, depth: -1)
    }
    if case .name(let name) = tree.child(clause, 1) {
      let cleanUp = newLabel()
      store(name)
      setUp(.setupFinally, handler: cleanUp)
      try compile(tree.child(clause, 2))
      loadNone()
      place(cleanUp)
      adjustDepth(1)
      loadNone()
      store(name)
      delete(name)
      adjustDepth(-1)
      endFinally()
    } else {
      popTop()
      try compile(tree.child(clause, 2))
    }
    jump(.popExceptJump, to: end, depth: 0)
    place(next)
    adjustDepth(1)
  }

  // MARK: with

  /// Compiles the items from `index` on, each inside the one before it, and the body in the innermost.
  mutating func compileWith(_ node: NodeID, item index: Int) throws(CompileError) {
    guard index < tree[node].count else {
      try compile(tree.child(node, 0))
      return
    }
    let handler = newLabel()
    try compile(itemExpression(node, index))
    setUp(.setupWith, handler: handler)
    try storeItem(node, index)
    try compileWith(node, item: index + 1)
    loadNone()
    place(handler)
    emit(.withCleanup, depth: 2)
    adjustDepth(-4)
    endFinally()
  }

  private func itemExpression(_ node: NodeID, _ index: Int) -> Branch {
    let item = tree.child(node, index)
    return tree.node(item, .withItem).map { tree.child($0, 0) } ?? item
  }

  private mutating func storeItem(_ node: NodeID, _ index: Int) throws(CompileError) {
    if let item = tree.node(tree.child(node, index), .withItem) {
      try assign(tree.child(item, 1))
    } else {
      popTop()
    }
  }

  // MARK: async

  mutating func compileAsync(_ node: NodeID) throws(CompileError) {
    guard case .node(let inner) = tree.child(node, 0) else { return }
    if tree[inner].kind == .function {
      let name = try compileFunctionDefinition(inner, isAsync: true)
      store(name)
      return
    }
    guard scopes[current].flags & Scope.flagGenerator != 0 else {
      throw syntaxError("async for/with outside async function", at: .node(inner))
    }
    if tree[inner].kind == .forStatement {
      try compileAsyncFor(inner)
    } else {
      try compileAsyncWith(inner, item: 1)
    }
  }

  private mutating func compileAsyncWith(_ node: NodeID, item index: Int) throws(CompileError) {
    guard index < tree[node].count else {
      try compile(tree.child(node, 0))
      return
    }
    let handler = newLabel(), unwinding = newLabel(), normal = newLabel(), end = newLabel()
    try compile(itemExpression(node, index))
    dupTop()
    emit(.loadMethod, .aenter, depth: 1)
    call(.callMethod, positional: 0, keywords: 0)
    yieldFromIterable()
    try storeItem(node, index)
    setUp(.setupFinally, handler: handler)
    adjustDepth(3)
    try compileAsyncWith(node, item: index + 1)
    adjustDepth(-3)
    loadNone()
    rotTwo()
    jump(to: normal)

    place(handler)
    dupTop()
    emit(.loadGlobal, .baseException, depth: 1)
    binary(.exceptionMatch)
    jump(.popJumpIfFalse, to: unwinding, depth: -1)
    dupTop()
    rotThree()
    rotTwo()
    emit(.loadMethod, .aexit, depth: 1)
    rotThree()
    rotThree()
    dupTop()
    emit(.loadAttr, .classCell, depth: 0)
    rotTwo()
    loadNone()
    call(.callMethod, positional: 3, keywords: 0)
    yieldFromIterable()
    jump(.popJumpIfFalse, to: end, depth: -1)
    popTop()
    loadNone()
    jump(to: end)
    adjustDepth(2)

    place(unwinding)
    rotThree()
    rotThree()
    place(normal)
    emit(.loadMethod, .aexit, depth: 1)
    loadNone()
    dupTop()
    dupTop()
    call(.callMethod, positional: 3, keywords: 0)
    yieldFromIterable()
    popTop()
    adjustDepth(-1)
    place(end)
    endFinally()
  }
}
