/// Stack bytecode → register code, one pass over the instructions with a symbolic stack.
///
/// A pushed local or constant is an alias, not a move; it becomes one only when something needs it in its own register: before a
/// store to that local, at block ends, for calls. Compare and branch are fused; a result that is stored to a local at once is
/// computed right there. At block ends every stack place is in its canonical register, so blocks agree without looking at one another.
struct Translator {
  /// Where a stack place's value is.
  enum Place: Equatable {
    /// A register, by byte offset; the canonical one of its own place, or of another (after DUP, ROT).
    case register(Int)
    case local(Int)
    case constant(Value)
  }

  let unit: LoadedUnit
  let index: Int
  let code: FunctionCode
  var flow: Flow

  // Output.
  var words: [UInt64] = []
  var instructionOfWord: [UInt32] = []
  var wordOfInstruction: [Int]
  /// (word to patch, target instruction, word that the offset counts from, field)
  var patches: [Patch] = []
  enum Field { case a, c, wide }
  struct Patch {
    let word: Int
    let target: Int
    let field: Field
  }
  /// Stubs to be written at the end: continuations of returns and jumps through finally blocks.
  var stubs: [Stub] = []
  struct Stub {
    /// Inline words to fill with the stub's place as a small int.
    let reference: Int
    let action: Action
    let instruction: Int
    let stack: [Slot]
    enum Action {
      /// A return whose value is in the finally state of `from`; goes on outwards from node `outer`.
      case returning(stateRegister: Int, outer: Int)
      case unwinding(outer: Int, left: Int, popsLoop: Bool, target: Int)
    }
  }

  // The block being translated.
  var current = 0
  var places: [Place] = []
  var slots: [Slot] = []
  /// The last word's instruction start if its field a may be redirected to a local.
  var lastResult: (word: Int, register: Int)?

  let localCount: Int
  let savedBase: Int
  let localsDictRegister: Int
  let scratch: Int
  let stackBase: Int
  let usesNames: Bool
  var checked: Set<Int> = []

  init(_ unit: LoadedUnit, _ index: Int, _ code: FunctionCode) throws(FlowError) {
    self.unit = unit
    self.index = index
    self.code = code
    flow = try Flow(code)
    wordOfInstruction = Array(repeating: -1, count: code.instructions.count)
    var locals = max(code.prelude.boundLocals, code.closedOver)
    var names = false
    for instruction in code.instructions {
      switch instruction.op {
      case 0x24...0x29: locals = max(locals, instruction.operand + 1)
      case BC.loadName, BC.storeName, BC.deleteName: names = true
      default: break
      }
    }
    for cell in code.prelude.cells { locals = max(locals, cell + 1) }
    localCount = locals
    usesNames = names && (index != 0 || unit.hasSeparateLocals)
    var at = Frame.locals + locals * 8
    savedBase = at
    at += flow.maximumLevel * 8
    localsDictRegister = usesNames ? at : -1
    if usesNames { at += 8 }
    scratch = at
    stackBase = at + 8
  }

  var frameBytes: Int { stackBase + (flow.maximumRegisters + 2) * 8 }

  mutating func run() throws(FlowError) -> Translation {
    guard frameBytes <= Interpreter.maximumFrameBytes else { throw FlowError(reason: "frame too large") }
    findUnchecked()
    clearCheckedLocals()
    var fellThrough = true
    var skip = 0
    for i in code.instructions.indices {
      current = i
      if skip > 0 {
        skip -= 1
        continue
      }
      guard let point = flow.points[i] else {
        fellThrough = false
        continue
      }
      if flow.isTarget[i] || !fellThrough {
        if fellThrough { arrive(point.stack) }
        places = canonicalPlaces(point.stack)
        slots = point.stack
        lastResult = nil
      }
      wordOfInstruction[i] = words.count
      (fellThrough, skip) = try translate(i)
    }
    try writeStubs()
    try patchJumps()
    return Translation(
      words: words, instructionOfWord: instructionOfWord, frameBytes: frameBytes,
      localsDictRegister: localsDictRegister, nodeOfInstruction: flow.points.map { $0?.node ?? -1 }, nodes: flow.nodes,
      targets: flow.nodes.map { node in
        LoadedUnit.HandlerTarget(
          target: max(0, wordOfInstruction[node.handler]),
          exceptionRegister: register(depth: node.depth, of: flow.points[node.handler]?.stack ?? []),
          savedRegister: savedBase + node.level * 8, isFinally: node.isFinally)
      })
  }

  // MARK: Registers

  func local(_ i: Int) -> Int { Frame.locals + i * 8 }

  /// Canonical register of the place at `depth` in a stack.
  func register(depth: Int, of stack: [Slot]) -> Int {
    var at = stackBase
    for slot in stack.prefix(depth) { at += slot.width * 8 }
    return at
  }

  func canonicalPlaces(_ stack: [Slot]) -> [Place] {
    var at = stackBase
    var places: [Place] = []
    for slot in stack {
      places.append(.register(at))
      at += slot.width * 8
    }
    return places
  }

  /// Canonical register of the next place to be pushed.
  var nextRegister: Int { register(depth: slots.count, of: slots) }

  // MARK: Emitting

