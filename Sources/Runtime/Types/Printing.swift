/// `str`, `repr` and `print` of any value, written into a `TextBuffer`.
package enum PrintKind: Int { case str = 0, repr = 1, json = 2 }

extension VM {
  /// Containers inside containers deeper than this are refused (`RuntimeError: maximum recursion depth exceeded`).
  static var maximumPrintDepth: Int { 200 }

  package func print(_ value: Value, _ kind: PrintKind, _ out: TextBuffer) throws(PyError) {
    try checkSize(out)
    if value.isSmallInt {
      out.append(decimal: value.small)
      return
    }
    guard value.isObject else {
      switch value {
      case .none: out.append(kind == .json ? "null" : "None")
      case .true: out.append(kind == .json ? "true" : "True")
      case .false: out.append(kind == .json ? "false" : "False")
      case .ellipsis: out.append("Ellipsis")
      case .notImplemented: out.append("NotImplemented")
      default: out.append("<null>")
      }
      return
    }
    if kind == .json && !isJSON(value) { throw typeError("can't convert object to json") }
    if value.tag == .str && kind == .str {
      out.append(StrLayout.buffer(value.pointer))
      return
    }
    if value.tag == .instance {
      try printInstance(value, kind, out)
      return
    }
    interpreter.printDepth += 1
    defer { interpreter.printDepth -= 1 }
    if interpreter.printDepth > VM.maximumPrintDepth { throw runtimeError("maximum recursion depth exceeded") }
    if let slot = slots(type(of: value)).pointee.print {
      let result = Value(bits: slot(raw, value.bits, kind.rawValue, out.raw))
      if result.isEmpty { throw PyError() }
      if result != .unsupported { return }
    }
    out.append("<")
    out.append(string(typeName(value)))
    out.append(">")
  }

  private func isJSON(_ value: Value) -> Bool {
    switch value.tag {
    case .int, .float, .str, .bytes, .list, .tuple, .namedTuple, .dict: true
    case .instance: !wrappedNative(value).isEmpty
    default: false
    }
  }

  private func printInstance(_ value: Value, _ kind: PrintKind, _ out: TextBuffer) throws(PyError) {
    let type = self.type(of: value)
    let names = interpreter.names
    let wrapped = wrappedNative(value)
    var method = kind == .str ? lookup(type, names.dunderStr) : .empty
    if method.isEmpty || method.has(.native) { method = lookup(type, names.dunderRepr) }
    if !method.isEmpty && !method.has(.native) {
      let (function, receiver) = try bind(method, value, type)
      let text = receiver.isEmpty ? try call(function) : try call(function, receiver)
      guard text.has(.str) else { throw cannotConvert(text, to: "str") }
      out.append(StrLayout.buffer(text.pointer))
      return
    }
    if !wrapped.isEmpty {
      try print(wrapped, kind, out)
      return
    }
    out.append("<\(string(type.pointer.value(TypeLayout.name))) object at \(hexAddress(value))>")
  }

  /// An address as a 32-bit board would show it.
  package func hexAddress(_ value: Value) -> String {
    "0x" + String(UInt32(truncatingIfNeeded: 0x2000_0000 &+ (value.bits & 0xF_FFFF)), radix: 16)
  }

  package func repr(_ value: Value) throws(PyError) -> Value {
    try makeStr { out throws(PyError) in try print(value, .repr, out) }
  }

  /// `str(value)`
  package func str(_ value: Value) throws(PyError) -> Value {
    if value.has(.str) { return value }
    return try makeStr { out throws(PyError) in try print(value, .str, out) }
  }

  /// A value's `str` as a Swift string, for messages.
  package func describe(_ value: Value) throws(PyError) -> String { string(try str(value)) }

  /// Prints a parenthesised, comma-separated run of values.
  func printItems(_ count: Int, _ item: (Int) -> Value, _ kind: PrintKind, _ out: TextBuffer) throws(PyError) {
    for i in 0..<count {
      if i > 0 { out.append(", ") }
      try print(item(i), kind == .json ? .json : .repr, out)
    }
  }

  /// Writes to the console, LF as CR LF.
  package func writeConsole(_ bytes: UnsafeBufferPointer<UInt8>) {
    VM.cooked(bytes).withUnsafeBytes { interpreter.host.writeConsole($0) }
  }
  /// Each LF that no CR precedes as CR LF.
  static func cooked(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var cooked: [UInt8] = []
    cooked.reserveCapacity(bytes.count + 2)
    var last: UInt8 = 0
    for b in bytes {
      if b == 0x0A && last != 0x0D { cooked.append(0x0D) }
      cooked.append(b)
      last = b
    }
    return cooked
  }
  package func writeConsole(_ text: String) { Array(text.utf8).withUnsafeBufferPointer { writeConsole($0) } }
}
