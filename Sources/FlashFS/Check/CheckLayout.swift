/// What a boot sector says, read by the check's own rules (Microsoft's paper, with the board's limits for FAT12 and FAT16).
struct CheckLayout: Equatable {
  static let sectorBytes = CheckedBytes.sectorBytes
  /// The largest counts that the board takes for FAT12 and FAT16.
  static let largest12 = 0xFF5
  static let largest16 = 0xFFF5
  static let largest32 = 0x0FFF_FFF5

  var bits = 12
  var clusterSectors = 0
  var reserved = 0
  var tables = 0
  var tableSectors = 0
  var rootEntries = 0
  var sectors = 0
  var clusters = 0
  var media: UInt8 = 0
  // FAT32 only.
  var rootCluster: UInt32 = 0
  var infoSector = 0
  var backupSector = 0
  var activeTable: Int?

  var clusterBytes: Int { clusterSectors * Self.sectorBytes }
  var tableBytes: Int { tableSectors * Self.sectorBytes }
  var rootOffset: Int { (reserved + tables * tableSectors) * Self.sectorBytes }
  var dataOffset: Int { rootOffset + rootEntries * 32 }
  var mask: UInt32 { bits == 12 ? 0xFFF : bits == 16 ? 0xFFFF : 0x0FFF_FFFF }
  func tableOffset(_ copy: Int) -> Int { (reserved + copy * tableSectors) * Self.sectorBytes }
  func offset(of cluster: UInt32) -> Int { dataOffset + (Int(cluster) - 2) * clusterBytes }
  func isCluster(_ number: UInt32) -> Bool { number >= 2 && Int(number) < clusters + 2 }
  /// Where the extended part of the boot sector with dirty mark, signature and label begins.
  var extendedOffset: Int { bits == 32 ? 64 : 36 }

  enum Reading {
    case layout(CheckLayout)
    case impossible(String)
  }

  static func read(_ sector: [UInt8], volumeBytes: Int) -> Reading {
    guard sector.count >= sectorBytes, sector[510] == 0x55, sector[511] == 0xAA else {
      return .impossible("it does not end in 55 AA")
    }
    guard [0xE8, 0xE9, 0xEB].contains(sector[0]) else { return .impossible("it does not begin with a jump") }
    guard sector.number16(11) == sectorBytes else { return .impossible("sectors of \(sector.number16(11)) bytes") }
    var layout = CheckLayout()
    layout.clusterSectors = Int(sector[13])
    guard layout.clusterSectors.nonzeroBitCount == 1 else {
      return .impossible("\(layout.clusterSectors) sectors per cluster")
    }
    layout.reserved = sector.number16(14)
    layout.tables = Int(sector[16])
    guard layout.reserved > 0 else { return .impossible("no reserved sectors") }
    guard layout.tables == 1 || layout.tables == 2 else { return .impossible("\(layout.tables) allocation tables") }
    layout.rootEntries = sector.number16(17)
    layout.sectors = sector.number16(19) != 0 ? sector.number16(19) : Int(sector.number32(32))
    layout.media = sector[21]
    let small = sector.number16(22)
    layout.tableSectors = small != 0 ? small : Int(sector.number32(36))
    guard layout.rootEntries % 16 == 0, (layout.rootEntries == 0) == (small == 0) else {
      return .impossible("\(layout.rootEntries) root entries")
    }
    guard layout.sectors <= volumeBytes / sectorBytes else {
      return .impossible("\(layout.sectors) sectors, the storage holds \(volumeBytes / sectorBytes)")
    }
    let before = layout.dataOffset / sectorBytes
    guard layout.tableSectors > 0, before < layout.sectors else { return .impossible("no room for data") }
    layout.clusters = (layout.sectors - before) / layout.clusterSectors
    guard layout.clusters > 0 else { return .impossible("no clusters") }
    if small != 0 {
      layout.bits = layout.clusters <= largest12 ? 12 : 16
      guard layout.clusters <= largest16 else { return .impossible("\(layout.clusters) clusters") }
    } else {
      layout.bits = 32
      guard layout.clusters <= largest32 else { return .impossible("\(layout.clusters) clusters") }
      guard sector.number16(42) == 0 else { return .impossible("FAT32 version \(sector[43]).\(sector[42])") }
      layout.rootCluster = sector.number32(44)
      guard layout.isCluster(layout.rootCluster) else { return .impossible("root cluster \(layout.rootCluster)") }
      layout.infoSector = sector.number16(48)
      layout.backupSector = sector.number16(50)
      let flags = sector.number16(40)
      if flags & 0x80 != 0 {
        guard flags & 15 < layout.tables else { return .impossible("active allocation table \(flags & 15)") }
        layout.activeTable = flags & 15
      }
    }
    guard (layout.clusters + 2) * layout.bits <= layout.tableBytes * 8 else {
      return .impossible("\(layout.clusters) clusters do not fit its allocation table")
    }
    return .layout(layout)
  }
}
