/// The verifier's abstract interpretation: runs a function on kinds of slots instead of values, along every path,
/// until nothing new is found. It works on the reference's stack, where a return or jump in progress is a pair of
/// places, and keeps several shapes an instruction; `FunctionFlow` shows the one state they have in common.
struct FlowAnalysis {
  let function: LinearFunction
  let facts: ModuleFacts
  var graph: FlowGraph
  /// Where returns and jumps in progress go.
  var destinations: [Destination] = []

  // The instruction being run, and the state that it has made so far.
  var index = 0
  var stack = FlowGraph.empty
  var handlers = FlowGraph.empty
  /// Places below this belong to an armed handler.
  var floor = 0

  private var work: [(index: Int, shape: FlowShape)] = []
  private var isTarget: [Bool]
  private var isAsyncWithTest: [Bool]
  private var workLeft: Int
  private var maxDepth = 0
  private var maxReferenceDepth = 0

  /// What the second place of a `.pendingHigh` stands for.
  struct Destination: Hashable {
    /// Instruction index; nil for a return.
    var target: Int?
    /// Exception-stack entries still to leave at the jump's next step.
    var entriesLeft: Int
    var popsIterator: Bool
  }

  init(_ function: LinearFunction, _ facts: ModuleFacts) {
    self.function = function
    self.facts = facts
    let count = function.instructions.count
    graph = FlowGraph(instructionCount: count)
    isTarget = Array(repeating: false, count: count)
    isAsyncWithTest = Array(repeating: false, count: count)
    workLeft = CodeLimits.workPerInstruction * (count + 16)
  }

  var instruction: DecodedInstruction { function.instructions[index] }

  func failure(_ fault: CodeFault) -> BytecodeError { function.failure(fault, at: instruction) }

  mutating func run() throws(BytecodeError) -> FunctionFlow {
    try arrive(at: 0)
    while let (index, shape) = work.popLast() {
      self.index = index
      stack = shape.stack
      handlers = shape.handlers
      floor = 0
      try spend(1 + graph.level(handlers))
      var entry = handlers
      while entry != FlowGraph.empty {
        if graph.entry(entry).handler > index { floor = max(floor, graph.places(entry)) }
        entry = graph.outer(entry)
      }
      try step()
    }
    for index in function.instructions.indices { try finish(index) }
    return FunctionFlow(
      prelude: function.prelude, instructions: function.instructions, lines: function.lines,
      closedOver: function.closedOver, isCell: function.isCell, isTarget: isTarget, isAsyncWithTest: isAsyncWithTest,
      maxDepth: maxDepth, neededStateSlots: max(1, usedLocals + maxReferenceDepth), graph: graph)
  }

  /// The state that the step has made reaches an instruction.
  mutating func arrive(at target: Int) throws(BytecodeError) {
    guard target < function.instructions.count else { throw failure(.runsOffTheEnd) }
    let depth = graph.depth(stack)
    if depth > function.prelude.stateSlots + CodeLimits.missingStateSlots { throw failure(.stackTooDeep) }
    maxReferenceDepth = max(maxReferenceDepth, depth)
    if graph.level(handlers) > function.prelude.exceptionSlots { throw failure(.tooManyHandlers) }
    var entry = handlers
    while entry != FlowGraph.empty {
      let handler = graph.entry(entry).handler
      if target < handler {
        if index >= handler { throw failure(.backIntoBlock) }
        if depth < graph.places(entry) { throw failure(.protectedStack) }
      }
      entry = graph.outer(entry)
    }
    try add(FlowShape(stack: stack, handlers: handlers), at: target)
  }

  private mutating func add(_ shape: FlowShape, at target: Int) throws(BytecodeError) {
    var shape = shape
    for known in graph.shapes[target].indices {
      let old = graph.shapes[target][known]
      guard old.handlers == shape.handlers, graph.depth(old.stack) == graph.depth(shape.stack) else { continue }
      let (joined, compared) = graph.join(old.stack, shape.stack)
      try spend(1 + compared)
      guard let joined else { continue }
      if joined == old.stack { return }
      shape.stack = joined
      graph.shapes[target][known] = shape
      work.append((target, shape))
      return
    }
    if graph.shapes[target].count == CodeLimits.shapes { throw failure(.tooComplex) }
    graph.shapes[target].append(shape)
    work.append((target, shape))
  }

  /// Hostile code could otherwise take time without end, or nearly.
  mutating func spend(_ units: Int) throws(BytecodeError) {
    workLeft -= units
    if workLeft < 0 { throw failure(.tooComplex) }
  }

  /// Notes that the stack of the reference reaches `places`.
  mutating func needRoom(_ places: Int) { maxReferenceDepth = max(maxReferenceDepth, places) }

  mutating func markAsyncWithTest() { isAsyncWithTest[index] = true }

  private var usedLocals: Int {
    var used = function.prelude.boundLocals
    for cell in function.prelude.cells { used = max(used, cell + 1) }
    for instruction in function.instructions where instruction.opcode.format == .local {
      used = max(used, instruction.operand + 1)
    }
    return used
  }

  /// With all shapes known: they must have one state in common.
  private mutating func finish(_ index: Int) throws(BytecodeError) {
    self.index = index
    let shapes = graph.shapes[index]
    guard !shapes.isEmpty else { return }
    if shapes.count > 1 {
      // Comparing whole stacks is dear, so it counts as work too.
      try spend(shapes.reduce(0) { $0 + graph.depth($1.stack) })
      if let fault = graph.findFault(at: index) { throw failure(fault) }
    }
    if isAsyncWithTest[index] && !shapes.allSatisfy({ isTestable(graph.top($0.stack).kind) }) {
      // One path would test the state, another the copy of a None.
      throw failure(.stacksDiffer)
    }
    if instruction.jumpTarget >= 0 { isTarget[instruction.jumpTarget] = true }
    if isAsyncWithTest[index] { isTarget[function.instructions[index + 3].jumpTarget] = true }
    noteCanonicalDepth(shapes[0].stack)
  }

  func isTestable(_ kind: SlotKind) -> Bool { kind == .exception || kind == .pendingHigh }

  private mutating func noteCanonicalDepth(_ stack: Int) {
    let extra: Int
    switch instruction.opcode {
    // exit, self, enter, self in place of the context manager.
    case .setupWith: extra = 3
    // Three arguments above the pair, where the state already takes one slot.
    case .withCleanup: extra = 2
    case .unwindJump: extra = 1
    default: extra = isAsyncWithTest[index] ? 2 : 0
    }
    maxDepth = max(maxDepth, graph.canonicalCount(stack) + extra)
  }
}
