import Glibc

/// The volume's label: an entry of the root, and the boot sector's field where that is used.
extension VolumeCore {
  func label() throws(VolumeError) -> [UInt8] {
    let directory = try loadDirectory(root)
    guard let slot = directory.labelSlot else { return [] }
    let entry = DirectoryEntry(directory.raw, at: slot * DirectoryEntry.bytes, kind: geometry.kind)
    var units = entry.shortName.bytes.map(CodePage437.unit)
    while let last = units.last, last == 0x20 || last == 0 { units.removeLast() }
    return UTF16Text.utf8(units: units) ?? []
  }

  /// Eleven bytes in upper case; `EINVAL` for more or for characters that no label may hold.
  private static func encodeLabel(_ label: [UInt8]) throws(VolumeError) -> [UInt8] {
    guard let units = UTF16Text.units(utf8: label) else { throw VolumeError(EINVAL) }
    var bytes: [UInt8] = []
    for unit in units {
      guard FileName.isAllowed(unit), unit != 0x7F, !"+,.;=[]".utf16.contains(unit),
        let byte = CodePage437.byte(of: unit)
      else { throw VolumeError(EINVAL) }
      bytes.append(CodePage437.capital(of: byte))
    }
    while bytes.last == 0x20 { bytes.removeLast() }
    guard bytes.count <= 11, bytes.first != 0x20 else { throw VolumeError(EINVAL) }
    if bytes.first == DirectoryEntry.deleted { bytes[0] = 0x05 }
    return bytes.isEmpty ? [] : bytes + [UInt8](repeating: 0x20, count: 11 - bytes.count)
  }

  func setLabel(_ label: [UInt8], _ origin: Origin) throws(VolumeError) {
    try requireWritable(origin)
    let bytes = try Self.encodeLabel(label)
    let directory = try loadDirectory(root)
    let slot: Int
    if let labelSlot = directory.labelSlot {
      slot = labelSlot
    } else if bytes.isEmpty {
      return
    } else {
      slot = directory.freeSlots(1, freeing: []).lowerBound
    }
    let now = localNow
    try change { (transaction) throws(VolumeError) in
      if bytes.isEmpty {
        try patch(directory, slot: slot, [DirectoryEntry.deleted], &transaction)
      } else {
        try growDirectory(directory, toHold: slot + 1, &transaction)
        let entry = DirectoryEntry(
          shortName: ShortName(bytes: bytes), attributes: DirectoryEntry.Attribute.label, localSeconds: now)
        try patch(directory, slot: slot, entry.encoded(), &transaction)
        if slot >= directory.endSlot, slot + 1 < directory.slotCount,
          directory.raw[(slot + 1) * DirectoryEntry.bytes] != 0
        {
          try patch(directory, slot: slot + 1, [0], &transaction)
        }
      }
      try patchBootLabel(bytes.isEmpty ? BootSector.noName : bytes, &transaction)
    }
    if bytes.isEmpty {
      directory.noteFree(slot: slot)
    } else {
      directory.noteUsed(slot: slot)
    }
    directory.labelSlot = bytes.isEmpty ? nil : slot
  }

  /// The board leaves `NO NAME` in the boot sector; other formatters write the label there too, and it must not differ.
  private func patchBootLabel(_ bytes: [UInt8], _ transaction: inout Transaction) throws(VolumeError) {
    let offset = geometry.kind == .fat32 ? BootSector.labelOffset32 : BootSector.labelOffset12
    let signature = try readBytes(offset - 5, 1)
    let present = try readBytes(offset, BootSector.noName.count)
    guard signature == [0x29], present != BootSector.noName else { return }
    var bytes = bytes
    // 05 stands for E5 in directory entries only.
    if bytes[0] == 0x05 { bytes[0] = DirectoryEntry.deleted }
    transaction.patch(offset, bytes)
    if geometry.backupSector > 0 {
      transaction.patch(geometry.backupSector * FATGeometry.sectorBytes + offset, bytes)
    }
  }
}
