/// Checks what is committed, read anew, against what is in memory.
extension VolumeCore {
  func checkInvariants() -> [String] {
    var check = InvariantCheck(core: self)
    check.checkTables()
    check.checkDirectory(root)
    check.checkUse()
    return check.findings
  }
}

private struct InvariantCheck {
  let core: VolumeCore
  var findings: [String] = []
  /// Whose each cluster is.
  private var owners: [UInt32: String] = [:]
  private var stored: [UInt32] = []

  init(core: VolumeCore) { self.core = core }

  private var geometry: FATGeometry { core.geometry }

  mutating func checkTables() {
    let tables = geometry.tableOffsets.map { (offset: Int) -> [UInt8] in
      (try? core.storage.readBytes(offset, geometry.tableSectors * FATGeometry.sectorBytes)) ?? []
    }
    if tables.contains(where: { $0 != tables[0] }) { findings.append("the allocation tables differ") }
    stored = AllocationTable.decode(geometry.kind, count: geometry.clusterCount + 2, tables[0])
    if stored != core.table.entries { findings.append("the allocation table in memory is not the stored one") }
    let free = stored[2..<geometry.clusterCount + 2].count { $0 & geometry.kind.mask == 0 }
    if free != core.table.freeCount { findings.append("\(free) clusters are free, counted \(core.table.freeCount)") }
    if core.hasInfoSector, core.hasCommitted {
      let offset = geometry.infoSector * FATGeometry.sectorBytes + InfoSector.freeCountOffset
      let count = (try? core.storage.readBytes(offset, 4))?.littleEndian32(0)
      if count != UInt32(free) { findings.append("the info sector counts \(count ?? 0) free clusters of \(free)") }
    }
  }

  /// Notes a chain as `path`'s; nil when it is broken.
  private mutating func claim(_ first: UInt32, _ path: String) -> [UInt32]? {
    guard let chain = core.table.chain(from: first) else {
      findings.append("\(path): broken chain from cluster \(first)")
      return nil
    }
    for cluster in chain {
      if let other = owners[cluster] { findings.append("\(path): cluster \(cluster) belongs to \(other) too") }
      owners[cluster] = path
      if core.table.pinned.contains(cluster) { findings.append("\(path): cluster \(cluster) is pinned") }
    }
    return chain
  }

  mutating func checkDirectory(_ node: VolumeNode, depth: Int = 0) {
    let path = String(decoding: core.path(of: node), as: UTF8.self)
    guard depth < 200 else {
      findings.append("\(path): too deep")
      return
    }
    guard let directory = try? core.loadDirectory(node) else {
      findings.append("\(path): cannot be read")
      return
    }
    var raw: [UInt8] = []
    if let fixed = directory.fixedOffset {
      raw = (try? core.readBytes(fixed, geometry.rootEntries * DirectoryEntry.bytes)) ?? []
    } else {
      guard let chain = claim(node.entry.firstCluster, path) else { return }
      if chain != directory.clusters { findings.append("\(path): chain in memory differs") }
      for run in core.runs(of: chain) { raw += (try? core.readBytes(run.offset, run.bytes)) ?? [] }
    }
    if raw != directory.raw { findings.append("\(path): bytes in memory are not the stored ones") }
    let scan = DirectoryScan(raw, kind: geometry.kind)
    if scan.endSlot != directory.endSlot {
      findings.append("\(path): ends at slot \(scan.endSlot), in memory \(directory.endSlot)")
    }
    if scan.labelSlot != directory.labelSlot { findings.append("\(path): label slot in memory differs") }
    if !scan.orphanSlots.isEmpty { findings.append("\(path): long name pieces without entry in \(scan.orphanSlots)") }
    if node !== core.root { checkDots(raw, node, path) }
    checkNames(scan, directory, path)
    for child in directory.nodes {
      if child.isDirectory { checkDirectory(child, depth: depth + 1) } else { checkFile(child) }
    }
  }

