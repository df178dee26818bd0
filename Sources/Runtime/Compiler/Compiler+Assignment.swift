extension Compiler {
  /// Stores the top of the stack into a target.
  mutating func assign(_ target: Branch) throws(CompileError) {
    if case .name(let name) = target {
      store(name)
      return
    }
    guard case .node(let node) = target else { throw syntaxError("can't assign to expression") }
    switch tree[node].kind {
    case .atomExpression:
      try compileBase(of: node)
      guard case .node(let last) = tree.child(node, Int(tree[node].count) - 1) else { return }
      if tree[last].kind == .attribute, case .name(let name) = tree.child(last, 0) {
        emit(.storeAttr, name, depth: -2)
      } else if tree[last].kind == .subscript {
        try compile(tree.child(last, 0))
        emit(.storeSubscr, depth: -3)
      } else {
        throw syntaxError("can't assign to expression", at: target)
      }
    case .starExpressions, .targets: try assignSequence(tree.children(node), at: target)
    case .parentheses, .brackets: try assignSequence(try targets(in: node), at: target)
    default: throw syntaxError("can't assign to expression", at: target)
    }
  }

  /// The atom and all trailers but the last.
  private mutating func compileBase(of node: NodeID) throws(CompileError) {
    for part in tree.children(node).dropLast() { try compile(part) }
  }

  /// The targets inside `( )` or `[ ]`.
  private func targets(in node: NodeID) throws(CompileError) -> ArraySlice<Branch> {
    let content = tree.child(node, 0)
    if let elements = tree.node(content, .elements) { return tree.children(elements) }
    if tree.node(content, .comprehension) != nil || (content == .empty && tree[node].kind == .parentheses) {
      throw syntaxError("can't assign to expression", at: .node(node))
    }
    return tree.children(node)
  }

  private mutating func assignSequence(_ targets: ArraySlice<Branch>, at node: Branch) throws(CompileError) {
    var starIndex: Int?
    for (index, target) in targets.enumerated() where tree.node(target, .starred) != nil {
      if starIndex != nil { throw syntaxError("multiple *x in assignment", at: target) }
      starIndex = index
    }
    if let starIndex {
      let operand = starIndex | (targets.count - starIndex - 1) << 8
      emit(.unpackEx, count: operand, depth: targets.count - 1)
    } else {
      emit(.unpackSequence, count: targets.count, depth: targets.count - 1)
    }
    for target in targets {
      if let star = tree.node(target, .starred) {
        try assign(tree.child(star, 0))
      } else {
        try assign(target)
      }
    }
  }

  // MARK: Augmented assignment

  mutating func compileAugmentedAssignment(_ target: Branch, _ node: NodeID) throws(CompileError) {
    guard case .token(let symbol) = tree.child(node, 0) else { return }
    let value = tree.child(node, 1)
    let operation =
      BinaryOperator(
        rawValue: BinaryOperator.inplaceOr.rawValue + Int(symbol.rawValue - TokenKind.barEqual.rawValue))
      ?? .inplaceOr
    if case .name(let name) = target {
      load(name)
      try compile(value)
      binary(operation)
      store(name)
      return
    }
    guard let place = tree.node(target, .atomExpression),
      case .node(let last) = tree.child(place, Int(tree[place].count) - 1)
    else { throw syntaxError("can't assign to expression", at: target) }
    try compileBase(of: place)
    if tree[last].kind == .attribute, case .name(let name) = tree.child(last, 0) {
      dupTop()
      emit(.loadAttr, name, depth: 0)
      try compile(value)
      binary(operation)
      rotTwo()
      emit(.storeAttr, name, depth: -2)
    } else if tree[last].kind == .subscript {
      try compile(tree.child(last, 0))
      emit(.dupTopTwo, depth: 2)
      emit(.loadSubscr, depth: -1)
      try compile(value)
      binary(operation)
      rotThree()
      emit(.storeSubscr, depth: -3)
    } else {
      throw syntaxError("can't assign to expression", at: target)
    }
  }

  // MARK: del

  mutating func compileDelete(_ target: Branch) throws(CompileError) {
    if case .name(let name) = target {
      delete(name)
      return
    }
    guard case .node(let node) = target else { throw syntaxError("can't delete expression") }
    switch tree[node].kind {
    case .atomExpression:
      try compileBase(of: node)
      guard case .node(let last) = tree.child(node, Int(tree[node].count) - 1) else { return }
      if tree[last].kind == .attribute, case .name(let name) = tree.child(last, 0) {
        emit(.loadNull, depth: 1)
        rotTwo()
        emit(.storeAttr, name, depth: -2)
      } else if tree[last].kind == .subscript {
        try compile(tree.child(last, 0))
        emit(.loadNull, depth: 1)
        rotThree()
        emit(.storeSubscr, depth: -3)
      } else {
        throw syntaxError("can't delete expression", at: target)
      }
    case .targets, .elements: for part in tree.children(node) { try compileDelete(part) }
    case .parentheses where tree.node(tree.child(node, 0), .elements) != nil:
      try compileDelete(tree.child(node, 0))
    default: throw syntaxError("can't delete expression", at: target)
    }
  }
}
