/// The registers of a part that is used in the common way: the first byte of a write sets a pointer, further bytes are
/// written from there, a read goes on from there. A part defines its registers, hangs its behaviour on the three hooks
/// and hands its bus calls to `write` and `read`.
package final class RegisterMap {
  package enum ByteOrder { case big, little }

  /// What the pointer counts, and how it moves on within one transfer.
  package enum Addressing {
    /// Addresses are bytes: a 16-bit register takes two. The pointer moves on with each byte, and stays there.
    case bytes
    /// Addresses are registers. A transfer longer than one register goes round in it.
    case registers
  }

  private struct Register {
    let address: UInt8
    let byteCount: Int
    let resetValue: UInt32
    let writeMask: UInt32
    var value: UInt32
  }

  /// Called before a register's first byte goes out, so the part can bring the value up to date. All bytes of the
  /// register then come from that value, even if it changes.
  package var willRead: (_ register: UInt8) -> Void = { _ in }
  /// Called after a register's last byte that was asked for went out.
  package var didRead: (_ register: UInt8) -> Void = { _ in }
  /// Called after the controller wrote a register's last byte. `old` is the value before.
  package var didWrite: (_ register: UInt8, _ old: UInt32, _ new: UInt32) -> Void = { _, _, _ in }

  /// The pointer as the part sees it, from the byte on the bus: parts that use its upper bits for something else mask
  /// them here.
  package var pointerMask: UInt8 = 0xFF
  package private(set) var pointer: UInt8 = 0

  private let addressing: Addressing
  private let byteOrder: ByteOrder
  private var registers: [Register] = []
  /// Index into `registers` by address; -1 where nothing is. Unknown addresses read 0 and ignore writes.
  private var indices = [Int](repeating: -1, count: 256)

  package init(addressing: Addressing, byteOrder: ByteOrder = .big) {
    self.addressing = addressing
    self.byteOrder = byteOrder
  }

  // MARK: The part's side

  /// Adds a register of up to 4 bytes. Only bits of `writable` change when the controller writes.
  package func define(_ address: UInt8, byteCount: Int = 1, reset: UInt32 = 0, writable: UInt32 = 0) {
    for offset in 0..<(addressing == .bytes ? byteCount : 1) {
      indices[Int(address) + offset] = registers.count
    }
    registers.append(
      Register(address: address, byteCount: byteCount, resetValue: reset, writeMask: writable, value: reset))
  }

  /// The value of a defined register; writing here ignores the mask and calls no hook.
  package subscript(_ address: UInt8) -> UInt32 {
    get {
      let index = indices[Int(address)]
      return index < 0 ? 0 : registers[index].value
    }
    set {
      let index = indices[Int(address)]
      if index >= 0 { registers[index].value = newValue }
    }
  }

  /// Every register to its reset value, the pointer to 0.
  package func reset() {
    for index in registers.indices { registers[index].value = registers[index].resetValue }
    pointer = 0
  }

  // MARK: The bus side

  /// A write on the bus. Returns how many bytes are acknowledged: all.
  package func write(_ bytes: [UInt8]) -> Int {
    guard let first = bytes.first else { return 0 }
    pointer = first & pointerMask
    var cursor = Cursor(address: pointer)
    var old: UInt32 = 0
    for (position, byte) in bytes.dropFirst().enumerated() {
      let index = indices[Int(cursor.address)]
      if index >= 0 {
        let register = registers[index]
        let offset = byteOffset(cursor, register)
        if position == 0 || offset == 0 { old = register.value }
        let shift = shift(of: offset, register)
        let mask = register.writeMask & (0xFF << shift)
        registers[index].value = register.value & ~mask | (UInt32(byte) << shift) & mask
        if offset == register.byteCount - 1 || position == bytes.count - 2 {
          didWrite(register.address, old, registers[index].value)
        }
      }
      advance(&cursor)
    }
    finish(cursor)
    return bytes.count
  }

  /// A read on the bus.
  package func read(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var cursor = Cursor(address: pointer)
    var latched: UInt32 = 0
    for position in 0..<count {
      let index = indices[Int(cursor.address)]
      if index >= 0 {
        let register = registers[index]
        let offset = byteOffset(cursor, register)
        if position == 0 || offset == 0 {
          willRead(register.address)
          latched = registers[index].value
        }
        bytes.append(UInt8(truncatingIfNeeded: latched >> shift(of: offset, register)))
        if offset == register.byteCount - 1 || position == count - 1 { didRead(register.address) }
      } else {
        bytes.append(0)
      }
      advance(&cursor)
    }
    finish(cursor)
    return bytes
  }

  /// Where a transfer is. `byte` counts within a register when addresses are registers.
  private struct Cursor {
    var address: UInt8
    var byte = 0
  }

  private func byteOffset(_ cursor: Cursor, _ register: Register) -> Int {
    addressing == .bytes ? Int(cursor.address - register.address) : cursor.byte
  }

  private func shift(of offset: Int, _ register: Register) -> UInt32 {
    UInt32(8 * (byteOrder == .big ? register.byteCount - 1 - offset : offset))
  }

  private func advance(_ cursor: inout Cursor) {
    guard addressing == .registers else {
      cursor.address &+= 1
      return
    }
    let index = indices[Int(cursor.address)]
    cursor.byte = index < 0 ? 0 : (cursor.byte + 1) % registers[index].byteCount
  }

  private func finish(_ cursor: Cursor) {
    if addressing == .bytes { pointer = cursor.address }
  }
}
