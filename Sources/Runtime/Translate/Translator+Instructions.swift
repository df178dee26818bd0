/// One bytecode instruction at a time.
extension Translator {
  /// Translates instruction `i`. Whether control falls through to the next one, and how many of the following it covered.
  mutating func translate(_ i: Int) throws(FlowError) -> (fallsThrough: Bool, covered: Int) {
    let instruction = code.instructions[i]
    let n = instruction.operand
    switch instruction.op {
    // Loads
    case BC.loadConstString: push(.constant(unit.names[n]))
    case BC.loadConstSmallInt: push(.constant(try smallInt(n)))
    case BC.loadConstObject: push(.constant(TupleLayout.item(unit.constants.pointer, n)))
    case BC.loadConstNone: push(.constant(.none))
    case BC.loadConstTrue: push(.constant(.true))
    case BC.loadConstFalse: push(.constant(.false))
    case BC.loadNull: push(.constant(.empty), .null)
    case BC.loadFast:
      if code.isCell(n) {
        push(.local(n), .cell)
      } else {
        if checked.contains(n) && !isAssigned(n, at: i) { emit(Op.check, a: local(n)) }
        push(.local(n))
      }
    case BC.loadDeref: emitResult(Op.loadCell, b: local(n))
    case BC.loadName where usesNames:
      emitResult(Op.loadName, b: localsDictRegister, inline: [unit.names[n].bits])
    case BC.loadName, BC.loadGlobal: emitResult(Op.loadGlobal, inline: [unit.names[n].bits, 0, 0])
    case BC.loadBuildClass: push(.constant(unit.interpreter.buildClass))
    case BC.loadAttr:
      let object = popRegister()
      emitResult(Op.loadAttribute, b: object, inline: [unit.names[n].bits, 0, 0])
    case BC.loadMethod:
      let object = popRegister()
      let target = nextRegister
      protect(target)
      protect(target + 8)
      emit(Op.loadMethod, a: target, b: object, inline: [unit.names[n].bits, 0, 0, 0])
      push(.register(target), .method)
      push(.register(target + 8), .receiver)
    case BC.loadSuperMethod:
      materialise(from: places.count - 2)
      let base = register(depth: places.count - 2, of: slots)
      pop()
      pop()
      pop()
      let target = nextRegister
      protect(target)
      protect(target + 8)
      emit(Op.loadSuperMethod, a: target, b: base, inline: [unit.names[n].bits])
      push(.register(target), .method)
      push(.register(target + 8), .receiver)
    case BC.loadSubscr:
      let (left, right) = popPair()
      emitResult(Op.loadItem, b: left, c: right)

    // Stores
    case BC.storeFast: storeLocal(n)
    case BC.storeDeref:
      let value = popRegister()
      emit(Op.storeCell, a: local(n), b: value)
    case BC.storeName where usesNames:
      let value = popRegister()
      emit(Op.storeName, a: value, b: localsDictRegister, inline: [unit.names[n].bits])
    case BC.storeName, BC.storeGlobal:
      let value = popRegister()
      emit(Op.storeGlobal, a: value, inline: [unit.names[n].bits, 0, 0])
    case BC.deleteName where usesNames:
      emit(Op.deleteName, b: localsDictRegister, inline: [unit.names[n].bits])
    case BC.deleteName, BC.deleteGlobal: emit(Op.deleteGlobal, inline: [unit.names[n].bits])
    case BC.deleteFast:
      protectLocal(n)
      emit(Op.check, a: local(n))
      emit(Op.clear, a: local(n))
    case BC.deleteDeref: emit(Op.deleteCell, a: local(n))
    case BC.storeAttr:
      if slots[slots.count - 2] == .null {
        let object = popRegister()
        pop()
        emit(Op.deleteAttribute, b: object, inline: [unit.names[n].bits])
      } else {
        let (value, object) = popPair()
        emit(Op.storeAttribute, a: value, b: object, inline: [unit.names[n].bits, 0, 0, 0])
      }
    case BC.storeSubscr:
      if slots[slots.count - 3] == .null {
        let (object, index) = popPair()
        pop()
        emit(Op.deleteItem, b: object, c: index)
      } else {
        let (value, object, index) = popTriple()
        emit(Op.storeItem, a: value, b: object, c: index)
      }

    // Stack
    case BC.popTop: pop()
    case BC.dupTop:
      if slots[slots.count - 1] == .finallyState { return asyncWithTest(i) }
      push(places[places.count - 1])
    case BC.dupTopTwo:
      let (a, b) = (places[places.count - 2], places[places.count - 1])
      push(a)
      push(b)
    case BC.rotTwo:
      rotate(2)
    case BC.rotThree:
      if slots[slots.count - 1] == .finallyState {
        rotate(2)
        return (true, 1)
      }
      rotate(3)

    // Operators
    case BC.unary: return try translateUnary(i, n)
    case BC.binary: return try translateBinary(i, n)

    // Building
    case BC.buildTuple, BC.buildList, BC.buildSet, BC.buildSlice:
      materialise(from: places.count - n)
      let base = register(depth: places.count - n, of: slots)
      for _ in 0..<n { pop() }
      let ops = [
        BC.buildTuple: Op.buildTuple, BC.buildList: Op.buildList, BC.buildSet: Op.buildSet,
        BC.buildSlice: Op.buildSlice,
      ]
      emitResult(ops[instruction.op] ?? Op.buildTuple, b: base, c: n)
    case BC.buildMap: emitResult(Op.buildMap, c: min(n, 0xFFFF))
    case BC.storeMap:
      let map = registerInPlace(places.count - 3)
      let (value, key) = popPair()
      emit(Op.storeMap, a: map, b: key, c: value)
    case BC.storeComp:
      let place = n >> 2
      let at = places.count - 1 - place
      if n & 3 == 1 {
        let map = registerInPlace(at)
        let (value, key) = popPair()
        emit(Op.mapAdd, a: map, b: key, c: value)
      } else {
        let collection = registerInPlace(at)
        let value = popRegister()
        emit(n & 3 == 0 ? Op.listAppend : Op.setAdd, a: collection, b: value)
      }
    case BC.unpackSequence: unpack(Op.unpackSequence, count: n, c: n)
    case BC.unpackEx: unpack(Op.unpackExtended, count: (n & 0xFF) + (n >> 8) + 1, c: n)
    case BC.makeFunction, BC.makeFunctionDefargs, BC.makeClosure, BC.makeClosureDefargs: makeFunction(instruction)

    // Calls
    case BC.callFunction, BC.callFunctionVarKw: call(n, method: false, spread: instruction.op == BC.callFunctionVarKw)
    case BC.callMethod, BC.callMethodVarKw: call(n, method: true, spread: instruction.op == BC.callMethodVarKw)

    // Imports
    case BC.importName:
      let (level, names) = popPair()
      emitResult(Op.importName, b: level, c: names, inline: [unit.names[n].bits])
    case BC.importFrom:
      let module = registerInPlace(places.count - 1)
      emitResult(Op.importFrom, b: module, inline: [unit.names[n].bits])
    case BC.importStar: emit(Op.importStar, b: popRegister(), c: max(localsDictRegister, 0))

    // Jumps
    case BC.jump:
      leaveBlock(to: instruction.target)
      emitJump(to: instruction.target)
      return (false, 0)
    case BC.popJumpIfTrue, BC.popJumpIfFalse:
      conditionalJump(instruction.target, when: instruction.op == BC.popJumpIfTrue)
    case BC.jumpIfTrueOrPop, BC.jumpIfFalseOrPop:
      materialiseAll()
      let condition = register(depth: places.count - 1, of: slots)
      emitJump(
        instruction.op == BC.jumpIfTrueOrPop ? Op.jumpIfTrue : Op.jumpIfFalse, a: condition, to: instruction.target,
        .wide)
      pop()
    case BC.getIter:
      let source = popRegister()
      emitResult(Op.getIterator, b: source)
    case BC.getIterStack:
      let source = popRegister()
      let target = nextRegister
      for k in 0..<4 { protect(target + k * 8) }
      emit(Op.getIteratorStack, a: target, b: source)
      for (k, slot) in [Slot.loop0, .loop1, .loop2, .loop3].enumerated() { push(.register(target + k * 8), slot) }
    case BC.forIter:
      materialiseAll()
      let base = register(depth: places.count - 4, of: slots)
      let target = nextRegister
      patches.append(Patch(word: words.count, target: instruction.target, field: .c))
      emit(Op.forIterate, a: target, b: base)
      let word = words.count - 1
      push(.register(target))
      lastResult = (word, target)

    // Exceptions
    case BC.setupExcept, BC.setupFinally:
      materialiseAll()
      emit(Op.clear, a: savedBase + (flow.nodeOfSetup[i].map { flow.nodes[$0].level } ?? 0) * 8)
    case BC.setupWith:
      let context = popRegister()
      materialiseAll()
      let target = nextRegister
      emit(Op.setupWith, a: target, b: context)
      push(.register(target), .method)
      push(.register(target + 8), .receiver)
      push(.register(target + 16))
      emit(Op.clear, a: savedBase + (flow.nodeOfSetup[i].map { flow.nodes[$0].level } ?? 0) * 8)
    case BC.popExceptJump:
      leaveBlock(to: instruction.target)
      emitJump(to: instruction.target)
      return (false, 0)
    case BC.withCleanup:
      materialiseAll()
      let base = register(depth: places.count - 3, of: slots)
      emit(Op.withCleanup, a: base)
      pop()
      pop()
      pop()
      push(.register(base), .finallyState)
    case BC.endFinally:
      materialiseAll()
      let base = register(depth: places.count - 1, of: slots)
      let isState = slots[slots.count - 1] == .finallyState
      if !isState { emit(Op.clear, a: base + 8) }
      emit(Op.endFinally, b: base)
      pop()
      let node = flow.points[i]?.node ?? -1
      return (isState || (node >= 0 && flow.nodes[node].isFinally), 0)
    case BC.returnValue:
      returnValue(i)
      return (false, 0)
    case BC.unwindJump:
      try unwindJump(instruction, i)
      return (false, 0)
    case BC.raiseLast:
      var registers: [UInt64] = []
      var node = flow.points[i]?.node ?? -1
      while node >= 0 {
        registers.append(UInt64(savedBase + flow.nodes[node].level * 8))
        node = flow.nodes[node].parent
      }
      emit(Op.reraise, c: registers.count, inline: registers)
      return (false, 0)
    case BC.raiseObject:
      emit(Op.raise, b: popRegister())
      return (false, 0)
    case BC.raiseFrom:
      let (exception, cause) = popPair()
      emit(Op.raiseFrom, b: exception, c: cause)
      return (false, 0)

    // Generators
    case BC.yieldValue:
      materialise(from: places.count - 1)
      let at = register(depth: places.count - 1, of: slots)
      protect(at, except: places.count - 1)
      emit(Op.yield, a: at, b: at)
    case BC.yieldFrom:
      materialise(from: places.count - 2)
      let at = register(depth: places.count - 2, of: slots)
      emit(Op.yieldFrom, a: at)
      pop()
    default: throw FlowError(reason: "unknown opcode")
    }
    return (true, 0)
  }

