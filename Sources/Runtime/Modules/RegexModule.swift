/// re: compile, match, search, sub; the dialect is in `RegexCompiler`.
///
/// A pattern's fields: code (bytes), number of groups. A match's fields: the text, number of groups and the
/// match itself, then start and end of each.
enum RegexModule {
  static var module: NativeModule {
    NativeModule("re") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("compile", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.compile(vm, a[0]) }
          }
        ] + functions)
    }
  }

  /// Functions of the module, and methods of a pattern: the pattern comes first in both.
  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("match", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.find(vm, a, isAnchored: true) }
      },
      NativeDefinition("search", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.find(vm, a, isAnchored: false) }
      },
      NativeDefinition("sub", 3, 5) {
        native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.substitute(vm, a) }
      },
    ]
  }

  private static func patternType(_ vm: VM) throws(PyError) -> Value {
    try vm.nativeType("re.re") { vm throws(PyError) in
      var slots = TypeSlots()
      slots.print = { vm, v, _, out in
        TextBuffer(out).append("<re \(VM(vm).hexAddress(Value(bits: v)).dropFirst(2))>")
        return Value.none.bits
      }
      return try vm.makeType("re", methods: functions, slots: slots)
    }
  }

  private static func matchType(_ vm: VM) throws(PyError) -> Value {
    try vm.nativeType("re.match") { vm throws(PyError) in
      var slots = TypeSlots()
      slots.print = { vm, v, _, out in
        TextBuffer(out).append("<match num=\(RegexModule.groupCount(Value(bits: v)))>")
        return Value.none.bits
      }
      return try vm.makeType(
        "match",
        methods: [
          NativeDefinition("group", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              try RegexModule.group(vm, a[0], try RegexModule.groupNumber(vm, a))
            }
          },
          NativeDefinition("groups", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              var groups: [Value] = []
              for i in 1..<max(1, RegexModule.groupCount(a[0])) { groups.append(try RegexModule.group(vm, a[0], i)) }
              return try vm.makeTuple(groups)
            }
          },
          NativeDefinition("span", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let (start, end) = try RegexModule.span(vm, a)
              return try vm.makeTuple(start, end)
            }
          },
          NativeDefinition("start", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.span(vm, a).0 }
          },
          NativeDefinition("end", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in try RegexModule.span(vm, a).1 }
          },
        ], slots: slots)
    }
  }

  // MARK: patterns

  /// The bytes of a str or bytes argument.
  private static func content(_ vm: VM, _ value: Value) throws(PyError) -> UnsafeBufferPointer<UInt8> {
    guard value.has(.str) || value.has(.bytes) else {
      throw vm.typeError("can't convert '\(vm.string(vm.typeName(value)))' object to str implicitly")
    }
    return StrLayout.buffer(value.pointer)
  }

  private static func compile(_ vm: VM, _ source: Value) throws(PyError) -> Value {
    let type = try patternType(vm)
    if source.has(.object), vm.type(of: source) == type { return source }
    let text = Array(try content(vm, source))
    let code: RegexCode
    do throws(RegexError) {
      code = try RegexCompiler.compile(text)
    } catch {
      switch error {
      case .tooComplex: throw vm.valueError("regex too complex")
      case .unbalanced: throw vm.valueError("error in regex")
      case .tooDeep: throw vm.runtimeError("maximum recursion depth exceeded")
      }
    }
    return try make(vm, type, code)
  }

  private static func make(_ vm: VM, _ type: Value, _ code: RegexCode) throws(PyError) -> Value {
    let bytes = try vm.makeBytes(code.bytes)
    // On the board code and object are one; here the object's own charge is for both fields.
    vm.recharge(bytes.pointer, bytes: code.boardBytes)
    let pattern = try vm.makeObject(type, fields: 2)
    vm.recharge(pattern.pointer, bytes: 0)
    ObjectLayout.set(pattern.pointer, 0, bytes)
    ObjectLayout.set(pattern.pointer, 1, Value(small: code.groupCount))
    return pattern
  }

  /// A matcher of a compiled pattern for a text.
  private static func matcher(_ vm: VM, _ pattern: Value, _ text: UnsafeBufferPointer<UInt8>, end: Int) -> RegexMatcher
  {
    let p = pattern.pointer
    return RegexMatcher(
      vm: vm, code: StrLayout.buffer(ObjectLayout.field(p, 0).pointer), groupCount: ObjectLayout.field(p, 1).small,
      text: text, end: end)
  }

  /// `match` and `search`; start and end places count in bytes, and only for a compiled pattern.
  private static func find(_ vm: VM, _ a: Arguments, isAnchored: Bool) throws(PyError) -> Value {
    let pattern = try compile(vm, a[0])
    let text = try content(vm, a[1])
    var start = 0
    var end = text.count
    if pattern == a[0] && a.count > 2 {
      start = min(max(try vm.intArgument(a[2]), 0), text.count)
      if a.count > 3 { end = min(max(try vm.intArgument(a[3]), start), text.count) }
    }
    var matcher = matcher(vm, pattern, text, end: end)
    guard try matcher.find(from: start, isAnchored: isAnchored) else { return .none }
    return try makeMatch(vm, a[1], matcher.captures)
  }

  private static func makeMatch(_ vm: VM, _ text: Value, _ captures: [Int]) throws(PyError) -> Value {
    let match = try vm.makeObject(try matchType(vm), fields: 2 + captures.count)
    ObjectLayout.set(match.pointer, 0, text)
    ObjectLayout.set(match.pointer, 1, Value(small: captures.count / 2))
    for (i, at) in captures.enumerated() { ObjectLayout.set(match.pointer, 2 + i, Value(small: at)) }
    vm.recharge(match.pointer, bytes: 12 + 4 * captures.count)
    return match
  }

  // MARK: matches

  /// Groups, the whole match counted.
  private static func groupCount(_ match: Value) -> Int { ObjectLayout.field(match.pointer, 1).small }

  private static func groupNumber(_ vm: VM, _ a: Arguments) throws(PyError) -> Int {
    if a.count < 2 { return 0 }
    let number = try vm.intArgument(a[1])
    if number < 0 || number >= groupCount(a[0]) { throw vm.error(.indexError, args: a[1]) }
    return number
  }

  private static func group(_ vm: VM, _ match: Value, _ number: Int) throws(PyError) -> Value {
    let p = match.pointer
    let text = ObjectLayout.field(p, 0)
    let start = ObjectLayout.field(p, 2 + 2 * number).small
    if start < 0 { return .none }
    let end = ObjectLayout.field(p, 3 + 2 * number).small
    let part = UnsafeBufferPointer(rebasing: StrLayout.buffer(text.pointer)[start..<max(start, end)])
    return text.has(.str) ? try vm.makeStr(part) : try vm.makeBytes(part)
  }

  /// Start and end of a group, in characters for a str.
  private static func span(_ vm: VM, _ a: Arguments) throws(PyError) -> (Value, Value) {
    let p = a[0].pointer
    let number = try groupNumber(vm, a)
    let text = ObjectLayout.field(p, 0)
    func place(_ field: Int) -> Value {
      let at = ObjectLayout.field(p, field)
      if text.has(.bytes) || vm.isASCII(text.pointer) || at.small < 0 { return at }
      return Value(small: StrLayout.buffer(text.pointer)[..<at.small].reduce(0) { $1 & 0xC0 != 0x80 ? $0 + 1 : $0 })
    }
    return (place(2 + 2 * number), place(3 + 2 * number))
  }

  // MARK: sub

  private static func substitute(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let base = vm.s.pointee.top
    defer { vm.s.pointee.top = base }
    let pattern = try compile(vm, a[0])
    vm.push(pattern)
    let text = try content(vm, a[2])
    var left = a.count > 3 ? try vm.intArgument(a[3]) : 0
    let isLimited = left > 0
    let isFunction = vm.isCallable(a[1])
    let out = vm.takeBuffer()
    defer { vm.release(out) }
    var matcher = matcher(vm, pattern, text, end: text.count)
    var at = 0
    // As on the board an empty match ends it.
    while try matcher.find(from: at, isAnchored: false), matcher.captures[0] != matcher.captures[1] {
      let captures = matcher.captures
      out.append(UnsafeBufferPointer(rebasing: text[at..<captures[0]]))
      var replacement = a[1]
      if isFunction {
        replacement = try vm.call(a[1], try makeMatch(vm, a[2], captures))
      }
      try expand(vm, try content(vm, replacement), captures, text, out)
      at = captures[1]
      left -= 1
      if isLimited && left == 0 { break }
    }
    if at == 0 { return a[2] }
    out.append(UnsafeBufferPointer(rebasing: text[at...]))
    return a[2].has(.str) ? try vm.makeStr(out.bytes) : try vm.makeBytes(out.bytes)
  }

  /// Writes a replacement: `\1` and `\g<1>` are groups, `\\` is a backslash, any other backslash vanishes. It ends at a NUL.
  private static func expand(
    _ vm: VM, _ replacement: UnsafeBufferPointer<UInt8>, _ captures: [Int], _ text: UnsafeBufferPointer<UInt8>,
    _ out: TextBuffer
  ) throws(PyError) {
    var rest = replacement.prefix { $0 != 0 }
    func digit() -> Int? { rest.first.flatMap { $0 >= 0x30 && $0 <= 0x39 ? Int($0 - 0x30) : nil } }
    while let c = rest.popFirst() {
      if c != 0x5C {
        out.append(c)
        continue
      }
      var isNamed = false
      if rest.starts(with: "g<".utf8) {
        isNamed = true
        rest = rest.dropFirst(2)
      }
      if digit() != nil {
        var number = 0
        while let d = digit() {
          number = min(number * 10 + d, 1 << 30)
          rest = rest.dropFirst()
        }
        if isNamed && rest.first == 0x3E { rest = rest.dropFirst() }
        if 2 * number >= captures.count { throw vm.error(.indexError, args: Value(small: number)) }
        if captures[2 * number] >= 0 {
          out.append(
            UnsafeBufferPointer(
              rebasing: text[captures[2 * number]..<max(captures[2 * number], captures[2 * number + 1])]))
        }
      } else if rest.first == 0x5C {
        out.append(0x5C)
        rest = rest.dropFirst()
      }
    }
  }
}
