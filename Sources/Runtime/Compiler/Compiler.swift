/// Compiles Python source to the code model, byte for byte as the reference compiler does
/// (`docs/bytecode.md` tells the rules).
///
/// - Throws: the exception that the source raises; nothing else can fail, and no input traps.
package func compile(_ source: [UInt8], _ options: CompileOptions) throws(CompileError) -> CodeModule {
  var parser = try Parser(source, options)
  try parser.parse()
  var compiler = Compiler(parser)
  return try compiler.compile()
}

/// Tree to code, in two passes over a growing list of scopes: the first finds out where every name
/// lives, the second writes the code. Both run the same templates, because both enter names and
/// constants into the tables of the file, in order of first use.
struct Compiler {
  /// What `break` and `continue` refer to.
  struct Loop {
    let breakLabel: Assembler.Label
    let continueLabel: Assembler.Label
    let exceptionDepth: Int
    /// Whether `break` must drop an iterator from the stack.
    let hasIterator: Bool
  }

  let tree: Tree
  let options: CompileOptions
  private(set) var names: NameTable
  var scopes: [Scope] = []
  var current = 0
  var isScopePass = true
  var code = Assembler()
  var loop: Loop?
  /// The line of the innermost node, for errors.
  var errorLine: Int32 = 1

  private var tableNames: [Name] = []
  private var tableIndexOfName: [Int32] = []
  private var constants: [ConstantValue] = []
  private var indexOfConstant: [ConstantValue: Int] = [:]
  private var scopeOfNode: [NodeID: Int] = [:]
  private var childCount = 0
  private var bodies: [[UInt8]] = []

  init(_ parser: Parser) {
    tree = parser.tree
    options = parser.options
    names = parser.lexer.names
  }

  mutating func compile() throws(CompileError) -> CodeModule {
    _ = tableIndex(names.intern(options.sourceName))
    scopes.append(Scope(kind: .module, node: tree.root, parent: nil, simpleName: WellKnownName.module.name))
    var scope = 0
    while scope < scopes.count {
      try compileScope(scope)
      closeNames(of: scope)
      scope += 1
    }
    for scope in scopes.indices { layOut(scope) }
    isScopePass = false
    for scope in scopes.indices {
      try compileScope(scope)
      try finishScope()
    }
    return CodeModule(
      names: tableNames.map { names.bytes($0) },
      constants: constants.map { ConstantText.constant($0, isExact: options.floatMode != .double) },
      root: rawCode(of: 0))
  }

  private func rawCode(of scope: Int) -> RawCode {
    RawCode(bytes: bodies[scope], children: scopes[scope].children.map { rawCode(of: $0) })
  }

  // MARK: Tables

  mutating func tableIndex(_ name: Name) -> Int {
    let number = Int(name.number)
    if number >= tableIndexOfName.count {
      tableIndexOfName += [Int32](repeating: -1, count: max(names.count, number + 1) - tableIndexOfName.count)
    }
    if tableIndexOfName[number] < 0 {
      tableIndexOfName[number] = Int32(tableNames.count)
      tableNames.append(name)
    }
    return Int(tableIndexOfName[number])
  }

  mutating func tableIndex(_ constant: ConstantValue) -> Int {
    if let index = indexOfConstant[constant] { return index }
    indexOfConstant[constant] = constants.count
    constants.append(constant)
    return constants.count - 1
  }

