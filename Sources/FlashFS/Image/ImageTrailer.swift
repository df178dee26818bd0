/// The last erase block of an image file: it tells that the file is an image with a journal, and its layout.
struct ImageTrailer: Equatable {
  var layout: ImageLayout
  var volumeID: UInt32
  /// Seconds since 1970.
  var createdSeconds: UInt64

  enum Reading: Equatable {
    case trailer(ImageTrailer)
    /// Nothing of this kind is there.
    case none
    /// Ours, but it cannot be used.
    case damaged(reason: String)
  }

  private static let magic: StaticString = "CPFLASH1"
  private static let version: UInt32 = 1

  /// `block` has the size of an erase block.
  func write(to block: UnsafeMutableRawBufferPointer) {
    var writer = LittleEndianWriter(block)
    writer.put(Self.magic)
    writer.put(Self.version)
    writer.put(UInt64(layout.volumeBytes))
    writer.put(UInt32(layout.scratchBlocks))
    writer.put(UInt32(layout.ringBlocks))
    writer.put(UInt32(layout.wearTableBlocks))
    writer.put(UInt32(FlashGeometry.pageBytes))
    writer.put(UInt32(FlashGeometry.eraseBytes))
    writer.put(volumeID)
    writer.put(createdSeconds)
    writer.putChecksum()
    writer.fillRest()
  }

  static func read(_ block: UnsafeRawBufferPointer) -> Reading {
    var reader = LittleEndianReader(block)
    guard reader.takes(magic) else { return .none }
    let version = reader.take(UInt32.self)
    let volumeBytes = reader.take(UInt64.self)
    let scratchBlocks = reader.take(UInt32.self)
    let ringBlocks = reader.take(UInt32.self)
    let wearBlocks = reader.take(UInt32.self)
    let pageBytes = reader.take(UInt32.self)
    let eraseBytes = reader.take(UInt32.self)
    let volumeID = reader.take(UInt32.self)
    let createdSeconds = reader.take(UInt64.self)
    guard reader.takesChecksum() else { return .damaged(reason: "its checksum does not match") }
    guard version == Self.version else {
      return .damaged(reason: "version \(version), this program knows \(Self.version)")
    }
    guard pageBytes == FlashGeometry.pageBytes, eraseBytes == FlashGeometry.eraseBytes, volumeBytes <= 1 << 40 else {
      return .damaged(reason: "sizes of another kind of flash")
    }
    let layout = ImageLayout(
      volumeBytes: Int(volumeBytes), scratchBlocks: Int(scratchBlocks), ringBlocks: Int(ringBlocks))
    guard layout.isPossible, layout.volumeBytes == Int(volumeBytes), layout.wearTableBlocks == wearBlocks else {
      return .damaged(reason: "impossible sizes")
    }
    return .trailer(ImageTrailer(layout: layout, volumeID: volumeID, createdSeconds: createdSeconds))
  }
}
