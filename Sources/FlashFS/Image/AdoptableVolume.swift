/// What adoption of a plain image needs from a FAT boot sector.
struct AdoptableVolume: Equatable {
  static let sizeBytes = 512
  var volumeBytes: Int
  var volumeID: UInt32

  enum Reading: Equatable {
    case fat(AdoptableVolume)
    /// `reason` continues "is not a flash image: ".
    case other(reason: String)
  }

  static func read(_ sector: UnsafeRawBufferPointer) -> Reading {
    func word<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) -> Value {
      Value(littleEndian: sector.loadUnaligned(fromByteOffset: offset, as: type))
    }
    guard word(510, UInt16.self) == 0xAA55 else {
      return .other(reason: "its first sector is no FAT boot sector; give a file that holds a FAT volume")
    }
    let sectorBytes = word(11, UInt16.self)
    let clusterSectors = word(13, UInt8.self)
    let tables = word(16, UInt8.self)
    let sectors = word(19, UInt16.self) != 0 ? UInt32(word(19, UInt16.self)) : word(32, UInt32.self)
    let isPlausible =
      sectorBytes.nonzeroBitCount == 1 && sectorBytes >= 512 && clusterSectors.nonzeroBitCount == 1
      && word(14, UInt16.self) > 0 && (1...2).contains(tables) && sectors > 0
    guard isPlausible else {
      let isPartitioned = word(450, UInt8.self) != 0 && word(454, UInt32.self) != 0
      return .other(
        reason: isPartitioned
          ? "it is a partitioned disk; give its FAT partition alone"
          : "its boot sector describes no FAT volume; give a file that holds one")
    }
    guard sectorBytes == 512 else {
      return .other(reason: "its sectors have \(sectorBytes) bytes; format it with sectors of 512")
    }
    // FAT32 has no 16-bit table size and keeps its id further back.
    let idOffset = word(22, UInt16.self) == 0 ? 67 : 39
    return .fat(AdoptableVolume(volumeBytes: Int(sectors) * 512, volumeID: word(idOffset, UInt32.self)))
  }
}
