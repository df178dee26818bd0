/// Methods that str and bytes share, written on bytes; results have the receiver's type.
extension VM {
  static var strMethods: [NativeDefinition] {
    sharedTextMethods + [
      NativeDefinition("encode", 1, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeBytes(StrLayout.buffer(a[0].pointer))
        }
      },
      NativeDefinition("format", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeStr { out throws(PyError) in try vm.format(StrLayout.buffer(a[0].pointer), a, out) }
        }
      },
    ]
  }

  static var sharedTextMethods: [NativeDefinition] {
    [
      NativeDefinition("find", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textFind(a, last: false, raises: false) }
      },
      NativeDefinition("rfind", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textFind(a, last: true, raises: false) }
      },
      NativeDefinition("index", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textFind(a, last: false, raises: true) }
      },
      NativeDefinition("rindex", 2, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textFind(a, last: true, raises: true) }
      },
      NativeDefinition("count", 2, 4) { native($0, $1, $2, textCount) },
      NativeDefinition("startswith", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textHas(a, atEnd: false) }
      },
      NativeDefinition("endswith", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textHas(a, atEnd: true) }
      },
      NativeDefinition("strip", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textStrip(a, left: true, right: true) }
      },
      NativeDefinition("lstrip", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textStrip(a, left: true, right: false) }
      },
      NativeDefinition("rstrip", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textStrip(a, left: false, right: true) }
      },
      NativeDefinition("split", 1, 3, keywords: true) { native($0, $1, $2, textSplit) },
      NativeDefinition("rsplit", 1, 3) { native($0, $1, $2, textSplitRight) },
      NativeDefinition("splitlines", 1, 2, keywords: true) { native($0, $1, $2, textSplitLines) },
      NativeDefinition("join", 2, 2) { native($0, $1, $2, textJoin) },
      NativeDefinition("replace", 3, 4) { native($0, $1, $2, textReplace) },
      NativeDefinition("partition", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textPartition(a, last: false) }
      },
      NativeDefinition("rpartition", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.textPartition(a, last: true) }
      },
      NativeDefinition("center", 2, 2) { native($0, $1, $2, textCenter) },
      NativeDefinition("lower", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.textMap(a[0]) { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }
        }
      },
      NativeDefinition("upper", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.textMap(a[0]) { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }
        }
      },
      NativeDefinition("isspace", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in vm.textAll(a[0], isSpace) } },
      NativeDefinition("isalpha", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.textAll(a[0]) { ($0 | 32) >= 97 && ($0 | 32) <= 122 }
        }
      },
      NativeDefinition("isdigit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.textAll(a[0]) { $0 >= 48 && $0 <= 57 }
        }
      },
      NativeDefinition("isupper", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in vm.textCase(a[0], upper: true) }
      },
      NativeDefinition("islower", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in vm.textCase(a[0], upper: false) }
      },
    ]
  }

  /// The bytes of text-like `v`, which must be of the same kind as `like`.
  fileprivate func textPart(_ v: Value, like: Value) throws(PyError) -> UnsafeBufferPointer<UInt8> {
    if like.has(.str) {
      guard v.has(.str) else { throw typeError("can't convert '\(string(typeName(v)))' object to str implicitly") }
      return StrLayout.buffer(v.pointer)
    }
    return try bufferView(v)
  }

  fileprivate func content(_ v: Value) throws(PyError) -> UnsafeBufferPointer<UInt8> {
    v.has(.str) || v.has(.bytes) ? StrLayout.buffer(v.pointer) : try bufferView(v)
  }

  /// Bytes as the receiver's type.
  fileprivate func makeText(_ bytes: UnsafeBufferPointer<UInt8>, like: Value) throws(PyError) -> Value {
    switch like.tag {
    case .str: try makeStr(bytes)
    case .bytearray: try makeBytearray(bytes)
    default: try makeBytes(bytes)
    }
  }
  fileprivate func makeText(_ bytes: UnsafeBufferPointer<UInt8>, _ from: Int, _ to: Int, like: Value) throws(PyError)
    -> Value
  {
    try makeText(UnsafeBufferPointer(rebasing: bytes[from..<to]), like: like)
  }

  /// Optional start and end arguments as byte offsets.
  fileprivate func textBounds(_ a: Arguments, _ first: Int) throws(PyError) -> (Int, Int) {
    let isWide = a[0].has(.str) && !isASCII(a[0].pointer)
    let n = isWide ? characterCount(a[0]) : try content(a[0]).count
    func bound(_ i: Int, _ otherwise: Int) throws(PyError) -> Int {
      let v = a.optional(i)
      if v.isEmpty || v.isNone { return otherwise }
      let k = try intArgument(v)
      return min(max(k < 0 ? k + n : k, 0), n)
    }
    let (from, to) = (try bound(first, 0), try bound(first + 1, n))
    return isWide ? (byteOffset(a[0], from), byteOffset(a[0], to)) : (from, to)
  }

  fileprivate func textFind(_ a: Arguments, last: Bool, raises: Bool) throws(PyError) -> Value {
    let hay = try content(a[0])
    let needle: UnsafeBufferPointer<UInt8>
    let single = takeBuffer()
    defer { release(single) }
    if !a[0].has(.str), let n = asIndex(a[1]) {
      // In bytes a number stands for the byte of that value.
      single.append(UInt8(truncatingIfNeeded: n))
      needle = single.bytes
    } else {
      needle = try textPart(a[1], like: a[0])
    }
    let (from, to) = try textBounds(a, 2)
    let found =
      from > to
      ? nil : last ? try findLast(needle, in: hay, from: from, to: to) : try find(needle, in: hay, from: from, to: to)
    guard let found else {
      if raises { throw valueError("substring not found") }
      return Value(small: -1)
    }
    if a[0].has(.str) && !isASCII(a[0].pointer) {
      return Value(small: hay[..<found].reduce(0) { $1 & 0xC0 != 0x80 ? $0 + 1 : $0 })
    }
    return Value(small: found)
  }

  fileprivate func textHas(_ a: Arguments, atEnd: Bool) throws(PyError) -> Value {
    if a[1].has(.tuple) {
      for i in 0..<TupleLayout.count(a[1].pointer) {
        if try textHas(a, TupleLayout.item(a[1].pointer, i), atEnd) { return .true }
      }
      return .false
    }
    return Value(try textHas(a, a[1], atEnd))
  }

  private func textHas(_ a: Arguments, _ part: Value, _ atEnd: Bool) throws(PyError) -> Bool {
    let hay = try content(a[0])
    let needle = try textPart(part, like: a[0])
    let start = atEnd ? hay.count - needle.count : try textBounds(a, 2).0
    if start < 0 || start + needle.count > hay.count { return false }
    return needle.elementsEqual(hay[start..<start + needle.count])
  }

  fileprivate func textStrip(_ a: Arguments, left: Bool, right: Bool) throws(PyError) -> Value {
    let bytes = try content(a[0])
    let set = a.count > 1 && !a[1].isNone ? try textPart(a[1], like: a[0]) : nil
    let isWide = set.map { $0.contains { $0 >= 0x80 } } ?? false
    /// Characters of the strip set are compared whole, so that parts of one never strip part of another.
    func strips(_ from: Int, _ count: Int) throws(PyError) -> Bool {
      guard let set else { return isSpace(bytes[from]) }
      if !isWide { return set.contains(bytes[from]) }
      return try find(UnsafeBufferPointer(rebasing: bytes[from..<from + count]), in: set, from: 0, to: set.count) != nil
    }
    var from = 0
    var to = bytes.count
    while left && from < to {
      try pollInterrupts()
      let n = isWide ? decodeCharacter(bytes, from).1 : 1
      if try !strips(from, n) { break }
      from += n
    }
    while right && to > from {
      try pollInterrupts()
      var start = to - 1
      while isWide && start > from && bytes[start] & 0xC0 == 0x80 { start -= 1 }
      if try !strips(start, to - start) { break }
      to = start
    }
    if from == 0 && to == bytes.count && !a[0].has(.bytearray) { return a[0] }
    return try makeText(bytes, from, to, like: a[0])
  }

  fileprivate func textMap(_ v: Value, _ map: (UInt8) -> UInt8) throws(PyError) -> Value {
    let bytes = try content(v)
    let out = takeBuffer()
    defer { release(out) }
    for b in bytes { out.append(map(b)) }
    return try makeText(out.bytes, like: v)
  }

  fileprivate func textAll(_ v: Value, _ test: (UInt8) -> Bool) -> Value {
    guard let bytes = try? content(v) else { return .false }
    return Value(!bytes.isEmpty && bytes.allSatisfy(test))
  }

  fileprivate func textCase(_ v: Value, upper: Bool) -> Value {
    guard let bytes = try? content(v) else { return .false }
    var hasCased = false
    for b in bytes where (b | 32) >= 97 && (b | 32) <= 122 {
      if (b & 32 == 0) != upper { return .false }
      hasCased = true
    }
    return Value(hasCased)
  }

  fileprivate func textPartition(_ a: Arguments, last: Bool) throws(PyError) -> Value {
    let bytes = try content(a[0])
    let separator = try textPart(a[1], like: a[0])
    if separator.isEmpty { throw valueError("empty separator") }
    let at =
      last
      ? try findLast(separator, in: bytes, from: 0, to: bytes.count)
      : try find(separator, in: bytes, from: 0, to: bytes.count)
    let empty = try makeText(UnsafeBufferPointer(rebasing: bytes[0..<0]), like: a[0])
    guard let at else { return last ? try makeTuple(empty, empty, a[0]) : try makeTuple(a[0], empty, empty) }
    return try makeTuple(
      try makeText(bytes, 0, at, like: a[0]), a[1], try makeText(bytes, at + separator.count, bytes.count, like: a[0]))
  }
}

