import FlashFS

/// Random damage, the nasty kinds more often than chance would have them.
struct FuzzDamage {
  var random: SplitMix64

  mutating func number(_ range: Range<Int>) -> Int { range.isEmpty ? 0 : Int.random(in: range, using: &random) }

  /// One to twelve damages, sometimes a shorter volume.
  mutating func apply(to bytes: inout [UInt8], of base: FuzzBase) {
    for _ in 0...number(0..<12) { damageOnce(&bytes, base) }
    if number(0..<25) == 0 { bytes.removeLast(number(0..<bytes.count)) }
  }

  private mutating func damageOnce(_ bytes: inout [UInt8], _ base: FuzzBase) {
    switch number(0..<14) {
    case 0: bytes[number(0..<64)] ^= UInt8(1 << number(0..<8))
    case 1: absurdBoot(&bytes)
    case 2, 3, 4, 5: damageTable(&bytes)
    case 6, 7, 8: damageSlot(&bytes, base)
    case 9: spliceSlots(&bytes, base)
    case 10:
      let sector = number(0..<base.metadataBytes / 512) * 512
      let byte = [0, 0xFF, 0xE5, UInt8(number(0..<256))][number(0..<4)]
      for at in sector..<sector + 512 { bytes[at] = byte }
    case 11:
      let from = number(0..<base.metadataBytes / 512) * 512
      let to = number(0..<base.metadataBytes / 512) * 512
      bytes.replaceSubrange(to..<to + 512, with: bytes[from..<from + 512])
    default: bytes[number(0..<base.metadataBytes)] ^= UInt8(1 << number(0..<8))
    }
  }

  private mutating func absurdBoot(_ bytes: inout [UInt8]) {
    let fields = [(11, 2), (13, 1), (14, 2), (16, 1), (17, 2), (19, 2), (21, 1), (22, 2), (32, 4), (36, 4), (40, 2)]
    let more = [(37, 1), (38, 1), (44, 4), (48, 2), (50, 2), (65, 1), (66, 1), (71, 1)]
    let (at, count) = (fields + more)[number(0..<fields.count + more.count)]
    let value = [0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF][number(0..<12)]
    for index in 0..<count { bytes[at + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  private func field(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
    (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
  }

  /// Sets an entry of an allocation table to another cluster, itself, free, bad or nonsense, in one copy or in all.
  private mutating func damageTable(_ bytes: inout [UInt8]) {
    let reserved = field(bytes, 14, 2)
    let small = field(bytes, 22, 2)
    let tableSectors = small != 0 ? small : field(bytes, 36, 4)
    let copies = min(Int(bytes[16]), 2)
    let is32 = small == 0
    let is16 = !is32 && bytes.count >= 4090 * 512 * max(1, Int(bytes[13]))
    let cluster = number(2..<60)
    let value = [
      0, 1, cluster, cluster + 1, number(2..<60), number(2..<60), number(2..<60), 0xFFF_FFFF, 0xFFF_FFF7, 0xFFF_FFF3,
      number(0..<0xFFF_FFFF),
    ][number(0..<11)]
    let onlyCopy = number(0..<4) == 0 ? number(0..<2) : nil
    for copy in 0..<copies where onlyCopy == nil || onlyCopy == copy {
      let table = (reserved + copy * tableSectors) * 512
      let at = table + (is32 ? cluster * 4 : is16 ? cluster * 2 : cluster * 3 / 2)
      guard tableSectors < 1 << 20, at + 4 <= bytes.count else { continue }
      if is32 || is16 {
        for index in 0..<(is32 ? 4 : 2) { bytes[at + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
      } else {
        let pair = field(bytes, at, 2)
        let new = cluster % 2 == 0 ? pair & 0xF000 | value & 0xFFF : pair & 0xF | (value & 0xFFF) << 4
        for index in 0..<2 { bytes[at + index] = UInt8(truncatingIfNeeded: new >> (8 * index)) }
      }
    }
  }

  /// A slot of a directory, most likely one in use.
  private mutating func slot(_ bytes: [UInt8], _ base: FuzzBase) -> Int {
    for _ in 0..<30 {
      let at = number(0..<base.metadataBytes / 32) * 32
      let isUsed = bytes[at] > 0x1F && bytes[at] != 0xE5
      if at >= 512, isUsed, [0x0F, 0x10, 0x20, 0x08].contains(bytes[at + 11]) { return at }
    }
    return number(0..<base.metadataBytes / 32) * 32
  }

  private mutating func damageSlot(_ bytes: inout [UInt8], _ base: FuzzBase) {
    let at = slot(bytes, base)
    let values: [UInt8] = [0, 1, 2, 5, 0x0F, 0x10, 0x20, 0x2E, 0x3F, 0x40, 0x41, 0x7F, 0xE5, 0xFF]
    switch number(0..<6) {
    case 0: bytes[at] = values[number(0..<values.count)]
    case 1: bytes[at + 11] = [0, 1, 8, 0x0F, 0x10, 0x18, 0x20, 0x2F, 0x30, 0x4F, 0xFF][number(0..<11)]
    case 2:
      bytes[at + 26] = UInt8(number(0..<60))
      bytes[at + 27] = number(0..<4) == 0 ? UInt8(number(0..<256)) : 0
    case 3: bytes[at + 28 + number(0..<4)] ^= UInt8(1 << number(0..<8))
    case 4: bytes[at + number(0..<32)] = values[number(0..<values.count)]
    default: bytes[at + number(0..<32)] = UInt8(number(0..<256))
    }
  }

  private mutating func spliceSlots(_ bytes: inout [UInt8], _ base: FuzzBase) {
    let from = slot(bytes, base)
    let to = slot(bytes, base)
    let count = min(32 * (1 + number(0..<4)), bytes.count - max(from, to))
    let piece = Array(bytes[from..<from + count])
    bytes.replaceSubrange(to..<to + count, with: piece)
  }
}
