/// range and slice
extension VM {
  package func makeRange(_ start: Int, _ stop: Int, _ step: Int) throws(PyError) -> Value {
    let p = try allocate(.range, leaf: true, payload: RangeLayout.payload, charge: 16)
    p.set(RangeLayout.start, word: start)
    p.set(RangeLayout.stop, word: stop)
    p.set(RangeLayout.step, word: step)
    return Value(p)
  }

  func rangeLength(_ p: UnsafeMutableRawPointer) -> Int {
    let (start, stop, step) = (p.word(RangeLayout.start), p.word(RangeLayout.stop), p.word(RangeLayout.step))
    let span = step > 0 ? stop &- start : start &- stop
    return span <= 0 ? 0 : (span &- 1) / abs(step) &+ 1
  }

  func installRangeAndSlice() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 { throw vm.typeError("function missing 1 required positional arguments") }
        if a.count > 4 { throw vm.typeError("function expected at most 3 arguments, got \(a.count - 1)") }
        let first = try vm.intArgument(a[1])
        if a.count == 2 { return try vm.makeRange(0, first, 1) }
        let step = a.count > 3 ? try vm.intArgument(a[3]) : 1
        if step == 0 { throw vm.valueError("range step cannot be zero") }
        return try vm.makeRange(first, try vm.intArgument(a[2]), step)
      }
    }
    slots.unary = { vm, op, v in
      UnaryOperation(rawValue: op) == .length
        ? Value(small: VM(vm).rangeLength(Value(bits: v).pointer)).bits : Value.unsupported.bits
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: a).pointer
        guard BinaryOperation(rawValue: op) == .contains, let n = vm.asIndex(Value(bits: b)) else {
          return .unsupported
        }
        let (start, stop, step) = (p.word(RangeLayout.start), p.word(RangeLayout.stop), p.word(RangeLayout.step))
        let inside = step > 0 ? n >= start && n < stop : n <= start && n > stop
        return Value(inside && (n &- start) % step == 0)
      }
    }
    slots.loadItem = { vm, v, i in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let index = Value(bits: i)
        let (first, step) = (p.word(RangeLayout.start), p.word(RangeLayout.step))
        if index.has(.slice) {
          let (start, stop, by, _) = try vm.sliceBounds(index, vm.rangeLength(p))
          return try vm.makeRange(first + start * step, first + stop * step, step * by)
        }
        return Value(small: first + (try vm.index(index, vm.rangeLength(p), "range")) * step)
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
    slots.print = { vm, v, _, out in
      let p = Value(bits: v).pointer
      let step = p.word(RangeLayout.step)
      TextBuffer(out).append(
        "range(\(p.word(RangeLayout.start)), \(p.word(RangeLayout.stop))\(step == 1 ? "" : ", \(step)"))")
      return Value.none.bits
    }
    slots.loadAttribute = { vm, v, name in
      let p = Value(bits: v).pointer
      let names = VM(vm).interpreter.names
      switch Value(bits: name) {
      case names.start: return Value(small: p.word(RangeLayout.start)).bits
      case names.stop: return Value(small: p.word(RangeLayout.stop)).bits
      case names.step: return Value(small: p.word(RangeLayout.step)).bits
      default: return Value.unsupported.bits
      }
    }
    install(try makeType("range", tag: .range, slots: slots), for: .range)

    var slice = TypeSlots()
    slice.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 || a.count > 4 {
          throw vm.typeError("function expected at most 3 arguments, got \(a.count - 1)")
        }
        return a.count == 2
          ? try vm.makeSlice(.none, a[1], .none) : try vm.makeSlice(a[1], a[2], a.count > 3 ? a[3] : .none)
      }
    }
    slice.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        TextBuffer(out).append("slice(")
        try vm.printItems(3, { ObjectLayout.field(p, $0) }, .repr, TextBuffer(out))
        TextBuffer(out).append(")")
        return .none
      }
    }
    slice.loadAttribute = { vm, v, name in
      let p = Value(bits: v).pointer
      let names = VM(vm).interpreter.names
      switch Value(bits: name) {
      case names.start: return ObjectLayout.field(p, 0).bits
      case names.stop: return ObjectLayout.field(p, 1).bits
      case names.step: return ObjectLayout.field(p, 2).bits
      default: return Value.unsupported.bits
      }
    }
    let indices = NativeDefinition("indices", 2, 2) {
      native($0, $1, $2) { vm, a throws(PyError) in
        let (start, stop, step, _) = try vm.sliceBounds(a[0], try vm.intArgument(a[1]))
        return try vm.makeTuple(Value(small: start), Value(small: stop), Value(small: step))
      }
    }
    install(try makeType("slice", tag: .slice, methods: [indices], slots: slice), for: .slice)
  }
}
