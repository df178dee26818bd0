/// Numbers in on-disk byte order.
extension Array where Element == UInt8 {
  func littleEndian16(_ offset: Int) -> UInt16 { UInt16(self[offset]) | UInt16(self[offset + 1]) << 8 }
  func littleEndian32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian16(offset)) | UInt32(littleEndian16(offset + 2)) << 16
  }
  mutating func setLittleEndian16(_ offset: Int, _ value: UInt16) {
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
  }
  mutating func setLittleEndian32(_ offset: Int, _ value: UInt32) {
    setLittleEndian16(offset, UInt16(truncatingIfNeeded: value))
    setLittleEndian16(offset + 2, UInt16(truncatingIfNeeded: value >> 16))
  }
}
