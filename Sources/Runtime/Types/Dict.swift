import Glibc

/// dict, with the board's table order (`docs/dict-order.md`): iteration is slot order, and the slot follows from the board's short hash.
///
/// +8 used u32, slots u32 · +16 entries (`items`: key, value, key, value …; empty key = free slot) · +24 layout version ·
/// +32 index (`buffer`, tables over `smallSlots` only): bitmap of live slots, then a power-of-two table of slot numbers + 1 by full hash.
/// An ordered dict keeps its entries in insertion order without gaps.
package enum DictLayout {
  static let entries = 16, version = 24, index = 32
  static let payload = 32
  /// Up to here a scan comparing addresses is faster than hashing.
  static let smallSlots = 16
  /// All keys are str or small ints: a miss by content is final.
  static let simpleKeysFlag: UInt64 = 1 << 14

  @inline(__always) package static func used(_ p: UnsafeMutableRawPointer) -> Int {
    Int(p.load(fromByteOffset: 8, as: UInt32.self))
  }
  @inline(__always) package static func slots(_ p: UnsafeMutableRawPointer) -> Int {
    Int(p.load(fromByteOffset: 12, as: UInt32.self))
  }
  @inline(__always) static func setUsed(_ p: UnsafeMutableRawPointer, _ n: Int) {
    p.storeBytes(of: UInt32(truncatingIfNeeded: n), toByteOffset: 8, as: UInt32.self)
  }
  @inline(__always) static func setSlots(_ p: UnsafeMutableRawPointer, _ n: Int) {
    p.storeBytes(of: UInt32(truncatingIfNeeded: n), toByteOffset: 12, as: UInt32.self)
  }
  /// Address of slot `i`: its key, the value 8 bytes on.
  @inline(__always) static func slot(_ p: UnsafeMutableRawPointer, _ i: Int) -> UnsafeMutableRawPointer {
    p.raw(entries) + (8 + i * 16)
  }
  @inline(__always) static func isOrdered(_ p: UnsafeMutableRawPointer) -> Bool {
    p.header.bits & Header.orderedFlag != 0
  }

  /// On the board an entry of a dict is two 4-byte words, of a set one.
  static func boardSlotBytes(_ p: UnsafeMutableRawPointer) -> Int {
    let tag = p.header.bits & 0xFF
    return tag == Tag.set.rawValue || tag == Tag.frozenset.rawValue ? 4 : 8
  }

  /// The board's table sizes.
  static let sizes: [Int] = [
    0, 2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97, 127, 167, 223, 293, 389, 521, 691, 919, 1223, 1627, 2161,
    3229, 4831, 7243, 10861, 16273, 24407, 36607, 54907,
  ]
  static func size(atLeast n: Int) -> Int {
    for size in sizes where size >= n { return size }
    return (n + n / 2) | 1
  }
}

extension VM {
  /// An empty dict whose table has room for `count` entries, as a display of that many makes it.
  package func makeDict(_ count: Int = 0, ordered: Bool = false) throws(PyError) -> Value {
    let p = try allocateZeroed(.dict, leaf: false, payload: DictLayout.payload, charge: 16)
    p.header = Header(
      bits: p.header.bits | DictLayout.simpleKeysFlag | (ordered ? Header.orderedFlag : 0))
    // Never 0, which is what an inline cache holds that nothing was found for yet.
    p.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
    if count > 0 { try dictResize(p, slots: count) }
    return Value(p)
  }

  package func dictCount(_ dict: Value) -> Int { DictLayout.used(dict.pointer) }

  /// The value under an interned name, compared by address alone; `.empty` when absent. For attribute and global tables.
  @inline(__always) package func dictFindInterned(_ dict: Value, _ name: Value) -> Value {
    let p = dict.pointer
    let n = DictLayout.slots(p)
    if n > DictLayout.smallSlots { return dictFindInternedIndexed(p, name) }
    if n == 0 { return .empty }
    var at = DictLayout.slot(p, 0)
    let end = at + n &* 16
    while at < end {
      if at.value(0) == name { return at.value(8) }
      at += 16
    }
    return .empty
  }

  @inline(never) private func dictFindInternedIndexed(_ p: UnsafeMutableRawPointer, _ name: Value) -> Value {
    let i = dictProbe(p, hash: StrLayout.hash(name.pointer)) { $0 == name }
    return i < 0 ? .empty : DictLayout.slot(p, i).value(8)
  }

