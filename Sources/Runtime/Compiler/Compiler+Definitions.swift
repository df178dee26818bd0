/// Functions, lambdas, classes and decorators.
extension Compiler {
  /// Makes the function; the caller stores it under the name returned.
  mutating func compileFunctionDefinition(_ node: NodeID, isAsync: Bool) throws(CompileError) -> Name {
    guard case .name(let name) = tree.child(node, 0) else { return WellKnownName.empty.name }
    let scope = scope(.function, of: node, named: name)
    if isAsync {
      scopes[scope].flags |= Scope.flagGenerator
      if options.dialect == .circuitpython { scopes[scope].flags |= Scope.flagAsync }
    }
    try compileDefaults(tree.child(node, 1), of: scope)
    return name
  }

  /// Defaults of the parameters, then the function itself.
  private mutating func compileDefaults(_ parameters: Branch, of scope: Int) throws(CompileError) {
    var defaults = 0
    var hasStar = false
    var hasKeywordDefaults = false
    if let parameters = tree.node(parameters, .parameters) {
      for branch in tree.children(parameters) {
        guard case .node(let parameter) = branch else { continue }
        guard tree[parameter].kind == .parameter else {
          hasStar = hasStar || tree[parameter].kind == .starParameter
          continue
        }
        let value = tree.child(parameter, 1)
        if value == .empty {
          if defaults > 0 && !hasStar {
            throw syntaxError("non-default argument follows default argument", at: branch)
          }
        } else if hasStar {
          if !hasKeywordDefaults {
            hasKeywordDefaults = true
            buildDefaults(defaults)
            emit(.buildMap, count: 0, depth: 1)
          }
          try compile(value)
          if case .name(let name) = tree.child(parameter, 0) { loadString(name) }
          emit(.storeMap, depth: -2)
        } else {
          defaults += 1
          try compile(value)
        }
      }
    }
    if defaults > 0 && !hasKeywordDefaults {
      buildDefaults(defaults)
      emit(.loadNull, depth: 1)
    }
    if hasKeywordDefaults { scopes[scope].flags |= Scope.flagDefaultKeywords }
    scopes[scope].defaultCount = defaults
    make(scope, withDefaults: defaults > 0 || hasKeywordDefaults)
  }

  private mutating func buildDefaults(_ count: Int) {
    if count > 0 { emit(.buildTuple, count: count, depth: 1 - count) } else { emit(.loadNull, depth: 1) }
  }

  /// MAKE_FUNCTION, or MAKE_CLOSURE with the cells that the scope needs.
  mutating func make(_ scope: Int, withDefaults: Bool) {
    let child = childNumber(of: scope)
    guard !isScopePass else { return }
    let cells = cellsPassed(to: scope)
    for local in cells { emitLocal(.loadFast, local, depth: 1) }
    let taken = withDefaults ? 2 : 0
    if cells.isEmpty {
      emit(withDefaults ? .makeFunctionDefargs : .makeFunction, count: child, depth: 1 - taken)
    } else {
      emit(withDefaults ? .makeClosureDefargs : .makeClosure, count: child, depth: 0)
      code.byte(UInt8(truncatingIfNeeded: cells.count))
      adjustDepth(1 - taken - cells.count)
    }
  }

  mutating func compileLambda(_ node: NodeID) throws(CompileError) {
    let scope = scope(.lambda, of: node, named: WellKnownName.lambda.name)
    try compileDefaults(tree.child(node, 0), of: scope)
  }

  // MARK: Bodies

  /// Enters the parameters into the scope, in the scope pass.
  private mutating func enterParameters(_ parameters: Branch) throws(CompileError) {
    guard isScopePass, let parameters = tree.node(parameters, .parameters) else { return }
    var hasStar = false, hasDoubleStar = false
    for branch in tree.children(parameters) {
      guard case .node(let parameter) = branch else { continue }
      let kind = tree[parameter].kind
      if hasDoubleStar || (hasStar && kind == .starParameter) { throw syntaxError("invalid syntax", at: branch) }
      hasStar = hasStar || kind == .starParameter
      hasDoubleStar = kind == .doubleStarParameter
      guard case .name(let name) = tree.child(parameter, 0) else { continue }
      let (index, isNew) = scopes[current].enter(name, as: .local)
      guard isNew else { throw syntaxError("argument name reused", at: branch) }
      switch kind {
      case .starParameter:
        scopes[current][index].parameter = .star
        scopes[current].flags |= Scope.flagVarArguments
      case .doubleStarParameter:
        scopes[current][index].parameter = .doubleStar
        scopes[current].flags |= Scope.flagVarKeywords
      default:
        scopes[current][index].parameter = .plain
        if hasStar { scopes[current].keywordOnlyCount += 1 } else { scopes[current].positionalCount += 1 }
      }
    }
  }

