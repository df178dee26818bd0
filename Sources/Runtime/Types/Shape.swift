/// Instances of classes written in Python, and the hidden shapes that say where an attribute lies.
///
/// instance: +8 shape · +16 overflow (`items`, or empty) · +24 … inline slots.
/// Two instances that got the same attributes in the same order share a shape, so an inline cache compares one word.
/// An instance with very many attributes, or one that lost one, still has a shape; a deletion rebuilds the chain without the name.
package enum InstanceLayout {
  static let shape = 8, overflow = 16, slots = 24
}

/// shape: +8 type · +16 parent (or empty) · +24 name added by this shape (or empty) · +32 slot count u32, inline capacity u32
/// · +40 transitions (ordered dict: name → shape, or empty) · +48 look-up table (`items` of names by slot, shared along the chain)
enum ShapeLayout {
  static let parent = 16, name = 24, counts = 32, transitions = 40, names = 48, payload = 48

  @inline(__always) static func type(_ p: UnsafeMutableRawPointer) -> Value { p.value(8) }
  @inline(__always) static func count(_ p: UnsafeMutableRawPointer) -> Int {
    Int(p.load(fromByteOffset: 32, as: UInt32.self))
  }
  @inline(__always) static func inlineCapacity(_ p: UnsafeMutableRawPointer) -> Int {
    Int(p.load(fromByteOffset: 36, as: UInt32.self))
  }
}

extension VM {
  /// Fewest and most attribute slots inside an instance; further ones go to the overflow array.
  static var minimumInlineSlots: Int { 2 }
  static var maximumInlineSlots: Int { 16 }

  /// The shape of an instance without attributes.
  func rootShape(_ type: Value) throws(PyError) -> Value {
    let existing = type.pointer.value(TypeLayout.rootShape)
    if !existing.isEmpty { return existing }
    let wrapsNative = !type.pointer.value(TypeLayout.nativeBase).isEmpty
    let wanted = storedAttributeCount(type) + (wrapsNative ? 1 : 0)
    let inline = min(max(wanted, VM.minimumInlineSlots), VM.maximumInlineSlots)
    let root = try makeShape(type, parent: .empty, name: .empty, count: wrapsNative ? 1 : 0, inline: inline)
    if wrapsNative {
      // Slot 0 holds the wrapped builtin object, under a name that no program can spell.
      let names = try allocateZeroed(.items, leaf: false, payload: 4 * 8, charge: 0)
      names.set(8, .unsupported)
      root.pointer.set(ShapeLayout.names, Value(names))
    }
    type.pointer.set(TypeLayout.rootShape, root)
    return root
  }

  private func makeShape(_ type: Value, parent: Value, name: Value, count: Int, inline: Int) throws(PyError) -> Value {
    let p = try allocateZeroed(.shape, leaf: false, payload: ShapeLayout.payload, charge: 0)
    p.set(8, type)
    p.set(ShapeLayout.parent, parent)
    p.set(ShapeLayout.name, name)
    p.storeBytes(of: UInt32(count), toByteOffset: 32, as: UInt32.self)
    p.storeBytes(of: UInt32(inline), toByteOffset: 36, as: UInt32.self)
    return Value(p)
  }

  /// A new instance without attributes. Charged as the board's: 16 bytes, attributes later.
  package func makeInstance(_ type: Value) throws(PyError) -> Value {
    let shape = try rootShape(type)
    let inline = ShapeLayout.inlineCapacity(shape.pointer)
    let p = try allocateZeroed(.instance, leaf: false, payload: 16 + inline * 8, charge: 16)
    p.set(InstanceLayout.shape, shape)
    return Value(p)
  }

  /// Slot of an attribute in a shape, or -1.
  func shapeSlot(_ shape: UnsafeMutableRawPointer, _ name: Value) -> Int {
    let names = shape.value(ShapeLayout.names)
    if names.isEmpty { return -1 }
    for i in 0..<ShapeLayout.count(shape) where names.pointer.value(8 + i * 8) == name { return i }
    return -1
  }

  /// Address of a slot in an instance.
  @inline(__always) func slotAddress(_ p: UnsafeMutableRawPointer, _ slot: Int, inline: Int) -> UnsafeMutableRawPointer
  {
    slot < inline ? p + (InstanceLayout.slots + slot * 8) : p.raw(InstanceLayout.overflow) + (8 + (slot - inline) * 8)
  }

  /// An instance's own attribute, `.empty` when absent.
  package func instanceGet(_ instance: Value, _ name: Value) -> Value {
    let p = instance.pointer
    let shape = p.raw(InstanceLayout.shape)
    let slot = shapeSlot(shape, name)
    return slot < 0 ? .empty : slotAddress(p, slot, inline: ShapeLayout.inlineCapacity(shape)).value(0)
  }

