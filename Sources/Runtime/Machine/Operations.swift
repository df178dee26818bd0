/// Operators on any values: the complete way. Handlers have the fast paths for small ints and floats in front of it.
extension VM {
  package func binary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    switch op {
    case .is: return Value(a == b)
    case .exceptionMatch: return Value(try exceptionMatches(a, b))
    case .contains: return Value(try contains(b, a))
    case .equal: return Value(try equal(a, b))
    case .notEqual: return try notEqual(a, b)
    default: break
    }
    // An in-place operator tries its own method first, then the plain one.
    if op.isInplace {
      let result = try binaryOneSided(op, a, b)
      if result != .unsupported { return result }
      return try binaryPlain(op.plain, a, b, shown: op)
    }
    return try binaryPlain(op, a, b, shown: op)
  }

  private func binaryPlain(_ op: BinaryOperation, _ a: Value, _ b: Value, shown: BinaryOperation) throws(PyError)
    -> Value
  {
    let result = try binaryOneSided(op, a, b)
    if result != .unsupported { return result }
    if let mirrored = op.mirrored {
      let result = try binaryOneSided(mirrored, b, a)
      if result != .unsupported { return result }
    } else if let name = op.reflectedName(interpreter.names) {
      let result = try binaryReflected(op, name, a, b)
      if result != .unsupported { return result }
    }
    let names = interpreter.names
    let method = string(shown.methodName(names))
    throw typeError(
      "unsupported types for \(method): '\(string(typeName(a)))', '\(string(typeName(b)))'")
  }

  /// The left operand's answer, or `.unsupported`.
  func binaryOneSided(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if a.has(.instance) {
      let type = self.type(of: a)
      let method = lookup(type, op.methodName(interpreter.names))
      if !method.isEmpty {
        let (function, receiver) = try bind(method, method.has(.native) ? wrappedOrSelf(a) : a, type)
        let result = receiver.isEmpty ? try call(function, b) : try call(function, receiver, b)
        return result == .notImplemented ? .unsupported : result
      }
      let wrapped = wrappedNative(a)
      return wrapped.isEmpty ? .unsupported : try binaryOneSided(op, wrapped, b)
    }
    guard let slot = slots(type(of: a)).pointee.binary else { return .unsupported }
    let other = wrappedNative(b)
    return try checked(slot(raw, op.rawValue, a.bits, other.isEmpty ? b.bits : other.bits))
  }

  /// The right operand's `__radd__` and friends.
  private func binaryReflected(_ op: BinaryOperation, _ name: Value, _ a: Value, _ b: Value) throws(PyError) -> Value {
    guard b.has(.instance) else { return .unsupported }
    let type = self.type(of: b)
    let method = lookup(type, name)
    if method.isEmpty { return .unsupported }
    let (function, receiver) = try bind(method, b, type)
    let result = receiver.isEmpty ? try call(function, a) : try call(function, receiver, a)
    return result == .notImplemented ? .unsupported : result
  }

  func wrappedOrSelf(_ value: Value) -> Value {
    let wrapped = wrappedNative(value)
    return wrapped.isEmpty ? value : wrapped
  }

  /// `a == b`, never an error of unsupported types: different kinds are just unequal.
  package func equal(_ a: Value, _ b: Value) throws(PyError) -> Bool {
    if a == b { return !(a.has(.float) && FloatLayout.value(a.pointer).isNaN) }
    if Value.bothSmall(a, b) { return false }
    if a.has(.str) && b.has(.str) { return strEqual(a.pointer, b.pointer) }
    var result = try binaryOneSided(.equal, a, b)
    if result == .unsupported { result = try binaryOneSided(.equal, b, a) }
    if result == .unsupported { return false }
    return try isTrue(result)
  }

  private func notEqual(_ a: Value, _ b: Value) throws(PyError) -> Value {
    if a.has(.instance) {
      let result = try binaryOneSided(.notEqual, a, b)
      if result != .unsupported { return result }
    }
    return Value(try !equal(a, b))
  }

  /// Whether dict keys are the same: identical, or equal.
  func keysEqual(_ a: Value, _ b: Value) throws(PyError) -> Bool { a == b ? true : try equal(a, b) }

  package func less(_ a: Value, _ b: Value) throws(PyError) -> Bool {
    if Value.bothSmall(a, b) { return a.small < b.small }
    return try isTrue(try binary(.less, a, b))
  }

  package func contains(_ container: Value, _ item: Value) throws(PyError) -> Bool {
    if container.has(.instance) {
      let type = self.type(of: container)
      let method = lookup(type, interpreter.names.dunderContains)
      if !method.isEmpty {
        let (function, receiver) = try bind(method, container, type)
        return try isTrue(receiver.isEmpty ? try call(function, item) : try call(function, receiver, item))
      }
      let wrapped = wrappedNative(container)
      if !wrapped.isEmpty { return try contains(wrapped, item) }
    } else if let slot = slots(type(of: container)).pointee.binary {
      // For `contains` the container is the left operand of the slot.
      let result = try checked(slot(raw, BinaryOperation.contains.rawValue, container.bits, item.bits))
      if result != .unsupported { return try isTrue(result) }
    }
    var iterator = try iterate(container)
    defer { iterator.end() }
    while let element = try iterator.next() {
      if try keysEqual(element, item) { return true }
    }
    return false
  }

  package func unary(_ op: UnaryOperation, _ a: Value) throws(PyError) -> Value {
    if op == .not { return Value(try !isTrue(a)) }
    if a.has(.instance) {
      let type = self.type(of: a)
      let names = interpreter.names
      let name: Value
      switch op {
      case .positive: name = names.dunderPos
      case .negative: name = names.dunderNeg
      case .invert: name = names.dunderInvert
      case .absolute: name = names.dunderAbs
      case .int: name = names.dunderInt
      case .float: name = names.dunderFloat
      case .length: name = names.dunderLen
      case .hash: name = names.dunderHash
      case .bool, .not: name = names.dunderBool
      }
      let method = lookup(type, name)
      if !method.isEmpty && !method.has(.native) {
        let (function, receiver) = try bind(method, a, type)
        return receiver.isEmpty ? try call(function) : try call(function, receiver)
      }
      let wrapped = wrappedNative(a)
      if !wrapped.isEmpty { return try unary(op, wrapped) }
    } else if let slot = slots(type(of: a)).pointee.unary {
      let result = try checked(slot(raw, op.rawValue, a.bits))
      if result != .unsupported { return result }
    }
    let type = string(typeName(a))
    switch op {
    case .length: throw typeError("object of type '\(type)' has no len()")
    case .int: throw cannotConvert(a, to: "int")
    case .float: throw cannotConvert(a, to: "float")
    default:
      throw typeError("unsupported type for \(op.shownName): '\(type)'")
    }
  }

  /// Truth: bool, None, numbers, then `__bool__`, `__len__`; anything else is true.
  package func isTrue(_ a: Value) throws(PyError) -> Bool {
    if a.isBool { return a == .true }
    if a.isSmallInt { return a.small != 0 }
    if a.isNone || a.isEmpty { return false }
    guard a.isObject else { return true }
    switch a.tag {
    case .str, .bytes: return StrLayout.length(a.pointer) != 0
    case .list: return ListLayout.count(a.pointer) != 0
    case .tuple, .namedTuple: return TupleLayout.count(a.pointer) != 0
    case .dict: return DictLayout.used(a.pointer) != 0
    case .float: return FloatLayout.value(a.pointer) != 0
    case .function, .boundMethod, .native, .type, .module, .generator, .exception: return true
    case .instance: return try instanceIsTrue(a)
    default:
      guard let slot = slots(type(of: a)).pointee.unary else { return true }
      let result = try checked(slot(raw, UnaryOperation.bool.rawValue, a.bits))
      if result != .unsupported { return try isTrue(result) }
      let length = try checked(slot(raw, UnaryOperation.length.rawValue, a.bits))
      return length == .unsupported ? true : try isTrue(length)
    }
  }

  private func instanceIsTrue(_ a: Value) throws(PyError) -> Bool {
    let type = self.type(of: a)
    let names = interpreter.names
    for name in [names.dunderBool, names.dunderLen] {
      let method = lookup(type, name)
      if method.isEmpty || method.has(.native) { continue }
      let (function, receiver) = try bind(method, a, type)
      let result = receiver.isEmpty ? try call(function) : try call(function, receiver)
      if result.isObject && result.tag == .instance { throw typeError("__bool__ should return bool") }
      return try isTrue(result)
    }
    let wrapped = wrappedNative(a)
    return wrapped.isEmpty ? true : try isTrue(wrapped)
  }

  /// `len(a)`
  package func length(_ a: Value) throws(PyError) -> Int {
    if a.isObject {
      switch a.tag {
      case .list: return ListLayout.count(a.pointer)
      case .tuple, .namedTuple: return TupleLayout.count(a.pointer)
      case .dict: return DictLayout.used(a.pointer)
      case .bytes: return StrLayout.length(a.pointer)
      default: break
      }
    }
    let result = try unary(.length, a)
    guard result.isSmallInt else { throw cannotConvert(result, to: "int") }
    return result.small
  }

  /// `hash(a)`; TypeError for mutable builtins.
  package func hash(_ a: Value) throws(PyError) -> Int {
    if a.isSmallInt { return a.small }
    if a.has(.str) || a.has(.bytes) { return Int(StrLayout.hash(a.pointer)) }
    if a == .true { return 1 }
    if a == .false { return 0 }
    if a.has(.instance) {
      let method = lookup(type(of: a), interpreter.names.dunderHash)
      if method.isEmpty || method.has(.native) {
        // A class with its own `__eq__` and no `__hash__` cannot be a key.
        if !lookup(type(of: a), interpreter.names.dunderEq).isEmpty {
          throw typeError("unsupported type for __hash__: '\(string(typeName(a)))'")
        }
        let wrapped = wrappedNative(a)
        if !wrapped.isEmpty { return try hash(wrapped) }
        return Int(truncatingIfNeeded: a.bits &>> 4)
      }
      let result = try unary(.hash, a)
      guard result.isSmallInt else { throw cannotConvert(result, to: "int") }
      return result.small
    }
    if a.isObject, let slot = slots(type(of: a)).pointee.unary {
      let result = try checked(slot(raw, UnaryOperation.hash.rawValue, a.bits))
      if result.isSmallInt { return result.small }
      if result == .none { throw typeError("unsupported type for __hash__: '\(string(typeName(a)))'") }
    }
    if a.isObject {
      switch a.tag {
      case .list, .dict, .set, .bytearray, .slice, .array:
        throw typeError("unsupported type for __hash__: '\(string(typeName(a)))'")
      default: break
      }
    }
    return Int(truncatingIfNeeded: a.bits &>> 4)
  }

  /// Whether a raised exception is caught by `pattern` (a class or a tuple of classes).
  func exceptionMatches(_ exception: Value, _ pattern: Value) throws(PyError) -> Bool {
    if pattern.has(.type), isSubtype(pattern, exceptionType(.baseException)) {
      return exception.has(.exception) && isInstance(exception, pattern)
    }
    if pattern.has(.tuple) {
      for i in 0..<TupleLayout.count(pattern.pointer) {
        if try exceptionMatches(exception, TupleLayout.item(pattern.pointer, i)) { return true }
      }
      return false
    }
    throw typeError(
      "unsupported types for exception match: '\(string(typeName(exception)))', '\(string(typeName(pattern)))'")
  }

  /// `object[index]`
  package func getItem(_ object: Value, _ index: Value) throws(PyError) -> Value {
    if object.has(.instance) {
      let type = self.type(of: object)
      let method = lookup(type, interpreter.names.dunderGetitem)
      if !method.isEmpty && !method.has(.native) {
        let (function, receiver) = try bind(method, object, type)
        return receiver.isEmpty ? try call(function, index) : try call(function, receiver, index)
      }
      let wrapped = wrappedNative(object)
      if !wrapped.isEmpty { return try getItem(wrapped, index) }
    } else if let slot = slots(type(of: object)).pointee.loadItem {
      let result = try checked(slot(raw, object.bits, index.bits))
      if result != .unsupported { return result }
    }
    throw typeError("'\(string(typeName(object)))' object isn't subscriptable")
  }

  /// `object[index] = value`, or `del object[index]` when `value` is empty.
  package func setItem(_ object: Value, _ index: Value, _ value: Value) throws(PyError) {
    if object.has(.instance) {
      let type = self.type(of: object)
      let names = interpreter.names
      let method = lookup(type, value.isEmpty ? names.dunderDelitem : names.dunderSetitem)
      if !method.isEmpty && !method.has(.native) {
        let (function, receiver) = try bind(method, object, type)
        let arguments = value.isEmpty ? [index] : [index, value]
        _ = try call(function, receiver.isEmpty ? arguments : [receiver] + arguments)
        return
      }
      let wrapped = wrappedNative(object)
      if !wrapped.isEmpty {
        try setItem(wrapped, index, value)
        return
      }
    } else if let slot = slots(type(of: object)).pointee.storeItem {
      let result = try checked(slot(raw, object.bits, index.bits, value.bits))
      if result != .unsupported { return }
    }
    throw typeError(
      "'\(string(typeName(object)))' object doesn't support item \(value.isEmpty ? "deletion" : "assignment")")
  }
}