  mutating func compileFunctionBody() throws(CompileError) {
    guard case .node(let node) = scopes[current].node else { return }
    try enterParameters(tree.child(node, 1))
    try compile(tree.child(node, 2))
    loadNone()
    returnValue()
  }

  mutating func compileLambdaBody() throws(CompileError) {
    guard case .node(let node) = scopes[current].node else { return }
    line(tree[node].line)
    try enterParameters(tree.child(node, 0))
    try compile(tree.child(node, 1))
    if scopes[current].flags & Scope.flagGenerator != 0 {
      popTop()
      loadNone()
    }
    returnValue()
  }

  // MARK: Classes

  mutating func compileClassDefinition(_ node: NodeID) throws(CompileError) -> Name {
    guard case .name(let name) = tree.child(node, 0) else { return WellKnownName.empty.name }
    let scope = scope(.classBody, of: node, named: name)
    emit(.loadBuildClass, depth: 1)
    make(scope, withDefaults: false)
    loadString(name)
    let arguments = tree.node(tree.child(node, 1), .call).map { tree.children($0) } ?? []
    try compileCall(arguments, isMethod: false, leading: 2)
    return name
  }

  mutating func compileClassBody() throws(CompileError) {
    guard case .node(let node) = scopes[current].node else { return }
    if isScopePass { _ = scopes[current].enter(WellKnownName.classCell.name, as: .local) }
    load(WellKnownName.nameAttribute.name)
    store(WellKnownName.moduleAttribute.name)
    loadString(scopes[current].simpleName)
    store(WellKnownName.qualifiedName.name)
    try compile(tree.child(node, 2))
    if let index = scopes[current].index(of: WellKnownName.classCell.name), scopes[current][index].kind == .cell {
      emitLocal(.loadFast, scopes[current][index].local, depth: 1)
    } else {
      loadNone()
    }
    returnValue()
  }

  // MARK: Decorators

  mutating func compileDecorated(_ node: NodeID) throws(CompileError) {
    var calls = 0
    for case .node(let decorator) in tree.children(node).dropFirst() {
      let parts = dottedNames(tree.child(decorator, 0))
      guard let first = parts.first else { continue }
      if parts.count > 1 && first == WellKnownName.micropython.name {
        try checkBuiltIn(parts, decorator)
        continue
      }
      calls += 1
      load(first)
      for part in parts.dropFirst() { emit(.loadAttr, part, depth: 0) }
      try compile(tree.child(decorator, 1))
    }
    guard case .node(var definition) = tree.child(node, 0) else { return }
    let isAsync = tree[definition].kind == .asyncStatement
    if isAsync, case .node(let inner) = tree.child(definition, 0) { definition = inner }
    let name =
      if tree[definition].kind == .classDefinition {
        try compileClassDefinition(definition)
      } else {
        try compileFunctionDefinition(definition, isAsync: isAsync)
      }
    for _ in 0..<calls { call(.callFunction, positional: 1, keywords: 0) }
    store(name)
  }

  /// `@micropython.…` chooses how code is emitted; there is only bytecode here.
  private func checkBuiltIn(_ parts: [Name], _ decorator: NodeID) throws(CompileError) {
    let kind = String(decoding: names[parts[1]], as: UTF8.self)
    if parts.count == 2 && kind == "bytecode" { return }
    // The reference compiler knows machine code, but was not told for which processor.
    let isMachineCode = ["native", "viper"].contains(kind) || kind.hasPrefix("asm_")
    let isUnknownProcessor = parts.count == 2 && isMachineCode && options.dialect == .micropython
    throw syntaxError(
      isUnknownProcessor ? "invalid arch" : "invalid micropython decorator", at: .node(decorator))
  }
}
