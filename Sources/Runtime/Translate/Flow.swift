/// What is on the value stack, on the exception stack and in the locals before each instruction of a function, found by abstract
/// interpretation from the first instruction. It guards the interpreter: code whose stack does not add up is refused here, so the
/// translator and the handlers may trust what they are given (rules: `docs/bytecode.md`).

/// One place on the value stack.
enum Slot: Equatable {
  case value
  /// A marker, not a Python value: no default, delete, star key.
  case null
  /// The pair that a method load leaves.
  case method, receiver
  /// One of the four places of a loop.
  case loop0, loop1, loop2, loop3
  /// A cell, on its way into a closure.
  case cell
  /// What a finally handler begins with: nothing, an exception, or a return or jump that waits. Takes two registers.
  case finallyState

  var width: Int { self == .finallyState ? 2 : 1 }
}

/// One SETUP_* instruction: an entry of the exception stack while its block or handler runs.
struct HandlerNode {
  let isFinally: Bool
  /// Instruction index of the handler; the entry is armed before it and active from it on.
  let handler: Int
  /// Stack places below the handler's state.
  let depth: Int
  /// Next outer entry, -1 for none.
  let parent: Int
  /// Nesting, for the register that keeps the exception being handled.
  let level: Int
  /// Stack places below the state when the handler ends: a with block's exit method and receiver are gone by then, and the context
  /// manager of `async with`.
  let depthAtEnd: Int
}

struct FlowPoint {
  var stack: [Slot]
  /// Innermost entry of the exception stack, -1 for none.
  var node: Int
  /// Locals that certainly have a value, as a bit set.
  var assigned: [UInt64]
}

/// Why code was refused; the reference gives this text for every kind of bad file.
struct FlowError: Error { let reason: String }

/// One function's analysis.
struct Flow {
  let code: FunctionCode
  var points: [FlowPoint?]
  var isTarget: [Bool]
  var nodes: [HandlerNode] = []
  /// Node made by the SETUP at an instruction.
  var nodeOfSetup: [Int: Int] = [:]
  /// Highest number of registers that the stack takes.
  var maximumRegisters = 0
  var maximumLevel = 0
  /// Locals that DELETE_FAST names: never certain.
  var deleted: Set<Int> = []
  private var work: [Int] = []
  private var current = 0

  init(_ code: FunctionCode) throws(FlowError) {
    self.code = code
    points = Array(repeating: nil, count: code.instructions.count)
    isTarget = Array(repeating: false, count: code.instructions.count)
    for instruction in code.instructions where instruction.op == BC.deleteFast { deleted.insert(instruction.operand) }
    var assigned = [UInt64](repeating: 0, count: (code.prelude.stateSlots + 63) / 64)
    let bound = code.prelude.boundLocals
    for i in 0..<bound where !deleted.contains(i) { assigned[i >> 6] |= 1 << UInt64(i & 63) }
    guard !code.instructions.isEmpty else { throw FlowError(reason: "no instructions") }
    try reach(0, FlowPoint(stack: [], node: -1, assigned: assigned))
    var steps = 0
    while let index = work.popLast() {
      steps += 1
      // Each point changes at most a few times: locals only get less certain.
      if steps > 64 * code.instructions.count + 1024 { throw FlowError(reason: "does not settle") }
      guard let point = points[index] else { continue }
      try step(index, point)
    }
  }

  static func registers(_ stack: [Slot]) -> Int {
    var n = 0
    for slot in stack { n += slot.width }
    return n
  }

