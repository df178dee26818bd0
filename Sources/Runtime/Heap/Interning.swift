import Glibc

/// Interned strings: one object for one content, at an address that never changes, outside the arena.
///
/// Names in code, attribute names and keyword names are interned, so that they are compared by address. Like the board's
/// qstr pools they live until the VM ends, and are charged if the program (not the firmware) brought them in.
struct InternTable {
  private var slots: [Value] = Array(repeating: .empty, count: 4096)
  private var count = 0
  private var chunk: UnsafeMutableRawPointer
  private var chunkEnd: UnsafeMutableRawPointer
  private(set) var chunks: [UnsafeMutableRawPointer]
  private static let chunkBytes = 64 << 10

  init() {
    chunk = Arena.reserve(InternTable.chunkBytes)
    chunkEnd = chunk + InternTable.chunkBytes
    chunks = [chunk]
  }

  func free() { for chunk in chunks { munmap(chunk, InternTable.chunkBytes) } }

  /// Space that lives as long as the VM, outside the arena (never scanned or freed).
  mutating func permanent(_ bytes: Int) -> UnsafeMutableRawPointer {
    let size = (bytes + 15) & ~15
    if size > InternTable.chunkBytes {
      let big = Arena.reserve(size)  // kept for the VM's life; too rare to be worth tracking its size
      return big
    }
    if chunk + size > chunkEnd {
      chunk = Arena.reserve(InternTable.chunkBytes)
      chunkEnd = chunk + InternTable.chunkBytes
      chunks.append(chunk)
    }
    defer { chunk += size }
    return chunk
  }

  func find(_ bytes: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Value? {
    var i = Int(hash) & (slots.count - 1)
    while !slots[i].isEmpty {
      let p = slots[i].pointer
      if StrLayout.hash(p) == hash, StrLayout.length(p) == bytes.count,
        StrLayout.buffer(p).elementsEqual(bytes)
      {
        return slots[i]
      }
      i = (i + 1) & (slots.count - 1)
    }
    return nil
  }

  mutating func insert(_ value: Value) {
    if count * 2 >= slots.count {
      let old = slots
      slots = Array(repeating: .empty, count: old.count * 2)
      for value in old where !value.isEmpty { place(value) }
    }
    place(value)
    count += 1
  }

  private mutating func place(_ value: Value) {
    var i = Int(StrLayout.hash(value.pointer)) & (slots.count - 1)
    while !slots[i].isEmpty { i = (i + 1) & (slots.count - 1) }
    slots[i] = value
  }
}

/// Layout of str and bytes objects: header · length u32, hash u32 · the bytes · a zero byte (not counted).
package enum StrLayout {
  /// Offset of the first byte.
  static let payload = 16

  @inline(__always) package static func length(_ p: UnsafeMutableRawPointer) -> Int {
    Int(p.load(fromByteOffset: 8, as: UInt32.self))
  }
  /// The full 32-bit hash; dict order uses its low byte or bytes.
  @inline(__always) package static func hash(_ p: UnsafeMutableRawPointer) -> UInt32 {
    p.load(fromByteOffset: 12, as: UInt32.self)
  }
  @inline(__always) package static func bytes(_ p: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
    (p + payload).assumingMemoryBound(to: UInt8.self)
  }
  @inline(__always) package static func buffer(_ p: UnsafeMutableRawPointer) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: bytes(p), count: length(p))
  }
  static func setLength(_ p: UnsafeMutableRawPointer, _ length: Int, hash: UInt32) {
    p.storeBytes(of: UInt32(truncatingIfNeeded: length), toByteOffset: 8, as: UInt32.self)
    p.storeBytes(of: hash, toByteOffset: 12, as: UInt32.self)
  }
  /// The board's string hash (`spec/dict-order.md`), 32 bits of it.
  @inline(__always) static func hash(of bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var h: UInt32 = 5381
    for b in bytes { h = (h &* 33) ^ UInt32(b) }
    return h
  }
}

extension VM {
  /// The interned str of these bytes. Charged as the board charges a new qstr unless it exists.
  package func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
    let interpreter = self.interpreter
    let hash = StrLayout.hash(of: bytes)
    if let found = interpreter.interned.find(bytes, hash: hash) { return found }
    let p = interpreter.interned.permanent(StrLayout.payload + bytes.count + 1)
    let isASCII = bytes.allSatisfy { $0 < 0x80 }
    p.header = Header(
      bits: UInt64(Tag.str.rawValue) | Header.leafFlag | Header.internedFlag | (isASCII ? Header.asciiFlag : 0))
    StrLayout.setLength(p, bytes.count, hash: hash)
    if let source = bytes.baseAddress { memcpy(p + StrLayout.payload, source, bytes.count) }
    interpreter.interned.insert(Value(p))
    if interpreter.isRunning {
      // A qstr costs its bytes with length, hash and terminator; the board pools them.
      let charge = VM.chargeBlocks(bytes.count + 3)
      interpreter.permanentChargeBlocks += charge
      s.pointee.chargedBlocks += charge
    }
    return Value(p)
  }

  package func intern(_ bytes: [UInt8]) -> Value { bytes.withUnsafeBufferPointer { intern($0) } }

  package func intern(_ text: StaticString) -> Value {
    intern(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// The interned twin of any str, for use as an attribute or global name.
  @inline(__always) package func interned(_ str: Value) -> Value {
    str.pointer.header.bits & Header.internedFlag != 0 ? str : intern(StrLayout.buffer(str.pointer))
  }

  /// An existing interned string, without making one: an attribute nobody ever named cannot exist.
  package func findInterned(_ bytes: UnsafeBufferPointer<UInt8>) -> Value? {
    interpreter.interned.find(bytes, hash: StrLayout.hash(of: bytes))
  }
}
