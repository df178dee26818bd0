import Glibc

/// Whether `new` could be programmed over `old`: no bit goes from 0 to 1. Both have the same length.
func onlyClearsBits(from old: UnsafeRawBufferPointer, to new: UnsafeRawBufferPointer) -> Bool {
  let count = old.count
  guard count > 0, let a = old.baseAddress, let b = new.baseAddress else { return true }
  var raised: UInt64 = 0
  var at = 0
  while at + 8 <= count {
    let before = a.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    let after = b.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    raised |= ~before & after
    at += 8
  }
  while at < count {
    raised |= UInt64(~a.load(fromByteOffset: at, as: UInt8.self) & b.load(fromByteOffset: at, as: UInt8.self))
    at += 1
  }
  return raised == 0
}

/// Whether two ranges hold the same bytes.
func equalBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  a.count == b.count && (a.count == 0 || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0)
}
