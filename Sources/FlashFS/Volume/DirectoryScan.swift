/// What the bytes of a directory say, without trusting them.
struct DirectoryScan {
  struct Item {
    /// Long name slots and the short entry.
    var slots: Range<Int>
    var entry: DirectoryEntry
    /// As it is shown.
    var name: [UInt16]
    var hasLongName: Bool
  }
  var items: [Item] = []
  /// First slot with the end mark, or the number of slots.
  var endSlot: Int
  /// Slot of the volume label, in the root.
  var labelSlot: Int?
  /// Pieces of long names that belong to no entry.
  var orphanSlots: [Int] = []

  init(_ raw: [UInt8], kind: FATKind) {
    let slotCount = raw.count / DirectoryEntry.bytes
    endSlot = slotCount
    var reader = LongName.Reader()
    func dropPieces(before slot: Int, _ scan: inout DirectoryScan) {
      if let first = reader.firstSlot { scan.orphanSlots += first..<slot }
      reader.reset()
    }
    for slot in 0..<slotCount {
      let offset = slot * DirectoryEntry.bytes
      let first = raw[offset]
      let attributes = raw[offset + 11]
      if first == 0 {
        endSlot = slot
        dropPieces(before: slot, &self)
        return
      }
      if first == DirectoryEntry.deleted {
        dropPieces(before: slot, &self)
      } else if attributes & DirectoryEntry.Attribute.longNameMask == DirectoryEntry.Attribute.longName {
        let previous = reader.firstSlot
        let isGood = reader.add(raw, slot: slot)
        if !isGood || reader.firstSlot != previous, let previous { orphanSlots += previous..<slot }
        if !isGood { orphanSlots.append(slot) }
      } else if attributes & DirectoryEntry.Attribute.label != 0 {
        dropPieces(before: slot, &self)
        if labelSlot == nil { labelSlot = slot }
      } else {
        let entry = DirectoryEntry(raw, at: offset, kind: kind)
        let long = reader.name(for: entry.shortName)
        if long == nil { dropPieces(before: slot, &self) }
        let start = reader.firstSlot ?? slot
        reader.reset()
        if entry.shortName == .dot || entry.shortName == .dotDot { continue }
        let shown = long.flatMap { Self.isShowable($0) ? $0 : nil } ?? entry.shortName.units(caseFlags: entry.caseFlags)
        items.append(Item(slots: start..<slot + 1, entry: entry, name: shown, hasLongName: long != nil))
      }
    }
    dropPieces(before: slotCount, &self)
  }

  /// A damaged long name must not reach anybody as a path of its own: the short name stands in.
  private static func isShowable(_ units: [UInt16]) -> Bool {
    guard !units.isEmpty, units.count <= FileName.maximumUnits, units.allSatisfy(FileName.isAllowed),
      units != [0x2E], units != [0x2E, 0x2E]
    else { return false }
    return UTF16Text.utf8(units: units) != nil
  }
}