  package func instanceSet(_ instance: Value, _ name: Value, _ value: Value) throws(PyError) {
    let p = instance.pointer
    var shape = p.raw(InstanceLayout.shape)
    var slot = shapeSlot(shape, name)
    if slot < 0 {
      slot = ShapeLayout.count(shape)
      let next = try transition(Value(shape), name)
      try makeSlotRoom(p, slot, inline: ShapeLayout.inlineCapacity(shape))
      shape = next.pointer
      p.set(InstanceLayout.shape, next)
      // The board's attribute table: 8 bytes an entry, in its sizes.
      if slot + 1 > DictLayout.size(atLeast: max(slot, 0)) || slot == 0 {
        recharge(p, bytes: 16 + DictLayout.size(atLeast: slot + 1) * 8)
      }
    }
    slotAddress(p, slot, inline: ShapeLayout.inlineCapacity(shape)).set(0, value)
  }

  private func makeSlotRoom(_ p: UnsafeMutableRawPointer, _ slot: Int, inline: Int) throws(PyError) {
    if slot < inline { return }
    let overflow = p.value(InstanceLayout.overflow)
    let have = overflow.isEmpty ? 0 : (overflow.pointer.header.blocks * blockBytes - 8) / 8
    if slot - inline < have { return }
    let items = try allocateZeroed(.items, leaf: false, payload: max(5, have * 2 + 1) * 8, charge: 0)
    if !overflow.isEmpty { (items + 8).copyMemory(from: overflow.pointer + 8, byteCount: have * 8) }
    p.set(InstanceLayout.overflow, Value(items))
  }

  /// The shape after adding `name`.
  func transition(_ shape: Value, _ name: Value) throws(PyError) -> Value {
    let p = shape.pointer
    let known = p.value(ShapeLayout.transitions)
    if !known.isEmpty {
      let found = dictFindInterned(known, name)
      if !found.isEmpty { return found }
    }
    let count = ShapeLayout.count(p)
    let next = try makeShape(
      ShapeLayout.type(p), parent: shape, name: name, count: count + 1, inline: ShapeLayout.inlineCapacity(p))
    next.pointer.set(ShapeLayout.names, try extendNames(p, count, name))
    if known.isEmpty {
      let dict = try makeDict(0, ordered: true)
      // Shapes are the simulator's own; the board has none.
      recharge(dict.pointer, bytes: 0)
      p.set(ShapeLayout.transitions, dict)
    }
    try dictStore(p.value(ShapeLayout.transitions), name, next)
    recharge(p.value(ShapeLayout.transitions).pointer.raw(DictLayout.entries), bytes: 0)
    return next
  }

  /// The names of a longer shape. The first child of a shape extends the shared array in place; others copy.
  private func extendNames(_ p: UnsafeMutableRawPointer, _ count: Int, _ name: Value) throws(PyError) -> Value {
    let names = p.value(ShapeLayout.names)
    let capacity = names.isEmpty ? 0 : (names.pointer.header.blocks * blockBytes - 8) / 8
    if count < capacity && names.pointer.value(8 + count * 8).isEmpty {
      names.pointer.set(8 + count * 8, name)
      return names
    }
    let copy = try allocateZeroed(.items, leaf: false, payload: max(5, count * 2 + 1) * 8, charge: 0)
    if count > 0 { (copy + 8).copyMemory(from: names.pointer + 8, byteCount: count * 8) }
    copy.set(8 + count * 8, name)
    return Value(copy)
  }

  /// Deletes an instance's own attribute; false when it has none of that name.
  package func instanceDelete(_ instance: Value, _ name: Value) throws(PyError) -> Bool {
    let p = instance.pointer
    let shape = p.raw(InstanceLayout.shape)
    let slot = shapeSlot(shape, name)
    if slot < 0 { return false }
    let inline = ShapeLayout.inlineCapacity(shape)
    let count = ShapeLayout.count(shape)
    let names = shape.raw(ShapeLayout.names)
    var next = try rootShape(ShapeLayout.type(shape))
    for i in ShapeLayout.count(next.pointer)..<count where i != slot {
      next = try transition(next, names.value(8 + i * 8))
    }
    for i in slot..<(count - 1) {
      slotAddress(p, i, inline: inline).set(0, slotAddress(p, i + 1, inline: inline).value(0))
    }
    slotAddress(p, count - 1, inline: inline).set(0, .empty)
    p.set(InstanceLayout.shape, next)
    return true
  }

  /// The builtin object that an instance of a subclass of a builtin wraps, or `.empty`.
  @inline(__always) package func wrappedNative(_ value: Value) -> Value {
    guard value.has(.instance) else { return .empty }
    let shape = value.pointer.raw(InstanceLayout.shape)
    return ShapeLayout.type(shape).pointer.value(TypeLayout.nativeBase).isEmpty
      ? .empty : value.pointer.value(InstanceLayout.slots)
  }

  /// Own attributes as (name, value), in the order of a board's attribute table.
  package func instanceAttributes(_ instance: Value) throws(PyError) -> Value {
    let shape = instance.pointer.raw(InstanceLayout.shape)
    let dict = try makeDict()
    for i in 0..<ShapeLayout.count(shape) {
      let name = shape.raw(ShapeLayout.names).value(8 + i * 8)
      if name.has(.str) {
        let value = slotAddress(instance.pointer, i, inline: ShapeLayout.inlineCapacity(shape)).value(0)
        try dictStore(dict, name, value)
      }
    }
    return dict
  }
}