  /// Slot of an interned name, or -1.
  func dictSlotInterned(_ p: UnsafeMutableRawPointer, _ name: Value) -> Int {
    let n = DictLayout.slots(p)
    if n > DictLayout.smallSlots { return dictProbe(p, hash: StrLayout.hash(name.pointer)) { $0 == name } }
    for i in 0..<n where DictLayout.slot(p, i).value(0) == name { return i }
    return -1
  }

  /// The value under any key, `.empty` when absent. Raises for unhashable keys.
  package func dictFind(_ dict: Value, _ key: Value) throws(PyError) -> Value {
    let i = try dictSlot(dict.pointer, key)
    return i < 0 ? .empty : DictLayout.slot(dict.pointer, i).value(8)
  }

  func dictSlot(_ p: UnsafeMutableRawPointer, _ key: Value) throws(PyError) -> Int {
    let n = DictLayout.slots(p)
    let isStr = key.has(.str)
    let simple = p.header.bits & DictLayout.simpleKeysFlag != 0
    if n <= DictLayout.smallSlots {
      if n == 0 {
        if !isStr && !key.isSmallInt { _ = try hash(key) }
        return -1
      }
      let first = DictLayout.slot(p, 0)
      for i in 0..<n where (first + i * 16).value(0) == key { return i }
      if key.isSmallInt && simple { return -1 }
      if isStr && simple {
        for i in 0..<n {
          let other = (first + i * 16).value(0)
          if other.isObject && strEqual(key.pointer, other.pointer) { return i }
        }
        return -1
      }
      if !isStr && !key.isSmallInt { _ = try hash(key) }
      return try dictScan(p, key)
    }
    if isStr {
      let h = StrLayout.hash(key.pointer)
      let found = dictProbe(p, hash: h) { $0 == key || ($0.has(.str) && strEqual($0.pointer, key.pointer)) }
      return found >= 0 || simple ? found : try dictProbeGeneral(p, key)
    }
    if key.isSmallInt && simple { return dictProbe(p, hash: VM.hash32(small: key.small)) { $0 == key } }
    return try dictProbeGeneral(p, key)
  }

  // Comparing and hashing keys may run user code, and that may change the very table. Whoever calls it looks at the layout version
  // afterwards, and begins again if it is another.

  /// Slot of a key in a small table, by comparing with each.
  private func dictScan(_ p: UnsafeMutableRawPointer, _ key: Value) throws(PyError) -> Int {
    while true {
      let version = p.word(DictLayout.version)
      let n = DictLayout.slots(p)
      if n > DictLayout.smallSlots { return try dictProbeGeneral(p, key) }
      var i = 0
      while i < n {
        let other = DictLayout.slot(p, i).value(0)
        if !other.isEmpty {
          let isSame = try keysEqual(other, key)
          if p.word(DictLayout.version) != version { break }
          if isSame { return i }
        }
        i += 1
      }
      if i == n { return -1 }
      try pollInterrupts()
    }
  }

  /// Hash used by the index (not visible to Python): the same for keys that compare equal.
  @inline(__always) static func hash32(small: Int) -> UInt32 {
    let x = UInt64(bitPattern: Int64(small)) &* 0x9E37_79B9_7F4A_7C15
    return UInt32(truncatingIfNeeded: x &>> 32)
  }

  func hash32(_ key: Value) throws(PyError) -> UInt32 {
    if key.has(.str) { return StrLayout.hash(key.pointer) }
    if key.isSmallInt { return VM.hash32(small: key.small) }
    return VM.hash32(small: try hash(key))
  }

  private func dictProbeGeneral(_ p: UnsafeMutableRawPointer, _ key: Value) throws(PyError) -> Int {
    let h = try hash32(key)
    while true {
      if DictLayout.slots(p) <= DictLayout.smallSlots { return try dictScan(p, key) }
      let version = p.word(DictLayout.version)
      let table = DictIndex(p)
      var i = Int(h) & table.mask
      while true {
        let entry = table.table[i]
        if entry == 0 { return -1 }
        if entry != DictIndex.deleted {
          let slot = Int(entry) - 1
          let isSame = try keysEqual(DictLayout.slot(p, slot).value(0), key)
          if p.word(DictLayout.version) != version { break }
          if isSame { return slot }
        }
        i = (i + 1) & table.mask
      }
      try pollInterrupts()
    }
  }

  @inline(__always) private func dictProbe(_ p: UnsafeMutableRawPointer, hash: UInt32, _ matches: (Value) -> Bool)
    -> Int
  {
    let table = DictIndex(p)
    var i = Int(hash) & table.mask
    while true {
      let entry = table.table[i]
      if entry == 0 { return -1 }
      if entry != DictIndex.deleted {
        let slot = Int(entry) - 1
        if matches(DictLayout.slot(p, slot).value(0)) { return slot }
      }
      i = (i + 1) & table.mask
    }
  }

