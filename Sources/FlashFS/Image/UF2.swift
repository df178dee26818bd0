/// Microsoft's UF2: flash content in blocks that a board's boot loader takes as a file.
package enum UF2 {
  package static let payloadBytes = 256
  static let blockBytes = 512
  private static let familyPresent: UInt32 = 0x2000

  /// Names for family numbers (github.com/microsoft/uf2, utils/uf2families.json).
  package static let families: [(name: String, id: UInt32)] = [
    ("rp2040", 0xE48B_FF56), ("rp2350", 0xE48B_FF59), ("samd21", 0x68ED_2B88), ("samd51", 0x5511_4460),
    ("nrf52840", 0xADA5_2840), ("esp32s2", 0xBFDD_4EEE), ("esp32s3", 0xC47E_5767),
  ]

  /// `content` at address `base`; payloads that are erased flash are left out, a boot loader erases anyway.
  package static func encode(_ content: [UInt8], base: UInt32, family: UInt32) -> [UInt8] {
    let starts = stride(from: 0, to: content.count, by: payloadBytes).filter { start in
      content[start..<min(start + payloadBytes, content.count)].contains { $0 != 0xFF }
    }
    var output = [UInt8](repeating: 0, count: starts.count * blockBytes)
    output.withUnsafeMutableBytes { raw in
      for (index, start) in starts.enumerated() {
        let end = min(start + payloadBytes, content.count)
        var writer = LittleEndianWriter(
          UnsafeMutableRawBufferPointer(rebasing: raw[index * blockBytes..<(index + 1) * blockBytes]))
        writer.put(0x0A32_4655 as UInt32)
        writer.put(0x9E5D_5157 as UInt32)
        writer.put(familyPresent)
        writer.put(base &+ UInt32(start))
        writer.put(UInt32(payloadBytes))
        writer.put(UInt32(index))
        writer.put(UInt32(starts.count))
        writer.put(family)
        for byte in content[start..<end] { writer.put(byte) }
        raw.storeBytes(
          of: (0x0AB1_6F30 as UInt32).littleEndian, toByteOffset: (index + 1) * blockBytes - 4, as: UInt32.self)
      }
    }
    return output
  }
}
