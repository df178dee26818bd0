/// set and frozenset: a dict's table with None for values, so that order and look-up are the board's.
/// Layout as dict; the tag tells them apart.
extension VM {
  package func makeSet(room: Int = 0, frozen: Bool = false) throws(PyError) -> Value {
    let set = try makeDict()
    let p = set.pointer
    let tag = frozen ? Tag.frozenset : Tag.set
    p.header = Header(bits: p.header.bits & ~0xFF | UInt64(tag.rawValue))
    if room > 0 { try dictResize(p, slots: room) }
    return set
  }

  package func setAdd(_ set: Value, _ item: Value) throws(PyError) {
    if try dictSlot(set.pointer, item) < 0 { try dictInsertNew(set.pointer, item, .none) }
  }

  func setContains(_ set: Value, _ item: Value) throws(PyError) -> Bool { try dictSlot(set.pointer, item) >= 0 }

  private func isSet(_ v: Value) -> Bool { v.has(.set) || v.has(.frozenset) }

  /// A set (or frozenset) of everything in `source`.
  func set(from source: Value, frozen: Bool = false) throws(PyError) -> Value {
    let set = try makeSet(frozen: frozen)
    push(set)
    defer { pop() }
    try setUpdate(set, source)
    return set
  }

  private func setUpdate(_ set: Value, _ source: Value) throws(PyError) {
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() { try setAdd(set, item) }
  }

  // What these give is in the board's order, which follows from how they go about it: a copy of the table that is then changed,
  // or a new one filled in the order of the right operand.

  /// The items of `source` that are in `set`, as a new set of its kind.
  private func setIntersection(_ set: Value, _ source: Value) throws(PyError) -> Value {
    let result = try makeSet(frozen: set.has(.frozenset))
    push(result)
    defer { pop() }
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() {
      if try setContains(set, item) { try setAdd(result, item) }
    }
    return result
  }

  /// Takes everything in `source` out of `set`.
  private func setRemoveAll(_ set: Value, _ source: Value) throws(PyError) {
    if set == source {
      dictClear(set)
      return
    }
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() { _ = try dictRemove(set, item) }
  }

  /// Adds what of `source` is not in `set`, and takes out what is.
  private func setToggle(_ set: Value, _ source: Value) throws(PyError) {
    if set == source {
      dictClear(set)
      return
    }
    var iterator = try iterate(source)
    defer { iterator.end() }
    while let item = try iterator.next() {
      if try dictRemove(set, item).isEmpty { try setAdd(set, item) }
    }
  }

  /// A copy of `set` with `change` done to it.
  private func changed(_ set: Value, _ change: (Value) throws(PyError) -> Void) throws(PyError) -> Value {
    let copy = try copyTable(set)
    push(copy)
    defer { pop() }
    try change(copy)
    return copy
  }

  private func isSubset(_ a: Value, _ b: Value) throws(PyError) -> Bool {
    var at = 0
    while let (slot, item, _) = dictNext(a, from: at) {
      at = slot + 1
      if try !setContains(b, item) { return false }
    }
    return true
  }

  /// Makes `set` hold what `result` holds, in its order.
  private func setBecome(_ set: Value, _ result: Value) throws(PyError) {
    dictClear(set)
    try takeTable(set, from: result)
  }