  private func smallInt(_ n: Int) throws(FlowError) -> Value {
    guard Value.fitsSmall(n) else { throw FlowError(reason: "number too large") }
    return Value(small: n)
  }

  func isAssigned(_ i: Int, at index: Int) -> Bool {
    guard let point = flow.points[index], i >> 6 < point.assigned.count else { return false }
    return point.assigned[i >> 6] >> UInt64(i & 63) & 1 != 0
  }

  /// Locals with a load that is not certain to find a value: they begin empty and are checked there.
  mutating func findUnchecked() {
    for (i, instruction) in code.instructions.enumerated() {
      let reads = instruction.op == BC.loadFast || instruction.op == BC.deleteFast
      guard reads, flow.points[i] != nil, !code.isCell(instruction.operand) else { continue }
      if !isAssigned(instruction.operand, at: i) { checked.insert(instruction.operand) }
    }
  }

  mutating func clearCheckedLocals() {
    for i in checked.sorted() where i >= code.prelude.boundLocals { emit(Op.clear, a: local(i)) }
  }

  mutating func storeLocal(_ n: Int) {
    let value = places[places.count - 1]
    if let last = lastResult, value == .register(last.register),
      register(depth: places.count - 1, of: slots) == last.register, !places.contains(.local(n)),
      !places.dropLast().contains(.register(last.register))
    {
      // The value was just made: make it in the local instead.
      words[last.word] = words[last.word] & ~(0xFFFF << 16) | UInt64(local(n)) << 16
      pop()
      lastResult = nil
      return
    }
    pop()
    protectLocal(n)
    switch value {
    case .register(let r): emit(Op.move, a: local(n), b: r)
    case .local(let i): if i != n { emit(Op.move, a: local(n), b: local(i)) }
    case .constant(let constant): emitConstant(local(n), constant)
    }
  }

