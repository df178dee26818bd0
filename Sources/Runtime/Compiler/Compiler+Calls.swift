/// Attributes, subscripts and calls.
extension Compiler {
  /// The highest argument index that a star bitmap may name, below the small integers' sign.
  private var starLimit: Int { options.smallIntBits - 1 }

  /// The atom of a node, then its trailers.
  mutating func compileTrailers(_ node: NodeID) throws(CompileError) {
    let parts = tree.children(node)
    var index = parts.startIndex
    try compile(parts[index])
    index += 1
    if index < parts.endIndex, isName(parts[index - 1], .superFunction), scopes[current].kind == .function,
      let call = tree.node(parts[index], .call), tree[call].count == 0
    {
      index = try compileSuper(parts, index)
    }
    while index < parts.endIndex {
      if index + 1 < parts.endIndex, let attribute = tree.node(parts[index], .attribute),
        case .name(let name) = tree.child(attribute, 0), let arguments = tree.node(parts[index + 1], .call)
      {
        emit(.loadMethod, name, depth: 1)
        try compileCall(tree.children(arguments), isMethod: true, leading: 0)
        index += 2
      } else {
        try compile(parts[index])
        index += 1
      }
    }
  }

  /// `super()` finds its class and instance by itself.
  ///
  /// - Returns: the index of the first trailer not yet compiled.
  private mutating func compileSuper(_ parts: ArraySlice<Branch>, _ index: Int) throws(CompileError) -> Int {
    load(WellKnownName.classCell.name)
    guard let parameter = scopes[current].identifiers.first(where: { $0.parameter != .none }) else {
      throw syntaxError("super() can't find self", at: parts[index])
    }
    load(parameter.name)
    if index + 2 < parts.endIndex, let attribute = tree.node(parts[index + 1], .attribute),
      case .name(let name) = tree.child(attribute, 0), let arguments = tree.node(parts[index + 2], .call)
    {
      emit(.loadSuperMethod, name, depth: -1)
      try compileCall(tree.children(arguments), isMethod: true, leading: 0)
      return index + 3
    }
    call(.callFunction, positional: 2, keywords: 0)
    return index + 1
  }

  mutating func compileTrailer(_ node: NodeID) throws(CompileError) {
    switch tree[node].kind {
    case .attribute: if case .name(let name) = tree.child(node, 0) { emit(.loadAttr, name, depth: 0) }
    case .subscript:
      try compile(tree.child(node, 0))
      emit(.loadSubscr, depth: -1)
    default: try compileCall(tree.children(node), isMethod: false, leading: 0)
    }
  }

  /// The arguments and the call; `leading` positional values are already on the stack.
  mutating func compileCall(
    _ arguments: ArraySlice<Branch>, isMethod: Bool, leading: Int
  ) throws(CompileError) {
    var positional = leading
    var keywords = 0
    var stars = 0
    var hasStars = false, hasDoubleStar = false
    for (index, argument) in arguments.enumerated() {
      guard case .node(let node) = argument else {
        try checkPositional(argument, keywords: keywords, hasDoubleStar: hasDoubleStar)
        try compile(argument)
        positional += 1
        continue
      }
      switch tree[node].kind {
      case .starred:
        if hasDoubleStar { throw syntaxError("* arg after **", at: argument) }
        if keywords > 0 && options.dialect == .micropython { throw syntaxError("* arg after kwarg", at: argument) }
        if index >= starLimit { throw syntaxError("too many args", at: argument) }
        hasStars = true
        stars |= 1 << index
        try compile(tree.child(node, 0))
        positional += 1
      case .doubleStarArgument:
        hasStars = true
        hasDoubleStar = true
        emit(.loadNull, depth: 1)
        try compile(tree.child(node, 0))
        keywords += 1
      case .keywordArgument:
        guard case .name(let name) = tree.child(node, 0) else {
          throw syntaxError("LHS of keyword arg must be an id", at: argument)
        }
        loadString(name)
        try compile(tree.child(node, 1))
        keywords += 1
      default:
        try checkPositional(argument, keywords: keywords, hasDoubleStar: hasDoubleStar)
        switch tree[node].kind {
        case .comprehension: try compileComprehension(node, .generatorExpression)
        case .walrus: try compileWalrus(node)
        default: try compile(argument)
        }
        positional += 1
      }
    }
    if hasStars {
      loadInteger(stars)
      call(isMethod ? .callMethodVarKw : .callFunctionVarKw, positional: positional, keywords: keywords)
    } else {
      call(isMethod ? .callMethod : .callFunction, positional: positional, keywords: keywords)
    }
  }

  private func checkPositional(_ argument: Branch, keywords: Int, hasDoubleStar: Bool) throws(CompileError) {
    if hasDoubleStar { throw syntaxError("positional arg after **", at: argument) }
    if keywords > 0 { throw syntaxError("positional arg after keyword arg", at: argument) }
  }
}
