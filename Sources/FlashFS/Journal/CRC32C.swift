/// CRC-32C (Castagnoli), the checksum of everything the journal writes: sixteen bytes a step from sixteen tables.
package enum CRC32C {
  /// Written once before anybody can see it and never freed, so sharing the pointer between threads is safe.
  private struct Tables: @unchecked Sendable {
    let words: UnsafePointer<UInt32>
  }

  private static let tables: Tables = {
    let words = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
    for index in 0..<256 {
      var value = UInt32(index)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
      words[index] = value
    }
    for index in 256..<16 * 256 {
      let shorter = words[index - 256]
      words[index] = (shorter >> 8) ^ words[Int(shorter & 0xFF)]
    }
    return Tables(words: UnsafePointer(words))
  }()

  /// The checksum of `bytes`; `continuing` is the checksum of what comes before them.
  package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
    guard var at = bytes.baseAddress else { return previous }
    let table = tables.words
    let end = at + bytes.count
    var crc = ~previous
    while end - at >= 16 {
      let first = at.loadUnaligned(as: UInt64.self).littleEndian ^ UInt64(crc)
      let second = at.loadUnaligned(fromByteOffset: 8, as: UInt64.self).littleEndian
      crc = folded(first, table + 8 * 256) ^ folded(second, table)
      at += 16
    }
    while at < end {
      crc = (crc >> 8) ^ table[Int((crc ^ UInt32(at.load(as: UInt8.self))) & 0xFF)]
      at += 1
    }
    return ~crc
  }

  /// What eight bytes add to the checksum; `table` is that of the last of them.
  @inline(__always)
  private static func folded(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
    let low =
      table[7 * 256 + Int(word & 0xFF)] ^ table[6 * 256 + Int(word >> 8 & 0xFF)]
      ^ table[5 * 256 + Int(word >> 16 & 0xFF)] ^ table[4 * 256 + Int(word >> 24 & 0xFF)]
    let high =
      table[3 * 256 + Int(word >> 32 & 0xFF)] ^ table[2 * 256 + Int(word >> 40 & 0xFF)]
      ^ table[256 + Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
    return low ^ high
  }
}