  /// The two top operands, lower first.
  mutating func popPair() -> (Int, Int) {
    separateOperands(2)
    let upper = popRegister()
    let lower = popRegister()
    return (lower, upper)
  }

  mutating func popTriple() -> (Int, Int, Int) {
    separateOperands(3)
    let third = popRegister()
    let second = popRegister()
    let first = popRegister()
    return (first, second, third)
  }

  /// A constant operand is put into its own register; no other operand may sit in that one.
  private mutating func separateOperands(_ count: Int) {
    let first = places.count - count
    for i in first..<places.count {
      guard case .constant = places[i] else { continue }
      let canonical = register(depth: i, of: slots)
      if places[first...].contains(.register(canonical)) {
        materialise(from: first)
        return
      }
    }
  }

  /// The register of a place that stays on the stack.
  mutating func registerInPlace(_ at: Int) -> Int {
    let canonical = register(depth: at, of: slots)
    if case .constant = places[at] {
      protect(canonical, except: at)
      let r = registerOf(places[at], canonical: canonical)
      places[at] = .register(r)
      return r
    }
    return registerOf(places[at], canonical: canonical)
  }

  /// ROT_TWO and ROT_THREE: the top goes `count - 1` places down.
  mutating func rotate(_ count: Int) {
    let hasWide = slots.suffix(count).contains(.finallyState)
    if hasWide {
      // Two registers move together: state to the side by plain moves.
      materialiseAll()
      let below = slots.count - 2
      let base = register(depth: below, of: slots)
      emit(Op.move, a: scratch, b: base)
      emit(Op.move, a: base, b: base + 8)
      emit(Op.move, a: base + 8, b: base + 16)
      emit(Op.move, a: base + 16, b: scratch)
      slots.swapAt(below, below + 1)
      places = canonicalPlaces(slots)
      return
    }
    let at = places.count - count
    places.insert(places.removeLast(), at: at)
    slots.insert(slots.removeLast(), at: at)
    lastResult = nil
  }

