/// Tokens to a tree, by recursive descent; constants are folded as soon as their node is complete.
///
/// Which nodes exist and which line each has decides the line table of the code, so both follow
/// `docs/bytecode.md` rather than taste: a list of one element is that element, a node's line is
/// that of its first token.
struct Parser {
  /// How deep statements and expressions may nest. Each level costs several native stack frames in
  /// the parser and again in the compiler (about 2 KB a level, 8 KB unoptimised): this keeps both
  /// within a megabyte or two.
  static let maximumNesting = 200

  var lexer: Lexer
  var tree = Tree()
  /// Children of the nodes that are being built.
  var stack: [Branch] = []
  private var nesting = 0
  let options: CompileOptions
  /// Values bound by `NAME = const(…)`.
  var constantNames: [Name: ConstantValue] = [:]
  var nanCount = 0

  init(_ source: [UInt8], _ options: CompileOptions) throws(CompileError) {
    self.options = options
    let names = NameTable(dialect: options.dialect, sourceName: options.sourceName)
    lexer = try Lexer(source: source, names: names, dialect: options.dialect)
  }

  /// Parses the whole input into `tree.root`.
  mutating func parse() throws(CompileError) {
    let line = lexer.token.line
    let base = stack.count
    switch options.mode {
    case .file:
      while kind != .end {
        if kind == .newline {
          try advance()
          stack.append(.token(.newline))
        } else {
          try push(parseStatement())
        }
      }
      tree.root = stack.count == base ? .empty : collapse(.statements, line: line, from: base)
    case .single:
      // One statement, as typed at a prompt; lines before and after it are blank.
      while kind == .newline { try advance() }
      if kind != .end { tree.root = try parseStatement() }
      while kind == .newline { try advance() }
    case .eval:
      tree.root = try parseExpressions()
      while kind == .newline { try advance() }
    }
    if kind != .end { throw unexpected() }
  }

  // MARK: Tokens

  var kind: TokenKind { lexer.token.kind }
  var line: Int32 { lexer.token.line }

  mutating func advance() throws(CompileError) { try lexer.advance() }

  mutating func take(_ expected: TokenKind) throws(CompileError) -> Bool {
    guard kind == expected else { return false }
    try advance()
    return true
  }

  mutating func expect(_ expected: TokenKind) throws(CompileError) {
    guard kind == expected else { throw unexpected() }
    try advance()
  }

  mutating func expectName() throws(CompileError) -> Branch {
    guard kind == .name else { throw unexpected() }
    let name = lexer.token.name
    try advance()
    return .name(name)
  }

  /// The error for a token that fits nowhere.
  func unexpected() -> CompileError {
    switch kind {
    case .indent: CompileError(kind: .indentationError, message: "unexpected indent", line: Int(line))
    case .dedentMismatch:
      CompileError(
        kind: .indentationError, message: "unindent doesn't match any outer indent level", line: Int(line))
    default: lexer.failure ?? .invalidSyntax(line: line)
    }
  }

  func syntaxError(_ message: String, line: Int32) -> CompileError {
    CompileError(kind: .syntaxError, message: message, line: Int(line))
  }

  // MARK: Nodes

  mutating func push(_ branch: Branch) { stack.append(branch) }

  /// Makes a node of the stack's entries from `base`.
  mutating func reduce(_ kind: NodeKind, line: Int32, from base: Int, trailingComma: Bool = false) -> Branch {
    let node = tree.add(kind, line: line, stack[base...], trailingComma: trailingComma)
    stack.removeLast(stack.count - base)
    return node
  }

  /// As `reduce`, but a single entry stands for itself.
  mutating func collapse(_ kind: NodeKind, line: Int32, from base: Int, trailingComma: Bool = false) -> Branch {
    if stack.count == base + 1 && !trailingComma { return stack.removeLast() }
    return reduce(kind, line: line, from: base, trailingComma: trailingComma)
  }

  /// Enters one level of nesting; `leave()` ends it. An error ends the parse, so only success leaves.
  mutating func enter() throws(CompileError) {
    nesting += 1
    if nesting > Parser.maximumNesting {
      throw CompileError(kind: .runtimeError, message: "maximum recursion depth exceeded", line: Int(line))
    }
  }

  mutating func leave() { nesting -= 1 }
}
