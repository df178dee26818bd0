/// Layouts of the builtin objects. Offsets in bytes from the object's address (its header).

/// tuple: +8 count · items from +16. A namedtuple keeps its class in one more word behind the last item.
package enum TupleLayout {
  static let items = 16
  @inline(__always) package static func count(_ p: UnsafeMutableRawPointer) -> Int { p.word(8) }
  @inline(__always) package static func item(_ p: UnsafeMutableRawPointer, _ i: Int) -> Value {
    p.value(items &+ i &* 8)
  }
  @inline(__always) package static func set(_ p: UnsafeMutableRawPointer, _ i: Int, _ v: Value) {
    p.set(items &+ i &* 8, v)
  }
  /// Address of item `i`.
  @inline(__always) package static func at(_ p: UnsafeMutableRawPointer, _ i: Int) -> UnsafeMutableRawPointer {
    p + (items &+ i &* 8)
  }
  @inline(__always) static func namedType(_ p: UnsafeMutableRawPointer) -> Value { p.value(items + count(p) * 8) }
}

/// list: +8 count · +16 capacity · +24 items (an `items` object, values from its +8).
package enum ListLayout {
  static let countOffset = 8, capacityOffset = 16, itemsOffset = 24
  static let payload = 24
  @inline(__always) package static func count(_ p: UnsafeMutableRawPointer) -> Int { p.word(8) }
  @inline(__always) package static func capacity(_ p: UnsafeMutableRawPointer) -> Int { p.word(16) }
  /// Address of item `i`.
  @inline(__always) package static func at(_ p: UnsafeMutableRawPointer, _ i: Int) -> UnsafeMutableRawPointer {
    p.raw(24) + (8 &+ i &* 8)
  }
  @inline(__always) package static func item(_ p: UnsafeMutableRawPointer, _ i: Int) -> Value { at(p, i).value(0) }
}

/// float: +8 the value, already rounded to the VM's float mode.
package enum FloatLayout {
  static let payload = 8
  @inline(__always) package static func value(_ p: UnsafeMutableRawPointer) -> Double {
    p.load(fromByteOffset: 8, as: Double.self)
  }
}

/// int beyond the small range: +8 limb count, negative for a negative number · little-endian 64-bit limbs from +16, the last not 0.
package enum IntLayout {
  static let limbs = 16
  @inline(__always) package static func isNegative(_ p: UnsafeMutableRawPointer) -> Bool { p.word(8) < 0 }
  @inline(__always) package static func magnitude(_ p: UnsafeMutableRawPointer) -> UnsafeBufferPointer<UInt64> {
    UnsafeBufferPointer(start: (p + limbs).assumingMemoryBound(to: UInt64.self), count: abs(p.word(8)))
  }
}

/// function: +8 unit (its code's owner) · +16 body (`CodeBody`, host memory) · +24 globals · +32 positional defaults (tuple or empty)
/// · +40 keyword defaults (dict or empty) · +48 closed-over cells (tuple or empty)
enum FunctionLayout {
  static let unit = 8, body = 16, globals = 24, defaults = 32, keywordDefaults = 40, cells = 48
  static let payload = 48
}

/// bound method: +8 function · +16 self
enum BoundMethodLayout { static let function = 8, receiver = 16, payload = 16 }

/// native function: +8 code · +16 name · +24 least arguments | most << 16 | flags << 32 | tag of self << 40 · +32 type it is a method of
enum NativeLayout {
  static let code = 8, name = 16, arity = 24, owner = 32, payload = 32
  /// Any number of positional arguments.
  static let unlimited = 0xFFFF
  static let takesKeywords = 1 << 32
  static let isStatic = 1 << 33
  static let isClassMethod = 1 << 34
  /// The first argument must be an instance of `owner`; the code relies on it.
  static let isMethod = 1 << 35
  static let receiverTagShift = 40
  /// Called on an instance of a Python subclass, it gets the instance and not the native object in it.
  static let takesInstance = 1 << 36
}

/// cell: +8 value, empty when unbound
enum CellLayout { static let value = 8, payload = 8 }

/// module: +8 name · +16 globals dict
package enum ModuleLayout {
  static let name = 8, globals = 16, payload = 16
}

/// generator and coroutine: +8 function · +16 state · +24 resume position (words from the start of the code) ·
/// +32 saved frame words count · +40 name · +48 the saved frame window
enum GeneratorLayout {
  static let function = 8, state = 16, position = 24, saved = 32, flags = 40, window = 48
  static let notStarted = 0, suspended = 1, running = 2, finished = 3
  static let isCoroutine = 1
}

/// exception instance: +8 class · +16 args tuple · +24 traceback (list of file, line, function name triples, or empty) · +32 cause ·
/// +40 context · +48 bit 0: context suppressed · +56 attribute dict or empty
package enum ExceptionLayout {
  static let type = 8, args = 16, traceback = 24, cause = 32, context = 40, flags = 48, dict = 56, payload = 56
}