  /// The name `a.b.c` of a module.
  mutating func joined(_ parts: [Name]) throws(CompileError) -> Name {
    var text: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ".")) }
      text += names[part]
    }
    guard text.count <= NameTable.longestNameBytes else {
      throw CompileError(kind: .runtimeError, message: "name too long", line: Int(errorLine))
    }
    return names.intern(text)
  }

  func isName(_ branch: Branch, _ wellKnown: WellKnownName) -> Bool { branch == .name(wellKnown.name) }

  // MARK: Scopes

  /// The scope of a definition: made when the scope pass first meets it.
  mutating func scope(_ kind: ScopeKind, of node: NodeID, named simpleName: Name) -> Int {
    if let known = scopeOfNode[node] { return known }
    scopes.append(Scope(kind: kind, node: .node(node), parent: current, simpleName: simpleName))
    scopeOfNode[node] = scopes.count - 1
    return scopes.count - 1
  }

  /// The number of `scope` among the children of the current one.
  mutating func childNumber(of scope: Int) -> Int {
    if isScopePass { scopes[current].children.append(scope) }
    childCount += 1
    return childCount - 1
  }

  private mutating func compileScope(_ scope: Int) throws(CompileError) {
    current = scope
    code = Assembler()
    loop = nil
    childCount = 0
    errorLine = 1
    if case .node(let node) = scopes[scope].node { errorLine = tree[node].line }
    _ = tableIndex(scopes[scope].simpleName)
    if !isScopePass { for name in argumentNames() { _ = tableIndex(name) } }
    switch scopes[scope].kind {
    case .module: try compileModule()
    case .classBody: try compileClassBody()
    case .function: try compileFunctionBody()
    case .lambda: try compileLambdaBody()
    default: try compileComprehensionBody()
    }
  }

  /// The names of the positional and keyword-only parameters, `*` where there is none.
  private func argumentNames() -> [Name] {
    let scope = scopes[current]
    let count = scope.positionalCount + scope.keywordOnlyCount
    var result = [Name](repeating: WellKnownName.star.name, count: count)
    for identifier in scope.identifiers where identifier.parameter != .none && identifier.local < count {
      result[identifier.local] = identifier.name
    }
    return result
  }

  // MARK: The function's head

  private mutating func finishScope() throws(CompileError) {
    guard let (instructions, lines) = code.assemble() else {
      throw CompileError(
        kind: .runtimeError, message: "bytecode overflow", line: Int(errorLine), scopeName: scopeName(current))
    }
    var info: [UInt8] = []
    appendUnsigned(tableIndex(scopes[current].simpleName), to: &info)
    for name in argumentNames() { appendUnsigned(tableIndex(name), to: &info) }
    info += lines
    let cells = scopes[current].identifiers.filter { $0.kind == .cell }.map { UInt8(truncatingIfNeeded: $0.local) }
    var body = signature()
    appendSizes(info: info.count, cells: cells.count, to: &body)
    bodies.append(body + info + cells + instructions)
  }

  private func appendSizes(info: Int, cells: Int, to body: inout [UInt8]) {
    var info = info, cells = cells
    repeat {
      let byte = UInt8((info & 0x3f) << 1 | cells & 1)
      info >>= 6
      cells >>= 1
      body.append(info != 0 || cells != 0 ? byte | 0x80 : byte)
    } while info != 0 || cells != 0
  }

  private func signature() -> [UInt8] {
    let scope = scopes[current]
    var state = max(1, scope.localCount + code.highestDepth) - 1
    var exceptions = code.highestExceptionDepth
    var flags = scope.flags
    var positional = scope.positionalCount
    var keywordOnly = scope.keywordOnlyCount
    var defaults = scope.defaultCount
    var bytes = [UInt8((state & 15) << 3 | (exceptions & 1) << 2 | positional & 3)]
    state >>= 4
    exceptions >>= 1
    positional >>= 2
    while state | exceptions | flags | positional | keywordOnly | defaults != 0 {
      bytes[bytes.count - 1] |= 0x80
      bytes.append(
        UInt8(
          (flags & 1) << 6 | (state & 3) << 4 | (keywordOnly & 1) << 3 | (positional & 1) << 2
            | (exceptions & 1) << 1 | defaults & 1))
      state >>= 2
      exceptions >>= 1
      flags >>= 1
      positional >>= 1
      keywordOnly >>= 1
      defaults >>= 1
    }
    return bytes
  }

  // MARK: Errors

  func scopeName(_ scope: Int) -> [UInt8] { names.bytes(scopes[scope].simpleName) }

  /// A SyntaxError at `branch` if that is a node, else at the node being compiled.
  func syntaxError(_ message: String, at branch: Branch = .empty) -> CompileError {
    var line = errorLine
    if case .node(let node) = branch { line = tree[node].line }
    return CompileError(kind: .syntaxError, message: message, line: Int(line), scopeName: scopeName(current))
  }
}