func isSpace(_ b: UInt8) -> Bool { b == 0x20 || (b >= 9 && b <= 13) }

private func textCount(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let bytes = try vm.content(a[0])
  let needle = try vm.textPart(a[1], like: a[0])
  let (from, to) = try vm.textBounds(a, 2)
  if needle.isEmpty {
    return Value(
      small: (a[0].has(.str) ? bytes[from..<to].reduce(0) { $1 & 0xC0 != 0x80 ? $0 + 1 : $0 } : to - from) + 1)
  }
  var count = 0
  var at = from
  while let found = try vm.find(needle, in: bytes, from: at, to: to) {
    count += 1
    at = found + needle.count
  }
  return Value(small: count)
}

private func textSplit(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let bytes = try vm.content(a[0])
  var separator = a.optional(1)
  var most = a.optional(2)
  for i in 0..<a.keywordCount {
    switch vm.string(a.keywordName(i)) {
    case "sep": separator = a.keywordValue(i)
    case "maxsplit": most = a.keywordValue(i)
    default: throw vm.typeError("unexpected keyword argument '\(vm.string(a.keywordName(i)))'")
    }
  }
  var left = most.isEmpty ? -1 : try vm.intArgument(most)
  let list = try vm.makeList()
  var at = 0
  if separator.isEmpty || separator.isNone {
    while true {
      while at < bytes.count && isSpace(bytes[at]) { at += 1 }
      if at >= bytes.count { return list }
      if left == 0 {
        try vm.append(list, try vm.makeText(bytes, at, bytes.count, like: a[0]))
        return list
      }
      let start = at
      while at < bytes.count && !isSpace(bytes[at]) { at += 1 }
      try vm.append(list, try vm.makeText(bytes, start, at, like: a[0]))
      left -= 1
    }
  }
  let needle = try vm.textPart(separator, like: a[0])
  if needle.isEmpty { throw vm.valueError("empty separator") }
  while left != 0, let found = try vm.find(needle, in: bytes, from: at, to: bytes.count) {
    try vm.append(list, try vm.makeText(bytes, at, found, like: a[0]))
    at = found + needle.count
    left -= 1
  }
  try vm.append(list, try vm.makeText(bytes, at, bytes.count, like: a[0]))
  return list
}