/// Native objects (tag `object`): +8 type · then `count` values, scanned by the collector.
package enum ObjectLayout {
  package static let fields = 16
  @inline(__always) package static func field(_ p: UnsafeMutableRawPointer, _ i: Int) -> Value {
    p.value(fields + i * 8)
  }
  @inline(__always) package static func set(_ p: UnsafeMutableRawPointer, _ i: Int, _ v: Value) {
    p.set(fields + i * 8, v)
  }
}

extension VM {
  /// A float, rounded to the board's width. Charged only where floats live on the heap.
  @inline(__always) package func makeFloat(_ x: Double) throws(PyError) -> Value {
    let p = try allocate(
      .float, leaf: true, payload: FloatLayout.payload, charge: s.pointee.floatMode == .double ? 16 : 0)
    p.storeBytes(of: s.pointee.floatMode.round(x), toByteOffset: 8, as: Double.self)
    return Value(p)
  }

  /// An int of any machine word.
  package func makeInt(_ x: Int) throws(PyError) -> Value {
    if Value.fitsSmall(x) { return Value(small: x) }
    let p = try allocate(.int, leaf: true, payload: 16, charge: 32)
    p.set(8, word: x < 0 ? -1 : 1)
    p.storeBytes(of: UInt64(x.magnitude), toByteOffset: IntLayout.limbs, as: UInt64.self)
    return Value(p)
  }

  /// An int from sign and magnitude, normalised.
  package func makeInt(negative: Bool, _ magnitude: UnsafeBufferPointer<UInt64>) throws(PyError) -> Value {
    var n = magnitude.count
    while n > 0 && magnitude[n - 1] == 0 { n -= 1 }
    if n == 0 { return Value(small: 0) }
    if n == 1 {
      let m = magnitude[0]
      if m <= 0x3FFF_FFFF_FFFF_FFFF { return Value(small: negative ? -Int(m) : Int(m)) }
      if negative && m == 0x4000_0000_0000_0000 { return Value(small: -0x4000_0000_0000_0000) }
    }
    let p = try allocate(.int, leaf: true, payload: 8 + n * 8, charge: 16 + n * 8)
    p.set(8, word: negative ? -n : n)
    (p + IntLayout.limbs).copyMemory(from: magnitude.baseAddress.unsafelyUnwrapped, byteCount: n * 8)
    return Value(p)
  }

  /// A tuple of `count` items, all `.empty`: the caller fills them at once.
  package func makeTuple(count: Int) throws(PyError) -> Value {
    let p = try allocateZeroed(.tuple, leaf: false, payload: 8 + count * 8, charge: 8 + count * 4)
    p.set(8, word: count)
    return Value(p)
  }

  package func makeTuple(_ items: Value...) throws(PyError) -> Value { try makeTuple(items) }

  package func makeTuple(_ items: [Value]) throws(PyError) -> Value {
    let tuple = try makeTuple(count: items.count)
    for (i, item) in items.enumerated() { TupleLayout.set(tuple.pointer, i, item) }
    return tuple
  }

  /// A tuple of a run of values in memory (a native's arguments, a list's items).
  package func makeTuple(from p: UnsafeMutableRawPointer, count: Int) throws(PyError) -> Value {
    let tuple = try makeTuple(count: count)
    if count > 0 { (tuple.pointer + TupleLayout.items).copyMemory(from: p, byteCount: count * 8) }
    return tuple
  }

  /// An empty list with the board's first capacity of 4, or room for `count`.
  package func makeList(capacity count: Int = 0) throws(PyError) -> Value {
    let capacity = max(count, 4)
    let p = try allocate(.list, leaf: false, payload: ListLayout.payload, charge: 16)
    let items = try allocateZeroed(.items, leaf: false, payload: capacity * 8, charge: capacity * 4)
    p.set(ListLayout.countOffset, word: 0)
    p.set(ListLayout.capacityOffset, word: capacity)
    p.set(ListLayout.itemsOffset, Value(items))
    return Value(p)
  }

  package func makeList(from p: UnsafeMutableRawPointer, count: Int) throws(PyError) -> Value {
    let list = try makeList(capacity: count)
    if count > 0 { ListLayout.at(list.pointer, 0).copyMemory(from: p, byteCount: count * 8) }
    list.pointer.set(ListLayout.countOffset, word: count)
    return list
  }

  /// Appends; the items array doubles as on the board (4, 8, 16 …).
  @inline(__always) package func append(_ list: Value, _ item: Value) throws(PyError) {
    let p = list.pointer
    let n = ListLayout.count(p)
    if n == ListLayout.capacity(p) { try growList(p, to: n * 2) }
    ListLayout.at(p, n).set(0, item)
    p.set(ListLayout.countOffset, word: n &+ 1)
  }

  /// Changes a list's capacity, keeping its items.
  @inline(never) package func growList(_ p: UnsafeMutableRawPointer, to wanted: Int) throws(PyError) {
    let capacity = max(wanted, 4)
    let items = try allocateZeroed(.items, leaf: false, payload: capacity * 8, charge: capacity * 4)
    let old = p.raw(ListLayout.itemsOffset)
    (items + 8).copyMemory(from: old + 8, byteCount: min(ListLayout.count(p), capacity) * 8)
    p.set(ListLayout.itemsOffset, Value(items))
    p.set(ListLayout.capacityOffset, word: capacity)
    release(old)
  }

