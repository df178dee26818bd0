/// The instructions that enter, leave and run through exception handlers.
extension FlowAnalysis {
  mutating func stepThroughHandlers() throws(BytecodeError) {
    switch instruction.opcode {
    case .setupWith:
      needRoom(graph.depth(stack) + 3)
      try pop(1)
      push(.method)
      push(.receiver)
      try setUp(.finally)
      push(.value)
      try next()
    case .setupExcept:
      try setUp(.except)
      try next()
    case .setupFinally:
      try setUp(.finally)
      try next()
    case .popExceptJump:
      try leaveHandler()
      try arrive(at: instruction.jumpTarget)
    case .withCleanup: try cleanUpWith()
    case .endFinally: try endFinally()
    case .unwindJump:
      needRoom(graph.depth(stack) + 2)
      let flag = instruction.extra & 0x80 != 0
      try unwind(
        Destination(target: instruction.jumpTarget, entriesLeft: instruction.extra & 0x7F, popsIterator: flag))
    default: try returnValue()
    }
  }

  /// The new entry holds from here; its handler begins with this stack and an exception.
  private mutating func setUp(_ kind: HandlerEntry.Kind) throws(BytecodeError) {
    let handler = instruction.jumpTarget
    handlers = graph.setUp(kind, handler: handler, stack, onHandlers: handlers)
    let before = stack
    push(kind == .finally ? .exception : .caught)
    try arrive(at: handler)
    stack = before
  }

  private mutating func leaveHandler() throws(BytecodeError) {
    guard handlers != FlowGraph.empty else { throw failure(.noHandler) }
    handlers = graph.outer(handlers)
  }

  private mutating func cleanUpWith() throws(BytecodeError) {
    let state = topKinds(2) == [.pendingLow, .pendingHigh] ? 2 : 1
    let kinds = topKinds(state + 2)
    let isState = state == 2 || kinds.last == .some(.none) || kinds.last == .exception || kinds.last == .finallyState
    guard kinds.count == state + 2, Array(kinds.prefix(2)) == [.method, .receiver], isState else {
      throw failure(.noWithBlock)
    }
    // Three arguments above the pair.
    needRoom(graph.depth(stack) - state + 3)
    let items = (0..<state).reversed().map { peek($0) }
    let withPair = SlotSet.finallyStates.union(SlotSet(.method, .receiver, .pendingLow, .pendingHigh))
    try pop(state + 2, withPair)
    for item in items {
      // A true result turns the exception into None.
      stack = graph.push(item.kind == .exception ? FlowItem(kind: .finallyState) : item, on: stack)
    }
    try next()
  }

  private mutating func endFinally() throws(BytecodeError) {
    try leaveHandler()
    if topKinds(2) == [.pendingLow, .pendingHigh] {
      let destination = destinations[Int(peek(0).destination)]
      stack = graph.below(graph.below(stack))
      try unwind(destination)
      return
    }
    guard graph.depth(stack) > 0 else { throw failure(.noFinallyState) }
    switch peek(0).kind {
    case .none, .finallyState:
      stack = graph.below(stack)
      try next()
    case .exception, .caught: break
    default: throw failure(.noFinallyState)
    }
  }

  private mutating func returnValue() throws(BytecodeError) {
    if peek(0).kind == .cell, handlers != FlowGraph.empty || function.prelude.flags.contains(.generator) {
      throw failure(.cellReturned)
    }
    try pop(1, .values.union(SlotSet(.cell)))
    try unwind(Destination(target: nil, entriesLeft: 0, popsIterator: false))
  }

  /// A return or jump goes on to the next finally block around it that is armed, or to its end.
  private mutating func unwind(_ destination: Destination) throws(BytecodeError) {
    guard let target = destination.target else {
      try unwindReturn()
      return
    }
    var left = destination.entriesLeft
    while left > 0 {
      left -= 1
      guard handlers != FlowGraph.empty else { throw failure(.noHandler) }
      let entry = graph.entry(handlers)
      if entry.kind == .finally && entry.handler > index {
        guard graph.depth(stack) == graph.places(handlers) else { throw failure(.finallyOutOfStep) }
        pushPending(Destination(target: target, entriesLeft: left, popsIterator: destination.popsIterator))
        try arrive(at: entry.handler)
        return
      }
      if entry.kind == .finally { try dropFinallyState() }
      handlers = graph.outer(handlers)
    }
    if destination.popsIterator {
      guard topKinds(4) == [.iterator0, .iterator1, .iterator2, .iterator3] else { throw failure(.noIterator) }
      for _ in 0..<4 { stack = graph.below(stack) }
    }
    try arrive(at: target)
  }

  private mutating func unwindReturn() throws(BytecodeError) {
    while handlers != FlowGraph.empty {
      let entry = graph.entry(handlers)
      if entry.kind == .finally && entry.handler > index {
        let places = graph.places(handlers)
        guard graph.depth(stack) >= places else { throw failure(.protectedStack) }
        try spend(graph.depth(stack) - places)
        while graph.depth(stack) > places { stack = graph.below(stack) }
        pushPending(Destination(target: nil, entriesLeft: 0, popsIterator: false))
        try arrive(at: entry.handler)
        return
      }
      handlers = graph.outer(handlers)
    }
  }

  private mutating func dropFinallyState() throws(BytecodeError) {
    if topKinds(2) == [.pendingLow, .pendingHigh] {
      stack = graph.below(graph.below(stack))
      return
    }
    let kind = peek(0).kind
    guard graph.depth(stack) > 0, kind == .none || kind == .exception || kind == .finallyState else {
      throw failure(.noFinallyState)
    }
    stack = graph.below(stack)
  }

  private mutating func pushPending(_ destination: Destination) {
    let number = destinations.firstIndex(of: destination) ?? destinations.count
    if number == destinations.count { destinations.append(destination) }
    push(.pendingLow)
    stack = graph.push(FlowItem(kind: .pendingHigh, destination: Int32(number)), on: stack)
  }

  /// Runs DUP_TOP and the three instructions after it as one when they are the test of `async with`.
  /// - Returns: whether they are.
  mutating func testOfAsyncWith() throws(BytecodeError) -> Bool {
    let kind = peek(0).kind
    guard graph.depth(stack) > 0, isTestable(kind), index + 3 < function.instructions.count else { return false }
    let (name, match, jump) = (
      function.instructions[index + 1], function.instructions[index + 2], function.instructions[index + 3]
    )
    guard name.opcode == .loadGlobal, facts.baseExceptionNames.contains(name.operand), match.opcode == .binary,
      match.operand == BinaryOperator.exceptionMatch.rawValue, jump.opcode == .popJumpIfFalse
    else { return false }
    markAsyncWithTest()
    needRoom(graph.depth(stack) + 2)
    try arrive(at: kind == .exception ? index + 4 : jump.jumpTarget)
    return true
  }
}