private func textSplitRight(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let bytes = try vm.content(a[0])
  if a.count < 3 || a[1].isNone {
    if a.count > 2 { throw vm.error(.notImplementedError, "rsplit(None,n)") }
    return try textSplit(vm, a)
  }
  let needle = try vm.textPart(a[1], like: a[0])
  if needle.isEmpty { throw vm.valueError("empty separator") }
  var left = try vm.intArgument(a[2])
  if left < 0 { left = bytes.count + 1 }
  var pieces: [(Int, Int)] = []
  var end = bytes.count
  while left > 0, let found = try vm.findLast(needle, in: bytes, from: 0, to: end) {
    pieces.append((found + needle.count, end))
    end = found
    left -= 1
  }
  pieces.append((0, end))
  let list = try vm.makeList()
  for (from, to) in pieces.reversed() { try vm.append(list, try vm.makeText(bytes, from, to, like: a[0])) }
  return list
}

private func textSplitLines(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let bytes = try vm.content(a[0])
  var keeps = a.optional(1)
  if a.keywordCount > 0 { keeps = a.keywordValue(0) }
  let keepsEnds = keeps.isEmpty ? false : try vm.isTrue(keeps)
  let list = try vm.makeList()
  var at = 0
  while at < bytes.count {
    let start = at
    while at < bytes.count && bytes[at] != 10 && bytes[at] != 13 { at += 1 }
    let end = at
    if at < bytes.count { at += bytes[at] == 13 && at + 1 < bytes.count && bytes[at + 1] == 10 ? 2 : 1 }
    try vm.append(list, try vm.makeText(bytes, start, keepsEnds ? at : end, like: a[0]))
  }
  return list
}

