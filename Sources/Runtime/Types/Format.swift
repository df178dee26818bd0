import Glibc

/// `str.format`, format specs and `%` formatting.
extension VM {
  /// Nesting of replacement fields inside format specs.
  private static var maximumFieldDepth: Int { 2 }

  func format(_ text: UnsafeBufferPointer<UInt8>, _ a: Arguments, _ out: TextBuffer) throws(PyError) {
    var next = 0
    try format(text, a, &next, out, 0)
  }

  /// `next` is the number of the next automatic field, -1 once fields are numbered by hand.
  private func format(
    _ text: UnsafeBufferPointer<UInt8>, _ a: Arguments, _ next: inout Int, _ out: TextBuffer, _ depth: Int
  ) throws(PyError) {
    if depth > VM.maximumFieldDepth { throw valueError("nested fields too deep") }
    var i = 0
    while i < text.count {
      let c = text[i]
      i += 1
      if c == 0x7D {
        guard i < text.count && text[i] == 0x7D else { throw valueError("single '}' encountered in format string") }
        i += 1
        out.append(c)
        continue
      }
      if c != 0x7B {
        out.append(c)
        continue
      }
      if i < text.count && text[i] == 0x7B {
        i += 1
        out.append(c)
        continue
      }
      // Field: name, !conversion, :spec, }
      let nameStart = i
      while i < text.count && text[i] != 0x21 && text[i] != 0x3A && text[i] != 0x7D { i += 1 }
      let name = text[nameStart..<i]
      if i >= text.count { throw valueError("unmatched '{' in format") }
      var conversion: UInt8 = 0
      if i < text.count && text[i] == 0x21 {
        guard i + 1 < text.count, text[i + 1] == 0x72 || text[i + 1] == 0x73 else {
          throw valueError("bad conversion specifier")
        }
        conversion = text[i + 1]
        i += 2
      }
      var spec: [UInt8] = []
      let value = try fieldValue(name, a, &next)
      if i < text.count && text[i] == 0x3A {
        let start = i + 1
        var nesting = 0
        i = start
        while i < text.count && !(text[i] == 0x7D && nesting == 0) {
          if text[i] == 0x7B { nesting += 1 }
          if text[i] == 0x7D { nesting -= 1 }
          i += 1
        }
        let inner = takeBuffer()
        defer { release(inner) }
        try format(UnsafeBufferPointer(rebasing: text[start..<i]), a, &next, inner, depth + 1)
        spec = Array(inner.bytes)
      }
      guard i < text.count && text[i] == 0x7D else {
        throw valueError(i >= text.count ? "unmatched '{' in format" : "expected ':' after format specifier")
      }
      i += 1
      if conversion != 0 {
        let converted = conversion == 0x72 ? try repr(value) : try str(value)
        try formatValue(converted, spec, out)
      } else {
        try formatValue(value, spec, out)
      }
    }
  }

