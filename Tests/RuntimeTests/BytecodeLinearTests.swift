import Testing

@testable import Runtime

/// Prelude and instruction rules that one pass over a function decides.
@Suite struct BytecodeLinearTests {
  private let good = HandMade(.op(.loadConstNone), .op(.returnValue))

  @Test func goodFunctionIsTaken() { #expect(faultOf(good.made()) == nil) }

  @Test func preludeRules() {
    func fault(_ change: (inout Prelude) -> Void) -> CodeFault? { faultOf(good.with { change(&$0.prelude) }.made()) }
    #expect(fault { $0.stateSlots = CodeLimits.stateSlots + 1 } == .tooManySlots)
    #expect(fault { $0.exceptionSlots = CodeLimits.exceptionSlots + 1 } == .tooManySlots)
    #expect(fault { $0.flags = CodeFlags(rawValue: 32) } == .unknownFlags)
    #expect(fault { $0.flags = [.generator, .async] } == nil)
    #expect(fault { $0.name = 3 } == .badName)
    #expect(fault { $0.cells = [3, 3] } == .badCell)
    #expect(fault { $0.cells = [16] } == .badCell)
    #expect(fault { $0.flags = .keywordDefaults } == .defaultsMissing)
    #expect(
      fault {
        $0.positional = 2
        $0.argumentNames = [0, 3]
      } == .badName)
    #expect(
      fault {
        $0.stateSlots = 2
        $0.positional = 2
        $0.argumentNames = [0, 0]
        $0.flags = .variablePositional
      } == .argumentsExceedSlots)
    #expect(
      fault {
        $0.positional = 1
        $0.argumentNames = [0]
        $0.positionalDefaults = 2
      } == .tooManyDefaults)
    let async = good.with { $0.prelude.flags = [.generator, .async] }
    #expect(faultOf(async.made(), dialect: .micropython) == .unknownFlags)
  }

  @Test func moduleBodyTakesNothing() {
    #expect(faultOf(good.with { $0.prelude.flags = .generator }.module) == .moduleTakesArguments)
  }

  @Test func sizesFitTheCode() {
    var module = good.module
    module.root.bytes = [0x00, 0x7e, 0x02, 0x51, 0x63]
    #expect(faultOf(module) == .badSizes)
    module.root.bytes = [0x00, 0x00, 0x51, 0x63]
    #expect(faultOf(module) == .badSizes)
    module.root.bytes = Array(repeating: 0xff, count: 30)
    #expect(faultOf(module) == .numberTooLarge)
    module.root.bytes = Array(repeating: 0, count: CodeLimits.functionBytes + 1)
    #expect(faultOf(module) == .functionTooLong)
  }

  @Test func lineTableFillsItsPlace() {
    #expect(faultOf(good.with { $0.lineTable = [0x21] }.module) == nil)
    #expect(faultOf(good.with { $0.lineTable = [0x81] }.module) == .badLineTable)
    #expect(faultOf(good.with { $0.lineTable = [0x03] }.module) == .badLineTable)
  }

  @Test func instructionRules() {
    #expect(faultOf(.raw([0x1d])) == .unknownOpcode)
    #expect(faultOf(.raw([0xfa])) == .unknownOpcode)
    #expect(faultOf(.raw([0xd4])) == .unknownOpcode)
    #expect(faultOf(.raw([0x10])) == .truncated)
    #expect(faultOf(.raw([0x22, 0x80, 0x01]), .op(.raiseLast)) == .numberNotShortest)
    #expect(faultOf(.op(.loadConstNone)) == .runsOffTheEnd)
    #expect(faultOf() == .runsOffTheEnd)
    #expect(faultOf(.op(.loadConstNone), .op(.endFinally)) == .runsOffTheEnd)
    #expect(faultOf(.op(.loadName, 3), .op(.raiseLast)) == .badName)
    #expect(faultOf(.op(.loadConstObject, 1), .op(.raiseLast)) == .badConstant)
    #expect(faultOf(.op(.makeFunction, 0), .op(.raiseLast)) == .badChild)
    #expect(faultOf(.closure(.makeClosure, child: 0, cells: 0), .op(.raiseLast)) == .badChild)
    #expect(faultOf(.op(.loadFast, 16), .op(.raiseLast)) == .badLocal)
    #expect(faultOf(.raw([0x42, 0x3f]), .op(.raiseLast)) == .badJump)
    #expect(faultOf(.op(.buildSlice, 4), .op(.raiseLast)) == .badOperand)
    #expect(faultOf(.op(.callFunction, 1 << 16), .op(.raiseLast)) == .badOperand)
    #expect(faultOf(.op(.unpackEx, 1 << 16), .op(.raiseLast)) == .badOperand)
    #expect(faultOf(.op(.storeComp, 7), .op(.raiseLast)) == .badOperand)
    #expect(
      faultOf(HandMade(.op(.loadConstNone), .op(.yieldValue), .op(.returnValue)).made()) == .yieldOutsideGenerator)
    // Jumps out of the function, forwards and backwards.
    #expect(faultOf(.raw([0x42, 0x7f]), .op(.raiseLast)) == .badJump)
    #expect(faultOf(.raw([0x42, 0x00]), .op(.raiseLast)) == .badJump)
  }

  @Test func cellRules() {
    #expect(faultOf(.op(.loadDeref, 0), .op(.returnValue)) == .notACell)
    let own = HandMade(.op(.loadDeref, 0), .op(.returnValue)).with { $0.prelude.cells = [0] }
    #expect(faultOf(own.made()) == nil)
    let overwritten = own.with { $0.lines = [.small(1), .op(.storeFast, 0), .op(.raiseLast)] }
    #expect(faultOf(overwritten.made()) == .cellOverwritten)
    #expect(faultOf(own.with { $0.lines = [.op(.deleteFast, 0), .op(.raiseLast)] }.made()) == .cellOverwritten)
  }

  @Test func factsOfTheMaker() {
    let closure = HandMade(.op(.loadDeref, 0), .op(.returnValue)).with {
      $0.prelude.positional = 1
      $0.prelude.argumentNames = [0]
    }
    let maker = Line.closure(.makeClosure, child: 0, cells: 1)
    #expect(faultOf(closure.made(by: maker, pushing: [.op(.loadFast, 0)])) == nil)
    #expect(faultOf(closure.made()) == .notACell)
    let two = Line.closure(.makeClosure, child: 0, cells: 2)
    #expect(faultOf(closure.made(by: two, pushing: [.op(.loadFast, 0), .op(.loadFast, 1)])) == .tooManyClosedOver)
    let disagreeing = closure.made(by: maker, pushing: [.op(.makeFunction, 0), .op(.popTop), .op(.loadFast, 0)])
    #expect(faultOf(disagreeing) == .makersDisagree)
    // A cell within a cell.
    let doubled = closure.with { $0.prelude.cells = [0] }
    #expect(faultOf(doubled.made(by: maker, pushing: [.op(.loadFast, 0)])) == .badCell)
    let defaulted = closure.with {
      $0.lines = [.op(.loadConstNone), .op(.returnValue)]
      $0.prelude.positionalDefaults = 1
    }
    #expect(faultOf(defaulted.made()) == .defaultsMissing)
    #expect(faultOf(defaulted.made(by: .op(.makeFunctionDefargs, 0), pushing: [.small(1), .op(.loadNull)])) == nil)
  }

  @Test func functionsThatNothingMakesAreLeftAlone() throws {
    var parent = good
    parent.children = [RawCode(bytes: [0xff], children: [])]
    let verified = try verify(parent.module, dialect: .circuitpython)
    #expect(verified.root.children.count == 1)
    #expect(verified.root.children[0] == nil)
  }

  @Test func errorsSayWhere() {
    let bad = HandMade(.op(.loadConstNone), .raw([0x1f])).made()
    #expect(throws: BytecodeError.incompatibleFile(.unknownOpcode, CodeLocation(path: [0], offset: 6))) {
      _ = try verify(bad, dialect: .circuitpython)
    }
    let error = BytecodeError.incompatibleFile(.unknownOpcode, CodeLocation(path: [0, 2], offset: 4))
    #expect("\(error)" == "incompatible .mpy file: unknown opcode (byte 4 of function 0.2)")
  }
}
