/// Branches, returns and what passes through finally blocks.
extension Translator {
  /// Values to where the block at `target` expects them; this block ends here.
  mutating func leaveBlock(to target: Int) {
    if let point = flow.points[target] { arrive(point.stack) } else { materialiseAll() }
  }

  mutating func translateUnary(_ i: Int, _ n: Int) throws(FlowError) -> (fallsThrough: Bool, covered: Int) {
    if n == 3, let jump = branch(after: i) {
      // `not` before a branch turns the branch round.
      conditionalJump(jump.target, when: jump.op == BC.popJumpIfFalse)
      return (true, 1)
    }
    let operand = popRegister()
    emitResult(Op.unary + UInt16(n), b: operand)
    return (true, 0)
  }

  /// The POP_JUMP_IF that is the next instruction and nothing else's target.
  private func branch(after i: Int) -> Instruction? {
    guard i + 1 < code.instructions.count, !flow.isTarget[i + 1] else { return nil }
    let next = code.instructions[i + 1]
    return next.op == BC.popJumpIfTrue || next.op == BC.popJumpIfFalse ? next : nil
  }

  mutating func translateBinary(_ i: Int, _ n: Int) throws(FlowError) -> (fallsThrough: Bool, covered: Int) {
    let isCompare = n < 6
    let isIdentity = n == BinaryOperation.is.rawValue
    if isCompare || isIdentity {
      var covered = 1
      var sense = true
      var jump = branch(after: i)
      if isIdentity, jump == nil, i + 1 < code.instructions.count, !flow.isTarget[i + 1],
        code.instructions[i + 1].op == BC.unary, code.instructions[i + 1].operand == 3
      {
        // `is not`
        jump = branch(after: i + 1)
        covered = 2
        sense = false
      }
      if let jump {
        let wanted = (jump.op == BC.popJumpIfTrue) == sense
        fusedJump(n, wanted: wanted, to: jump.target)
        return (true, covered)
      }
    }
    let top = places[places.count - 1]
    if case .constant(let value) = top {
      pop()
      let left = popRegister()
      emitResult(Op.binaryConstant + UInt16(n), b: left, inline: [value.bits])
    } else {
      let (left, right) = popPair()
      emitResult(Op.binary + UInt16(n), b: left, c: right)
    }
    return (true, 0)
  }

  /// Compare and jump in one instruction.
  private mutating func fusedJump(_ n: Int, wanted: Bool, to target: Int) {
    settleBelow(2)
    let isIdentity = n == BinaryOperation.is.rawValue
    if case .constant(let value) = places[places.count - 1] {
      pop()
      let left = popRegister()
      let op =
        isIdentity
        ? (wanted ? Op.jumpIsConstant : Op.jumpIsNotConstant)
        : (wanted ? Op.jumpCompareConstant : Op.jumpNotCompareConstant) + UInt16(n)
      emitJump(op, b: left, inline: [value.bits], to: target, .a)
    } else {
      let (left, right) = popPair()
      let op =
        isIdentity
        ? (wanted ? Op.jumpIs : Op.jumpIsNot) : (wanted ? Op.jumpCompare : Op.jumpNotCompare) + UInt16(n)
      emitJump(op, b: left, c: right, to: target, .a)
    }
  }

  mutating func conditionalJump(_ target: Int, when wanted: Bool) {
    settleBelow(1)
    let condition = popRegister()
    emitJump(wanted ? Op.jumpIfTrue : Op.jumpIfFalse, a: condition, to: target, .wide)
  }

  /// Before a branch whose operands are the `count` top places: everything below goes to its canonical register. If that would
  /// write a register that an operand sits in, the operands move too.
  private mutating func settleBelow(_ count: Int) {
    let below = places.count - count
    let needsMoves = (0..<below).contains { places[$0] != .register(register(depth: $0, of: slots)) }
    if !needsMoves { return }
    let written = Set((0..<below).map { register(depth: $0, of: slots) })
    let conflicts = places.suffix(count).contains { place in
      if case .register(let r) = place { return written.contains(r) }
      return false
    }
    if conflicts {
      materialiseAll()
      return
    }
    let operands = Array(places.suffix(count))
    let operandSlots = Array(slots.suffix(count))
    places.removeLast(count)
    slots.removeLast(count)
    materialiseAll()
    places += operands
    slots += operandSlots
  }

  /// The async-with test on a finally state (four instructions).
  mutating func asyncWithTest(_ i: Int) -> (fallsThrough: Bool, covered: Int) {
    materialiseAll()
    let base = register(depth: slots.count - 1, of: slots)
    emitJump(Op.jumpIfException, a: base, to: code.instructions[i + 3].target, .wide)
    slots[slots.count - 1] = .value
    return (true, 3)
  }

