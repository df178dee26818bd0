import Testing

@testable import Runtime

/// `async with` around a block that may return, as the compiler writes it (without the awaiting).
let asyncWithFunction = HandMade(
  .small(0), .jump(.setupFinally, "F"), .small(1), .jump(.popJumpIfTrue, "L"), .small(2), .op(.returnValue),
  .label("L"), .op(.loadConstNone), .op(.rotTwo), .jump(.jump, "N"),
  .label("F"), .op(.dupTop), .op(.loadGlobal, 1), .binary(.exceptionMatch), .jump(.popJumpIfFalse, "R"),
  .op(.dupTop), .op(.rotThree), .op(.rotTwo), .op(.loadMethod, 2), .op(.rotThree), .op(.rotThree), .op(.dupTop),
  .op(.loadAttr, 2), .op(.rotTwo), .op(.loadConstNone), .op(.callMethod, 3), .jump(.popJumpIfFalse, "E"),
  .op(.popTop), .op(.loadConstNone), .jump(.jump, "E"),
  .label("R"), .op(.rotThree), .op(.rotThree),
  .label("N"), .op(.loadMethod, 2), .op(.loadConstNone), .op(.dupTop), .op(.dupTop), .op(.callMethod, 3), .op(.popTop),
  .label("E"), .op(.endFinally), .op(.loadConstNone), .op(.returnValue))

/// A loop whose block breaks, goes on and returns through two finally blocks.
let nestedFinallyFunction = HandMade(
  .small(0), .op(.getIterStack), .label("next"), .jump(.forIter, "end"), .jump(.popJumpIfTrue, "end of body"),
  .jump(.setupFinally, "outer"), .small(1), .jump(.setupWith, "inner"), .jump(.popJumpIfTrue, "go on"),
  .unwind("done", 0x82), .label("go on"), .small(3), .jump(.popJumpIfTrue, "return"), .unwind("next", 2),
  .label("return"), .small(4), .op(.returnValue), .label("inner"), .op(.withCleanup), .op(.endFinally),
  .op(.loadConstNone), .label("outer"), .jump(.setupFinally, "innermost"), .op(.loadConstNone), .label("innermost"),
  .op(.endFinally), .op(.endFinally), .label("end of body"), .jump(.jump, "next"), .label("end"), .label("done"),
  .op(.loadConstNone), .op(.returnValue))

@Suite struct BytecodeFlowTests {
  private func flow(_ function: HandMade) throws -> FunctionFlow {
    let root = try verify(function.made(), dialect: .circuitpython).root
    return try #require(root.children[0]).flow
  }

  /// Index of the only instruction with this opcode, or of one of several.
  private func index(_ flow: FunctionFlow, _ opcode: Opcode, _ number: Int = 0) throws -> Int {
    let found = flow.instructions.indices.filter { flow.instructions[$0].opcode == opcode }
    try #require(number < found.count)
    return found[number]
  }

  @Test func asyncWithMovesTheStateAsAWhole() throws {
    let flow = try flow(asyncWithFunction)
    let handler = flow.instructions[try index(flow, .setupFinally)].jumpTarget
    let entry = HandlerEntry(kind: .finally, handler: handler, depth: 1)
    #expect(flow.state(at: handler) == FlowState(stack: [.value, .finallyState], handlers: [entry]))
    #expect(flow.isAsyncWithTest[handler] && flow.isTarget[handler])
    #expect(flow.states[handler + 1...handler + 3].allSatisfy { $0 == nil })
    #expect(flow.state(at: handler + 4)?.stack == [.value, .exception])
    let pending = flow.instructions[handler + 3].jumpTarget
    #expect(flow.isTarget[pending])
    #expect(flow.state(at: pending)?.stack == [.value, .pending])
    #expect(flow.state(at: pending + 1)?.stack == [.pendingHigh, .value, .pendingLow])
    #expect(flow.state(at: pending + 2)?.stack == [.finallyState, .value])
    #expect(flow.state(at: try index(flow, .endFinally)) == FlowState(stack: [.finallyState], handlers: [entry]))
  }