  private func setBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if op == .contains { return Value(try setContains(a, b)) }
    guard isSet(b) else { return .unsupported }
    switch op {
    case .or: return try changed(a) { set throws(PyError) in try setUpdate(set, b) }
    case .and: return try setIntersection(a, b)
    case .subtract: return try changed(a) { set throws(PyError) in try setRemoveAll(set, b) }
    case .xor: return try changed(a) { set throws(PyError) in try setToggle(set, b) }
    case .inplaceOr, .inplaceAnd, .inplaceSubtract, .inplaceXor:
      if a.has(.frozenset) { return try setBinary(op.plain, a, b) }
      switch op {
      case .inplaceOr: try setUpdate(a, b)
      case .inplaceAnd: try setBecome(a, try setIntersection(a, b))
      case .inplaceSubtract: try setRemoveAll(a, b)
      default: try setToggle(a, b)
      }
      return a
    case .equal: return dictCount(a) == dictCount(b) ? Value(try isSubset(a, b)) : .false
    case .lessEqual: return Value(try isSubset(a, b))
    case .less: return dictCount(a) < dictCount(b) ? Value(try isSubset(a, b)) : .false
    case .greaterEqual: return Value(try isSubset(b, a))
    case .greater: return dictCount(b) < dictCount(a) ? Value(try isSubset(b, a)) : .false
    default: return .unsupported
    }
  }

  func installSets() throws(PyError) {
    var slots = TypeSlots()
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        let set = Value(bits: v)
        switch UnaryOperation(rawValue: op) {
        case .length: return Value(small: vm.dictCount(set))
        case .hash where set.has(.frozenset):
          var h = 0
          var at = 0
          while let (slot, item, _) = vm.dictNext(set, from: at) {
            at = slot + 1
            h &+= try vm.hash(item)
          }
          return Value(small: Int(Int32(truncatingIfNeeded: h)))
        default: return .unsupported
        }
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.setBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeDictIterator(Value(bits: v), .keys) } }
    slots.print = { vm, v, _, out in
      operation(vm) { vm throws(PyError) in
        let set = Value(bits: v)
        let out = TextBuffer(out)
        let isFrozen = set.has(.frozenset)
        if vm.dictCount(set) == 0 {
          out.append(isFrozen ? "frozenset()" : "set()")
          return .none
        }
        out.append(isFrozen ? "frozenset({" : "{")
        var at = 0
        var first = true
        while let (slot, item, _) = vm.dictNext(set, from: at) {
          at = slot + 1
          if !first { out.append(", ") }
          first = false
          try vm.print(item, .repr, out)
        }
        out.append(isFrozen ? "})" : "}")
        return .none
      }
    }
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        a.count > 1 ? try vm.set(from: a[1]) : try vm.makeSet()
      }
    }
    install(
      try makeType("set", tag: .set, methods: VM.sharedSetMethods + VM.mutatingSetMethods, slots: slots), for: .set)
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        a.count > 1 ? try vm.set(from: a[1], frozen: true) : try vm.makeSet(frozen: true)
      }
    }
    install(try makeType("frozenset", tag: .frozenset, methods: VM.sharedSetMethods, slots: slots), for: .frozenset)
  }

  /// A set operation given any iterable.
  /// A method that compares with another set, or with what any iterable holds.
  private func setComparison(_ op: BinaryOperation, _ a: Arguments) throws(PyError) -> Value {
    let other = isSet(a[1]) ? a[1] : try set(from: a[1])
    push(other)
    defer { pop() }
    return try setBinary(op, a[0], other)
  }

  private static var sharedSetMethods: [NativeDefinition] {
    [
      NativeDefinition("copy", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try vm.copyTable(a[0]) } },
      NativeDefinition("difference", 1, nil) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.changed(a[0]) { set throws(PyError) in for i in 1..<a.count { try vm.setRemoveAll(set, a[i]) } }
        }
      },
      NativeDefinition("intersection", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setIntersection(a[0], a[1]) }
      },
      NativeDefinition("symmetric_difference", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.changed(a[0]) { set throws(PyError) in try vm.setToggle(set, a[1]) }
        }
      },
      NativeDefinition("union", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.changed(a[0]) { set throws(PyError) in try vm.setUpdate(set, a[1]) }
        }
      },
      NativeDefinition("issubset", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setComparison(.lessEqual, a) }
      },
      NativeDefinition("issuperset", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setComparison(.greaterEqual, a) }
      },
      NativeDefinition("isdisjoint", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(vm.dictCount(try vm.setIntersection(a[0], a[1])) == 0)
        }
      },
      NativeDefinition("__contains__", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try vm.setContains(a[0], a[1])) }
      },
    ]
  }

  private static var mutatingSetMethods: [NativeDefinition] {
    [
      NativeDefinition("add", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setAdd(a[0], a[1])
          return .none
        }
      },
      NativeDefinition("clear", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.dictClear(a[0])
          return .none
        }
      },
      NativeDefinition("discard", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.dictRemove(a[0], a[1])
          return .none
        }
      },
      NativeDefinition("remove", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if try vm.dictRemove(a[0], a[1]).isEmpty { throw vm.error(.keyError, args: a[1]) }
          return .none
        }
      },
      NativeDefinition("pop", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard let (_, item, _) = vm.dictNext(a[0], from: 0) else {
            throw vm.error(.keyError, "pop from an empty set")
          }
          _ = try vm.dictRemove(a[0], item)
          return item
        }
      },
      NativeDefinition("update", 1, nil) {
        native($0, $1, $2) { vm, a throws(PyError) in
          for i in 1..<a.count { try vm.setUpdate(a[0], a[i]) }
          return .none
        }
      },
      NativeDefinition("difference_update", 1, nil) {
        native($0, $1, $2) { vm, a throws(PyError) in
          for i in 1..<a.count { try vm.setRemoveAll(a[0], a[i]) }
          return .none
        }
      },
      NativeDefinition("intersection_update", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setBecome(a[0], try vm.setIntersection(a[0], a[1]))
          return .none
        }
      },
      NativeDefinition("symmetric_difference_update", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.setToggle(a[0], a[1])
          return .none
        }
      },
    ]
  }
}
