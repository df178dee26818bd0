/// enumerate, filter, map, reversed, zip: iterators as native objects.
extension VM {
  func installIteratorTypes() throws(PyError) {
    let builtins = s.pointee.builtins
    func add(
      _ name: StaticString, _ make: NativeFunction, _ next: @convention(c) (UnsafeMutableRawPointer, UInt64) -> UInt64
    ) throws(PyError) {
      var slots = TypeSlots()
      slots.make = make
      slots.iterate = { _, v in v }
      slots.next = next
      try dictStore(builtins, intern(name), try makeType(name, slots: slots))
    }
    // fields: iterator, next number
    try add(
      "enumerate",
      {
        native($0, $1, $2) { vm, a throws(PyError) in
          let start = a.count > 2 ? a[2] : a.keyword(vm.interpreter.names.start)
          if a.count < 2 { throw vm.typeError("'iterable' argument required") }
          let object = try vm.makeObject(a[0], fields: 2)
          vm.push(object)
          ObjectLayout.set(object.pointer, 1, start.isEmpty ? Value(small: 0) : start)
          ObjectLayout.set(object.pointer, 0, try vm.iterator(a[1]))
          vm.pop()
          return object
        }
      },
      { vm, v in
        operation(vm) { vm throws(PyError) in
          let p = Value(bits: v).pointer
          let item = try vm.next(ObjectLayout.field(p, 0))
          if item == .stop { return .stop }
          vm.push(item)
          let number = ObjectLayout.field(p, 1)
          ObjectLayout.set(p, 1, try vm.binary(.add, number, Value(small: 1)))
          vm.pop()
          return try vm.makeTuple(number, item)
        }
      })
    // fields: function, iterator
    try add(
      "filter",
      {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count != 3 { throw vm.typeError("function takes 2 positional arguments but \(a.count - 1) were given") }
          let object = try vm.makeObject(a[0], fields: 2)
          vm.push(object)
          ObjectLayout.set(object.pointer, 0, a[1])
          ObjectLayout.set(object.pointer, 1, try vm.iterator(a[2]))
          vm.pop()
          return object
        }
      },
      { vm, v in
        operation(vm) { vm throws(PyError) in
          let p = Value(bits: v).pointer
          let function = ObjectLayout.field(p, 0)
          while true {
            try vm.poll()
            let item = try vm.next(ObjectLayout.field(p, 1))
            if item == .stop { return .stop }
            vm.push(item)
            defer { vm.pop() }
            if try vm.isTrue(function.isNone ? item : try vm.call(function, item)) { return item }
          }
        }
      })
    // fields: function, tuple of iterators
    try add(
      "map",
      {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count < 3 { throw vm.typeError("function missing \(3 - a.count) required positional arguments") }
          return try vm.makeParallel(a, function: a[1], from: 2)
        }
      },
      { vm, v in
        operation(vm) { vm throws(PyError) in
          let p = Value(bits: v).pointer
          let base = vm.s.pointee.top
          defer { vm.s.pointee.top = base }
          if try !vm.stepParallel(p) { return .stop }
          return try vm.call(ObjectLayout.field(p, 0), at: base, TupleLayout.count(ObjectLayout.field(p, 1).pointer))
        }
      })
    try add(
      "zip", { native($0, $1, $2) { vm, a throws(PyError) in try vm.makeParallel(a, function: .none, from: 1) } },
      { vm, v in
        operation(vm) { vm throws(PyError) in
          let p = Value(bits: v).pointer
          let base = vm.s.pointee.top
          defer { vm.s.pointee.top = base }
          let n = TupleLayout.count(ObjectLayout.field(p, 1).pointer)
          if n == 0 { return .stop }
          if try !vm.stepParallel(p) { return .stop }
          return try vm.makeTuple(from: base, count: n)
        }
      })
    // fields: sequence, next index
    try add(
      "reversed",
      {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count != 2 { throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given") }
          let method = a[1].has(.instance) ? try vm.findAttribute(a[1], vm.interpreter.names.dunderReversed) : .empty
          if !method.isEmpty { return try vm.call(method) }
          let object = try vm.makeObject(a[0], fields: 2)
          ObjectLayout.set(object.pointer, 0, a[1])
          ObjectLayout.set(object.pointer, 1, Value(small: try vm.length(a[1]) - 1))
          return object
        }
      },
      { vm, v in
        operation(vm) { vm throws(PyError) in
          let p = Value(bits: v).pointer
          let i = ObjectLayout.field(p, 1).small
          if i < 0 { return .stop }
          ObjectLayout.set(p, 1, Value(small: i - 1))
          return try vm.getItem(ObjectLayout.field(p, 0), Value(small: i))
        }
      })
  }

  private func makeParallel(_ a: Arguments, function: Value, from: Int) throws(PyError) -> Value {
    let object = try makeObject(a[0], fields: 2)
    push(object)
    defer { pop() }
    let iterators = try makeTuple(count: a.count - from)
    ObjectLayout.set(object.pointer, 0, function)
    ObjectLayout.set(object.pointer, 1, iterators)
    for i in from..<a.count { TupleLayout.set(iterators.pointer, i - from, try iterator(a[i])) }
    return object
  }

  /// Pushes the next item of each iterator; false when one is at its end.
  private func stepParallel(_ p: UnsafeMutableRawPointer) throws(PyError) -> Bool {
    let iterators = ObjectLayout.field(p, 1)
    for i in 0..<TupleLayout.count(iterators.pointer) {
      let item = try next(TupleLayout.item(iterators.pointer, i))
      if item == .stop { return false }
      push(item)
    }
    return true
  }
}
