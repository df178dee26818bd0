/// What each instruction does to the kinds of slots.
extension FlowAnalysis {
  mutating func step() throws(BytecodeError) {
    let n = instruction.operand
    switch instruction.opcode {
    case .loadConstString, .loadName, .loadGlobal, .loadConstSmallInt, .loadConstObject, .loadDeref, .loadConstFalse,
      .loadConstTrue, .loadBuildClass, .buildMap, .makeFunction:
      try replace(0, with: .value)
    case .loadConstNone: try replace(0, with: .none)
    case .loadNull: try replace(0, with: .null)
    case .loadFast: try replace(0, with: function.isCell[n] ? .cell : .value)
    case .storeFast, .storeDeref, .storeName, .storeGlobal, .importStar: try replace(1)
    case .deleteFast, .deleteDeref, .deleteName, .deleteGlobal: try next()
    case .loadAttr, .unary, .getIter, .yieldValue: try replace(1, with: .value)
    case .loadSubscr, .binary, .importName, .yieldFrom: try replace(2, with: .value)
    case .importFrom:
      guard SlotSet.values.contains(peek(0).kind) else { throw failure(.wrongOperandKind) }
      try replace(0, with: .value)
    case .loadMethod: try replace(1, with: .method, .receiver)
    case .loadSuperMethod: try replace(3, with: .method, .receiver)
    case .storeAttr:
      try pop(1)
      try pop(1, .valuesOrNull)
      try next()
    case .storeSubscr:
      try pop(2)
      try pop(1, .valuesOrNull)
      try next()
    case .buildTuple, .buildList, .buildSet, .buildSlice: try replace(n, with: .value)
    case .storeMap:
      try pop(2)
      try replace(1, with: .value)
    case .storeComp: try storeInCollection()
    case .unpackSequence: try unpack(n)
    case .unpackEx: try unpack((n & 0xFF) + (n >> 8) + 1)
    case .makeFunctionDefargs, .makeClosure, .makeClosureDefargs: try makeFunction()
    case .callFunction, .callFunctionVarKw, .callMethod, .callMethodVarKw: try call()
    case .dupTop, .dupTopTwo, .popTop, .rotTwo, .rotThree: try shuffle()
    case .getIterStack: try replace(1, with: .iterator0, .iterator1, .iterator2, .iterator3)
    case .raiseLast: break
    case .raiseObject: try pop(1)
    case .raiseFrom: try pop(2)
    case .jump, .popJumpIfTrue, .popJumpIfFalse, .jumpIfTrueOrPop, .jumpIfFalseOrPop, .forIter: try branch()
    case .setupWith, .setupExcept, .setupFinally, .popExceptJump, .withCleanup, .endFinally, .returnValue, .unwindJump:
      try stepThroughHandlers()
    }
  }

  mutating func next() throws(BytecodeError) { try arrive(at: index + 1) }

  /// The item `distance` places below the top; a null when there is none, which no instruction looks for alone.
  func peek(_ distance: Int) -> FlowItem {
    var at = stack
    for _ in 0..<min(distance, graph.depth(stack)) { at = graph.below(at) }
    return graph.top(at)
  }

  /// Kinds of the top places, bottom first; fewer when the stack is not that deep.
  func topKinds(_ count: Int) -> [SlotKind] {
    (0..<min(count, graph.depth(stack))).reversed().map { peek($0).kind }
  }

  mutating func push(_ kind: SlotKind) { stack = graph.push(FlowItem(kind: kind), on: stack) }

  mutating func pop(_ count: Int, _ allowed: SlotSet = .values) throws(BytecodeError) {
    guard count <= graph.depth(stack) else { throw failure(.stackUnderflow) }
    guard graph.depth(stack) - count >= floor else { throw failure(.protectedStack) }
    for _ in 0..<count {
      guard allowed.contains(graph.top(stack).kind) else { throw failure(.wrongOperandKind) }
      stack = graph.below(stack)
    }
  }

  private mutating func replace(_ count: Int, with kinds: SlotKind...) throws(BytecodeError) {
    try pop(count)
    for kind in kinds { push(kind) }
    try next()
  }

  private mutating func unpack(_ count: Int) throws(BytecodeError) {
    try pop(1)
    // Before the pushes: the operand may ask for millions.
    guard graph.depth(stack) + count <= function.prelude.stateSlots + CodeLimits.missingStateSlots else {
      throw failure(.stackTooDeep)
    }
    try spend(count)
    for _ in 0..<count { push(.value) }
    try next()
  }