  /// Sets `dict[key] = value`.
  package func dictStore(_ dict: Value, _ key: Value, _ value: Value) throws(PyError) {
    let p = dict.pointer
    if p.header.bits & Header.fixedFlag != 0 { throw typeError("'dict' object doesn't support item assignment") }
    let i = try dictSlot(p, key)
    if i >= 0 {
      DictLayout.slot(p, i).set(8, value)
      return
    }
    try dictInsertNew(p, key, value)
  }

  /// The hashes that place a key: the board's short one, and the index' own.
  private struct KeyHashes {
    var board: UInt32
    var index: UInt32
  }

  private func hashes(_ key: Value) throws(PyError) -> KeyHashes {
    if key.has(.str) { return KeyHashes(board: try boardHash(key), index: StrLayout.hash(key.pointer)) }
    // One call for both: it may run user code.
    let hash = key.isSmallInt ? key.small : try hash(key)
    let board = key.has(.bytes) ? try boardHash(key) : UInt32(truncatingIfNeeded: hash)
    return KeyHashes(board: board, index: VM.hash32(small: hash))
  }

  /// Hashes of all keys by slot, of a table that hashing them did not change.
  private func allHashes(_ p: UnsafeMutableRawPointer) throws(PyError) -> [KeyHashes] {
    while true {
      let version = p.word(DictLayout.version)
      var all: [KeyHashes] = []
      all.reserveCapacity(DictLayout.slots(p))
      while all.count < DictLayout.slots(p) {
        let key = DictLayout.slot(p, all.count).value(0)
        all.append(key.isEmpty ? KeyHashes(board: 0, index: 0) : try hashes(key))
        if p.word(DictLayout.version) != version { break }
      }
      if p.word(DictLayout.version) == version { return all }
      try pollInterrupts()
    }
  }

  /// Adds a key known to be absent.
  func dictInsertNew(_ p: UnsafeMutableRawPointer, _ key: Value, _ value: Value) throws(PyError) {
    let keyHashes = try hashes(key)
    while DictLayout.used(p) == DictLayout.slots(p) {
      // Ordered tables grow by the board's array rule; hashed ones to the next size of its list.
      let used = DictLayout.used(p)
      try dictResize(p, slots: DictLayout.isOrdered(p) ? used + 4 : DictLayout.size(atLeast: used + 1))
    }
    if !key.isSmallInt && !key.has(.str) { p.header = Header(bits: p.header.bits & ~DictLayout.simpleKeysFlag) }
    dictPlace(p, key, value, keyHashes)
    p.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
  }

  /// Puts a key into a table with room for it. Runs no user code.
  private func dictPlace(_ p: UnsafeMutableRawPointer, _ key: Value, _ value: Value, _ hashes: KeyHashes) {
    let n = DictLayout.slots(p)
    var at: Int
    if DictLayout.isOrdered(p) {
      at = DictLayout.used(p)
    } else {
      at = Int(hashes.board % UInt32(truncatingIfNeeded: n))
      if n > DictLayout.smallSlots {
        at = DictIndex(p).firstFree(from: at, slots: n)
      } else {
        while !DictLayout.slot(p, at).value(0).isEmpty { at = at + 1 == n ? 0 : at + 1 }
      }
    }
    let slot = DictLayout.slot(p, at)
    slot.set(0, key)
    slot.set(8, value)
    DictLayout.setUsed(p, DictLayout.used(p) + 1)
    if n > DictLayout.smallSlots { DictIndex(p).insert(slot: at, hash: hashes.index) }
  }

  func dictResize(_ p: UnsafeMutableRawPointer, slots: Int) throws(PyError) {
    let isSimple = p.header.bits & DictLayout.simpleKeysFlag != 0
    let oldHashes = isSimple ? [] : try allHashes(p)
    let old = p.value(DictLayout.entries)
    let oldSlots = DictLayout.slots(p)
    // Hashing may have filled the table further than whoever asked for these slots knew.
    let slots = max(slots, DictLayout.used(p))
    let items = try allocateZeroed(
      .items, leaf: false, payload: slots * 16, charge: slots * DictLayout.boardSlotBytes(p))
    var index = Value.empty
    if slots > DictLayout.smallSlots {
      index = Value(try allocateZeroed(.buffer, leaf: true, payload: DictIndex.bytes(slots: slots), charge: 0))
    }
    p.set(DictLayout.entries, Value(items))
    p.set(DictLayout.index, index)
    DictLayout.setSlots(p, slots)
    DictLayout.setUsed(p, 0)
    if !old.isEmpty {
      for i in 0..<oldSlots {
        let entry = old.pointer + (8 + i * 16)
        let key = entry.value(0)
        if !key.isEmpty { dictPlace(p, key, entry.value(8), isSimple ? try hashes(key) : oldHashes[i]) }
      }
      release(old.pointer)
    }
    p.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
  }