  mutating func emit(_ op: UInt16, a: Int = 0, b: Int = 0, c: Int = 0, inline: [UInt64] = []) {
    let word =
      UInt64(op) | UInt64(truncatingIfNeeded: a & 0xFFFF) << 16 | UInt64(truncatingIfNeeded: b & 0xFFFF) << 32
      | UInt64(truncatingIfNeeded: c & 0xFFFF) << 48
    words.append(word)
    words += inline
    for _ in 0..<inline.count + 1 { instructionOfWord.append(UInt32(current)) }
    lastResult = nil
  }

  /// An instruction whose result goes to the next stack place.
  mutating func emitResult(_ op: UInt16, b: Int = 0, c: Int = 0, inline: [UInt64] = []) {
    let target = nextRegister
    protect(target)
    let word = words.count
    emit(op, a: target, b: b, c: c, inline: inline)
    push(.register(target))
    lastResult = (word, target)
  }

  mutating func emitJump(
    _ op: UInt16, a: Int = 0, b: Int = 0, c: Int = 0, inline: [UInt64] = [], to target: Int, _ field: Field
  ) {
    patches.append(Patch(word: words.count, target: target, field: field))
    emit(op, a: a, b: b, c: c, inline: inline)
  }

  /// An unconditional jump to an instruction; backwards ones poll.
  mutating func emitJump(to target: Int) { emitJump(target <= current ? Op.loop : Op.jump, to: target, .wide) }

  // MARK: The symbolic stack

  mutating func push(_ place: Place, _ slot: Slot = .value) {
    places.append(place)
    slots.append(slot)
  }

  @discardableResult mutating func pop() -> Place {
    slots.removeLast()
    return places.removeLast()
  }

  /// A register that holds the place's value, moving constants to its canonical one.
  mutating func registerOf(_ place: Place, canonical: Int) -> Int {
    switch place {
    case .register(let r): return r
    case .local(let i): return local(i)
    case .constant(let value):
      emitConstant(canonical, value)
      return canonical
    }
  }

  mutating func emitConstant(_ register: Int, _ value: Value) {
    if value.isEmpty { emit(Op.clear, a: register) } else { emit(Op.constant, a: register, inline: [value.bits]) }
  }

  /// Pops the top into a register for use as an operand.
  mutating func popRegister() -> Int {
    let canonical = register(depth: slots.count - 1, of: slots)
    let isConstant: Bool
    if case .constant = places[places.count - 1] { isConstant = true } else { isConstant = false }
    if isConstant { protect(canonical, except: places.count - 1) }
    let r = registerOf(places[places.count - 1], canonical: canonical)
    pop()
    return r
  }

  /// Before a register gets a new value: places of the stack that still refer to it are moved to their own.
  mutating func protect(_ register: Int, except: Int = -1) {
    for i in places.indices where i != except {
      if places[i] == .register(register) && self.register(depth: i, of: slots) != register {
        materialiseAll()
        return
      }
    }
  }

  /// Before a store to a local: aliases of it are made values of their own.
  mutating func protectLocal(_ i: Int) {
    for at in places.indices where places[at] == .local(i) {
      let canonical = register(depth: at, of: slots)
      if places.contains(.register(canonical)) {
        materialiseAll()
        return
      }
      emit(Op.move, a: canonical, b: local(i))
      places[at] = .register(canonical)
    }
  }

  /// Puts every place from `first` up into its canonical register, all at once (a parallel move).
  mutating func materialise(from first: Int = 0) {
    var moves: [(to: Int, from: Int, at: Int)] = []
    for at in first..<max(first, places.count) {
      let canonical = register(depth: at, of: slots)
      switch places[at] {
      case .register(let r) where r != canonical: moves.append((canonical, r, at))
      default: break
      }
    }
    // A place below `first` may sit in a register that is about to be written.
    if first > 0 {
      let written = Set((first..<places.count).map { register(depth: $0, of: slots) })
      for at in 0..<first {
        if case .register(let r) = places[at], written.contains(r), r != register(depth: at, of: slots) {
          materialise(from: 0)
          return
        }
      }
    }
    while !moves.isEmpty {
      if let free = moves.firstIndex(where: { move in !moves.contains { $0.from == move.to } }) {
        let move = moves.remove(at: free)
        emit(Op.move, a: move.to, b: move.from)
      } else {
        // A cycle: one value steps aside.
        let aside = moves[0].to
        emit(Op.move, a: scratch, b: aside)
        for i in moves.indices where moves[i].from == aside { moves[i].from = scratch }
      }
    }
    for at in first..<max(first, places.count) {
      let canonical = register(depth: at, of: slots)
      switch places[at] {
      case .local(let i): emit(Op.move, a: canonical, b: local(i))
      case .constant(let value): emitConstant(canonical, value)
      case .register: break
      }
      places[at] = .register(canonical)
    }
  }

  mutating func materialiseAll() { materialise(from: 0) }

  /// Makes the registers agree with a block that begins with `target` on the stack.
  mutating func arrive(_ target: [Slot]) {
    materialiseAll()
    guard let at = slots.indices.first(where: { slots[$0] != target[$0] && target[$0] == .finallyState }) else {
      return
    }
    // A value that becomes a finally state takes one register more: what lies above it moves up.
    slots = target
    materialiseAll()
    emit(Op.clear, a: register(depth: at, of: slots) + 8)
  }
}