  @Test func finallyStatesAreOneSlot() throws {
    let flow = try flow(nestedFinallyFunction)
    let iterator: [SlotKind] = [.iterator0, .iterator1, .iterator2, .iterator3]
    let cleanup = try index(flow, .withCleanup)
    let (outer, innermost) = (
      flow.instructions[try index(flow, .setupFinally)].jumpTarget,
      flow.instructions[try index(flow, .setupFinally, 1)].jumpTarget
    )
    let outerEntry = HandlerEntry(kind: .finally, handler: outer, depth: 4)
    let withEntry = HandlerEntry(kind: .finally, handler: cleanup, depth: 6)
    #expect(
      flow.state(at: cleanup)
        == FlowState(stack: iterator + [.method, .receiver, .finallyState], handlers: [outerEntry, withEntry]))
    #expect(flow.state(at: cleanup + 1)?.stack == iterator + [.finallyState])
    #expect(flow.state(at: outer)?.stack == iterator + [.finallyState])
    // Below the innermost block the outer's state is one slot, whatever it is.
    let innermostEntry = HandlerEntry(kind: .finally, handler: innermost, depth: 5)
    #expect(
      flow.state(at: innermost)
        == FlowState(stack: iterator + [.finallyState, .finallyState], handlers: [outerEntry, innermostEntry]))
    #expect(flow.maxDepth == 9)
  }

  @Test func narrowStatesStayNarrow() throws {
    let raising = HandMade(.jump(.setupFinally, "h"), .op(.raiseLast), .label("h"), .op(.endFinally), .op(.raiseLast))
    #expect(try flow(raising).states.map { $0?.stack } == [[], [], [.exception], nil])
    let leaving = HandMade(
      .jump(.setupFinally, "h"), .op(.loadConstNone), .label("h"), .op(.endFinally), .op(.raiseLast))
    #expect(try flow(leaving).states.map { $0?.stack } == [[], [], [.finallyState], []])
    let caught = HandMade(.jump(.setupExcept, "h"), .op(.raiseLast), .label("h"), .op(.popTop), .op(.raiseLast))
    #expect(try flow(caught).state(at: 2)?.stack == [.caught])
  }

  @Test func stateSlotsThatOldCompilersForgot() throws {
    let short = asyncWithFunction.with { $0.prelude.stateSlots = 5 }
    let flow = try flow(short)
    #expect(flow.neededStateSlots == 7)
    #expect(flow.prelude.stateSlots == 5)
  }

  @Test func jumpTargetsAreIndexes() throws {
    let flow = try flow(HandMade(.label("top"), .small(1), .jump(.popJumpIfTrue, "top"), .op(.raiseLast)))
    #expect(flow.instructions.map(\.jumpTarget) == [-1, 0, -1])
    #expect(flow.isTarget == [true, false, false])
    #expect(flow.instructions.map(\.operand) == [1, 0, 0])
    #expect(flow.instructions.map(\.opcode) == [.loadConstSmallInt, .popJumpIfTrue, .raiseLast])
  }

  /// A list of many items makes a deep stack; the analysis must not take the square of its length.
  @Test func longLists() throws {
    var long = HandMade()
    long.prelude.stateSlots = 8000
    long.lines = [Line](repeating: .small(1), count: 8000) + [.op(.buildList, 8000), .op(.returnValue)]
    let flow = try flow(long)
    #expect(flow.state(at: 8000)?.stack.count == 8000)
    #expect(flow.maxDepth == 8000)
  }

  /// Every path through a chain of 30 conditions meets all others: time must not double with each.
  @Test func manyPathsAndManyExits() throws {
    var lines: [Line] = [.small(0), .op(.getIterStack), .jump(.setupFinally, "h")]
    for exit in 0..<60 {
      lines += [.small(1), .jump(.popJumpIfTrue, "next\(exit)"), .unwind("exit\(exit)", 1), .label("next\(exit)")]
    }
    lines += [.op(.loadConstNone), .label("h"), .op(.endFinally)]
    for exit in 0..<60 { lines.append(.label("exit\(exit)")); lines += [.small(1), .op(.popTop)] }
    lines.append(.op(.raiseLast))
    let flow = try flow(HandMade().with { $0.lines = lines })
    #expect(flow.state(at: try index(flow, .endFinally))?.stack.last == .finallyState)
  }

  @Test func tooComplexIsRefused() {
    var lines: [Line] = [.jump(.setupFinally, "h")]
    let exits = CodeLimits.shapes + 10
    for exit in 0..<exits {
      lines += [.small(1), .jump(.popJumpIfTrue, "next\(exit)"), .unwind("exit\(exit)", 1), .label("next\(exit)")]
    }
    lines += [.op(.loadConstNone), .label("h"), .op(.endFinally)]
    for exit in 0..<exits { lines += [.label("exit\(exit)"), .op(.deleteName, 2)] }
    lines.append(.op(.raiseLast))
    #expect(faultOf(HandMade().with { $0.lines = lines }.made()) == .tooComplex)
  }
}