  private mutating func reach(_ index: Int, _ arriving: FlowPoint) throws(FlowError) {
    guard index >= 0 && index < points.count else { throw FlowError(reason: "runs off the end") }
    var arriving = arriving
    if let node = finallyNode(at: index, arriving), arriving.stack.count == nodes[node].depth + 1 {
      // Falling or jumping into a finally handler: the top becomes its state.
      arriving.stack[arriving.stack.count - 1] = .finallyState
    }
    maximumRegisters = max(maximumRegisters, Flow.registers(arriving.stack))
    if arriving.stack.count > code.prelude.stateSlots + 4 { throw FlowError(reason: "stack too deep") }
    guard var known = points[index] else {
      points[index] = arriving
      work.append(index)
      return
    }
    guard known.node == arriving.node, known.stack.count == arriving.stack.count else {
      throw FlowError(reason: "paths with different stacks meet")
    }
    var changed = false
    for i in known.stack.indices where known.stack[i] != arriving.stack[i] {
      let pair = (known.stack[i], arriving.stack[i])
      if pair == (.value, .finallyState) {
        known.stack[i] = .finallyState
        changed = true
      } else if pair != (.finallyState, .value) {
        throw FlowError(reason: "paths with different stacks meet")
      }
    }
    for i in known.assigned.indices {
      let both = known.assigned[i] & arriving.assigned[i]
      if both != known.assigned[i] {
        known.assigned[i] = both
        changed = true
      }
    }
    if changed {
      maximumRegisters = max(maximumRegisters, Flow.registers(known.stack))
      points[index] = known
      work.append(index)
    }
  }

  /// The finally entry whose handler begins at `index`, if it is the innermost one there.
  private func finallyNode(at index: Int, _ point: FlowPoint) -> Int? {
    point.node >= 0 && nodes[point.node].isFinally && nodes[point.node].handler == index ? point.node : nil
  }

  private mutating func jump(_ target: Int, _ point: FlowPoint) throws(FlowError) {
    guard target >= 0 && target < points.count else { throw FlowError(reason: "jump out of the code") }
    isTarget[target] = true
    try reach(target, point)
  }

  /// Enters a new exception-stack entry for the SETUP at `index`.
  private mutating func setup(_ index: Int, isFinally: Bool, _ point: inout FlowPoint) throws(FlowError) {
    let handler = code.instructions[index].target
    let level = point.node < 0 ? 0 : nodes[point.node].level + 1
    if handler <= index || level >= code.prelude.exceptionSlots { throw FlowError(reason: "bad exception block") }
    let node: Int
    if let known = nodeOfSetup[index] {
      node = known
      guard nodes[node].depth == point.stack.count && nodes[node].parent == point.node else {
        throw FlowError(reason: "paths with different exception blocks meet")
      }
    } else {
      node = nodes.count
      // Only the handler of `async with` begins by looking at its state.
      let isAsyncWith = isFinally && code.instructions[handler].op == BC.dupTop
      let consumed = code.instructions[index].op == BC.setupWith ? 2 : isAsyncWith ? 1 : 0
      if consumed > point.stack.count { throw FlowError(reason: "no context manager") }
      nodes.append(
        HandlerNode(
          isFinally: isFinally, handler: handler, depth: point.stack.count, parent: point.node, level: level,
          depthAtEnd: point.stack.count - consumed))
      nodeOfSetup[index] = node
      maximumLevel = max(maximumLevel, level + 1)
    }
    point.node = node
    var entry = point
    entry.stack.append(isFinally ? .finallyState : .value)
    try jump(handler, entry)
  }

  /// Where a return or unwind jump at `index` goes first: the innermost armed finally entry.
  func armedFinally(_ node: Int, at index: Int) -> Int? {
    var node = node
    while node >= 0 {
      if nodes[node].isFinally && nodes[node].handler > index { return node }
      node = nodes[node].parent
    }
    return nil
  }

  private func expect(_ condition: Bool, _ reason: String) throws(FlowError) {
    if !condition { throw FlowError(reason: reason) }
  }

  private func pop(_ point: inout FlowPoint, _ count: Int = 1) throws(FlowError) {
    for _ in 0..<count {
      guard point.stack.popLast() == .value else { throw FlowError(reason: "not a value on the stack") }
    }
    if point.node >= 0 {
      // A block never takes away what stood below it.
      var node = point.node
      while node >= 0 {
        if nodes[node].handler > current {
          try expect(point.stack.count >= nodes[node].depth, "stack cut below an exception block")
        }
        node = nodes[node].parent
      }
    }
  }