  private func fieldValue(_ name: Slice<UnsafeBufferPointer<UInt8>>, _ a: Arguments, _ next: inout Int) throws(PyError)
    -> Value
  {
    let head = name.prefix { $0 != 0x2E && $0 != 0x5B }
    var value: Value
    if head.isEmpty || head.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
      var n = 0
      if head.isEmpty {
        if next < 0 { throw valueError("can't switch from manual field specification to automatic field numbering") }
        n = next
        next += 1
      } else {
        if next > 0 { throw valueError("can't switch from automatic field numbering to manual field specification") }
        for d in head where n < 1 << 30 { n = n * 10 + Int(d - 48) }
        next = -1
      }
      guard n + 1 < a.count else { throw error(.indexError, "tuple index out of range") }
      value = a[n + 1]
    } else {
      let key = intern(Array(head))
      value = a.keyword(key)
      if value.isEmpty { throw error(.keyError, args: key) }
    }
    if head.count != name.count { throw error(.notImplementedError, "attributes not supported") }
    return value
  }

  /// `format(value, spec)` into `out`.
  package func formatValue(_ value: Value, _ spec: [UInt8], _ out: TextBuffer) throws(PyError) {
    if value.has(.instance) {
      let method = try findAttribute(value, intern("__format__"))
      if !method.isEmpty && !spec.isEmpty {
        let text = try call(method, try makeStr(spec))
        guard text.has(.str) else { throw cannotConvert(text, to: "str") }
        out.append(StrLayout.buffer(text.pointer))
        return
      }
    }
    if spec.isEmpty {
      try print(value, .str, out)
      return
    }
    var s = FormatSpec()
    guard s.parse(spec) else { throw valueError("invalid format specifier") }
    try formatValue(value, s, out)
  }

  private func formatValue(_ value: Value, _ spec: FormatSpec, _ out: TextBuffer) throws(PyError) {
    let body = takeBuffer()
    defer { release(body) }
    var s = spec
    if isInteger(value) && !"eEfFgGn%".utf8.contains(s.type) || value.isBool && s.type == 0 {
      if value.isBool && s.type == 0 {
        try print(value, .str, body)
      } else {
        try formatInt(value, &s, body)
      }
    } else if let x = asNumber(value) {
      if !(s.type == 0 || "eEfFgGn%".utf8.contains(s.type)) { throw unknownFormat(s.type, value) }
      formatFloat(x, &s, body)
    } else {
      if s.align == 0x3D { throw valueError("'=' alignment not allowed in string format specifier") }
      if s.sign != 0 { throw valueError("sign not allowed in string format specifier") }
      if s.type != 0 && s.type != 0x73 { throw unknownFormat(s.type, value) }
      try print(value, .str, body)
      if s.precision >= 0 {
        let text = try makeStr(body.bytes)
        body.truncate(to: byteOffset(text, min(s.precision, characterCount(text))))
      }
      if s.align == 0 { s.align = 0x3C }
    }
    try pad(body, s, out)
  }

  private func unknownFormat(_ type: UInt8, _ value: Value) -> PyError {
    valueError(
      "unknown format code '\(Character(UnicodeScalar(type)))' for object of type '\(string(typeName(value)))'")
  }

  /// An int's digits with sign and prefix, grouped; what is the sign and prefix is told for zero padding.
  private func formatInt(_ value: Value, _ s: inout FormatSpec, _ body: TextBuffer) throws(PyError) {
    if s.type == 0x63 {
      let n = try intArgument(value)
      guard n >= 0 && n < 0x11_0000 else { throw valueError("chr() arg not in range(0x110000)") }
      body.append(StrLayout.buffer(try makeCharacter(UInt32(n)).pointer))
      return
    }
    let base: Int
    switch s.type {
    case 0, 0x64: base = 10
    case 0x62: base = 2
    case 0x6F: base = 8
    case 0x78, 0x58: base = 16
    default: throw unknownFormat(s.type, value)
    }
    let digits = takeBuffer()
    defer { release(digits) }
    try printInt(value, base: base, digits)
    var text = digits.bytes
    let isNegative = text.first == 0x2D
    if isNegative { text = UnsafeBufferPointer(rebasing: text[1...]) }
    s.appendSign(isNegative, body)
    if s.alternate && base != 10 {
      body.append(0x30)
      body.append(s.type)
    }
    s.signLength = body.count
    for (i, d) in text.enumerated() {
      if i > 0 && s.group != 0 && (text.count - i) % (base == 10 ? 3 : 4) == 0 { body.append(s.group) }
      body.append(s.type == 0x58 && d >= 97 ? d - 32 : d)
    }
    if s.align == 0 { s.align = s.zero ? 0x3D : 0x3E }
  }

  private func formatFloat(_ x: Double, _ s: inout FormatSpec, _ body: TextBuffer) {
    s.appendSign(x.sign == .minus && !x.isNaN, body)
    s.signLength = body.count
    var type = s.type == 0x6E ? 0x67 : s.type
    var value = abs(x)
    var suffix: UInt8 = 0
    if type == 0x25 {
      value *= 100
      type = 0x66
      suffix = 0x25
    }
    if !x.isFinite {
      body.append(x.isNaN ? (type == 0x46 ? "NAN" : "nan") : (type == 0x46 ? "INF" : "inf"))
      if s.zero { s.fill = 0x20 }
    } else if type == 0 && s.precision < 0 {
      printFloat(value, body)
    } else {
      appendFormatted(value, type == 0 ? 0x67 : type, s.precision < 0 ? 6 : s.precision, s.alternate, body)
    }
    if s.group != 0 { groupDigits(body, from: s.signLength, s.group) }
    if suffix != 0 { body.append(suffix) }
    if s.align == 0 { s.align = s.zero ? 0x3D : 0x3E }
  }

  /// A number that is not negative as C's `%e`, `%f`, `%g`: exact for doubles (no locale is ever set), the board's way for singles.
  func appendFormatted(_ value: Double, _ type: UInt8, _ precision: Int, _ alternate: Bool, _ out: TextBuffer) {
    if s.pointee.floatMode != .double {
      let style: SingleDecimal.Style = type | 32 == 0x65 ? .exponent : type | 32 == 0x66 ? .fixed : .general
      let text = SingleDecimal(s.pointee.floatMode).text(
        Float(value), style, precision: precision, hasSign: !out.bytes.isEmpty)
      out.append(type & 32 == 0 ? text.map { $0 == 0x65 ? 0x45 : $0 } : text)
      return
    }
    let places = min(precision, 400)
    let format = "%" + (alternate ? "#" : "") + ".*" + String(UnicodeScalar(type))
    var room = [CChar](repeating: 0, count: 400 + places)
    let n = withVaList([CInt(places), value]) { vsnprintf(&room, room.count, format, $0) }
    for i in 0..<min(Int(n), room.count - 1) { out.append(UInt8(bitPattern: room[i])) }
  }

  private func groupDigits(_ body: TextBuffer, from start: Int, _ group: UInt8) {
    let text = Array(body.bytes)
    let digits = text[start...].prefix { $0 >= 48 && $0 <= 57 }.count
    body.truncate(to: start)
    for i in 0..<digits {
      if i > 0 && (digits - i) % 3 == 0 { body.append(group) }
      body.append(text[start + i])
    }
    body.append(Array(text[(start + digits)...]))
  }

  private func pad(_ body: TextBuffer, _ s: FormatSpec, _ out: TextBuffer) throws(PyError) {
    var count = 0
    for b in body.bytes where b & 0xC0 != 0x80 { count += 1 }
    let missing = max(0, s.width - count)
    if missing > 0 { try ensureRoom(s.width) }
    let fill = s.fill != 0 ? s.fill : s.zero ? 0x30 : 0x20
    switch s.align {
    case 0x3C:
      out.append(body.bytes)
      out.append(repeating: fill, count: missing)
    case 0x5E:
      out.append(repeating: fill, count: missing / 2)
      out.append(body.bytes)
      out.append(repeating: fill, count: missing - missing / 2)
    case 0x3D:
      out.append(UnsafeBufferPointer(rebasing: body.bytes[..<s.signLength]))
      out.append(repeating: fill, count: missing)
      out.append(UnsafeBufferPointer(rebasing: body.bytes[s.signLength...]))
    default:
      out.append(repeating: fill, count: missing)
      out.append(body.bytes)
    }
  }

  // MARK: % formatting

  /// `format % values`, the format being a str or bytes; always a str.
  func formatPercent(_ format: Value, _ values: Value) throws(PyError) -> Value {
    try makeStr { out throws(PyError) in
      let text = StrLayout.buffer(format.pointer)
      let isTuple = values.has(.tuple)
      let count = isTuple ? TupleLayout.count(values.pointer) : 1
      var used = 0
      func next() throws(PyError) -> Value {
        guard used < count else { throw typeError("format string needs more arguments") }
        used += 1
        return isTuple ? TupleLayout.item(values.pointer, used - 1) : values
      }
      var usedDict = false
      var i = 0
      while i < text.count {
        let c = text[i]
        i += 1
        if c != 0x25 {
          out.append(c)
          continue
        }
        guard i < text.count else { throw valueError("incomplete format") }
        if text[i] == 0x25 {
          out.append(0x25)
          i += 1
          continue
        }
        var fromKey = Value.empty
        if text[i] == 0x28 {
          guard values.has(.dict), let end = text[i...].firstIndex(of: 0x29) else {
            throw values.has(.dict) ? valueError("incomplete format key") : typeError("format needs a dict")
          }
          let key = intern(Array(text[i + 1..<end]))
          fromKey = try dictFind(values, key)
          if fromKey.isEmpty { throw error(.keyError, args: key) }
          usedDict = true
          i = end + 1
        }
        var s = FormatSpec()
        while i < text.count {
          switch text[i] {
          case 0x2D: s.align = 0x3C
          case 0x2B, 0x20: s.sign = text[i]
          case 0x23: s.alternate = true
          case 0x30: s.zero = true
          default:
            break
          }
          if ![0x2D, 0x2B, 0x20, 0x23, 0x30].contains(text[i]) { break }
          i += 1
        }
        func number() throws(PyError) -> Int {
          if i < text.count && text[i] == 0x2A {
            i += 1
            return try intArgument(try next())
          }
          var n = 0
          while i < text.count, text[i] >= 48 && text[i] <= 57 {
            n = min(n * 10 + Int(text[i] - 48), 1 << 20)
            i += 1
          }
          return n
        }
        s.width = try number()
        if s.width < 0 {
          s.width = -s.width
          s.align = 0x3C
        }
        if i < text.count && text[i] == 0x2E {
          i += 1
          s.precision = try number()
        }
        guard i < text.count else { throw valueError("incomplete format") }
        s.type = text[i]
        i += 1
        try percentItem(fromKey.isEmpty ? try next() : fromKey, s, out, isBytes: format.has(.bytes))
      }
      if used < count && !usedDict && (isTuple || !values.has(.dict)) {
        throw typeError("format string didn't convert all arguments")
      }
    }
  }

  private func percentItem(_ value: Value, _ spec: FormatSpec, _ out: TextBuffer, isBytes: Bool) throws(PyError) {
    var s = spec
    let body = takeBuffer()
    defer { release(body) }
    switch s.type {
    case 0x73, 0x72, 0x61:
      if isBytes && s.type == 0x73, let bytes = try? bufferView(value) {
        body.append(bytes)
      } else {
        s.zero = false
        try print(value, s.type == 0x73 ? .str : .repr, body)
      }
      if s.precision >= 0 {
        let text = try makeStr(body.bytes)
        body.truncate(to: byteOffset(text, min(s.precision, characterCount(text))))
      }
      s.zero = false
    case 0x63:
      if value.has(.str) {
        guard characterCount(value) == 1 else { throw typeError("%c needs int or char") }
        body.append(StrLayout.buffer(value.pointer))
      } else {
        guard let n = asIndex(value), n >= 0, n < 0x11_0000 else { throw typeError("integer needed") }
        body.append(StrLayout.buffer(try makeCharacter(UInt32(n)).pointer))
      }
    case 0x64, 0x69, 0x75:
      s.type = 0x64
      try formatInt(
        value.has(.float) ? try intFromDouble(FloatLayout.value(value.pointer)) : try integerOperand(value), &s, body)
    case 0x78, 0x58, 0x6F: try formatInt(try integerOperand(value), &s, body)
    case 0x65, 0x45, 0x66, 0x46, 0x67, 0x47:
      guard let x = asNumber(value) else { throw cannotConvert(value, to: "float") }
      formatFloat(x, &s, body)
    default:
      throw valueError(
        "unsupported format character '\(Character(UnicodeScalar(s.type)))' (0x\(String(s.type, radix: 16))) at index 1"
      )
    }
    if spec.align == 0x3C {
      s.align = 0x3C
      s.zero = false
    } else if !s.zero {
      s.align = 0x3E
    }
    try pad(body, s, out)
  }

  private func integerOperand(_ value: Value) throws(PyError) -> Value {
    if isInteger(value) { return value }
    throw cannotConvert(value, to: "int")
  }
}

