import Testing

@testable import Runtime

/// Damaged files are refused or run through the whole analysis; they never trap or hang.
@Suite struct BytecodeFuzzTests {
  @Test func damagedFiles() {
    let seed = UInt64.random(in: .min ... .max)
    print("bytecode fuzz seed", seed)
    var random = SplitMix(state: seed)
    let files = [
      exampleFile, encodeMPY(asyncWithFunction.made(), dialect: .micropython),
      encodeMPY(nestedFinallyFunction.made(), dialect: .micropython),
    ]
    var accepted = 0
    for _ in 0..<6000 {
      var bytes = files.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...3, using: &random) { damage(&bytes, &random) }
      do throws(BytecodeError) {
        let (module, _) = try decodeMPY(bytes, dialect: .micropython, strict: true)
        _ = disassemble(module)
        let verified = try verify(module, dialect: .micropython)
        checkStates(verified.root, "seed \(seed): \(bytes)")
        accepted += 1
      } catch {
        #expect(!error.pythonMessage.isEmpty)
      }
    }
    // Damage to a name or constant is no fault; were nothing accepted, nothing deep would have been tried.
    #expect(accepted > 100, "seed \(seed)")
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    let at = Int.random(in: 4..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
    case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes[at] = (Opcode.allCases.randomElement(using: &random) ?? .jump).rawValue
    case 3: bytes.remove(at: at)
    default: bytes.insert(bytes[Int.random(in: 4..<bytes.count, using: &random)], at: at)
    }
  }

  /// What a translator relies on: what is reachable has a state, except inside the test of `async with`, and no
  /// ordinary instruction finds half a pending return on top.
  private func checkStates(_ function: VerifiedFunction, _ context: String) {
    let flow = function.flow
    for index in flow.instructions.indices where flow.isReachable(index) {
      guard let state = flow.state(at: index) else {
        Issue.record("no state at \(index): \(context)")
        return
      }
      #expect(state.stack.count <= flow.maxDepth, "\(context)")
      #expect(state.handlers.count <= flow.prelude.exceptionSlots, "\(context)")
      if flow.instructions[index].opcode == .popTop { #expect(state.stack.last != .finallyState, "\(context)") }
    }
    for child in function.children { if let child { checkStates(child, context) } }
  }
}

/// A generator of random numbers that can be started again from a printed seed.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