  mutating func returnValue(_ i: Int) {
    let node = flow.points[i]?.node ?? -1
    if let finally = flow.armedFinally(node, at: i) {
      let value = popRegister()
      pend(value: value, to: finally, .returning(stateRegister: 0, outer: flow.nodes[finally].parent), i)
      return
    }
    let op = code.prelude.isGenerator ? Op.generatorReturn : Op.returnValue
    let cost = unit.body(index).pointee.pystackBytes
    if case .constant(let value) = places[places.count - 1], !code.prelude.isGenerator {
      pop()
      emit(Op.returnConstant, c: cost, inline: [value.bits])
    } else {
      let value = popRegister()
      emit(op, b: value, c: cost)
    }
  }

  /// Enters the handler of a finally entry with something pending: the value (for a return), and where to go on afterwards.
  private mutating func pend(value: Int, to node: Int, _ action: Stub.Action, _ i: Int) {
    let handler = flow.nodes[node]
    // What is below the handler's state must stand where the handler expects it.
    let state = register(depth: handler.depth, of: flow.points[handler.handler]?.stack ?? [])
    var value = value
    if places.count > handler.depth {
      places.removeLast(places.count - handler.depth)
      slots.removeLast(slots.count - handler.depth)
    }
    let needsMoves = places.indices.contains { places[$0] != .register(register(depth: $0, of: slots)) }
    if needsMoves {
      emit(Op.move, a: state, b: value)
      value = state
      materialiseAll()
    }
    var action = action
    let below = Array(slots.prefix(handler.depthAtEnd))
    if case .returning(_, let outer) = action {
      action = .returning(stateRegister: register(depth: handler.depthAtEnd, of: below), outer: outer)
    }
    stubs.append(Stub(reference: words.count + 1, action: action, instruction: i, stack: below))
    emit(Op.pendingJump, a: state, b: value, inline: [0])
    emitJump(Op.jump, to: handler.handler, .wide)
  }

  mutating func unwindJump(_ instruction: Instruction, _ i: Int) throws(FlowError) {
    materialiseAll()
    unwind(
      from: flow.points[i]?.node ?? -1, left: instruction.extra & 0x7F, popsLoop: instruction.extra & 0x80 != 0,
      target: instruction.target, at: i)
  }

  private mutating func unwind(from node: Int, left: Int, popsLoop: Bool, target: Int, at i: Int) {
    var node = node
    var left = left
    while left > 0 && node >= 0 {
      left -= 1
      let entry = flow.nodes[node]
      if entry.isFinally {
        if entry.handler > i {
          pend(
            value: scratch, to: node, .unwinding(outer: entry.parent, left: left, popsLoop: popsLoop, target: target), i
          )
          return
        }
        pop()
      }
      node = entry.parent
    }
    if popsLoop { for _ in 0..<4 { pop() } }
    leaveBlock(to: target)
    emitJump(to: target)
  }

  /// Writes the continuations of pending returns and jumps; a stub may need another one further out.
  mutating func writeStubs() throws(FlowError) {
    var next = 0
    while next < stubs.count {
      let stub = stubs[next]
      next += 1
      current = stub.instruction
      slots = stub.stack
      places = canonicalPlaces(slots)
      lastResult = nil
      words[stub.reference] = Value(small: words.count).bits
      switch stub.action {
      case .returning(let state, let outer):
        if let finally = flow.armedFinally(outer, at: stub.instruction) {
          pend(
            value: state, to: finally, .returning(stateRegister: 0, outer: flow.nodes[finally].parent), stub.instruction
          )
        } else {
          emit(
            code.prelude.isGenerator ? Op.generatorReturn : Op.returnValue, b: state,
            c: unit.body(index).pointee.pystackBytes)
        }
      case .unwinding(let outer, let left, let popsLoop, let target):
        unwind(from: outer, left: left, popsLoop: popsLoop, target: target, at: stub.instruction)
      }
    }
  }

  /// Longest distance of a compare-and-branch; functions beyond it are refused rather than wrong.
  private static var maximumShortJump: Int { 0x7FFF }

  mutating func patchJumps() throws(FlowError) {
    for patch in patches {
      let to = wordOfInstruction[patch.target]
      guard to >= 0 else { throw FlowError(reason: "jump to code that is never reached") }
      let offset = to - patch.word - 1
      switch patch.field {
      case .wide:
        words[patch.word] = words[patch.word] & 0xFFFF_FFFF | UInt64(UInt32(truncatingIfNeeded: offset)) << 32
      case .a, .c:
        guard abs(offset) <= Translator.maximumShortJump else { throw FlowError(reason: "function too long") }
        let shift: UInt64 = patch.field == .a ? 16 : 48
        words[patch.word] = words[patch.word] & ~(0xFFFF << shift) | UInt64(UInt16(truncatingIfNeeded: offset)) << shift
      }
    }
  }
}
