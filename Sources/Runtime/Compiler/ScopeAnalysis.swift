/// Which name lives where: the events of the scope pass, and the numbering of locals after it.
extension Compiler {
  // MARK: Events

  mutating func noteLoad(_ name: Name) { _ = scopes[current].enter(name, as: .implicitGlobal) }

  mutating func noteStore(_ name: Name) { noteStore(name, in: current) }

  private mutating func noteStore(_ name: Name, in scope: Int) {
    let (index, _) = scopes[scope].enter(name, as: .implicitGlobal)
    if scopes[scope][index].kind == .implicitGlobal {
      scopes[scope][index].kind = scopes[scope].kind.isFunctionLike ? .local : .implicitGlobalAssigned
    }
  }

  mutating func noteGlobal(_ name: Name) throws(CompileError) {
    let (index, _) = scopes[current].enter(name, as: .undecided)
    try makeGlobal(index)
  }

  private mutating func makeGlobal(_ index: Int) throws(CompileError) {
    let identifier = scopes[current][index]
    guard identifier.kind == .undecided || identifier.kind == .explicitGlobal else {
      throw syntaxError("identifier redefined as global")
    }
    scopes[current][index].kind = .explicitGlobal
    if let module = scopes[0].index(of: identifier.name) { scopes[0][module].kind = .explicitGlobal }
  }

  mutating func noteNonlocal(_ name: Name) throws(CompileError) {
    guard scopes[current].kind != .module else { throw syntaxError("can't declare nonlocal in outer code") }
    let (index, _) = scopes[current].enter(name, as: .undecided)
    try makeNonlocal(index)
  }

  private mutating func makeNonlocal(_ index: Int) throws(CompileError) {
    if scopes[current][index].kind == .undecided {
      scopes[current][index].kind = .implicitGlobal
      close(index, of: current)
      if scopes[current][index].kind == .implicitGlobal { throw syntaxError("no binding for nonlocal found") }
    } else if scopes[current][index].kind != .free {
      throw syntaxError("identifier redefined as nonlocal")
    }
  }

  /// `name := …` in a comprehension binds in the scope around it.
  mutating func noteWalrusInComprehension(_ name: Name) throws(CompileError) {
    guard let parent = scopes[current].parent else { return }
    noteStore(name, in: parent)
    if let index = scopes[parent].index(of: name), scopes[parent][index].kind == .explicitGlobal {
      _ = scopes[current].enter(name, as: .explicitGlobal)
    } else {
      let (index, _) = scopes[current].enter(name, as: .undecided)
      if scopes[parent].kind == .module {
        try makeGlobal(index)
      } else {
        if scopes[current][index].kind == .implicitGlobal { scopes[current][index].kind = .undecided }
        try makeNonlocal(index)
      }
    }
    noteStore(name)
  }

  // MARK: Closures

  /// Binds an unassigned name to the nearest enclosing function's variable, if there is one.
  private mutating func close(_ index: Int, of scope: Int) {
    let name = scopes[scope][index].name
    var search = scopes[scope].parent
    while let outer = search, scopes[outer].kind != .module {
      guard let found = scopes[outer].index(of: name) else {
        search = scopes[outer].parent
        continue
      }
      switch scopes[outer][found].kind {
      case .local, .cell, .free: break
      default: return
      }
      scopes[scope][index].kind = .free
      var between = scopes[scope].parent
      while let level = between {
        let (entry, isNew) = scopes[level].enter(name, as: .free)
        if !isNew {
          if scopes[level][entry].kind == .local { scopes[level][entry].kind = .cell }
          return
        }
        between = scopes[level].parent
      }
      return
    }
  }

  /// After a scope's scope pass: finds the outer variables among the names it only reads.
  mutating func closeNames(of scope: Int) {
    for index in scopes[scope].identifiers.indices where scopes[scope][index].kind == .implicitGlobal {
      close(index, of: scope)
    }
  }

  // MARK: Numbering

  /// Numbers the locals of a scope; its parent's list must be in its final order.
  mutating func layOut(_ scope: Int) {
    if scopes[scope].flags & Scope.flagVarArguments != 0 { moveStarParameter(of: scope) }
    var count = 0
    for index in scopes[scope].identifiers.indices {
      if scopes[scope].kind.isFunctionLike && scopes[scope][index].kind == .implicitGlobal {
        scopes[scope][index].kind = .explicitGlobal
      }
      let identifier = scopes[scope][index]
      // A class keeps its `__class__` in a cell or not at all.
      if scopes[scope].kind == .classBody && identifier.name == WellKnownName.classCell.name { continue }
      if identifier.kind == .local || identifier.parameter != .none {
        scopes[scope][index].local = count
        count += 1
      }
    }
    for index in scopes[scope].identifiers.indices
    where scopes[scope][index].kind == .cell && scopes[scope][index].parameter == .none {
      scopes[scope][index].local = count
      count += 1
    }
    let free = closedOverIndices(of: scope)
    if !free.isEmpty {
      for index in scopes[scope].identifiers.indices where scopes[scope][index].kind != .free {
        scopes[scope][index].local += free.count
      }
      for (number, index) in free.enumerated() { scopes[scope][index].local = number }
      scopes[scope].positionalCount += free.count
      count += free.count
    }
    scopes[scope].localCount = count
  }

  /// `*args` trades places with the last plain parameter behind it, so that it follows the keyword-only ones.
  private mutating func moveStarParameter(of scope: Int) {
    var lastPlain: Int?
    for index in scopes[scope].identifiers.indices.reversed() {
      switch scopes[scope][index].parameter {
      case .star:
        if let lastPlain { scopes[scope].swapIdentifiers(index, lastPlain) }
        return
      case .plain where lastPlain == nil: lastPlain = index
      default: break
      }
    }
  }

  /// The scope's free names in the order in which its parent passes their cells.
  private func closedOverIndices(of scope: Int) -> [Int] {
    guard let parent = scopes[scope].parent, scopes[parent].kind != .module else { return [] }
    var pairs: [(parentIndex: Int, index: Int)] = []
    for (index, identifier) in scopes[scope].identifiers.enumerated() where identifier.kind == .free {
      if let found = scopes[parent].index(of: identifier.name) { pairs.append((found, index)) }
    }
    pairs.sort { $0.parentIndex < $1.parentIndex }
    return pairs.map(\.index)
  }

  /// The locals of the current scope that hold the cells which `scope` closes over, in order.
  func cellsPassed(to scope: Int) -> [Int] {
    guard scopes[current].kind != .module else { return [] }
    return closedOverIndices(of: scope).map { index in
      scopes[current].index(of: scopes[scope][index].name).map { scopes[current][$0].local } ?? 0
    }
  }
}