  /// A dict or set of the same kind with the same entries in the same slots.
  func copyTable(_ source: Value) throws(PyError) -> Value {
    let copy = try makeDict()
    let flags = DictLayout.simpleKeysFlag | Header.orderedFlag | Header.orderedDictFlag | 0xFF
    copy.pointer.header = Header(
      bits: copy.pointer.header.bits & ~flags | source.pointer.header.bits & flags)
    let (p, q) = (source.pointer, copy.pointer)
    let slots = DictLayout.slots(p)
    if slots == 0 { return copy }
    let items = try allocateZeroed(
      .items, leaf: false, payload: slots * 16, charge: slots * DictLayout.boardSlotBytes(p))
    (items + 8).copyMemory(from: p.raw(DictLayout.entries) + 8, byteCount: slots * 16)
    q.set(DictLayout.entries, Value(items))
    if slots > DictLayout.smallSlots {
      let bytes = DictIndex.bytes(slots: slots)
      let index = try allocateZeroed(.buffer, leaf: true, payload: bytes, charge: 0)
      (index + 8).copyMemory(from: p.raw(DictLayout.index) + 8, byteCount: bytes)
      q.set(DictLayout.index, Value(index))
    }
    DictLayout.setSlots(q, slots)
    DictLayout.setUsed(q, DictLayout.used(p))
    q.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
    return copy
  }

  /// Gives an empty dict or set the table of another one, which must not be used any more.
  func takeTable(_ target: Value, from source: Value) throws(PyError) {
    let (p, q) = (source.pointer, target.pointer)
    q.header = Header(
      bits: q.header.bits & ~DictLayout.simpleKeysFlag | p.header.bits & DictLayout.simpleKeysFlag)
    q.set(DictLayout.entries, p.value(DictLayout.entries))
    q.set(DictLayout.index, p.value(DictLayout.index))
    DictLayout.setSlots(q, DictLayout.slots(p))
    DictLayout.setUsed(q, DictLayout.used(p))
    q.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
    p.set(DictLayout.entries, .empty)
    p.set(DictLayout.index, .empty)
    DictLayout.setSlots(p, 0)
    DictLayout.setUsed(p, 0)
  }

  /// Removes a key; `.empty` when it was absent, else its value.
  package func dictRemove(_ dict: Value, _ key: Value) throws(PyError) -> Value {
    let p = dict.pointer
    let i = try dictSlot(p, key)
    if i < 0 { return .empty }
    return try dictRemove(p, slot: i)
  }

  func dictRemove(_ p: UnsafeMutableRawPointer, slot i: Int) throws(PyError) -> Value {
    let version = p.word(DictLayout.version)
    let isIndexed = DictLayout.slots(p) > DictLayout.smallSlots
    let keyHash = isIndexed && !DictLayout.isOrdered(p) ? try hash32(DictLayout.slot(p, i).value(0)) : 0
    if p.word(DictLayout.version) != version { throw runtimeError("dict changed while a key was removed") }
    let slot = DictLayout.slot(p, i)
    let value = slot.value(8)
    let used = DictLayout.used(p)
    if DictLayout.isOrdered(p) {
      memmove(slot, slot + 16, (used - 1 - i) * 16)
      DictLayout.slot(p, used - 1).set(0, .empty)
      DictLayout.slot(p, used - 1).set(8, .empty)
      DictLayout.setUsed(p, used - 1)
      if DictLayout.slots(p) > DictLayout.smallSlots { try dictRebuildIndex(p) }
    } else {
      slot.set(0, .empty)
      slot.set(8, .empty)
      DictLayout.setUsed(p, used - 1)
      if DictLayout.slots(p) > DictLayout.smallSlots {
        let index = DictIndex(p)
        index.remove(slot: i, hash: keyHash)
        if index.isWorn(used: used - 1) { try dictRebuildIndex(p) }
      }
    }
    p.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
    return value
  }

  private func dictRebuildIndex(_ p: UnsafeMutableRawPointer) throws(PyError) {
    let hashes = try allHashes(p)
    let n = DictLayout.slots(p)
    // Hashing may have run user code that made the table a small one.
    if n <= DictLayout.smallSlots { return }
    let index = DictIndex(p)
    index.clear(slots: n)
    for i in 0..<n where !DictLayout.slot(p, i).value(0).isEmpty { index.insert(slot: i, hash: hashes[i].index) }
  }

