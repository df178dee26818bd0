import Testing

@testable import Runtime

/// The rules of the abstract interpretation, each with a function that breaks it.
@Suite struct BytecodeStackTests {
  @Test func operands() {
    #expect(faultOf(.op(.popTop), .op(.raiseLast)) == .stackUnderflow)
    #expect(faultOf(.op(.loadNull), .op(.returnValue)) == .wrongOperandKind)
    #expect(faultOf(.small(1), .op(.loadNull), .op(.dupTop), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.small(1), .op(.loadNull), .op(.dupTopTwo), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.op(.dupTopTwo), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.op(.loadNull), .op(.importFrom, 2), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.op(.rotThree), .op(.raiseLast)) == .stackUnderflow)
    #expect(faultOf(.op(.buildList, 2), .op(.raiseLast)) == .stackUnderflow)
  }

  @Test func nullsAreTakenWhereTheyMean() {
    #expect(faultOf(.op(.loadNull), .small(1), .op(.storeAttr, 2), .op(.raiseLast)) == nil)
    #expect(faultOf(.small(1), .op(.loadNull), .op(.storeAttr, 2), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.op(.loadNull), .small(1), .small(2), .op(.storeSubscr), .op(.raiseLast)) == nil)
    let pair: [Line] = [.small(0), .op(.loadNull), .small(2), .small(0)]
    var call = HandMade()
    call.lines = pair + [.op(.callFunctionVarKw, 1 << 8), .op(.returnValue)]
    #expect(faultOf(call.made()) == nil)
    call.lines = pair + [.op(.popTop), .op(.callFunction, 1 << 8), .op(.returnValue)]
    #expect(faultOf(call.made()) == .wrongOperandKind)
  }

  @Test func methodPairs() {
    #expect(faultOf(.small(1), .op(.loadMethod, 2), .op(.callMethod, 0), .op(.returnValue)) == nil)
    #expect(faultOf(.small(1), .small(1), .op(.callMethod, 0), .op(.returnValue)) == .noMethod)
    #expect(faultOf(.small(1), .op(.loadMethod, 2), .op(.returnValue)) == .wrongOperandKind)
    #expect(faultOf(.small(1), .op(.loadMethod, 2), .op(.rotTwo), .op(.callMethod, 0), .op(.returnValue)) == .noMethod)
  }

