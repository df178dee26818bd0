/// The generator and coroutine types' methods.
extension VM {
  func installGenerators() throws(PyError) {
    var slots = TypeSlots()
    slots.iterate = { _, v in v }
    slots.next = { vm, v in operation(vm) { vm throws(PyError) in try vm.resume(Value(bits: v), sending: .none) } }
    slots.print = { vm, v, _, out in
      let p = Value(bits: v).pointer
      let kind = p.word(GeneratorLayout.flags) & GeneratorLayout.isCoroutine != 0 ? "coroutine" : "generator"
      let name = VM(vm).string(p.value(GeneratorLayout.function).pointer.body.pointee.name)
      TextBuffer(out).append("<\(kind) object '\(name)' at \(VM(vm).hexAddress(Value(bits: v)))>")
      return Value.none.bits
    }
    slots.loadAttribute = { vm, v, name in
      let p = Value(bits: v).pointer
      return Value(bits: name) == VM(vm).interpreter.names.dunderName
        ? p.value(GeneratorLayout.function).pointer.body.pointee.name.bits : Value.unsupported.bits
    }
    let methods = [
      NativeDefinition("__await__", 1, 1) { _, args, _ in args.value(0).bits },
      NativeDefinition("__next__", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.orStopIteration(try vm.resume(a[0], sending: .none))
        }
      },
      NativeDefinition("send", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.orStopIteration(try vm.resume(a[0], sending: a[1]))
        }
      },
      NativeDefinition("throw", 2, 4) { native($0, $1, $2, generatorThrow) },
      NativeDefinition("close", 1, 1) { native($0, $1, $2, generatorClose) },
    ]
    let generator = try makeType("generator", tag: .generator, methods: methods, slots: slots)
    install(generator, for: .generator)
    interpreter.coroutineType = try makeType("coroutine", tag: .generator, methods: methods, slots: slots)
    addRoot(interpreter.coroutineType)
  }

  /// A generator's end becomes StopIteration with its value.
  func orStopIteration(_ value: Value) throws(PyError) -> Value {
    if value != .stop { return value }
    let result = interpreter.generatorValue
    if result.isNone {
      throw raise(try makeException(exceptionType(.stopIteration), args: try makeTuple()))
    }
    throw error(.stopIteration, args: result)
  }
}

private func generatorThrow(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let given = a.count > 2 && !a[2].isNone ? a[2] : a[1]
  vm.s.pointee.exception = try vm.exceptionInstance(given)
  return try vm.orStopIteration(try vm.resumeThrowing(a[0]))
}

private func generatorClose(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let p = a[0].pointer
  if p.word(GeneratorLayout.state) == GeneratorLayout.notStarted {
    p.set(GeneratorLayout.state, word: GeneratorLayout.finished)
    return .none
  }
  if vm.isFinished(a[0]) { return .none }
  vm.s.pointee.exception = try vm.makeException(vm.exceptionType(.generatorExit), args: try vm.makeTuple())
  do throws(PyError) {
    let result = try vm.resumeThrowing(a[0])
    if result != .stop { throw vm.runtimeError("generator ignored GeneratorExit") }
  } catch {
    if vm.exceptionIs(.generatorExit) || vm.exceptionIs(.stopIteration) {
      vm.s.pointee.exception = .empty
      return .none
    }
    throw error
  }
  return .none
}