  package func dictClear(_ dict: Value) {
    let p = dict.pointer
    let entries = p.value(DictLayout.entries)
    if !entries.isEmpty { release(entries.pointer) }
    p.set(DictLayout.entries, .empty)
    p.set(DictLayout.index, .empty)
    DictLayout.setSlots(p, 0)
    DictLayout.setUsed(p, 0)
    p.header = Header(bits: p.header.bits | DictLayout.simpleKeysFlag)
    p.set(DictLayout.version, word: Int(truncatingIfNeeded: s.pointee.nextDictVersion))
    s.pointee.nextDictVersion &+= 1
  }

  /// The next live entry at or after slot `from`: its slot, key and value. For loops: start at 0, go on at slot + 1.
  @inline(__always) package func dictNext(_ dict: Value, from: Int) -> (slot: Int, key: Value, value: Value)? {
    let p = dict.pointer
    let n = DictLayout.slots(p)
    var i = from
    while i < n {
      let slot = DictLayout.slot(p, i)
      if !slot.value(0).isEmpty { return (i, slot.value(0), slot.value(8)) }
      i += 1
    }
    return nil
  }

  /// Where a key's slot search begins on the board: its short hash.
  func boardHash(_ key: Value) throws(PyError) -> UInt32 {
    if key.isSmallInt { return UInt32(truncatingIfNeeded: key.small) }
    if key.has(.str) || key.has(.bytes) {
      let short = StrLayout.hash(key.pointer) & interpreter.stringHashMask
      return short == 0 ? 1 : short
    }
    return UInt32(truncatingIfNeeded: try hash(key))
  }
}

/// The look-up index of a large dict or set: constant time whatever the board's short hash does to its own table.
struct DictIndex {
  static let deleted = UInt32.max
  let bitmap: UnsafeMutablePointer<UInt64>
  let table: UnsafeMutablePointer<UInt32>
  let mask: Int
  /// Word before the bitmap: deleted entries in the table.
  let worn: UnsafeMutablePointer<UInt64>

  init(_ p: UnsafeMutableRawPointer) { self.init(buffer: p.raw(DictLayout.index), slots: DictLayout.slots(p)) }

  init(buffer: UnsafeMutableRawPointer, slots: Int) {
    let words = (slots + 63) / 64
    worn = (buffer + 8).assumingMemoryBound(to: UInt64.self)
    bitmap = (buffer + 16).assumingMemoryBound(to: UInt64.self)
    table = (buffer + 16 + words * 8).assumingMemoryBound(to: UInt32.self)
    mask = DictIndex.capacity(slots) - 1
  }

  static func capacity(_ slots: Int) -> Int {
    var n = 32
    while n < slots * 2 { n *= 2 }
    return n
  }
  static func bytes(slots: Int) -> Int { 8 + (slots + 63) / 64 * 8 + capacity(slots) * 4 }

  func insert(slot: Int, hash: UInt32) {
    bitmap[slot >> 6] |= 1 << UInt64(slot & 63)
    var i = Int(hash) & mask
    while table[i] != 0 && table[i] != DictIndex.deleted { i = (i + 1) & mask }
    if table[i] == DictIndex.deleted { worn.pointee -= 1 }
    table[i] = UInt32(slot) + 1
  }

  func remove(slot: Int, hash: UInt32) {
    bitmap[slot >> 6] &= ~(1 << UInt64(slot & 63))
    var i = Int(hash) & mask
    var left = mask + 1
    while left > 0 && table[i] != UInt32(slot) + 1 {
      i = (i + 1) & mask
      left -= 1
    }
    // A key whose hash has changed since may stand anywhere, but it is in the table.
    if left == 0 { return }
    table[i] = DictIndex.deleted
    worn.pointee += 1
  }

  /// So many deleted entries that probes get long.
  func isWorn(used: Int) -> Bool { Int(worn.pointee) + used > (mask + 1) * 3 / 4 }

  func clear(slots: Int) { memset(worn, 0, DictIndex.bytes(slots: slots)) }

  /// First free slot at or after `from`, wrapping; there is one.
  func firstFree(from: Int, slots: Int) -> Int {
    let words = (slots + 63) / 64
    var index = from >> 6
    var word = ~bitmap[index] & (~0 << UInt64(from & 63))
    while true {
      if word != 0 {
        let slot = index << 6 + word.trailingZeroBitCount
        if slot < slots { return slot }
      }
      index = index + 1 >= words ? 0 : index + 1
      word = ~bitmap[index]
    }
  }
}