  private mutating func step(_ index: Int, _ arriving: FlowPoint) throws(FlowError) {
    var p = arriving
    current = index
    let instruction = code.instructions[index]
    let n = instruction.operand
    func top(_ i: Int = 0) throws(FlowError) -> Slot {
      guard p.stack.count > i else { throw FlowError(reason: "empty stack") }
      return p.stack[p.stack.count - 1 - i]
    }
    switch instruction.op {
    case BC.loadConstString, BC.loadName, BC.loadGlobal, BC.loadConstSmallInt, BC.loadConstObject, BC.loadDeref,
      BC.loadConstFalse, BC.loadConstNone, BC.loadConstTrue, BC.loadBuildClass, BC.makeFunction:
      if instruction.op == BC.loadDeref { try expect(code.isCell(n), "not a cell") }
      p.stack.append(.value)
    case BC.loadFast:
      p.stack.append(code.isCell(n) ? .cell : .value)
    case BC.loadNull: p.stack.append(.null)
    case BC.loadAttr, BC.getIter, BC.unary:
      try pop(&p)
      p.stack.append(.value)
    case BC.loadMethod:
      try pop(&p)
      p.stack += [.method, .receiver]
    case BC.loadSuperMethod:
      try pop(&p, 3)
      p.stack += [.method, .receiver]
    case BC.storeName, BC.storeGlobal: try pop(&p)
    case BC.storeFast:
      try expect(!code.isCell(n), "store over a cell")
      try pop(&p)
      if !deleted.contains(n) { p.assigned[n >> 6] |= 1 << UInt64(n & 63) }
    case BC.storeDeref:
      try expect(code.isCell(n), "not a cell")
      try pop(&p)
    case BC.deleteDeref: try expect(code.isCell(n), "not a cell")
    case BC.deleteFast: try expect(!code.isCell(n), "delete of a cell")
    case BC.deleteName, BC.deleteGlobal: break
    case BC.storeAttr:
      try pop(&p)
      if try top() == .null { p.stack.removeLast() } else { try pop(&p) }
    case BC.storeSubscr:
      try pop(&p, 2)
      if try top() == .null { p.stack.removeLast() } else { try pop(&p) }
    case BC.importName:
      try pop(&p, 2)
      p.stack.append(.value)
    case BC.importFrom:
      try expect(try top() == .value, "not a value on the stack")
      p.stack.append(.value)
    case BC.importStar: try pop(&p)
    case BC.makeClosure:
      for _ in 0..<instruction.extra { try expect(p.stack.popLast() == .cell, "not a cell") }
      p.stack.append(.value)
    case BC.makeFunctionDefargs, BC.makeClosureDefargs:
      if instruction.op == BC.makeClosureDefargs {
        for _ in 0..<instruction.extra { try expect(p.stack.popLast() == .cell, "not a cell") }
      }
      for _ in 0..<2 {
        if try top() == .null { p.stack.removeLast() } else { try pop(&p) }
      }
      p.stack.append(.value)
    case BC.buildTuple, BC.buildList, BC.buildSet, BC.buildSlice:
      try pop(&p, n)
      p.stack.append(.value)
    case BC.buildMap: p.stack.append(.value)
    case BC.storeComp:
      let popped = n & 3 == 1 ? 2 : 1
      let place = n >> 2
      try expect(place >= popped && place < p.stack.count, "no collection there")
      try expect(p.stack[p.stack.count - 1 - place] == .value, "no collection there")
      try pop(&p, popped)
    case BC.storeMap: try pop(&p, 2)
    case BC.unpackSequence:
      try pop(&p)
      for _ in 0..<n { p.stack.append(.value) }
      try expect(p.stack.count <= code.prelude.stateSlots + 4, "stack too deep")
    case BC.unpackEx:
      try pop(&p)
      for _ in 0..<(n & 0xFF) + (n >> 8) + 1 { p.stack.append(.value) }
    case BC.callFunction, BC.callFunctionVarKw:
      try popArguments(&p, n, spread: instruction.op == BC.callFunctionVarKw)
      try pop(&p)
      p.stack.append(.value)
    case BC.callMethod, BC.callMethodVarKw:
      try popArguments(&p, n, spread: instruction.op == BC.callMethodVarKw)
      try expect(p.stack.popLast() == .receiver, "no method to call")
      try expect(p.stack.popLast() == .method, "no method to call")
      p.stack.append(.value)
    case BC.loadSubscr, BC.binary:
      try pop(&p, 2)
      p.stack.append(.value)
    case BC.dupTop:
      if try top() == .finallyState {
        try asyncWithTest(index, p)
        return
      }
      try expect(try top() == .value, "not a value on the stack")
      p.stack.append(.value)
    case BC.dupTopTwo:
      let (upper, lower) = (try top(), try top(1))
      try expect(upper == .value && lower == .value, "not a value on the stack")
      p.stack += [.value, .value]
    case BC.popTop:
      switch try top() {
      case .loop0, .loop1, .loop2, .loop3: p.stack.removeLast()
      default: try pop(&p)
      }
    case BC.rotTwo:
      try expect(p.stack.count >= 2, "empty stack")
      try checkRotated(p, 2)
      p.stack.swapAt(p.stack.count - 1, p.stack.count - 2)
    case BC.rotThree:
      if try top() == .finallyState {
        // The state is two places wide: two rotations in a row swap it with what is below.
        try expect(
          index + 1 < code.instructions.count && code.instructions[index + 1].op == BC.rotThree && p.stack.count >= 2,
          "finally state taken apart")
        p.stack.swapAt(p.stack.count - 1, p.stack.count - 2)
        try reach(index + 2, p)
        return
      }
      try expect(p.stack.count >= 3, "empty stack")
      try checkRotated(p, 3)
      p.stack.insert(p.stack.removeLast(), at: p.stack.count - 2)
    case BC.jump:
      try jump(instruction.target, p)
      return
    case BC.popJumpIfTrue, BC.popJumpIfFalse:
      try pop(&p)
      try jump(instruction.target, p)
    case BC.jumpIfTrueOrPop, BC.jumpIfFalseOrPop:
      try expect(try top() == .value, "not a value on the stack")
      try jump(instruction.target, p)
      try pop(&p)
    case BC.setupWith:
      try pop(&p)
      p.stack += [.method, .receiver]
      try setup(index, isFinally: true, &p)
      p.stack.append(.value)
      maximumRegisters = max(maximumRegisters, Flow.registers(p.stack) + 4)
    case BC.setupExcept: try setup(index, isFinally: false, &p)
    case BC.setupFinally: try setup(index, isFinally: true, &p)
    case BC.popExceptJump:
      try expect(p.node >= 0, "no exception block")
      p.node = nodes[p.node].parent
      try jump(instruction.target, p)
      return
    case BC.forIter:
      let four = p.stack.suffix(4)
      let isLoop = Array(four) == [.loop0, .loop1, .loop2, .loop3] || Array(four) == [.null, .value, .null, .null]
      try expect(isLoop, "no loop on the stack")
      var end = p
      end.stack.removeLast(4)
      try jump(instruction.target, end)
      p.stack.append(.value)
    case BC.getIterStack:
      try pop(&p)
      p.stack += [.loop0, .loop1, .loop2, .loop3]
    case BC.withCleanup:
      try expect(
        p.stack.count >= 3 && Array(p.stack.suffix(3)) == [.method, .receiver, .finallyState], "no with block")
      p.stack.removeLast(3)
      p.stack.append(.finallyState)
      maximumRegisters = max(maximumRegisters, Flow.registers(p.stack) + 6)
    case BC.endFinally:
      let state = try top()
      try expect(p.node >= 0, "no exception block")
      let node = nodes[p.node]
      try expect(state == .finallyState || state == .value, "no finally state")
      p.stack.removeLast()
      try expect(p.stack.count == node.depthAtEnd, "finally block out of step")
      p.node = node.parent
      // An except handler's end raises again and never goes on.
      if state == .value && !node.isFinally { return }
    case BC.returnValue:
      let value = try top()
      if value == .cell {
        try expect(p.node < 0, "cell returned through a handler")
        return
      }
      try pop(&p)
      try leaveThrough(p, from: index)
      return
    case BC.raiseLast: return
    case BC.raiseObject:
      try pop(&p)
      return
    case BC.raiseFrom:
      try pop(&p, 2)
      return
    case BC.yieldValue:
      try expect(code.prelude.isGenerator, "yield outside a generator")
      try expect(try top() == .value, "not a value on the stack")
    case BC.yieldFrom:
      try expect(code.prelude.isGenerator, "yield outside a generator")
      try pop(&p, 2)
      p.stack.append(.value)
    case BC.unwindJump:
      try unwindJump(p, index)
      return
    default: throw FlowError(reason: "unknown opcode")
    }
    try reach(index + 1, p)
  }

