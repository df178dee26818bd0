/// json
enum JSONModule {
  static var module: NativeModule {
    NativeModule("json") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("dumps", 1, 1, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              try vm.makeStr { out throws(PyError) in try vm.print(a[0], .json, out) }
            }
          },
          NativeDefinition("dump", 2, 2, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let text = try vm.makeStr { out throws(PyError) in try vm.print(a[0], .json, out) }
              _ = try vm.callMethod(a[1], vm.intern("write"), text)
              return .none
            }
          },
          NativeDefinition("loads", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              try JSONModule.parse(vm, a[0].has(.str) ? vm.text(a[0]) : try vm.bufferBytes(a[0]))
            }
          },
          NativeDefinition("load", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let text = try vm.callMethod(a[0], vm.intern("read"))
              return try JSONModule.parse(vm, text.has(.str) ? vm.text(text) : try vm.bufferBytes(text))
            }
          },
        ])
    }
  }

  /// Arrays and objects inside one another; deeper input is refused, not a stack overflow.
  private static let maximumDepth = 200

  private static func parse(_ vm: VM, _ text: [UInt8]) throws(PyError) -> Value {
    var parser = Parser(vm: vm, text: text)
    let base = vm.s.pointee.top
    defer { vm.s.pointee.top = base }
    let value = try parser.value(0)
    parser.skipSpace()
    if parser.at < text.count { throw parser.failure() }
    return value
  }

  private struct Parser {
    let vm: VM
    let text: [UInt8]
    var at = 0

    func failure() -> PyError { vm.valueError("syntax error in JSON") }

    mutating func skipSpace() { while at < text.count && isSpace(text[at]) { at += 1 } }

    mutating func value(_ depth: Int) throws(PyError) -> Value {
      if depth > maximumDepth { throw failure() }
      skipSpace()
      guard at < text.count else { throw failure() }
      switch text[at] {
      case 0x7B: return try object(depth)
      case 0x5B: return try array(depth)
      case 0x22: return try string()
      case 0x74: return try word("true", .true)
      case 0x66: return try word("false", .false)
      case 0x6E: return try word("null", .none)
      default: return try number()
      }
    }

    mutating func word(_ name: StaticString, _ value: Value) throws(PyError) -> Value {
      let n = name.utf8CodeUnitCount
      guard text[at...].prefix(n).elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: n)) else {
        throw failure()
      }
      at += n
      return value
    }

    mutating func number() throws(PyError) -> Value {
      let start = at
      var isFloat = false
      while at < text.count, "+-.eE0123456789".utf8.contains(text[at]) {
        if ".eE".utf8.contains(text[at]) { isFloat = true }
        at += 1
      }
      if at == start { throw failure() }
      let part = Array(text[start..<at])
      return isFloat ? try vm.makeFloat(try vm.parseFloat(part)) : try vm.parseInt(part, base: 10)
    }

    mutating func string() throws(PyError) -> Value {
      at += 1
      var out: [UInt8] = []
      while at < text.count && text[at] != 0x22 {
        var c = text[at]
        at += 1
        if c != 0x5C {
          out.append(c)
          continue
        }
        guard at < text.count else { throw failure() }
        c = text[at]
        at += 1
        switch c {
        case 0x62: out.append(8)
        case 0x66: out.append(12)
        case 0x6E: out.append(10)
        case 0x72: out.append(13)
        case 0x74: out.append(9)
        case 0x75: try unicode(&out)
        default: out.append(c)
        }
      }
      guard at < text.count else { throw failure() }
      at += 1
      return try vm.makeStrChecked(out)
    }

    private mutating func unicode(_ out: inout [UInt8]) throws(PyError) {
      var scalar: UInt32 = 0
      for _ in 0..<4 {
        guard at < text.count, let digit = Character(UnicodeScalar(text[at])).hexDigitValue else { throw failure() }
        scalar = scalar << 4 | UInt32(digit)
        at += 1
      }
      out += vm.text(try vm.makeCharacter(scalar))
    }

    mutating func array(_ depth: Int) throws(PyError) -> Value {
      at += 1
      let list = try vm.makeList()
      vm.push(list)
      skipSpace()
      if at < text.count && text[at] == 0x5D {
        at += 1
        return list
      }
      while true {
        try vm.append(list, try value(depth + 1))
        skipSpace()
        guard at < text.count else { throw failure() }
        at += 1
        if text[at - 1] == 0x5D { return list }
        if text[at - 1] != 0x2C { throw failure() }
      }
    }

    mutating func object(_ depth: Int) throws(PyError) -> Value {
      at += 1
      let dict = try vm.makeDict()
      vm.push(dict)
      skipSpace()
      if at < text.count && text[at] == 0x7D {
        at += 1
        return dict
      }
      while true {
        skipSpace()
        guard at < text.count, text[at] == 0x22 else { throw failure() }
        let key = try string()
        skipSpace()
        guard at < text.count, text[at] == 0x3A else { throw failure() }
        at += 1
        try vm.dictStore(dict, key, try value(depth + 1))
        skipSpace()
        guard at < text.count else { throw failure() }
        at += 1
        if text[at - 1] == 0x7D { return dict }
        if text[at - 1] != 0x2C { throw failure() }
      }
    }
  }
}