/// `[[fill]align][sign][#][0][width][,][.precision][type]`
struct FormatSpec {
  var fill: UInt8 = 0
  var align: UInt8 = 0
  var sign: UInt8 = 0
  var alternate = false
  var zero = false
  var width = 0
  var group: UInt8 = 0
  var precision = -1
  var type: UInt8 = 0
  /// How many bytes of the formatted body are sign and prefix: zeros go behind them.
  var signLength = 0

  /// Widest field and longest precision; more is a mistake, and would only fill memory.
  static let maximumNumber = 1 << 20

  mutating func parse(_ text: [UInt8]) -> Bool {
    var i = 0
    let aligns: [UInt8] = [0x3C, 0x3E, 0x3D, 0x5E]
    if text.count > 1 && aligns.contains(text[1]) {
      fill = text[0]
      align = text[1]
      i = 2
    } else if let first = text.first, aligns.contains(first) {
      align = first
      i = 1
    }
    if i < text.count, [0x2B, 0x2D, 0x20].contains(text[i]) {
      sign = text[i]
      i += 1
    }
    if i < text.count, text[i] == 0x23 {
      alternate = true
      i += 1
    }
    if i < text.count, text[i] == 0x30 {
      zero = true
      i += 1
    }
    func number() -> Int {
      var n = 0
      while i < text.count, text[i] >= 48 && text[i] <= 57 {
        n = min(n * 10 + Int(text[i] - 48), FormatSpec.maximumNumber)
        i += 1
      }
      return n
    }
    width = number()
    if i < text.count, text[i] == 0x2C || text[i] == 0x5F {
      group = text[i]
      i += 1
    }
    if i < text.count, text[i] == 0x2E {
      i += 1
      precision = number()
    }
    if i < text.count, "bcdeEfFgGnosxX%".utf8.contains(text[i]) {
      type = text[i]
      i += 1
    }
    return i == text.count
  }

  func appendSign(_ isNegative: Bool, _ out: TextBuffer) {
    if isNegative { out.append(0x2D) } else if sign == 0x2B || sign == 0x20 { out.append(sign) }
  }
}