  private mutating func checkDots(_ raw: [UInt8], _ node: VolumeNode, _ path: String) {
    let dot = DirectoryEntry(raw, at: 0, kind: geometry.kind)
    let up = DirectoryEntry(raw, at: DirectoryEntry.bytes, kind: geometry.kind)
    let parent = core.nodes[node.parent] ?? core.root
    let expected = parent === core.root ? 0 : parent.entry.firstCluster
    if dot.shortName != .dot || dot.firstCluster != node.entry.firstCluster { findings.append("\(path): bad .") }
    if up.shortName != .dotDot || up.firstCluster != expected { findings.append("\(path): bad ..") }
  }

  private mutating func checkNames(_ scan: DirectoryScan, _ directory: Directory, _ path: String) {
    if scan.items.count != directory.nodes.count {
      findings.append("\(path): \(scan.items.count) entries, in memory \(directory.nodes.count)")
    }
    for (item, node) in zip(scan.items, directory.nodes) {
      let name = String(decoding: node.nameBytes, as: UTF8.self)
      if item.name != node.name || item.slots != node.slots || item.hasLongName != node.hasLongName {
        findings.append("\(path): name of \(name) in memory differs")
      }
      if item.entry != node.entry { findings.append("\(path): entry of \(name) in memory differs") }
      if directory.find(node.name, origin: .host) !== node { findings.append("\(path): \(name) is not found") }
      if core.nodes[node.id] !== node || node.isUnlinked { findings.append("\(path): \(name) is not a live node") }
    }
    var shortNames: Set<ShortName> = []
    for item in scan.items where !shortNames.insert(item.entry.shortName).inserted {
      findings.append("\(path): two entries have the short name \(item.entry.shortName.bytes)")
    }
  }

  private mutating func checkFile(_ node: VolumeNode) {
    let path = String(decoding: core.path(of: node), as: UTF8.self)
    guard node.entry.firstCluster != 0 else {
      if node.sizeBytes != 0 { findings.append("\(path): \(node.sizeBytes) bytes without a cluster") }
      if let clusters = node.clusters, !clusters.isEmpty { findings.append("\(path): clusters in memory only") }
      return
    }
    guard let chain = claim(node.entry.firstCluster, path) else { return }
    if chain.count != core.clusterCount(node.sizeBytes) {
      findings.append("\(path): \(chain.count) clusters for \(node.sizeBytes) bytes")
    }
    if let clusters = node.clusters, clusters != chain { findings.append("\(path): chain in memory differs") }
  }

  /// Lost clusters; pinned ones against the open files.
  mutating func checkUse() {
    let mask = geometry.kind.mask
    for cluster in 2..<UInt32(geometry.clusterCount + 2) {
      let value = stored[Int(cluster)] & mask
      if value != 0, value != geometry.kind.endOfChain - 1, owners[cluster] == nil {
        findings.append("cluster \(cluster) is lost")
      }
    }
    var held: Set<UInt32> = []
    for node in core.nodes.values where node.isUnlinked {
      if node.handleCount > 0 {
        held.formUnion(node.clusters ?? [])
      } else if node.lookupCount == 0 {
        findings.append("node \(node.id.rawValue) is kept by nobody")
      }
    }
    if held != core.table.pinned { findings.append("\(core.table.pinned.count) clusters pinned, \(held.count) held") }
    for cluster in held where stored[Int(cluster)] & mask != 0 {
      findings.append("pinned cluster \(cluster) is in use")
    }
    let keptBytes = core.saves.nodes.values.reduce(0) { $0 + ($1.settled?.bytes.count ?? 0) }
    if keptBytes != core.saves.keptBytes {
      findings.append("\(core.saves.keptBytes) bytes kept during saves, not \(keptBytes)")
    }
    for node in core.nodes.values where node.settled != nil && core.saves.nodes[node.id] !== node {
      findings.append("node \(node.id.rawValue) keeps content that nobody knows of")
    }
    var handleCounts: [NodeID: Int] = [:]
    for file in core.handles.values { handleCounts[file.node.id, default: 0] += 1 }
    for node in core.nodes.values where node.handleCount != handleCounts[node.id] ?? 0 {
      findings.append("node \(node.id.rawValue) counts \(node.handleCount) handles")
    }
  }
}
