/// Erases of each flash block, kept in the image in two copies that are written in turn. Not under flash rules: a crash
/// may forget the newest copy, the other one holds.
enum WearTable {
  private static let magic: StaticString = "CPWR"

  /// Magic, generation, one word for each block, checksum.
  static func byteCount(blocks: Int) -> Int { 4 + 8 + 4 * blocks + 4 }

  /// Whether the history fits behind the table within the blocks that the trailer gives it: nearly always. It may not make
  /// the table longer, images of earlier versions would not open.
  static func holdsHistory(_ layout: ImageLayout) -> Bool {
    byteCount(blocks: layout.flashBlocks) + WearHistory.byteCount <= layout.wearTableBlocks * FlashGeometry.eraseBytes
  }

  /// The newest valid copy; nil when there is none. `history` is nil where an earlier version wrote last.
  static func load(from store: any FlashStore, layout: ImageLayout) throws(FlashError) -> (
    wear: [UInt32], generation: UInt64, history: WearHistory?
  )? {
    var newest: (wear: [UInt32], generation: UInt64, history: WearHistory?)?
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
      if reader.takesChecksum() { newest = (wear, generation, nil) }
    }
    guard let found = newest, holdsHistory(layout) else { return newest }
    let record = UnsafeMutableRawBufferPointer(rebasing: bytes[..<WearHistory.byteCount])
    try store.read(layout.wearTableOffset(copy: Int(found.generation % 2)) + count, into: record)
    newest?.history = WearHistory(UnsafeRawBufferPointer(record), generation: found.generation)
    return newest
  }

  /// Writes the copy that `generation` is due for.
  static func save(
    _ wear: [UInt32], _ history: WearHistory? = nil, generation: UInt64, to store: any FlashStore, layout: ImageLayout
  ) throws(FlashError) {
    let tableBytes = byteCount(blocks: layout.flashBlocks)
    let kept = holdsHistory(layout) ? history : nil
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: tableBytes + (kept == nil ? 0 : WearHistory.byteCount), alignment: 16)
    defer { bytes.deallocate() }
    kept?.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[tableBytes...]), generation: generation)
    var writer = LittleEndianWriter(UnsafeMutableRawBufferPointer(rebasing: bytes[..<tableBytes]))
    writer.put(magic)
    writer.put(generation)
    for erases in wear { writer.put(erases) }
    writer.putChecksum()
    try store.write(layout.wearTableOffset(copy: Int(generation % 2)), UnsafeRawBufferPointer(bytes))
  }
}
