import Glibc

/// str: UTF-8 bytes with a cached hash; characters are counted only where the text is not ASCII.
extension VM {
  @inline(__always) func isASCII(_ p: UnsafeMutableRawPointer) -> Bool { p.header.bits & Header.asciiFlag != 0 }

  /// Number of characters.
  func characterCount(_ str: Value) -> Int {
    let p = str.pointer
    if isASCII(p) { return StrLayout.length(p) }
    var n = 0
    for b in StrLayout.buffer(p) where b & 0xC0 != 0x80 { n += 1 }
    return n
  }

  /// Byte offset of character `i` (0…count).
  func byteOffset(_ str: Value, _ i: Int) -> Int {
    let p = str.pointer
    if isASCII(p) { return i }
    let bytes = StrLayout.buffer(p)
    var left = i
    var at = 0
    while left > 0 && at < bytes.count {
      at += 1
      while at < bytes.count && bytes[at] & 0xC0 == 0x80 { at += 1 }
      left -= 1
    }
    return at
  }

  /// A str of bytes from outside; UnicodeError when they are not UTF-8.
  package func makeStrChecked(_ bytes: [UInt8]) throws(PyError) -> Value {
    if !isValidUTF8(bytes) { throw error(.unicodeError, "invalid utf-8") }
    return try makeStr(bytes)
  }

  /// Structural UTF-8 check, as the board's: sequences are whole; surrogates are let through.
  func isValidUTF8(_ bytes: [UInt8]) -> Bool {
    var need = 0
    for b in bytes {
      if need > 0 {
        if b & 0xC0 != 0x80 { return false }
        need -= 1
      } else if b >= 0x80 {
        if b >= 0xF8 || b < 0xC0 { return false }
        need = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : 1
      }
    }
    return need == 0
  }

  /// A part of a str.
  func substring(_ str: Value, _ from: Int, _ to: Int) throws(PyError) -> Value {
    if from == 0 && to == StrLayout.length(str.pointer) { return str }
    return try makeStr(UnsafeBufferPointer(rebasing: StrLayout.buffer(str.pointer)[from..<max(from, to)]))
  }

  /// A one-character str; those of ASCII are interned.
  package func makeCharacter(_ scalar: UInt32) throws(PyError) -> Value {
    if scalar < 0x80 { return intern([UInt8(scalar)]) }
    var utf8: [UInt8] = []
    if scalar < 0x800 {
      utf8 = [0xC0 | UInt8(scalar >> 6)]
    } else if scalar < 0x1_0000 {
      utf8 = [0xE0 | UInt8(scalar >> 12), 0x80 | UInt8(scalar >> 6 & 0x3F)]
    } else {
      utf8 = [0xF0 | UInt8(scalar >> 18), 0x80 | UInt8(scalar >> 12 & 0x3F), 0x80 | UInt8(scalar >> 6 & 0x3F)]
    }
    return try makeStr(utf8 + [0x80 | UInt8(scalar & 0x3F)])
  }

