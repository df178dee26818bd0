/// The first sector of a FAT volume: written as the board's `f_mkfs` does, read with distrust.
enum BootSector {
  static let labelOffset12 = 43
  static let labelOffset32 = 71
  /// What the field says when the label is only in the root directory.
  static let noName: [UInt8] = Array("NO NAME    ".utf8)

  static func encode(_ geometry: FATGeometry, volumeID: UInt32, label: [UInt8]) -> [UInt8] {
    var sector = [UInt8](repeating: 0, count: FATGeometry.sectorBytes)
    sector.replaceSubrange(0..<3, with: [0xEB, 0xFE, 0x90])
    sector.replaceSubrange(3..<11, with: Array("MSDOS5.0".utf8))
    sector.setLittleEndian16(11, UInt16(FATGeometry.sectorBytes))
    sector[13] = UInt8(geometry.sectorsPerCluster)
    sector.setLittleEndian16(14, UInt16(geometry.reservedSectors))
    sector[16] = UInt8(geometry.tableCount)
    sector.setLittleEndian16(17, UInt16(geometry.rootEntries))
    if geometry.totalSectors < 0x10000 {
      sector.setLittleEndian16(19, UInt16(geometry.totalSectors))
    } else {
      sector.setLittleEndian32(32, UInt32(geometry.totalSectors))
    }
    sector[21] = 0xF8
    sector.setLittleEndian16(24, 63)
    sector.setLittleEndian16(26, 255)
    // The board shows the host a made-up MBR in front of the volume.
    sector.setLittleEndian32(28, 1)
    let extended: Int
    if geometry.kind == .fat32 {
      sector.setLittleEndian32(36, UInt32(geometry.tableSectors))
      sector.setLittleEndian32(44, geometry.rootCluster)
      sector.setLittleEndian16(48, UInt16(geometry.infoSector))
      sector.setLittleEndian16(50, UInt16(geometry.backupSector))
      extended = 64
    } else {
      sector.setLittleEndian16(22, UInt16(geometry.tableSectors))
      extended = 36
    }
    sector[extended] = 0x80
    sector[extended + 2] = 0x29
    sector.setLittleEndian32(extended + 3, volumeID)
    sector.replaceSubrange(extended + 7..<extended + 18, with: label)
    let kindName = geometry.kind == .fat32 ? "FAT32   " : "FAT     "
    sector.replaceSubrange(extended + 18..<extended + 26, with: Array(kindName.utf8))
    sector[510] = 0x55
    sector[511] = 0xAA
    return sector
  }

