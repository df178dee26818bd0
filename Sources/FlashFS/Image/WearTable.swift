/// Erases of each flash block, kept in the image in two copies that are written in turn. Not under flash rules: a crash
/// may forget the newest copy, the other one holds.
enum WearTable {
  private static let magic: StaticString = "CPWR"

  /// Magic, generation, one word for each block, checksum.
  static func byteCount(blocks: Int) -> Int { 4 + 8 + 4 * blocks + 4 }

  /// The newest valid copy; nil when there is none.
  static func load(from store: any FlashStore, layout: ImageLayout) throws(FlashError) -> (
    wear: [UInt32], generation: UInt64
  )? {
    var newest: (wear: [UInt32], generation: UInt64)?
    let count = byteCount(blocks: layout.flashBlocks)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { bytes.deallocate() }
    for copy in 0..<2 {
      try store.read(layout.wearTableOffset(copy: copy), into: bytes)
      var reader = LittleEndianReader(UnsafeRawBufferPointer(bytes))
      guard reader.takes(magic) else { continue }
      let generation = reader.take(UInt64.self)
      if let newest, newest.generation >= generation { continue }
      let wear = (0..<layout.flashBlocks).map { _ in reader.take(UInt32.self) }
      if reader.takesChecksum() { newest = (wear, generation) }
    }
    return newest
  }

  /// Writes the copy that `generation` is due for.
  static func save(
    _ wear: [UInt32], generation: UInt64, to store: any FlashStore, layout: ImageLayout
  ) throws(FlashError) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: byteCount(blocks: layout.flashBlocks), alignment: 16)
    defer { bytes.deallocate() }
    var writer = LittleEndianWriter(bytes)
    writer.put(magic)
    writer.put(generation)
    for erases in wear { writer.put(erases) }
    writer.putChecksum()
    try store.write(layout.wearTableOffset(copy: Int(generation % 2)), UnsafeRawBufferPointer(bytes))
  }
}
