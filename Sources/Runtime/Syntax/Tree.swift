/// What a node of the tree is. The letters in brackets are the children; `?` marks one that may be empty.
enum NodeKind: UInt8, Sendable {
  // Statements.
  case statements, pass, breakStatement, continueStatement
  /// [target, value?]
  case expression, annotatedAssignment
  /// [operator, value]; stands as the value of an `expression`.
  case augmentedAssignment
  /// [value and further targets]; stands as the value of an `expression`.
  case assignmentChain
  case delete, returnStatement, yieldStatement
  /// [exception?, cause?]
  case raise
  case global, nonlocal
  /// [condition, message?]
  case assertStatement
  /// [modules]: each a name, `dottedName` or `importAs`
  case importNames
  /// [dotted name, name]
  case importAs, dottedName
  /// [level, dotted name?, items]: an item is a `*` token or an `importItem` [name, name?]
  case importFrom, importItem
  /// [condition, body, condition, body …, else?]
  case ifStatement
  /// [condition, body, else?]
  case whileStatement
  /// [target, iterable, body, else?]
  case forStatement
  /// [body, else?, finally?, exceptClause …]; a clause is [type?, name?, body]
  case tryStatement, exceptClause
  /// [body, item …]: an item is an expression or a `withItem` [expression, target]
  case withStatement, withItem
  /// [name, parameters?, body]
  case function
  /// [name, call?, body]
  case classDefinition
  /// [definition, decorator …]; a decorator is [dotted name, call?]
  case decorated, decorator
  case asyncStatement
  /// [parameter …]; a parameter is [name, default?], a starred one [name?]
  case parameters, parameter, starParameter, doubleStarParameter

  // Expressions.
  /// [parameters?, body]
  case lambda
  /// [value, condition, other value]
  case conditional
  /// [target, value]
  case walrus
  case orTest, andTest, notTest
  /// [a, operator, b, operator, c …]
  case comparison, shift, arithmetic, term
  case bitOr, bitXor, bitAnd
  case power, unary
  /// [atom, trailer …]
  case await, atomExpression
  case call, `subscript`, attribute
  /// [start?, stop?, step?]
  case slice
  case starred
  /// [], or one `elements` or `comprehension`
  case parentheses
  /// [], one `elements` or `comprehension`, or a single element
  case brackets
  /// [item …], or one `comprehension`
  case braces
  /// [key, value]
  case pair
  /// Lists with commas; they differ in whether constants in them are folded.
  case elements, starExpressions, expressions, targets, subscripts
  /// [element, comprehensionFor]
  case comprehension
  /// [target, iterable, clause?]
  case comprehensionFor
  /// [condition, clause?]
  case comprehensionIf
  /// [name, value]
  case keywordArgument
  case doubleStarArgument
  case yield, yieldFrom
  /// No children: the value is `Tree.constants[first]`.
  case constant
}

struct NodeID: Hashable, Sendable {
  let number: Int32
}

/// A child of a node: a leaf, or another node.
enum Branch: Sendable, Equatable {
  case empty
  case name(Name)
  /// A str literal that is kept as a name in the code.
  case string(Name)
  /// An integer that is a small int on the board.
  case integer(Int)
  /// `None`, `True`, `False`, `...`, an operator, or the NEWLINE of an empty line.
  case token(TokenKind)
  case node(NodeID)
}

/// The parse tree, in flat arrays: no allocation for each node, and nothing to release recursively.
struct Tree: Sendable {
  struct Node: Sendable {
    var kind: NodeKind
    /// Whether a list had a comma behind its last element.
    var hasTrailingComma = false
    var line: Int32
    var first: Int32
    var count: Int32
  }

  private(set) var nodes: [Node] = []
  private var children: [Branch] = []
  private(set) var constants: [ConstantValue] = []
  var root = Branch.empty

  subscript(node: NodeID) -> Node { nodes[Int(node.number)] }

  /// The children of a node.
  func children(_ node: NodeID) -> ArraySlice<Branch> {
    let node = self[node]
    return children[Int(node.first)..<Int(node.first + node.count)]
  }

  /// Child `index` of a node, `.empty` when there are fewer.
  func child(_ node: NodeID, _ index: Int) -> Branch {
    let node = self[node]
    return index < node.count ? children[Int(node.first) + index] : .empty
  }

  func constant(_ node: NodeID) -> ConstantValue { constants[Int(self[node].first)] }

  /// The node behind `branch` if it is of that kind.
  func node(_ branch: Branch, _ kind: NodeKind) -> NodeID? {
    guard case .node(let id) = branch, self[id].kind == kind else { return nil }
    return id
  }

  mutating func add<Children: Collection>(
    _ kind: NodeKind, line: Int32, _ newChildren: Children, trailingComma: Bool = false
  ) -> Branch where Children.Element == Branch {
    nodes.append(
      Node(
        kind: kind, hasTrailingComma: trailingComma, line: line, first: Int32(children.count),
        count: Int32(newChildren.count)))
    children.append(contentsOf: newChildren)
    return .node(NodeID(number: Int32(nodes.count - 1)))
  }

  mutating func addConstant(_ value: ConstantValue, line: Int32) -> Branch {
    nodes.append(Node(kind: .constant, line: line, first: Int32(constants.count), count: 0))
    constants.append(value)
    return .node(NodeID(number: Int32(nodes.count - 1)))
  }
}
