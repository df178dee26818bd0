import FlashFS

/// A good volume to damage.
struct FuzzBase: Sendable {
  var name: String
  var bytes: [UInt8]
  /// Where the interesting bytes end: metadata and the first clusters, which the tree's directories are in.
  var metadataBytes: Int

  /// What a formatter other than the board's would make.
  struct Shape: Sendable {
    var bits: Int
    var sectors: Int
    var clusterSectors: Int
    var tables: Int
    var rootEntries: Int
    var name: String { "FAT\(bits), \(tables) tables, \(sectors) sectors, \(clusterSectors) a cluster" }
  }

  static let now: Int64 = 1_767_323_046

  static func all() throws -> [FuzzBase] {
    var bases: [FuzzBase] = []
    for sectors in [140, 400, 2048] {
      let storage = MemoryVolumeStorage([UInt8](repeating: 0xA5, count: sectors * 512))
      try Volume.format(storage, volumeID: 7, now: now, labelsBootSector: sectors != 400)
      bases.append(try filled("board's formatter, \(sectors) sectors", storage.bytes))
    }
    for shape in [
      Shape(bits: 12, sectors: 600, clusterSectors: 1, tables: 2, rootEntries: 64),
      Shape(bits: 12, sectors: 720, clusterSectors: 4, tables: 1, rootEntries: 32),
      Shape(bits: 16, sectors: 4300, clusterSectors: 1, tables: 2, rootEntries: 512),
      Shape(bits: 16, sectors: 4200, clusterSectors: 1, tables: 1, rootEntries: 64),
      Shape(bits: 32, sectors: 500, clusterSectors: 1, tables: 2, rootEntries: 0),
      Shape(bits: 32, sectors: 900, clusterSectors: 2, tables: 1, rootEntries: 0),
    ] {
      bases.append(try filled(shape.name, formatted(shape)))
    }
    return bases
  }

  /// An empty volume as mkfs.fat lays it out.
  static func formatted(_ shape: Shape) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: shape.sectors * 512)
    func put(_ at: Int, _ value: Int, _ count: Int) {
      for index in 0..<count { bytes[at + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
    let reserved = shape.bits == 32 ? 32 : 1
    let tableSectors = ((shape.sectors / shape.clusterSectors + 2) * shape.bits / 8 + 511) / 512
    bytes.replaceSubrange(0..<11, with: [0xEB, 0x3C, 0x90] + Array("mkfs.fat".utf8))
    put(11, 512, 2)
    put(13, shape.clusterSectors, 1)
    put(14, reserved, 2)
    put(16, shape.tables, 1)
    put(17, shape.rootEntries, 2)
    put(19, shape.sectors, 2)
    put(21, 0xF8, 1)
    let extended = shape.bits == 32 ? 64 : 36
    if shape.bits == 32 {
      put(36, tableSectors, 4)
      put(44, 2, 4)
      put(48, 1, 2)
      put(50, 6, 2)
    } else {
      put(22, tableSectors, 2)
    }
    put(extended, 0x80, 1)
    put(extended + 2, 0x29, 1)
    bytes.replaceSubrange(extended + 7..<extended + 18, with: Array("NO NAME    ".utf8))
    bytes.replaceSubrange(extended + 18..<extended + 26, with: Array("FAT\(shape.bits)   ".utf8))
    put(510, 0xAA55, 2)
    let clusters =
      (shape.sectors - reserved - shape.tables * tableSectors - shape.rootEntries / 16) / shape.clusterSectors
    if shape.bits == 32 {
      put(512, 0x4161_5252, 4)
      put(512 + 484, 0x6141_7272, 4)
      put(512 + 488, clusters - 1, 4)
      put(512 + 492, 2, 4)
      put(512 + 508, 0xAA55_0000, 4)
      bytes.replaceSubrange(6 * 512..<8 * 512, with: bytes[0..<1024])
    }
    for copy in 0..<shape.tables {
      let at = (reserved + copy * tableSectors) * 512
      switch shape.bits {
      case 12: put(at, 0xFF_FFF8, 3)
      case 16: put(at, 0xFFFF_FFF8, 4)
      default:
        put(at, 0x0FFF_FFF8, 4)
        put(at + 4, 0x0FFF_FFFF, 4)
        put(at + 8, 0x0FFF_FFF8, 4)
      }
    }
    return bytes
  }

  /// The volume with a tree: long and short names, holes, a deep folder, files of no to many clusters.
  private static func filled(_ name: String, _ bytes: [UInt8]) throws -> FuzzBase {
    let storage = MemoryVolumeStorage(bytes)
    let memory = storage
    nonisolated(unsafe) let sent: any VolumeStorage = storage
    let volume = try Volume(storage: sent, clock: { now })
    try volume.fillFresh()
    func folder(_ path: String) throws {
      let parts = path.split(separator: "/")
      let parent = try volume.resolve(Array(parts.dropLast().joined(separator: "/").utf8), origin: .tool)
      let made = try volume.makeDirectory(parent.attributes.node, Array(parts[parts.count - 1].utf8), origin: .tool)
      volume.forget(made.attributes.node, count: 1)
    }
    try folder("deep")
    try folder("deep/in here")
    try folder("deep/in here/DEEPER")
    for index in 0..<8 {
      let content = (0..<index * index * 90).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ index) }
      try volume.writeFile(Array("/deep/in here/File number \(index).text".utf8), content)
      try volume.writeFile(Array("/lib/mod\(index).py".utf8), Array(content.prefix(700)))
      try volume.writeFile(Array("/deep/in here/DEEPER/é\(index)😀.bin".utf8), Array(content.prefix(900)))
    }
    let folder = try volume.resolve(Array("/deep/in here".utf8), origin: .tool).attributes.node
    for index in [1, 4] {
      try volume.unlink(folder, Array("File number \(index).text".utf8), origin: .tool)
    }
    let geometry = volume.geometry
    let metadata = (geometry.firstDataSector + 14 * geometry.sectorsPerCluster) * 512
    return FuzzBase(name: name, bytes: memory.bytes, metadataBytes: min(metadata, memory.bytes.count))
  }
}
