/// VFAT long names: slots of thirteen UTF-16 units in front of the short entry, last piece first.
enum LongName {
  static let unitsPerSlot = 13
  static let maximumSlots = 20
  private static let unitOffsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
  private static let lastFlag: UInt8 = 0x40

  static func slotCount(_ unitCount: Int) -> Int { (unitCount + unitsPerSlot - 1) / unitsPerSlot }

  /// The slots in the order they stand in the directory.
  static func encode(_ units: [UInt16], checksum: UInt8) -> [UInt8] {
    let count = slotCount(units.count)
    var raw: [UInt8] = []
    for piece in stride(from: count, through: 1, by: -1) {
      var slot = [UInt8](repeating: 0, count: DirectoryEntry.bytes)
      slot[0] = UInt8(piece) | (piece == count ? lastFlag : 0)
      slot[11] = DirectoryEntry.Attribute.longName
      slot[13] = checksum
      for (index, offset) in unitOffsets.enumerated() {
        let position = (piece - 1) * unitsPerSlot + index
        let unit = position < units.count ? units[position] : position == units.count ? 0 : 0xFFFF
        slot.setLittleEndian16(offset, unit)
      }
      raw += slot
    }
    return raw
  }

  /// Collects the slots met before a short entry.
  struct Reader {
    private var units: [UInt16] = []
    private var nextPiece = 0
    private var checksum: UInt8 = 0
    /// Slot of the first piece; nil while there is none.
    private(set) var firstSlot: Int?

    mutating func reset() {
      firstSlot = nil
      nextPiece = 0
      units = []
    }

    /// Takes the piece in `slot`. False when it does not go on where the last one stopped.
    mutating func add(_ raw: [UInt8], slot: Int) -> Bool {
      let offset = slot * DirectoryEntry.bytes
      let order = raw[offset]
      var piece = Int(order & 0x1F)
      if order & LongName.lastFlag != 0 {
        reset()
        guard piece >= 1, piece <= LongName.maximumSlots else { return false }
        firstSlot = slot
        nextPiece = piece
        checksum = raw[offset + 13]
      }
      guard firstSlot != nil, piece == nextPiece, checksum == raw[offset + 13] else {
        reset()
        return false
      }
      piece -= 1
      nextPiece = piece
      units = LongName.unitOffsets.map { raw.littleEndian16(offset + $0) } + units
      return true
    }

    /// The whole name if all pieces are there and belong to `shortName`.
    func name(for shortName: ShortName) -> [UInt16]? {
      guard firstSlot != nil, nextPiece == 0, checksum == shortName.checksum else { return nil }
      return Array(units.prefix { $0 != 0 })
    }
  }
}