  /// Reads the geometry and checks each number against `volumeBytes` before anything is computed from it.
  static func decode(_ sector: [UInt8], volumeBytes: Int) throws(VolumeMountError) -> FATGeometry {
    guard sector.count >= FATGeometry.sectorBytes, sector[510] == 0x55, sector[511] == 0xAA else {
      throw .notFAT(reason: "the boot sector does not end in 55 AA")
    }
    guard sector[0] == 0xEB || sector[0] == 0xE9 || sector[0] == 0xE8 else {
      throw .notFAT(reason: "the boot sector does not begin with a jump")
    }
    let sectorBytes = Int(sector.littleEndian16(11))
    guard sectorBytes == FATGeometry.sectorBytes else {
      if [1024, 2048, 4096].contains(sectorBytes) {
        throw .unsupported(reason: "sectors of \(sectorBytes) bytes; only 512 are supported")
      }
      throw .notFAT(reason: "sector size \(sectorBytes)")
    }
    let clusterSectors = Int(sector[13])
    guard clusterSectors > 0, clusterSectors & (clusterSectors - 1) == 0 else {
      throw .damaged(reason: "\(clusterSectors) sectors per cluster")
    }
    let reserved = Int(sector.littleEndian16(14))
    guard reserved > 0 else { throw .damaged(reason: "no reserved sectors") }
    let tableCount = Int(sector[16])
    guard tableCount == 1 || tableCount == 2 else { throw .damaged(reason: "\(tableCount) allocation tables") }
    let total16 = Int(sector.littleEndian16(19))
    let total = total16 != 0 ? total16 : Int(sector.littleEndian32(32))
    guard total <= volumeBytes / FATGeometry.sectorBytes else {
      throw .damaged(reason: "\(total) sectors, but the storage holds \(volumeBytes / FATGeometry.sectorBytes)")
    }
    let tableSectors16 = Int(sector.littleEndian16(22))
    let is32 = tableSectors16 == 0
    let rootEntries = Int(sector.littleEndian16(17))
    guard rootEntries % 16 == 0 else { throw .damaged(reason: "\(rootEntries) root entries, not a multiple of 16") }
    guard is32 == (rootEntries == 0) else { throw .damaged(reason: "\(rootEntries) root entries") }
    var geometry = FATGeometry(
      kind: .fat32, totalSectors: total, sectorsPerCluster: clusterSectors, reservedSectors: reserved,
      tableCount: tableCount, tableSectors: is32 ? Int(sector.littleEndian32(36)) : tableSectors16,
      rootEntries: rootEntries)
    guard geometry.tableSectors > 0, geometry.firstDataSector < total, geometry.clusterCount > 0 else {
      throw .damaged(reason: "no room for data: \(total) sectors, \(geometry.firstDataSector) of them before the data")
    }
    let clusters = geometry.clusterCount
    if is32 {
      try decode32(sector, into: &geometry)
    } else {
      geometry.kind = clusters <= FATKind.fat12.maximumClusters ? .fat12 : .fat16
    }
    guard clusters <= geometry.kind.maximumClusters else { throw .damaged(reason: "\(clusters) clusters") }
    let needed = geometry.kind.tableBytes(entries: clusters + 2)
    guard needed <= geometry.tableSectors * FATGeometry.sectorBytes else {
      throw .damaged(reason: "\(clusters) clusters do not fit the allocation table of \(geometry.tableSectors) sectors")
    }
    return geometry
  }

  private static func decode32(_ sector: [UInt8], into geometry: inout FATGeometry) throws(VolumeMountError) {
    guard sector.littleEndian16(42) == 0 else {
      throw .unsupported(reason: "FAT32 version \(sector[43]).\(sector[42])")
    }
    geometry.rootCluster = sector.littleEndian32(44)
    guard geometry.isValid(cluster: geometry.rootCluster) else {
      throw .damaged(reason: "the root is said to begin at cluster \(geometry.rootCluster)")
    }
    let info = Int(sector.littleEndian16(48))
    if info > 0 && info < geometry.reservedSectors { geometry.infoSector = info }
    let backup = Int(sector.littleEndian16(50))
    if backup > 0 && backup < geometry.reservedSectors { geometry.backupSector = backup }
    let flags = sector.littleEndian16(40)
    if flags & 0x80 != 0 {
      let active = Int(flags & 15)
      guard active < geometry.tableCount else { throw .damaged(reason: "active allocation table \(active)") }
      geometry.onlyActiveTable = active
    }
  }
}

/// The FAT32 sector with the number of free clusters.
enum InfoSector {
  static let freeCountOffset = 488
  static func encode(freeClusters: UInt32, lastAllocated: UInt32) -> [UInt8] {
    var sector = [UInt8](repeating: 0, count: FATGeometry.sectorBytes)
    sector.setLittleEndian32(0, 0x4161_5252)
    sector.setLittleEndian32(484, 0x6141_7272)
    sector.setLittleEndian32(freeCountOffset, freeClusters)
    sector.setLittleEndian32(492, lastAllocated)
    sector.setLittleEndian32(508, 0xAA55_0000)
    return sector
  }
  static func isValid(_ sector: [UInt8]) -> Bool {
    sector.littleEndian32(0) == 0x4161_5252 && sector.littleEndian32(484) == 0x6141_7272
  }
}
