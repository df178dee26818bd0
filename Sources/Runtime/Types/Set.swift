/// set and frozenset: a dict's table with None for values, so that order and look-up are the board's.
/// Layout as dict; the tag tells them apart.
extension VM {
  package func makeSet(room: Int = 0, frozen: Bool = false) throws(PyError) -> Value {
    let set = try makeDict(room)
    let p = set.pointer
    let tag = frozen ? Tag.frozenset : Tag.set
    p.header = Header(bits: p.header.bits & ~0xFF | UInt64(tag.rawValue))
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

  /// The items of `a` whose membership in `b` is `wanted`, as a set of a's kind.
  private func setFilter(_ a: Value, _ b: Value, wanted: Bool) throws(PyError) -> Value {
    let result = try makeSet(frozen: a.has(.frozenset))
    push(result)
    defer { pop() }
    var at = 0
    while let (slot, item, _) = dictNext(a, from: at) {
      at = slot + 1
      if try setContains(b, item) == wanted { try setAdd(result, item) }
    }
    return result
  }

  private func setUnion(_ a: Value, _ b: Value) throws(PyError) -> Value {
    let result = try set(from: a, frozen: a.has(.frozenset))
    push(result)
    defer { pop() }
    try setUpdate(result, b)
    return result
  }

  private func isSubset(_ a: Value, _ b: Value) throws(PyError) -> Bool {
    var at = 0
    while let (slot, item, _) = dictNext(a, from: at) {
      at = slot + 1
      if try !setContains(b, item) { return false }
    }
    return true
  }

  /// Makes `set` hold what `result` holds.
  private func setBecome(_ set: Value, _ result: Value) throws(PyError) {
    dictClear(set)
    var at = 0
    while let (slot, item, _) = dictNext(result, from: at) {
      at = slot + 1
      try setAdd(set, item)
    }
  }

  private func setBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if op == .contains { return Value(try setContains(a, b)) }
    guard isSet(b) else { return .unsupported }
    switch op {
    case .or: return try setUnion(a, b)
    case .and: return try setFilter(a, b, wanted: true)
    case .subtract: return try setFilter(a, b, wanted: false)
    case .xor: return try setUnion(try setFilter(a, b, wanted: false), try setFilter(b, a, wanted: false))
    case .inplaceOr, .inplaceAnd, .inplaceSubtract, .inplaceXor:
      if a.has(.frozenset) { return try setBinary(op.plain, a, b) }
      if op == .inplaceOr {
        try setUpdate(a, b)
      } else {
        try setBecome(a, try setBinary(op.plain, a, b))
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
  private func setMethod(_ op: BinaryOperation, _ a: Arguments) throws(PyError) -> Value {
    let other = isSet(a[1]) ? a[1] : try set(from: a[1])
    push(other)
    defer { pop() }
    return try setBinary(op, a[0], other)
  }

  private static var sharedSetMethods: [NativeDefinition] {
    [
      NativeDefinition("copy", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.set(from: a[0], frozen: a[0].has(.frozenset))
        }
      },
      NativeDefinition("difference", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.subtract, a) }
      },
      NativeDefinition("intersection", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.and, a) }
      },
      NativeDefinition("symmetric_difference", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.xor, a) }
      },
      NativeDefinition("union", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.or, a) } },
      NativeDefinition("issubset", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.lessEqual, a) }
      },
      NativeDefinition("issuperset", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.setMethod(.greaterEqual, a) }
      },
      NativeDefinition("isdisjoint", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(vm.dictCount(try vm.setMethod(.and, a)) == 0)
        }
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
      NativeDefinition("difference_update", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.setMethod(.inplaceSubtract, a)
          return .none
        }
      },
      NativeDefinition("intersection_update", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.setMethod(.inplaceAnd, a)
          return .none
        }
      },
      NativeDefinition("symmetric_difference_update", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.setMethod(.inplaceXor, a)
          return .none
        }
      },
    ]
  }
}