  /// A native object of `type` with `fields` values, all None at first.
  package func makeObject(_ type: Value, fields: Int) throws(PyError) -> Value {
    let p = try allocate(.object, leaf: false, payload: 8 + fields * 8, charge: 4 + fields * 4)
    p.set(8, type)
    for i in 0..<fields { ObjectLayout.set(p, i, .none) }
    return Value(p)
  }

  /// An interned or new str of these bytes (valid UTF-8; see `makeStrChecked` for bytes from outside).
  package func makeStr(_ bytes: UnsafeBufferPointer<UInt8>) throws(PyError) -> Value {
    let (value, start) = try makeStrUninitialised(count: bytes.count)
    if let source = bytes.baseAddress { start.update(from: source, count: bytes.count) }
    finishStr(value)
    return value
  }
  package func makeStr(_ bytes: [UInt8]) throws(PyError) -> Value {
    try bytes.withUnsafeBufferPointer { b throws(PyError) in try makeStr(b) }
  }
  package func makeStr(_ text: String) throws(PyError) -> Value { try makeStr(Array(text.utf8)) }

  /// A str of `count` bytes to be filled by the caller, who then calls `finishStr`.
  package func makeStrUninitialised(count: Int) throws(PyError) -> (Value, UnsafeMutablePointer<UInt8>) {
    let p = try allocate(.str, leaf: true, payload: 8 + count + 1, charge: 16 + count + 1)
    StrLayout.setLength(p, count, hash: 0)
    return (Value(p), StrLayout.bytes(p))
  }

  /// Computes what a str caches (hash, ASCII flag) and terminates it.
  package func finishStr(_ str: Value) {
    let p = str.pointer
    let n = StrLayout.length(p)
    let bytes = StrLayout.bytes(p)
    bytes[n] = 0
    var h: UInt32 = 5381
    var seen: UInt8 = 0
    for i in 0..<n {
      let b = bytes[i]
      h = (h &* 33) ^ UInt32(b)
      seen |= b
    }
    StrLayout.setLength(p, n, hash: h)
    if seen < 0x80 { p.header = Header(bits: p.header.bits | Header.asciiFlag) }
  }

  package func makeBytes(_ bytes: UnsafeBufferPointer<UInt8>) throws(PyError) -> Value {
    let (value, start) = try makeBytesUninitialised(count: bytes.count)
    if let source = bytes.baseAddress { start.update(from: source, count: bytes.count) }
    finishBytes(value)
    return value
  }
  package func makeBytes(_ bytes: [UInt8]) throws(PyError) -> Value {
    try bytes.withUnsafeBufferPointer { b throws(PyError) in try makeBytes(b) }
  }
  /// Bytes to be filled by the caller, who then calls `finishBytes`.
  package func makeBytesUninitialised(count: Int) throws(PyError) -> (Value, UnsafeMutablePointer<UInt8>) {
    let (value, start) = try makeStrUninitialised(count: count)
    value.pointer.header = Header(bits: value.pointer.header.bits & ~0xFF | UInt64(Tag.bytes.rawValue))
    return (value, start)
  }
  package func finishBytes(_ value: Value) { finishStr(value) }

  @inline(__always) func strEqual(_ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer) -> Bool {
    if a == b { return true }
    let n = StrLayout.length(a)
    return StrLayout.hash(a) == StrLayout.hash(b) && n == StrLayout.length(b)
      && !(a.header.bits & b.header.bits & Header.internedFlag != 0)
      && equalBytes(StrLayout.bytes(a), StrLayout.bytes(b), n)
  }

  /// The bytes of a str, bytes or interned name as a Swift array; for errors, paths and other slow things.
  package func text(_ value: Value) -> [UInt8] { Array(StrLayout.buffer(value.pointer)) }
  package func string(_ value: Value) -> String { String(decoding: StrLayout.buffer(value.pointer), as: UTF8.self) }
}

@inline(__always) func equalBytes(_ a: UnsafeMutablePointer<UInt8>, _ b: UnsafeMutablePointer<UInt8>, _ n: Int) -> Bool
{
  for i in 0..<n where a[i] != b[i] { return false }
  return true
}

extension FloatMode {
  /// What a float becomes when stored: board = single with the two lowest mantissa bits replaced by copies of bits 3 and 2.
  @inline(__always) package func round(_ x: Double) -> Double {
    if self == .double { return x }
    let single = Float(x)
    if self == .single { return Double(single) }
    if single.isNaN { return .nan }
    let kept = single.bitPattern & ~3
    // Infinity has no mantissa bits to fill.
    return Double(Float(bitPattern: kept | ((kept >> 2) & 3)))
  }
}

/// range: +8 start · +16 stop · +24 step, as raw words within small-int range; a leaf.
package enum RangeLayout { static let start = 8, stop = 16, step = 24, payload = 24 }
