/// Conditions and loops.
extension Compiler {
  /// Whether a condition is known while compiling, and its truth.
  func constantTruth(_ branch: Branch) -> Bool? {
    switch branch {
    case .integer(let value): return value != 0
    case .string(let name): return name != WellKnownName.empty.name
    case .token(.none), .token(.false): return false
    case .token(.true), .token(.ellipsis): return true
    case .node(let node):
      switch tree[node].kind {
      case .constant: return tree.constant(node).isTrue
      case .parentheses where tree[node].count == 0: return false
      default: return nil
      }
    default: return nil
    }
  }

  /// Jumps to `label` if the condition's truth is `wanted`.
  mutating func compileJump(
    _ condition: Branch, ifTruthIs wanted: Bool, to label: Assembler.Label
  ) throws(CompileError) {
    if let truth = constantTruth(condition) {
      if truth == wanted { jump(to: label) }
      return
    }
    if case .node(let node) = condition {
      let kind = tree[node].kind
      if kind == .orTest || kind == .andTest {
        let operands = tree.children(node)
        if (kind == .orTest) == wanted {
          for operand in operands { try compileJump(operand, ifTruthIs: wanted, to: label) }
          return
        }
        let otherwise = newLabel()
        for operand in operands.dropLast() { try compileJump(operand, ifTruthIs: !wanted, to: otherwise) }
        for operand in operands.suffix(1) { try compileJump(operand, ifTruthIs: wanted, to: label) }
        place(otherwise)
        return
      }
      if kind == .notTest {
        try compileJump(tree.child(node, 0), ifTruthIs: !wanted, to: label)
        return
      }
    }
    try compile(condition)
    jump(wanted ? .popJumpIfTrue : .popJumpIfFalse, to: label, depth: -1)
  }

  mutating func compileIf(_ node: NodeID) throws(CompileError) {
    let end = newLabel()
    let parts = tree.children(node)
    let hasMore = parts.count > 3 || parts.last != .empty
    var index = parts.startIndex
    while index + 1 < parts.endIndex {
      let condition = parts[index], body = parts[index + 1]
      let truth = constantTruth(condition)
      if truth != false {
        let otherwise = newLabel()
        try compileJump(condition, ifTruthIs: false, to: otherwise)
        try compile(body)
        if truth == true {
          place(end)
          return
        }
        if hasMore || index > parts.startIndex { jump(to: end) }
        place(otherwise)
      }
      index += 2
    }
    try compile(parts[index])
    place(end)
  }

  // MARK: Loops

  /// Runs `body` with `break` and `continue` meaning this loop.
  private mutating func inLoop(
    breakLabel: Assembler.Label, continueLabel: Assembler.Label, hasIterator: Bool, _ body: Branch
  ) throws(CompileError) {
    let outer = loop
    loop = Loop(
      breakLabel: breakLabel, continueLabel: continueLabel, exceptionDepth: code.exceptionDepth,
      hasIterator: hasIterator)
    try compile(body)
    loop = outer
  }

  mutating func compileWhile(_ node: NodeID) throws(CompileError) {
    let condition = tree.child(node, 0)
    let breakLabel = newLabel(), continueLabel = newLabel(), top = newLabel()
    let truth = constantTruth(condition)
    if truth != false {
      if truth != true { jump(to: continueLabel) }
      place(top)
      try inLoop(breakLabel: breakLabel, continueLabel: continueLabel, hasIterator: false, tree.child(node, 1))
      place(continueLabel)
      try compileJump(condition, ifTruthIs: true, to: top)
    }
    try compile(tree.child(node, 2))
    place(breakLabel)
  }

  mutating func compileFor(_ node: NodeID) throws(CompileError) {
    if let range = countedRange(of: node) {
      try compileCountedFor(node, range)
      return
    }
    let breakLabel = newLabel(), continueLabel = newLabel(), end = newLabel()
    try compile(tree.child(node, 1))
    emit(.getIterStack, depth: 3)
    place(continueLabel)
    jump(.forIter, to: end, depth: 1)
    try assign(tree.child(node, 0))
    try inLoop(breakLabel: breakLabel, continueLabel: continueLabel, hasIterator: true, tree.child(node, 2))
    jump(to: continueLabel)
    place(end)
    adjustDepth(-4)
    try compile(tree.child(node, 3))
    place(breakLabel)
  }

  private struct CountedRange {
    let variable: Name
    var start = Branch.integer(0)
    var end: Branch
    var step = Branch.integer(1)
    var stepValue = 1
  }