  /// The character at a byte offset and its length in bytes.
  func decodeCharacter(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> (UInt32, Int) {
    let b = UInt32(bytes[at])
    if b < 0x80 { return (b, 1) }
    let n = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1
    var scalar = n == 4 ? b & 7 : n == 3 ? b & 15 : b & 31
    var i = 1
    while i < n && at + i < bytes.count {
      scalar = scalar << 6 | UInt32(bytes[at + i] & 0x3F)
      i += 1
    }
    return (scalar, i)
  }

  func installStr() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 { return vm.interpreter.names.empty }
        if a.count > 2 || a.keywordCount > 0 {
          guard !a[1].has(.str), let bytes = try? vm.bufferBytes(a[1]) else {
            throw vm.typeError("decoding \(vm.string(vm.typeName(a[1]))) is not supported")
          }
          return try vm.makeStrChecked(bytes)
        }
        return try vm.str(a[1])
      }
    }
    slots.unary = { vm, op, v in
      UnaryOperation(rawValue: op) == .length
        ? Value(small: VM(vm).characterCount(Value(bits: v))).bits : Value.unsupported.bits
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.strBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.loadItem = { vm, v, i in operation(vm) { vm throws(PyError) in try vm.strGet(Value(bits: v), Value(bits: i)) }
    }
    slots.iterate = { vm, v in
      operation(vm) { vm throws(PyError) in
        let iterator = try vm.makeObject(vm.coreType(Interpreter.strIteratorTypeIndex), fields: 2)
        ObjectLayout.set(iterator.pointer, 0, Value(bits: v))
        ObjectLayout.set(iterator.pointer, 1, Value(small: 0))
        return iterator
      }
    }
    slots.print = { vm, v, kind, out in
      let bytes = StrLayout.buffer(Value(bits: v).pointer)
      if kind == PrintKind.json.rawValue {
        VM(vm).printJSON(bytes, TextBuffer(out))
      } else {
        VM(vm).printQuoted(bytes, TextBuffer(out), isBytes: false)
      }
      return Value.none.bits
    }
    slots.buffer = { vm, v, writable, out in
      if writable != 0 { return Value.unsupported.bits }
      let p = Value(bits: v).pointer
      var view = BufferView()
      view.start = UnsafeMutableRawPointer(StrLayout.bytes(p))
      view.sizeBytes = StrLayout.length(p)
      out.storeBytes(of: view, as: BufferView.self)
      return Value.none.bits
    }
    install(try makeType("str", tag: .str, methods: VM.strMethods, slots: slots), for: .str)
    var iterator = TypeSlots()
    iterator.iterate = { _, v in v }
    iterator.next = { vm, v in
      operation(vm) { vm throws(PyError) in
        let p = Value(bits: v).pointer
        let str = ObjectLayout.field(p, 0)
        let at = ObjectLayout.field(p, 1).small
        let bytes = StrLayout.buffer(str.pointer)
        if at >= bytes.count { return .stop }
        let (_, n) = vm.decodeCharacter(bytes, at)
        ObjectLayout.set(p, 1, Value(small: at + n))
        return n == 1 ? vm.intern([bytes[at]]) : try vm.substring(str, at, at + n)
      }
    }
    s.pointee.types[Interpreter.strIteratorTypeIndex] = try makeType("iterator", slots: iterator)
  }

  private func strGet(_ str: Value, _ index: Value) throws(PyError) -> Value {
    let n = characterCount(str)
    if index.has(.slice) {
      let (start, stop, step, _) = try sliceBounds(index, n)
      if step != 1 { throw error(.notImplementedError, "only slices with step=1 (aka None) are supported") }
      if stop <= start { return interpreter.names.empty }
      return try substring(str, byteOffset(str, start), byteOffset(str, stop))
    }
    let i = try self.index(index, n, "string", isString: true)
    if isASCII(str.pointer) { return intern([StrLayout.bytes(str.pointer)[i]]) }
    return try substring(str, byteOffset(str, i), byteOffset(str, i + 1))
  }

  private func strBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    if op == .modulo || op == .inplaceModulo { return try formatPercent(a, b) }
    if op == .multiply || op == .inplaceMultiply {
      guard let times = asIndex(b) else { return .unsupported }
      return try repeated(a, times)
    }
    guard b.has(.str) else {
      if op == .contains { throw typeError("can't convert '\(string(typeName(b)))' object to str implicitly") }
      return .unsupported
    }
    let (x, y) = (StrLayout.buffer(a.pointer), StrLayout.buffer(b.pointer))
    switch op {
    case .add, .inplaceAdd: return try concatenated(a, b)
    case .contains: return Value(try find(y, in: x, from: 0, to: x.count) != nil)
    case .equal: return Value(strEqual(a.pointer, b.pointer))
    case .less: return Value(compareBytes(x, y) < 0)
    case .greater: return Value(compareBytes(x, y) > 0)
    case .lessEqual: return Value(compareBytes(x, y) <= 0)
    case .greaterEqual: return Value(compareBytes(x, y) >= 0)
    default: return .unsupported
    }
  }

  /// Two strs or two bytes, one after the other.
  func concatenated(_ a: Value, _ b: Value) throws(PyError) -> Value {
    let (m, n) = (StrLayout.length(a.pointer), StrLayout.length(b.pointer))
    if n == 0 { return a }
    if m == 0 && a.tag == b.tag { return b }
    let (sum, start) = a.has(.str) ? try makeStrUninitialised(count: m + n) : try makeBytesUninitialised(count: m + n)
    memcpy(start, StrLayout.bytes(a.pointer), m)
    memcpy(start + m, StrLayout.bytes(b.pointer), n)
    finishStr(sum)
    return sum
  }

  func repeated(_ a: Value, _ times: Int) throws(PyError) -> Value {
    let n = StrLayout.length(a.pointer)
    let (total, overflow) = n.multipliedReportingOverflow(by: max(0, times))
    if overflow || total > Header.maximumBlocks * 8 { throw memoryError(bytes: overflow ? Int.max : total + 1) }
    try ensureRoom(total + 1)
    let (result, start) =
      a.has(.str) ? try makeStrUninitialised(count: total) : try makeBytesUninitialised(count: total)
    for i in 0..<max(0, n == 0 ? 0 : times) { memcpy(start + i * n, StrLayout.bytes(a.pointer), n) }
    finishStr(result)
    return result
  }

  func compareBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    let n = min(a.count, b.count)
    if n > 0, case let order = memcmp(a.baseAddress.unsafelyUnwrapped, b.baseAddress.unsafelyUnwrapped, n), order != 0 {
      return Int(order)
    }
    return a.count - b.count
  }

  /// First place of `needle` in `hay[from..<to]`.
  func find(_ needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>, from: Int, to: Int)
    throws(PyError) -> Int?
  {
    if to - from < needle.count { return nil }
    if needle.isEmpty { return from }
    guard let base = hay.baseAddress, let wanted = needle.baseAddress else { return nil }
    // memchr finds candidates; a pattern of repeated first bytes costs at most needle times hay, as in the reference.
    var at = from
    let last = to - needle.count
    while at <= last, let hit = memchr(base + at, Int32(wanted[0]), last - at + 1) {
      at = UnsafeRawPointer(hit) - UnsafeRawPointer(base)
      if memcmp(base + at, wanted, needle.count) == 0 { return at }
      try pollInterrupts()
      at += 1
    }
    return nil
  }

  /// Last place of `needle` in `hay[from..<to]`.
  func findLast(_ needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>, from: Int, to: Int)
    throws(PyError) -> Int?
  {
    var at = to - needle.count
    while at >= from {
      try pollInterrupts()
      if needle.isEmpty
        || memcmp(hay.baseAddress.unsafelyUnwrapped + at, needle.baseAddress.unsafelyUnwrapped, needle.count) == 0
      {
        return at
      }
      at -= 1
    }
    return nil
  }

  /// `repr` of text or bytes: the quote that needs no escape, escapes as the board prints them.
  func printQuoted(_ bytes: UnsafeBufferPointer<UInt8>, _ out: TextBuffer, isBytes: Bool) {
    let quote: UInt8 = bytes.contains(0x27) && !bytes.contains(0x22) ? 0x22 : 0x27
    if isBytes { out.append(0x62) }
    out.append(quote)
    var at = 0
    while at < bytes.count {
      let b = bytes[at]
      at += 1
      switch b {
      case quote, 0x5C:
        out.append(0x5C)
        out.append(b)
      case 0x0A: out.append("\\n")
      case 0x0D: out.append("\\r")
      case 0x09: out.append("\\t")
      case 0x20..<0x7F: out.append(b)
      case 0x80... where !isBytes: out.append(b)
      default:
        out.append("\\x")
        out.append(hexDigit(b >> 4))
        out.append(hexDigit(b & 15))
      }
    }
    out.append(quote)
  }

  func hexDigit(_ n: UInt8) -> UInt8 { n < 10 ? 48 + n : 87 + n }

  /// A JSON string literal.
  func printJSON(_ bytes: UnsafeBufferPointer<UInt8>, _ out: TextBuffer) {
    out.append(0x22)
    for b in bytes {
      switch b {
      case 0x22, 0x5C:
        out.append(0x5C)
        out.append(b)
      case 0x0A: out.append("\\n")
      case 0x0D: out.append("\\r")
      case 0x09: out.append("\\t")
      case 0..<0x20:
        out.append("\\u00")
        out.append(hexDigit(b >> 4))
        out.append(hexDigit(b & 15))
      default: out.append(b)
      }
    }
    out.append(0x22)
  }
}
