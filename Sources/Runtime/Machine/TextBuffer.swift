import Glibc

/// A growable run of bytes outside the arena: what `print`, `str` and formatting write into. A trivial handle, so that it
/// passes through C function pointers; taken from and given back to the VM's small pool.
package struct TextBuffer {
  struct Storage {
    var start: UnsafeMutablePointer<UInt8>
    var count: Int
    var capacity: Int
    /// What is collected goes to the console in parts, so it may be longer than memory.
    var isForConsole = false
  }
  let storage: UnsafeMutablePointer<Storage>

  /// Console output is passed on in parts of about this size.
  static let partBytes = 4096

  init() {
    storage = .allocate(capacity: 1)
    storage.initialize(to: Storage(start: .allocate(capacity: 256), count: 0, capacity: 256))
  }
  /// From the word that `TypeSlots.print` receives.
  @inline(__always) package init(_ raw: UnsafeMutableRawPointer) { storage = raw.assumingMemoryBound(to: Storage.self) }
  @inline(__always) package var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(storage) }

  func free() {
    storage.pointee.start.deallocate()
    storage.deallocate()
  }

  @inline(__always) package var count: Int { storage.pointee.count }
  @inline(__always) package var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: storage.pointee.start, count: storage.pointee.count)
  }

  private func grow(_ extra: Int) {
    let wanted = max(storage.pointee.capacity * 2, storage.pointee.count + extra)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
    new.update(from: storage.pointee.start, count: storage.pointee.count)
    storage.pointee.start.deallocate()
    storage.pointee.start = new
    storage.pointee.capacity = wanted
  }

  @inline(__always) package func append(_ byte: UInt8) {
    if storage.pointee.count == storage.pointee.capacity { grow(1) }
    storage.pointee.start[storage.pointee.count] = byte
    storage.pointee.count &+= 1
  }
  package func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    if storage.pointee.count + bytes.count > storage.pointee.capacity { grow(bytes.count) }
    if let source = bytes.baseAddress {
      (storage.pointee.start + storage.pointee.count).update(from: source, count: bytes.count)
      storage.pointee.count += bytes.count
    }
  }
  package func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  package func append(_ text: String) {
    for byte in text.utf8 { append(byte) }
  }
  package func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }
  /// Appends `count` copies.
  package func append(repeating byte: UInt8, count: Int) { for _ in 0..<max(count, 0) { append(byte) } }
  package func append(decimal value: Int) {
    if value < 0 { append(0x2D) }
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    withUnsafeMutableBytes(of: &digits) { digits in
      var m = value.magnitude
      var at = 24
      repeat {
        at -= 1
        digits[at] = 48 + UInt8(m % 10)
        m /= 10
      } while m > 0
      append(UnsafeBufferPointer(rebasing: digits.bindMemory(to: UInt8.self)[at..<24]))
    }
  }
  /// Shortens to `count` bytes.
  package func truncate(to count: Int) { storage.pointee.count = count }
}

extension VM {
  /// An empty buffer; give it back with `release` (also on errors) so that the next one needs no allocation.
  package func takeBuffer() -> TextBuffer {
    guard let buffer = interpreter.scratchBuffers.popLast() else { return TextBuffer() }
    buffer.truncate(to: 0)
    return buffer
  }
  package func release(_ buffer: TextBuffer) {
    buffer.storage.pointee.isForConsole = false
    interpreter.scratchBuffers.append(buffer)
  }

  /// Honours interrupts, and refuses text that no str could hold; what is for the console goes there. For code that writes at length.
  @inline(__always) package func checkSize(_ out: TextBuffer) throws(PyError) {
    try pollInterrupts()
    if out.count > TextBuffer.partBytes { try passOn(out) }
  }

  @inline(never) private func passOn(_ out: TextBuffer) throws(PyError) {
    if out.storage.pointee.isForConsole {
      writeConsole(out.bytes)
      out.truncate(to: 0)
    } else if out.count > s.pointee.chargeLimitBlocks * blockBytes {
      throw memoryError(bytes: out.count)
    }
  }

  /// A str of what `body` writes.
  package func makeStr(_ body: (TextBuffer) throws(PyError) -> Void) throws(PyError) -> Value {
    let buffer = takeBuffer()
    defer { release(buffer) }
    try body(buffer)
    return try makeStr(buffer.bytes)
  }
}
