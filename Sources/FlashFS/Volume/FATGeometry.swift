/// Width of an allocation table entry.
package enum FATKind: Int, Sendable, Equatable {
  case fat12 = 12
  case fat16 = 16
  case fat32 = 32

  /// The most clusters a volume of this kind has to oofatfs (the MS paper says 4084 and 65524).
  var maximumClusters: Int {
    switch self {
    case .fat12: 0xFF5
    case .fat16: 0xFFF5
    case .fat32: 0x0FFF_FFF5
    }
  }
  /// The bits of an entry that hold a cluster number.
  var mask: UInt32 {
    switch self {
    case .fat12: 0xFFF
    case .fat16: 0xFFFF
    case .fat32: 0x0FFF_FFFF
    }
  }
  /// Entries from here on end a chain; the one before marks a bad cluster.
  var endOfChain: UInt32 { mask - 7 }

  /// Bytes that `entries` entries take.
  func tableBytes(entries: Int) -> Int {
    self == .fat12 ? (entries * 3 + 1) / 2 : entries * rawValue / 8
  }
}

/// Where the parts of a FAT volume lie, in 512-byte sectors.
package struct FATGeometry: Sendable, Equatable {
  package static let sectorBytes = 512

  package var kind: FATKind
  package var totalSectors: Int
  package var sectorsPerCluster: Int
  package var reservedSectors: Int
  package var tableCount: Int
  package var tableSectors: Int
  /// Entries of the fixed root; 0 on FAT32.
  package var rootEntries: Int
  /// First cluster of the root; 0 unless FAT32.
  package var rootCluster: UInt32 = 0
  /// Sector of the FAT32 free-count record; 0 without one.
  package var infoSector = 0
  /// FAT32: sector of the boot sector's copy; 0 without one.
  package var backupSector = 0
  /// FAT32: the only table in use when mirroring is off.
  package var onlyActiveTable: Int?

  package var clusterBytes: Int { sectorsPerCluster * Self.sectorBytes }
  package var rootSectors: Int { (rootEntries * 32 + Self.sectorBytes - 1) / Self.sectorBytes }
  package var rootOffset: Int { (reservedSectors + tableCount * tableSectors) * Self.sectorBytes }
  package var firstDataSector: Int { reservedSectors + tableCount * tableSectors + rootSectors }
  package var clusterCount: Int { (totalSectors - firstDataSector) / sectorsPerCluster }

  /// Byte offsets of the allocation tables, the one that is read first.
  var tableOffsets: [Int] {
    let indices = onlyActiveTable.map { [$0] } ?? Array(0..<tableCount)
    return indices.map { (reservedSectors + $0 * tableSectors) * Self.sectorBytes }
  }

  /// Byte offset of a data cluster; clusters count from 2.
  func offset(ofCluster cluster: UInt32) -> Int {
    (firstDataSector + (Int(cluster) - 2) * sectorsPerCluster) * Self.sectorBytes
  }
  func isValid(cluster: UInt32) -> Bool { cluster >= 2 && Int(cluster) < clusterCount + 2 }
}

// MARK: - What the board's formatter chooses

extension FATGeometry {
  /// The volume that the board's `f_mkfs` makes of `sectors` sectors; nil when there are too few. It never has 4085 or
  /// 65525 clusters, about whose kind FAT drivers disagree: some sectors are left out then.
  package static func circuitPython(sectors: Int, minimumSectors: Int = 128) -> FATGeometry? {
    var sectors = sectors
    while sectors >= minimumSectors, let geometry = boardGeometry(sectors: sectors) {
      if geometry.clusterCount != 4085 && geometry.clusterCount != 65525 { return geometry }
      sectors -= 1
    }
    return nil
  }

  private static func boardGeometry(sectors: Int) -> FATGeometry? {
    guard sectors <= 0xFFFF_FFFF else { return nil }
    var clusterSectors = sectorsPerCluster(sectors / 4096, steps: [1, 4, 16, 64, 256, 512])
    while clusterSectors <= 64 {
      // The first guess counts clusters as if the whole volume were data.
      let guess = sectors / clusterSectors
      let kind: FATKind = guess <= FATKind.fat12.maximumClusters ? .fat12 : .fat16
      var geometry = FATGeometry(
        kind: kind, totalSectors: sectors, sectorsPerCluster: clusterSectors, reservedSectors: 1, tableCount: 1,
        tableSectors: 0, rootEntries: sectors <= 256 ? 128 : 512)
      let tableBytes = kind == .fat12 ? (guess * 3 + 1) / 2 + 3 : guess * 2 + 4
      geometry.tableSectors = (tableBytes + sectorBytes - 1) / sectorBytes
      guard sectors >= geometry.firstDataSector + clusterSectors * 16 else { return nil }
      let clusters = geometry.clusterCount
      let isOfKind = kind == .fat12 || clusters > FATKind.fat12.maximumClusters
      if isOfKind && clusters <= kind.maximumClusters { return geometry }
      clusterSectors *= 2
    }
    return boardGeometry32(sectors: sectors)
  }

  private static func boardGeometry32(sectors: Int) -> FATGeometry? {
    var clusterSectors = sectorsPerCluster(sectors / 0x20000, steps: [1, 2, 4, 8, 16, 32])
    while clusterSectors >= 1 {
      let guess = sectors / clusterSectors
      var geometry = FATGeometry(
        kind: .fat32, totalSectors: sectors, sectorsPerCluster: clusterSectors, reservedSectors: 32, tableCount: 1,
        tableSectors: (guess * 4 + 8 + sectorBytes - 1) / sectorBytes, rootEntries: 0)
      geometry.rootCluster = 2
      geometry.infoSector = 1
      geometry.backupSector = 6
      let clusters = geometry.clusterCount
      if clusters > FATKind.fat16.maximumClusters && clusters <= FATKind.fat32.maximumClusters { return geometry }
      clusterSectors /= 2
    }
    return nil
  }

  private static func sectorsPerCluster(_ scale: Int, steps: [Int]) -> Int {
    1 << steps.prefix { $0 <= scale }.count
  }
}