  @Test func iterators() {
    #expect(
      faultOf(
        .small(1), .op(.getIterStack), .label("next"), .jump(.forIter, "end"), .op(.popTop), .jump(.jump, "next"),
        .label("end"), .op(.raiseLast)) == nil)
    #expect(
      faultOf(
        .op(.loadNull), .op(.loadFast, 0), .op(.loadNull), .op(.loadNull), .label("next"), .jump(.forIter, "end"),
        .op(.popTop), .jump(.jump, "next"), .label("end"), .op(.raiseLast)) == nil)
    #expect(faultOf(.small(1), .jump(.forIter, "end"), .label("end"), .op(.raiseLast)) == .noIterator)
    #expect(faultOf(.small(1), .op(.getIterStack), .op(.rotTwo), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.small(1), .op(.getIterStack), .op(.returnValue)) == .wrongOperandKind)
    let popped = [Line](repeating: .op(.popTop), count: 4)
    #expect(
      faultOf(HandMade().with { $0.lines = [.small(1), .op(.getIterStack)] + popped + [.op(.raiseLast)] }.made()) == nil
    )
  }

  @Test func collections() {
    #expect(faultOf(.op(.buildList, 0), .small(1), .op(.storeComp, 1 << 2), .op(.returnValue)) == nil)
    #expect(faultOf(.op(.buildList, 0), .small(1), .op(.storeComp, 0), .op(.returnValue)) == .stackUnderflow)
    #expect(faultOf(.op(.buildList, 0), .small(1), .op(.storeComp, 2 << 2), .op(.returnValue)) == .stackUnderflow)
    #expect(faultOf(.op(.loadNull), .small(1), .op(.storeComp, 1 << 2), .op(.raiseLast)) == .wrongOperandKind)
    #expect(faultOf(.op(.buildMap, 0), .small(1), .small(2), .op(.storeComp, 2 << 2 | 1), .op(.returnValue)) == nil)
    #expect(
      faultOf(.op(.buildMap, 0), .small(1), .small(2), .op(.storeComp, 1 << 2 | 1), .op(.raiseLast)) == .stackUnderflow)
  }

  @Test func cellsGoOnlyIntoClosuresAndOutOfClassBodies() {
    let own = HandMade(.op(.loadFast, 0), .op(.popTop), .op(.raiseLast)).with { $0.prelude.cells = [0] }
    #expect(faultOf(own.made()) == .wrongOperandKind)
    let returned = own.with { $0.lines = [.op(.loadFast, 0), .op(.returnValue)] }
    #expect(faultOf(returned.made()) == nil)
    #expect(faultOf(returned.with { $0.prelude.flags = .generator }.made()) == .cellReturned)
    let through = own.with {
      $0.lines = [.jump(.setupFinally, "h"), .op(.loadFast, 0), .op(.returnValue), .label("h"), .op(.raiseLast)]
    }
    #expect(faultOf(through.made()) == .cellReturned)
    let plain = own.with {
      $0.lines = [.small(1), .closure(.makeClosure, child: 0, cells: 1), .op(.returnValue)]
      $0.children = [HandMade(.op(.raiseLast)).code]
    }
    #expect(faultOf(plain.made()) == .wrongOperandKind)
  }

  @Test func depths() {
    let deep = [Line](repeating: .small(1), count: 16 + CodeLimits.missingStateSlots)
    func fault(_ lines: [Line]) -> CodeFault? {
      faultOf(HandMade().with { $0.lines = lines + [.op(.raiseLast)] }.made())
    }
    #expect(fault(deep) == nil)
    #expect(fault(deep + [.small(1)]) == .stackTooDeep)
    #expect(fault([.small(1), .op(.unpackSequence, 1 << 30)]) == .stackTooDeep)
    #expect(fault([.small(1), .op(.unpackEx, 0xff_ff)]) == .stackTooDeep)
    let nested = HandMade(.jump(.setupExcept, "h"), .op(.raiseLast), .label("h"), .op(.endFinally), .op(.raiseLast))
    #expect(faultOf(nested.with { $0.prelude.exceptionSlots = 1 }.made()) == nil)
    #expect(faultOf(nested.with { $0.prelude.exceptionSlots = 0 }.made()) == .tooManyHandlers)
  }

  @Test func handlersKeepTheirStack() {
    // Pops, and rotates a null into, what the handler will look for.
    #expect(
      faultOf(.small(1), .jump(.setupExcept, "h"), .op(.popTop), .op(.raiseLast), .label("h"), .op(.raiseLast))
        == .protectedStack)
    #expect(
      faultOf(
        .small(1), .jump(.setupExcept, "h"), .op(.loadNull), .op(.rotTwo), .op(.raiseLast), .label("h"),
        .op(.raiseLast)) == .protectedStack)
    #expect(
      faultOf(
        .small(1), .jump(.setupExcept, "h"), .op(.loadConstNone), .op(.rotTwo), .op(.raiseLast), .label("h"),
        .op(.raiseLast)) == nil)
    // From the active handler back into its block.
    #expect(
      faultOf(
        .jump(.setupExcept, "h"), .label("block"), .op(.raiseLast), .label("h"), .op(.popTop), .jump(.jump, "block"))
        == .backIntoBlock)
    #expect(faultOf(.label("to"), .jump(.popExceptJump, "end"), .label("end"), .op(.raiseLast)) == .noHandler)
    #expect(faultOf(.op(.loadConstNone), .op(.endFinally), .op(.raiseLast)) == .noHandler)
    #expect(
      faultOf(.jump(.setupFinally, "h"), .small(1), .label("h"), .op(.endFinally), .op(.raiseLast)) == .noFinallyState)
    #expect(faultOf(.jump(.setupFinally, "h"), .small(1), .label("h"), .op(.raiseLast)) == .stacksDiffer)
    #expect(
      faultOf(.jump(.setupFinally, "h"), .op(.raiseLast), .label("h"), .op(.popTop), .op(.endFinally), .op(.raiseLast))
        == .noFinallyState)
  }

  @Test func unwinding() {
    #expect(faultOf(.unwind("end", 1), .label("end"), .op(.raiseLast)) == .noHandler)
    #expect(faultOf(.small(1), .unwind("end", 0x80), .label("end"), .op(.raiseLast)) == .noIterator)
    let block: [Line] = [
      .label("h"), .op(.endFinally), .op(.raiseLast), .label("end"), .op(.raiseLast),
    ]
    func fault(_ lines: [Line]) -> CodeFault? {
      faultOf(HandMade().with { $0.lines = [.jump(.setupFinally, "h")] + lines + block }.made())
    }
    #expect(fault([.unwind("end", 1)]) == nil)
    #expect(fault([.small(1), .unwind("end", 1)]) == .finallyOutOfStep)
    // An active finally without its state.
    #expect(
      faultOf(
        .jump(.setupFinally, "h"), .op(.raiseLast), .label("h"), .op(.popTop), .unwind("end", 1), .label("end"),
        .op(.raiseLast)) == .noFinallyState)
  }

  @Test func withBlocks() {
    let body: [Line] = [
      .small(1), .jump(.setupWith, "h"), .op(.popTop), .op(.loadConstNone), .label("h"), .op(.withCleanup),
      .op(.endFinally), .op(.raiseLast),
    ]
    #expect(faultOf(HandMade().with { $0.lines = body }.made()) == nil)
    #expect(faultOf(.small(1), .small(1), .op(.loadConstNone), .op(.withCleanup), .op(.raiseLast)) == .noWithBlock)
    #expect(faultOf(.small(1), .op(.loadMethod, 2), .small(1), .op(.withCleanup), .op(.raiseLast)) == .noWithBlock)
  }

  @Test func pathsMustAgree() {
    #expect(
      faultOf(.small(1), .jump(.jumpIfTrueOrPop, "end"), .label("end"), .op(.raiseLast)) == .stacksDiffer)
    #expect(
      faultOf(
        .small(1), .jump(.popJumpIfTrue, "else"), .small(1), .jump(.jump, "end"), .label("else"), .op(.loadNull),
        .label("end"), .op(.raiseLast)) == .stacksDiffer)
    #expect(
      faultOf(
        .small(1), .jump(.popJumpIfTrue, "end"), .jump(.setupExcept, "h"), .label("end"), .op(.raiseLast), .label("h"),
        .op(.raiseLast)) == .handlersDiffer)
    // Grows each round.
    #expect(faultOf(.label("top"), .small(1), .jump(.jump, "top")) == .stackTooDeep)
  }
}
