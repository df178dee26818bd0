/// What the body of code is that a scope belongs to.
enum ScopeKind {
  case module, classBody, function, lambda, listComprehension, dictComprehension, setComprehension
  case generatorExpression

  /// Whether assigned names are locals rather than entries of a dictionary.
  var isFunctionLike: Bool { self != .module && self != .classBody }
}

/// Where a name of a scope lives.
enum IdentifierKind {
  case undecided, implicitGlobal, implicitGlobalAssigned, explicitGlobal, local, cell, free
}

struct Identifier {
  enum Parameter { case none, plain, star, doubleStar }

  let name: Name
  var kind: IdentifierKind
  var parameter = Parameter.none
  /// The number among the locals; decided after all names are known.
  var local = 0
}

/// A module, class, function, lambda or comprehension, with the names used in it.
struct Scope {
  static let flagGenerator = 1, flagVarKeywords = 2, flagVarArguments = 4, flagDefaultKeywords = 8, flagAsync = 16
  /// Up to here a search through the list is faster than a dictionary.
  private static let linearSearchLimit = 12

  let kind: ScopeKind
  let node: Branch
  let parent: Int?
  let simpleName: Name
  private(set) var identifiers: [Identifier] = []
  private var indexOfName: [Name: Int] = [:]
  /// Scopes made inside this one, by child number.
  var children: [Int] = []
  var flags = 0
  var positionalCount = 0
  var keywordOnlyCount = 0
  var defaultCount = 0
  var localCount = 0

  init(kind: ScopeKind, node: Branch, parent: Int?, simpleName: Name) {
    self.kind = kind
    self.node = node
    self.parent = parent
    self.simpleName = simpleName
  }

  func index(of name: Name) -> Int? {
    if identifiers.count <= Scope.linearSearchLimit { return identifiers.firstIndex { $0.name == name } }
    return indexOfName[name]
  }

  subscript(index: Int) -> Identifier {
    get { identifiers[index] }
    _modify { yield &identifiers[index] }
  }

  /// The name's index, entered as `kind` if it is new.
  mutating func enter(_ name: Name, as kind: IdentifierKind) -> (index: Int, isNew: Bool) {
    if let index = index(of: name) { return (index, false) }
    identifiers.append(Identifier(name: name, kind: kind))
    let index = identifiers.count - 1
    if identifiers.count == Scope.linearSearchLimit + 1 {
      for (index, identifier) in identifiers.enumerated() { indexOfName[identifier.name] = index }
    } else if identifiers.count > Scope.linearSearchLimit {
      indexOfName[name] = index
    }
    return (index, true)
  }

  mutating func swapIdentifiers(_ a: Int, _ b: Int) {
    identifiers.swapAt(a, b)
    guard identifiers.count > Scope.linearSearchLimit else { return }
    indexOfName[identifiers[a].name] = a
    indexOfName[identifiers[b].name] = b
  }
}