  /// The loop's range if it can count instead of iterating.
  private func countedRange(of node: NodeID) -> CountedRange? {
    guard case .name(let variable) = tree.child(node, 0),
      let iterable = tree.node(tree.child(node, 1), .atomExpression), tree[iterable].count == 2,
      isName(tree.child(iterable, 0), .rangeFunction), let call = tree.node(tree.child(iterable, 1), .call),
      (1...3).contains(tree[call].count)
    else { return nil }
    let arguments = Array(tree.children(call))
    var range = CountedRange(variable: variable, end: arguments[0])
    if arguments.count > 1 {
      range.start = arguments[0]
      range.end = arguments[1]
    }
    if arguments.count == 3 {
      guard case .integer(let step) = arguments[2], step != 0 else { return nil }
      range.step = arguments[2]
      range.stepValue = step
    }
    let isPlain = { (branch: Branch) in
      guard case .node(let node) = branch else { return true }
      switch tree[node].kind {
      case .starred, .doubleStarArgument, .keywordArgument, .comprehension: return false
      case .walrus: return false
      default: return true
      }
    }
    return isPlain(range.start) && isPlain(range.end) ? range : nil
  }

  private mutating func compileCountedFor(_ node: NodeID, _ range: CountedRange) throws(CompileError) {
    let breakLabel = newLabel(), continueLabel = newLabel(), top = newLabel(), entry = newLabel()
    var keepsEnd = true
    if case .integer = range.end { keepsEnd = false }
    if keepsEnd { try compile(range.end) }
    try compile(range.start)
    jump(to: entry)
    place(top)
    dupTop()
    store(range.variable)
    try inLoop(breakLabel: breakLabel, continueLabel: continueLabel, hasIterator: false, tree.child(node, 2))
    place(continueLabel)
    try compile(range.step)
    binary(.inplaceAdd)
    place(entry)
    if keepsEnd {
      emit(.dupTopTwo, depth: 2)
      rotTwo()
    } else {
      dupTop()
      try compile(range.end)
    }
    binary(range.stepValue >= 0 ? .less : .greater)
    jump(.popJumpIfTrue, to: top, depth: -1)
    let otherwise = tree.child(node, 3)
    let done = newLabel()
    if otherwise != .empty {
      popTop()
      if keepsEnd { popTop() }
      try compile(otherwise)
      jump(to: done)
      adjustDepth(keepsEnd ? 2 : 1)
    }
    place(breakLabel)
    popTop()
    if keepsEnd { popTop() }
    if otherwise != .empty { place(done) }
  }

  mutating func compileBreak() throws(CompileError) {
    guard let loop else { throw syntaxError("'break'/'continue' outside loop") }
    let entries = code.exceptionDepth - loop.exceptionDepth
    if entries > 0 {
      unwindJump(to: loop.breakLabel, entries: entries, popsIterator: loop.hasIterator)
    } else {
      if loop.hasIterator { for _ in 0..<4 { emit(.popTop, depth: 0) } }
      jump(to: loop.breakLabel)
    }
  }

  mutating func compileContinue() throws(CompileError) {
    guard let loop else { throw syntaxError("'break'/'continue' outside loop") }
    let entries = code.exceptionDepth - loop.exceptionDepth
    if entries > 0 {
      unwindJump(to: loop.continueLabel, entries: entries, popsIterator: false)
    } else {
      jump(to: loop.continueLabel)
    }
  }

  // MARK: async for

  mutating func compileAsyncFor(_ node: NodeID) throws(CompileError) {
    let breakLabel = newLabel(), continueLabel = newLabel(), body = newLabel()
    let handler = newLabel(), other = newLabel(), exhausted = newLabel()
    try compile(tree.child(node, 1))
    emit(.loadMethod, .aiter, depth: 1)
    call(.callMethod, positional: 0, keywords: 0)
    let outer = loop
    loop = Loop(
      breakLabel: breakLabel, continueLabel: continueLabel, exceptionDepth: code.exceptionDepth, hasIterator: false)
    place(continueLabel)
    setUp(.setupExcept, handler: handler)
    dupTop()
    emit(.loadMethod, .anext, depth: 1)
    call(.callMethod, positional: 0, keywords: 0)
    yieldFromIterable()
    try assign(tree.child(node, 0))
    jump(.popExceptJump, to: body, depth: 0)
    place(handler)
    adjustDepth(4)
    dupTop()
    emit(.loadGlobal, .stopAsyncIteration, depth: 1)
    binary(.exceptionMatch)
    jump(.popJumpIfFalse, to: other, depth: -1)
    popTop()
    jump(.popExceptJump, to: exhausted, depth: 0)
    place(other)
    adjustDepth(1)
    endFinally()
    adjustDepth(-3)
    place(body)
    try compile(tree.child(node, 2))
    jump(to: continueLabel)
    loop = outer
    place(exhausted)
    try compile(tree.child(node, 3))
    place(breakLabel)
    popTop()
  }
}
