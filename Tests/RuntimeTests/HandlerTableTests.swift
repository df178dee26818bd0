import Testing

@testable import Runtime

@Suite struct HandlerTableTests {
  /// Numbers in `Op` that no instruction has.
  private static let unusedOpcodes = [106, 155, 167]

  @Test func everyOpcodeHasItsHandler() {
    let table = HandlerTable.make()
    defer { HandlerTable.free(table) }
    let undefined: Handler = op_undefined
    let missing = (0..<Int(Op.count)).filter { opcode in
      table.load(fromByteOffset: opcode * 8, as: Int.self) == unsafeBitCast(undefined, to: Int.self)
    }
    #expect(missing == Self.unusedOpcodes)
  }
}