  private func checkRotated(_ p: FlowPoint, _ count: Int) throws(FlowError) {
    for slot in p.stack.suffix(count) {
      switch slot {
      case .value, .null, .method, .receiver, .finallyState: break
      default: throw FlowError(reason: "rotation of a loop or cell")
      }
    }
  }

  private func popArguments(_ p: inout FlowPoint, _ n: Int, spread: Bool) throws(FlowError) {
    if spread { try pop(&p) }
    for _ in 0..<(n >> 8 & 0xFF) {
      try pop(&p)
      if spread && p.stack.last == .null { p.stack.removeLast() } else { try pop(&p) }
    }
    try pop(&p, n & 0xFF)
  }

  /// DUP_TOP, LOAD_GLOBAL BaseException, exception match, POP_JUMP_IF_FALSE on a finally state: one test of its kind.
  private mutating func asyncWithTest(_ index: Int, _ p: FlowPoint) throws(FlowError) {
    guard index + 3 < code.instructions.count, code.instructions[index + 1].op == BC.loadGlobal,
      code.instructions[index + 2].op == BC.binary, code.instructions[index + 2].operand == 8,
      code.instructions[index + 3].op == BC.popJumpIfFalse
    else { throw FlowError(reason: "finally state taken apart") }
    try jump(code.instructions[index + 3].target, p)
    var raised = p
    raised.stack[raised.stack.count - 1] = .value
    try reach(index + 4, raised)
  }

