/// What lies in an erase block of an image.
enum BlockOccupant {
  static func describe(block: Int, layout: ImageLayout, storage: any VolumeStorage) -> String {
    if block >= layout.firstRingBlock { return "journal ring" }
    if block >= layout.firstScratchBlock { return "scratch" }
    if block >= layout.firstAnchorBlock { return "anchor" }
    guard let core = try? VolumeCore(storage: storage, utcOffsetSeconds: 0, clock: { 0 }) else { return "volume" }
    let geometry = core.geometry
    let range = block * FlashGeometry.eraseBytes..<(block + 1) * FlashGeometry.eraseBytes
    let tables = geometry.reservedSectors * FATGeometry.sectorBytes..<geometry.rootOffset
    let fixedRoot = geometry.rootOffset..<geometry.firstDataSector * FATGeometry.sectorBytes
    var found: [String] = []
    if range.overlaps(tables) { found.append("FAT") }
    if range.overlaps(fixedRoot) { found.append("root directory") }
    if range.upperBound > fixedRoot.upperBound { found += names(in: range, core) }
    if found.isEmpty { found = [range.lowerBound < tables.lowerBound ? "boot sector" : "free space"] }
    return found.joined(separator: ", ")
  }

  /// Files and directories with a cluster in `range`.
  private static func names(in range: Range<Int>, _ core: VolumeCore) -> [String] {
    var found: [String] = []
    var waiting: [(node: VolumeNode, path: String)] = [(core.root, "")]
    while let (node, path) = waiting.popLast() {
      let chain = node.entry.firstCluster == 0 ? [] : core.table.chain(from: node.entry.firstCluster) ?? []
      let lies = chain.contains { cluster in
        let start = core.geometry.offset(ofCluster: cluster)
        return range.overlaps(start..<start + core.geometry.clusterBytes)
      }
      if lies { found.append(node.isDirectory ? "directory \(path)/" : "file \(path)") }
      guard node.isDirectory, (try? core.loadDirectory(node)) != nil else { continue }
      for child in core.nodes.values where child.parent == node.id && child.id != node.id {
        waiting.append((child, path + "/" + String(decoding: child.nameBytes, as: UTF8.self)))
      }
    }
    return found.sorted()
  }
}
