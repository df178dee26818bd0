/// Iterating over anything from native code. The source and its iterator stay on the VM stack meanwhile, so user code may run
/// between items. Use as `var it = try vm.iterate(x); defer { it.end() }; while let item = try it.next() { … }`; ends in stack order.
package struct Iteration {
  let vm: VM
  /// Where the source or iterator stands on the VM stack.
  let base: UnsafeMutableRawPointer
  var index = 0
  let kind: Kind
  enum Kind { case list, tuple, native, generator, user }

  package mutating func next() throws(PyError) -> Value? {
    let source = base.value(0)
    switch kind {
    case .list:
      try vm.pollInterrupts()
      if index >= ListLayout.count(source.pointer) { return nil }
      defer { index += 1 }
      return ListLayout.item(source.pointer, index)
    case .tuple:
      try vm.pollInterrupts()
      if index >= TupleLayout.count(source.pointer) { return nil }
      defer { index += 1 }
      return TupleLayout.item(source.pointer, index)
    case .native, .generator, .user:
      // Builtin iterators may go on for ever without running Python code; what the caller holds is on the VM stack anyway.
      try vm.poll()
      let value = try vm.next(source)
      return value == .stop ? nil : value
    }
  }

  package func end() { vm.s.pointee.top = base }
}

extension VM {
  package func iterate(_ source: Value) throws(PyError) -> Iteration {
    let base = s.pointee.top
    if source.has(.list) {
      push(source)
      return Iteration(vm: self, base: base, kind: .list)
    }
    if source.has(.tuple) || source.has(.namedTuple) {
      push(source)
      return Iteration(vm: self, base: base, kind: .tuple)
    }
    let iterator = try iterator(source)
    push(iterator)
    return Iteration(vm: self, base: base, kind: .native)
  }

  /// `iter(source)`
  package func iterator(_ source: Value) throws(PyError) -> Value {
    if source.has(.generator) { return source }
    if source.has(.instance) {
      let type = self.type(of: source)
      let names = interpreter.names
      let method = lookup(type, names.dunderIter)
      if !method.isEmpty && !method.has(.native) {
        let (function, receiver) = try bind(method, source, type)
        return receiver.isEmpty ? try call(function) : try call(function, receiver)
      }
      let wrapped = wrappedNative(source)
      if !wrapped.isEmpty { return try iterator(wrapped) }
      if !lookup(type, names.dunderGetitem).isEmpty { return try makeSequenceIterator(source) }
    } else if let slot = slots(type(of: source)).pointee.iterate {
      let result = try checked(slot(raw, source.bits))
      if result != .unsupported { return result }
    }
    throw typeError("'\(string(typeName(source)))' object isn't iterable")
  }

  /// An iterator's next value, or `.stop`. A StopIteration raised by user code counts as the end.
  package func next(_ iterator: Value) throws(PyError) -> Value {
    if iterator.has(.generator) { return try resume(iterator, sending: .none) }
    if iterator.has(.instance) {
      let type = self.type(of: iterator)
      let method = lookup(type, interpreter.names.dunderNext)
      if !method.isEmpty {
        let (function, receiver) = try bind(method, iterator, type)
        do throws(PyError) {
          return receiver.isEmpty ? try call(function) : try call(function, receiver)
        } catch {
          if exceptionIs(.stopIteration) {
            s.pointee.exception = .empty
            return .stop
          }
          throw error
        }
      }
    } else if let slot = slots(type(of: iterator)).pointee.next {
      return try checked(slot(raw, iterator.bits))
    }
    throw typeError("'\(string(typeName(iterator)))' object isn't an iterator")
  }

  /// An iterator over anything with `[]` and ints from 0 (fields: source, next index).
  package func makeSequenceIterator(_ source: Value) throws(PyError) -> Value {
    let iterator = try makeObject(coreType(Interpreter.sequenceIteratorTypeIndex), fields: 2)
    ObjectLayout.set(iterator.pointer, 0, source)
    ObjectLayout.set(iterator.pointer, 1, Value(small: 0))
    return iterator
  }

  /// A new list of everything in `source`.
  package func list(from source: Value) throws(PyError) -> Value {
    if source.has(.list) {
      return try makeList(from: ListLayout.at(source.pointer, 0), count: ListLayout.count(source.pointer))
    }
    if source.has(.tuple) || source.has(.namedTuple) {
      return try makeList(from: source.pointer + TupleLayout.items, count: TupleLayout.count(source.pointer))
    }
    var iterator = try iterate(source)
    defer { iterator.end() }
    let list = try makeList()
    push(list)
    while let item = try iterator.next() { try append(list, item) }
    return list
  }
}