  /// A return: into the handler of the innermost armed finally, and from its end to the next.
  private mutating func leaveThrough(_ p: FlowPoint, from index: Int) throws(FlowError) {
    var node = p.node
    while let finally = armedFinally(node, at: index) {
      var entry = p
      entry.node = finally
      entry.stack = Array(p.stack.prefix(nodes[finally].depth)) + [.finallyState]
      try jump(nodes[finally].handler, entry)
      node = nodes[finally].parent
    }
  }

  private mutating func unwindJump(_ arriving: FlowPoint, _ index: Int) throws(FlowError) {
    var p = arriving
    let instruction = code.instructions[index]
    for _ in 0..<(instruction.extra & 0x7F) {
      try expect(p.node >= 0, "no exception block")
      let node = nodes[p.node]
      if node.isFinally {
        if node.handler > index {
          try expect(p.stack.count >= node.depth, "stack cut below an exception block")
          p.stack = Array(p.stack.prefix(node.depth))
          var entry = p
          entry.stack.append(.finallyState)
          try jump(node.handler, entry)
          p.stack.removeLast(node.depth - node.depthAtEnd)
        } else {
          try expect(p.stack.last == .finallyState || p.stack.last == .value, "no finally state")
          p.stack.removeLast()
        }
      }
      p.node = node.parent
    }
    if instruction.extra & 0x80 != 0 {
      try expect(p.stack.count >= 4, "no loop on the stack")
      p.stack.removeLast(4)
    }
    try jump(instruction.target, p)
  }
}