  private mutating func storeInCollection() throws(BytecodeError) {
    let distance = instruction.operand >> 2
    let popped = instruction.operand & 3 == 1 ? 2 : 1
    guard distance >= popped, distance < graph.depth(stack) else { throw failure(.stackUnderflow) }
    try spend(distance)
    guard SlotSet.values.contains(peek(distance).kind) else { throw failure(.wrongOperandKind) }
    try replace(popped)
  }

  private mutating func makeFunction() throws(BytecodeError) {
    // MAKE_FUNCTION_DEFARGS has no extra byte, which decodes as 0.
    try pop(instruction.extra, SlotSet(.cell))
    if instruction.opcode != .makeClosure { try pop(2, .valuesOrNull) }
    try replace(0, with: .value)
  }

  private mutating func call() throws(BytecodeError) {
    let spreads = instruction.opcode == .callFunctionVarKw || instruction.opcode == .callMethodVarKw
    if spreads { try pop(1) }
    for _ in 0..<instruction.operand >> 8 {
      try pop(1)
      try pop(1, spreads ? .valuesOrNull : .values)
    }
    try pop(instruction.operand & 0xFF)
    if instruction.opcode == .callMethod || instruction.opcode == .callMethodVarKw {
      guard topKinds(2) == [.method, .receiver] else { throw failure(.noMethod) }
      try pop(2, SlotSet(.method, .receiver))
    } else {
      try pop(1)
    }
    try replace(0, with: .value)
  }

  private mutating func shuffle() throws(BytecodeError) {
    switch instruction.opcode {
    case .dupTop:
      if try testOfAsyncWith() { return }
      guard SlotSet.values.contains(peek(0).kind) else { throw failure(.wrongOperandKind) }
      try duplicate(1)
    case .dupTopTwo:
      guard topKinds(2).allSatisfy(SlotSet.values.contains), graph.depth(stack) >= 2 else {
        throw failure(.wrongOperandKind)
      }
      try duplicate(2)
    case .popTop: try pop(1, .values.union(.iterators))
    case .rotTwo: try rotate(2)
    default: try rotate(3)
    }
    try next()
  }

  private mutating func duplicate(_ count: Int) throws(BytecodeError) {
    let items = (0..<count).map { peek($0) }
    for item in items.reversed() { stack = graph.push(item, on: stack) }
  }

  /// The top goes below the others. Places of a handler may take part only while its entry can expect any value there:
  /// `async with` brings a None below its context manager, just before it leaves the block.
  private mutating func rotate(_ count: Int) throws(BytecodeError) {
    guard graph.depth(stack) >= count else { throw failure(.stackUnderflow) }
    let items = (0..<count).reversed().map { peek($0) }
    guard !items.contains(where: { SlotSet.iterators.contains($0.kind) || $0.kind == .cell }) else {
      throw failure(.wrongOperandKind)
    }
    let base = graph.depth(stack) - count
    let protected = items.prefix(max(0, floor - base))
    if !protected.isEmpty {
      let keepsKinds =
        protected.allSatisfy { $0.kind == .value } && items.allSatisfy { SlotSet.plain.contains($0.kind) }
      guard keepsKinds else { throw failure(.protectedStack) }
    }
    for _ in 0..<count { stack = graph.below(stack) }
    for item in [items[count - 1]] + items.dropLast() { stack = graph.push(item, on: stack) }
  }

  private mutating func branch() throws(BytecodeError) {
    let target = instruction.jumpTarget
    let before = stack
    switch instruction.opcode {
    case .jump: try arrive(at: target)
    case .popJumpIfTrue, .popJumpIfFalse:
      try pop(1)
      try arrive(at: target)
      try next()
    case .jumpIfTrueOrPop, .jumpIfFalseOrPop:
      try pop(1)
      try next()
      stack = before
      try arrive(at: target)
    default:
      let four = topKinds(4)
      // A generator expression makes the second form by hand, from the iterator that it is given.
      let isFilled = four == [.iterator0, .iterator1, .iterator2, .iterator3]
      let isMadeByHand =
        four.count == 4 && four[0] == .null && SlotSet.values.contains(four[1]) && four[2...] == [.null, .null]
      guard isFilled || isMadeByHand else { throw failure(.noIterator) }
      try pop(4, .iterators.union(.valuesOrNull))
      try arrive(at: target)
      stack = before
      push(.value)
      try next()
    }
  }
}
