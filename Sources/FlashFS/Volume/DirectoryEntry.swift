/// The 32-byte record of a file or directory.
struct DirectoryEntry: Equatable {
  static let bytes = 32
  static let deleted: UInt8 = 0xE5

  enum Attribute {
    static let readOnly: UInt8 = 0x01
    static let label: UInt8 = 0x08
    static let directory: UInt8 = 0x10
    static let archive: UInt8 = 0x20
    /// Read-only, hidden, system and label together mark a piece of a long name.
    static let longName: UInt8 = 0x0F
    static let longNameMask: UInt8 = 0x3F
  }

  var shortName: ShortName
  var attributes: UInt8
  var caseFlags: UInt8 = 0
  /// Hundredths of a second, 0…199, on top of `created`.
  var createdHundredths: UInt8 = 0
  var created: FATTime
  var accessDate: UInt16
  var modified: FATTime
  var firstCluster: UInt32 = 0
  var sizeBytes: UInt32 = 0

  var isDirectory: Bool { attributes & Attribute.directory != 0 }

  init(shortName: ShortName, attributes: UInt8, localSeconds: Int64) {
    self.shortName = shortName
    self.attributes = attributes
    created = FATTime(localSeconds: localSeconds)
    createdHundredths = UInt8(localSeconds & 1) * 100
    accessDate = created.date
    modified = created
  }

  /// Reads the record at `offset`; the high half of the first cluster means something only on FAT32.
  init(_ raw: [UInt8], at offset: Int, kind: FATKind) {
    shortName = ShortName(bytes: Array(raw[offset..<offset + 11]))
    attributes = raw[offset + 11]
    caseFlags = raw[offset + 12]
    createdHundredths = raw[offset + 13]
    created = FATTime(date: raw.littleEndian16(offset + 16), time: raw.littleEndian16(offset + 14))
    accessDate = raw.littleEndian16(offset + 18)
    modified = FATTime(date: raw.littleEndian16(offset + 24), time: raw.littleEndian16(offset + 22))
    firstCluster = UInt32(raw.littleEndian16(offset + 26))
    if kind == .fat32 { firstCluster |= UInt32(raw.littleEndian16(offset + 20)) << 16 }
    sizeBytes = raw.littleEndian32(offset + 28)
  }

  func encoded() -> [UInt8] {
    var raw = shortName.bytes + [UInt8](repeating: 0, count: Self.bytes - 11)
    raw[11] = attributes
    raw[12] = caseFlags
    raw[13] = createdHundredths
    raw.setLittleEndian16(14, created.time)
    raw.setLittleEndian16(16, created.date)
    raw.setLittleEndian16(18, accessDate)
    raw.setLittleEndian16(20, UInt16(firstCluster >> 16))
    raw.setLittleEndian16(22, modified.time)
    raw.setLittleEndian16(24, modified.date)
    raw.setLittleEndian16(26, UInt16(firstCluster & 0xFFFF))
    raw.setLittleEndian32(28, sizeBytes)
    return raw
  }

  /// Marks a change of the content at `localSeconds`.
  mutating func touch(localSeconds: Int64) {
    modified = FATTime(localSeconds: localSeconds)
    accessDate = modified.date
    attributes |= Attribute.archive
  }
}
