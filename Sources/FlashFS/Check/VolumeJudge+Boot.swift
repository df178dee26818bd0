/// The boot sector, its copy, the FSInfo sector and the label.
extension VolumeJudge {
  private static let noName = Array("NO NAME    ".utf8)
  private static let infoMarks: [(at: Int, value: UInt32)] = [(0, 0x4161_5252), (484, 0x6141_7272), (508, 0xAA55_0000)]

  /// False when there is nothing to walk.
  func checkBoot() throws(FlashError) -> Bool {
    let step = CheckedBytes.sectorBytes
    switch CheckLayout.read(try volume.read(0, step), volumeBytes: volume.count) {
    case .layout(let read): layout = read
    case .impossible(let reason):
      // Where formatters put the copy: sector 6; some odd ones at the last reserved sector, which nobody knows now.
      let copy = try volume.read(6 * step, step)
      guard case .layout(let read) = CheckLayout.read(copy, volumeBytes: volume.count), read.bits == 32,
        read.backupSector == 6
      else {
        note(.bootImpossible(reason: reason))
        return false
      }
      note(.bootRestorable(reason: reason, backupSector: 6))
      try patch(0, copy)
      layout = read
    }
    // F0 is for floppies, and fsck.fat refuses the tables that belong to it.
    if layout.media < 0xF8 {
      note(.media(value: layout.media))
      layout.media = 0xF8
      try patch(21, [layout.media])
    }
    if layout.bits == 32 { try checkReserved() }
    return true
  }

  private func checkReserved() throws(FlashError) {
    let step = CheckedBytes.sectorBytes
    let places = 1..<layout.reserved
    if !places.contains(layout.infoSector) || layout.infoSector == layout.backupSector {
      let stored = layout.infoSector
      layout.infoSector = places.first { $0 != layout.backupSector } ?? 0
      // 0 where there is no room for it: what a number beyond the reserved sectors names is data.
      if layout.infoSector != stored {
        note(.infoMissing)
        try patch(48, bytes16(layout.infoSector))
      }
    }
    if !places.contains(layout.backupSector) {
      let stored = layout.backupSector
      layout.backupSector = layout.reserved > 7 && layout.infoSector != 6 ? 6 : layout.reserved - 1
      if layout.backupSector == layout.infoSector { layout.backupSector = max(0, layout.backupSector - 1) }
      if layout.backupSector != stored {
        note(.backupMissing)
        try patch(50, bytes16(layout.backupSector))
        try copyBoot()
      }
    } else if try volume.read(0, step) != volume.read(layout.backupSector * step, step) {
      note(.backupDiffers(sector: layout.backupSector))
      try copyBoot()
    }
  }

  func copyBoot() throws(FlashError) {
    guard layout.bits == 32, layout.backupSector > 0 else { return }
    let step = CheckedBytes.sectorBytes
    try patch(layout.backupSector * step, try volume.read(0, step))
  }

  /// The count of free clusters; after everything else, since repairs change it.
  func checkInfo() throws(FlashError) {
    guard layout.bits == 32, layout.infoSector > 0 else { return }
    let offset = layout.infoSector * CheckedBytes.sectorBytes
    var sector = try volume.read(offset, CheckedBytes.sectorBytes)
    let before = sector
    var free = 0
    for cluster in 2..<UInt32(layout.clusters + 2) where table.link(cluster) == .free { free += 1 }
    if Self.infoMarks.contains(where: { sector.number32($0.at) != $0.value }) {
      note(.infoDamaged(sector: layout.infoSector))
      for mark in Self.infoMarks { sector.replaceSubrange(mark.at..<mark.at + 4, with: bytes32(mark.value)) }
      sector.replaceSubrange(488..<492, with: bytes32(UInt32(free)))
      sector.replaceSubrange(492..<496, with: bytes32(.max))
    }
    let count = sector.number32(488)
    if count != .max, count != UInt32(free) {
      note(.infoCount(stored: count, free: free))
      sector.replaceSubrange(488..<492, with: bytes32(UInt32(free)))
    }
    let next = sector.number32(492)
    // 0 and 1 stand in images of formatters that never allocated anything.
    if next != .max, next > 1, !layout.isCluster(next) {
      note(.infoNext(stored: next))
      sector.replaceSubrange(492..<496, with: bytes32(.max))
    }
    if sector != before { try patch(offset, sector) }
  }

  /// The boot sector's label against the root's. The board leaves `NO NAME` in the boot sector: that is no finding.
  func checkLabel() throws(FlashError) {
    let at = layout.extendedOffset
    let sector = try volume.read(0, CheckedBytes.sectorBytes)
    // Without the signature the field is not there, and then it cannot be the root's label.
    let isThere = sector[at + 2] == 0x29
    let stored = Array(sector[at + 7..<at + 18])
    guard !isThere || stored != Self.noName else { return }
    var wanted = Self.noName
    if let labelOffset {
      wanted = try volume.read(labelOffset, 11)
      if wanted[0] == 0x05 { wanted[0] = 0xE5 }
    }
    if !isThere || stored != wanted {
      note(.bootLabel)
      try patch(at + 2, [0x29])
      try patch(at + 7, wanted)
      try copyBoot()
    }
  }
}
