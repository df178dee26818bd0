/// Single instructions with their effect on the depth of the stack. In the scope pass they only
/// enter names and constants into the tables.
extension Compiler {
  mutating func line(_ line: Int32) {
    if !isScopePass && options.sourceLines && options.optimisationLevel < 3 { code.line(line) }
  }

  mutating func emit(_ opcode: Opcode, depth change: Int) {
    guard !isScopePass else { return }
    code.byte(opcode.rawValue)
    code.adjustDepth(change)
    if opcode.endsFlow { code.suppress() }
  }

  mutating func emit(_ opcode: Opcode, count: Int, depth change: Int) {
    guard !isScopePass else { return }
    code.byte(opcode.rawValue)
    code.unsigned(count)
    code.adjustDepth(change)
  }

  /// An instruction with a name that is not a variable's.
  mutating func emit(_ opcode: Opcode, _ name: Name, depth change: Int) {
    emit(opcode, count: tableIndex(name), depth: change)
  }

  mutating func emit(_ opcode: Opcode, _ name: WellKnownName, depth change: Int) {
    emit(opcode, name.name, depth: change)
  }

  mutating func adjustDepth(_ change: Int) { if !isScopePass { code.adjustDepth(change) } }

  // MARK: Often used

  mutating func loadNone() { emit(.loadConstNone, depth: 1) }
  mutating func popTop() { emit(.popTop, depth: -1) }
  mutating func dupTop() { emit(.dupTop, depth: 1) }
  mutating func rotTwo() { emit(.rotTwo, depth: 0) }
  mutating func rotThree() { emit(.rotThree, depth: 0) }
  mutating func returnValue() { emit(.returnValue, depth: -1) }

  mutating func loadInteger(_ value: Int) {
    guard !isScopePass else { return }
    if (-16...47).contains(value) {
      code.byte(UInt8(0x80 + value))
    } else {
      code.byte(Opcode.loadConstSmallInt.rawValue)
      code.signed(value)
    }
    code.adjustDepth(1)
  }

  mutating func loadString(_ name: Name) { emit(.loadConstString, name, depth: 1) }

  mutating func loadConstant(_ value: ConstantValue) { emit(.loadConstObject, count: tableIndex(value), depth: 1) }

  mutating func unary(_ operation: UnaryOperator) {
    guard !isScopePass else { return }
    code.byte(Opcode.unary.rawValue + UInt8(operation.rawValue))
  }

  mutating func binary(_ operation: BinaryOperator) {
    guard !isScopePass else { return }
    code.byte(Opcode.binary.rawValue + UInt8(operation.rawValue))
    code.adjustDepth(-1)
  }

  mutating func call(_ opcode: Opcode, positional: Int, keywords: Int) {
    // The function itself is replaced by the result; a method pair takes one more, a star bitmap another.
    let taken =
      switch opcode {
      case .callMethod: 1
      case .callFunctionVarKw: 1
      case .callMethodVarKw: 2
      default: 0
      }
    emit(opcode, count: positional | keywords << 8, depth: -(positional + 2 * keywords + taken))
  }

  /// `GET_ITER`, then everything the iterator yields goes through.
  mutating func yieldFromIterable() {
    emit(.getIter, depth: 0)
    loadNone()
    yieldFrom()
  }

  mutating func yieldFrom() {
    scopes[current].flags |= Scope.flagGenerator
    emit(.yieldFrom, depth: -1)
  }

  mutating func yieldValue() {
    scopes[current].flags |= Scope.flagGenerator
    emit(.yieldValue, depth: 0)
  }

  // MARK: Jumps

  mutating func newLabel() -> Assembler.Label { code.newLabel() }

  mutating func place(_ label: Assembler.Label) { if !isScopePass { code.place(label) } }

  mutating func jump(_ opcode: Opcode, to label: Assembler.Label, depth change: Int) {
    guard !isScopePass else { return }
    code.jump(opcode, to: label)
    code.adjustDepth(change)
    if opcode.endsFlow { code.suppress() }
  }

  mutating func jump(to label: Assembler.Label) { jump(.jump, to: label, depth: 0) }

  mutating func unwindJump(to label: Assembler.Label, entries: Int, popsIterator: Bool) {
    guard !isScopePass else { return }
    code.jump(.unwindJump, to: label, extra: UInt8(truncatingIfNeeded: entries) | (popsIterator ? 0x80 : 0))
    code.suppress()
  }

  /// SETUP_EXCEPT, SETUP_FINALLY or SETUP_WITH; `leaveException` ends it.
  mutating func setUp(_ opcode: Opcode, handler: Assembler.Label) {
    jump(opcode, to: handler, depth: opcode == .setupWith ? 2 : 0)
    code.enterException()
  }

  mutating func endFinally() {
    emit(.endFinally, depth: -1)
    code.leaveException()
  }

  // MARK: Variables

  mutating func load(_ name: Name) {
    if isScopePass { noteLoad(name) } else { access(name, .loadName, .loadGlobal, .loadFast, .loadDeref, depth: 1) }
  }

  mutating func store(_ name: Name) {
    if isScopePass {
      noteStore(name)
    } else {
      access(name, .storeName, .storeGlobal, .storeFast, .storeDeref, depth: -1)
    }
  }

  mutating func delete(_ name: Name) {
    if isScopePass {
      noteStore(name)
    } else {
      access(name, .deleteName, .deleteGlobal, .deleteFast, .deleteDeref, depth: 0)
    }
  }

  private mutating func access(
    _ name: Name, _ byName: Opcode, _ global: Opcode, _ fast: Opcode, _ deref: Opcode, depth change: Int
  ) {
    guard let index = scopes[current].index(of: name) else {
      emit(global, name, depth: change)
      return
    }
    let identifier = scopes[current][index]
    switch identifier.kind {
    case .undecided, .implicitGlobal, .implicitGlobalAssigned: emit(byName, name, depth: change)
    case .explicitGlobal: emit(global, name, depth: change)
    case .local: emitLocal(fast, identifier.local, depth: change)
    case .cell, .free: emit(deref, count: identifier.local, depth: change)
    }
  }

  /// LOAD_FAST, STORE_FAST or DELETE_FAST, with the short form where there is one.
  mutating func emitLocal(_ opcode: Opcode, _ local: Int, depth change: Int) {
    guard let short = ShortForm.all.first(where: { $0.opcode == opcode }), local < short.count else {
      emit(opcode, count: local, depth: change)
      return
    }
    guard !isScopePass else { return }
    code.byte(short.first + UInt8(local))
    code.adjustDepth(change)
  }
}