  mutating func unpack(_ op: UInt16, count: Int, c: Int) {
    let source = popRegister()
    let target = nextRegister
    for k in 0..<count { protect(target + k * 8) }
    emit(op, a: target, b: source, c: c)
    for k in 0..<count { push(.register(target + k * 8)) }
  }

  mutating func makeFunction(_ instruction: Instruction) {
    let isClosure = instruction.op == BC.makeClosure || instruction.op == BC.makeClosureDefargs
    let hasDefaults = instruction.op == BC.makeFunctionDefargs || instruction.op == BC.makeClosureDefargs
    let taken = (hasDefaults ? 2 : 0) + (isClosure ? instruction.extra : 0)
    materialise(from: places.count - taken)
    let base = register(depth: places.count - taken, of: slots)
    for _ in 0..<taken { pop() }
    let child = UInt64(unit.children[index][instruction.operand])
    if isClosure {
      emitResult(Op.makeClosure, b: base, c: hasDefaults ? 1 : 0, inline: [child, UInt64(instruction.extra)])
    } else {
      emitResult(Op.makeFunction, b: base, c: hasDefaults ? 1 : 0, inline: [child])
    }
  }

  mutating func call(_ n: Int, method: Bool, spread: Bool) {
    let positional = n & 0xFF
    let pairs = n >> 8 & 0xFF
    let taken = positional + 2 * pairs + (spread ? 1 : 0) + (method ? 2 : 1)
    materialise(from: places.count - taken)
    let base = register(depth: places.count - taken, of: slots)
    for _ in 0..<taken { pop() }
    if spread {
      emitResult(method ? Op.callMethodSpread : Op.callSpread, b: base, c: positional, inline: [UInt64(pairs)])
    } else if pairs > 0 {
      emitResult(method ? Op.callMethodKeywords : Op.callKeywords, b: base, c: positional, inline: [UInt64(pairs)])
    } else {
      emitResult(method ? Op.callMethod : Op.call, b: base, c: positional)
    }
  }
}