private func textJoin(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  // The parts stay reachable on the VM stack while an iterator runs user code.
  let parts = a[1].has(.list) || a[1].has(.tuple) ? a[1] : try vm.list(from: a[1])
  let isList = parts.has(.list)
  let count = isList ? ListLayout.count(parts.pointer) : TupleLayout.count(parts.pointer)
  let separator = try vm.content(a[0])
  let out = vm.takeBuffer()
  defer { vm.release(out) }
  for i in 0..<count {
    let part = isList ? ListLayout.item(parts.pointer, i) : TupleLayout.item(parts.pointer, i)
    guard a[0].has(.str) ? part.has(.str) : (part.has(.bytes) || part.has(.bytearray)) else {
      throw vm.typeError("join expects a list of str/bytes objects consistent with self object")
    }
    if i > 0 { out.append(separator) }
    out.append(try vm.content(part))
    try vm.checkSize(out)
  }
  return try vm.makeText(out.bytes, like: a[0])
}

private func textReplace(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let bytes = try vm.content(a[0])
  let old = try vm.textPart(a[1], like: a[0])
  let new = try vm.textPart(a[2], like: a[0])
  var left = a.count > 3 ? try vm.intArgument(a[3]) : -1
  let out = vm.takeBuffer()
  defer { vm.release(out) }
  var at = 0
  if old.isEmpty {
    while at <= bytes.count && left != 0 {
      out.append(new)
      try vm.checkSize(out)
      left -= 1
      if at == bytes.count { break }
      let n = a[0].has(.str) ? vm.decodeCharacter(bytes, at).1 : 1
      out.append(UnsafeBufferPointer(rebasing: bytes[at..<at + n]))
      at += n
    }
  } else {
    while left != 0, let found = try vm.find(old, in: bytes, from: at, to: bytes.count) {
      out.append(UnsafeBufferPointer(rebasing: bytes[at..<found]))
      out.append(new)
      try vm.checkSize(out)
      at = found + old.count
      left -= 1
    }
  }
  if at < bytes.count { out.append(UnsafeBufferPointer(rebasing: bytes[at...])) }
  return try vm.makeText(out.bytes, like: a[0])
}

private func textCenter(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let width = try vm.intArgument(a[1])
  let count = a[0].has(.str) ? vm.characterCount(a[0]) : try vm.content(a[0]).count
  if width <= count { return a[0] }
  try vm.ensureRoom(width)
  let left = (width - count) / 2
  let out = vm.takeBuffer()
  defer { vm.release(out) }
  out.append(repeating: 0x20, count: left)
  out.append(try vm.content(a[0]))
  out.append(repeating: 0x20, count: width - count - left)
  return try vm.makeText(out.bytes, like: a[0])
}
