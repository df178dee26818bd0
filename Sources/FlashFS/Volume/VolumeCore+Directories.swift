import Glibc

/// Directories: reading them in, finding names, entries coming and going.
extension VolumeCore {
  /// The content of a directory node, read on first use. `ENOTDIR`; `EIO` when the chain or an owner is wrong.
  func loadDirectory(_ node: VolumeNode) throws(VolumeError) -> Directory {
    guard node.isDirectory else { throw VolumeError(ENOTDIR) }
    if let directory = node.directory { return directory }
    guard !node.isUnlinked else { throw VolumeError(ENOENT) }
    let first = node.entry.firstCluster
    var clusters: [UInt32] = []
    var fixedOffset: Int?
    var raw: [UInt8] = []
    if node === root && geometry.kind != .fat32 {
      fixedOffset = geometry.rootOffset
      raw = try readBytes(geometry.rootOffset, geometry.rootEntries * DirectoryEntry.bytes)
    } else {
      if let owner = directoryOwners[first], owner != node.id { throw VolumeError(EIO) }
      let bytesLimit = Directory.maximumSlots * DirectoryEntry.bytes
      guard let chain = table.chain(from: first, limit: max(1, bytesLimit / geometry.clusterBytes)) else {
        throw VolumeError(EIO)
      }
      clusters = chain
      for run in runs(of: chain) { raw += try readBytes(run.offset, run.bytes) }
      directoryOwners[first] = node.id
    }
    let scan = DirectoryScan(raw, kind: geometry.kind)
    let directory = Directory(
      raw: raw, clusters: clusters, fixedOffset: fixedOffset, endSlot: scan.endSlot, labelSlot: scan.labelSlot)
    for item in scan.items {
      directory.insert(
        makeNode(
          parent: node, name: item.name, hasLongName: item.hasLongName, slots: item.slots, entry: item.entry))
    }
    node.directory = directory
    return directory
  }

  /// Neighbouring clusters as byte ranges of the volume.
  func runs(of clusters: some Collection<UInt32>) -> [(offset: Int, bytes: Int)] {
    var runs: [(offset: Int, bytes: Int)] = []
    var next: UInt32?
    for cluster in clusters {
      if cluster == next, !runs.isEmpty {
        runs[runs.count - 1].bytes += geometry.clusterBytes
      } else {
        runs.append((geometry.offset(ofCluster: cluster), geometry.clusterBytes))
      }
      next = cluster + 1
    }
    return runs
  }

  /// A directory that still has its place in the tree.
  func liveDirectory(_ id: NodeID) throws(VolumeError) -> (VolumeNode, Directory) {
    let node = try node(id)
    guard node.isDirectory else { throw VolumeError(ENOTDIR) }
    guard !node.isUnlinked else { throw VolumeError(ENOENT) }
    return (node, try loadDirectory(node))
  }

  /// Finds an existing name. A name that nothing can have is `ENOENT`, to the runtime `EINVAL`.
  func find(_ directory: Directory, _ name: [UInt8], _ origin: Origin) throws(VolumeError) -> VolumeNode {
    let fileName: FileName
    do throws(VolumeError) { fileName = try FileName(name, origin: origin) } catch {
      throw error.errno == EINVAL && origin != .runtime ? VolumeError(ENOENT) : error
    }
    guard let node = directory.find(fileName.units, origin: origin) else { throw VolumeError(ENOENT) }
    return node
  }

  /// A name for something new.
  func newName(_ name: [UInt8], _ origin: Origin) throws(VolumeError) -> FileName {
    do throws(VolumeError) { return try FileName(name, origin: origin) } catch {
      throw error.errno == ENOENT ? VolumeError(EINVAL) : error
    }
  }

  struct PlannedName {
    var slots: Range<Int>
    var entry: DirectoryEntry
    var hasLongName: Bool
  }

  /// Plans `entry` under the name `units` in `directory`, growing it when needed. Slots of `leaving` count as free.
  func planEntry(
    _ entry: DirectoryEntry, named units: [UInt16], in directory: Directory, leaving: [VolumeNode] = [],
    _ transaction: inout Transaction
  ) throws(VolumeError) -> PlannedName {
    guard let form = directory.freeShortName(for: units, leaving: leaving) else { throw VolumeError(ENOSPC) }
    var entry = entry
    entry.shortName = form.name
    entry.caseFlags = form.caseFlags
    let count = (form.needsLongName ? LongName.slotCount(units.count) : 0) + 1
    let slots = directory.freeSlots(count, freeing: leaving.map(\.slots))
    guard slots.upperBound <= Directory.maximumSlots else { throw VolumeError(ENOSPC) }
    try growDirectory(directory, toHold: slots.upperBound, &transaction)
    let long = form.needsLongName ? LongName.encode(units, checksum: form.name.checksum) : []
    try patch(directory, slot: slots.lowerBound, long + entry.encoded(), &transaction)
    // What lies behind an end mark is undefined: it must not come to life when the mark moves.
    let end = slots.upperBound
    if end > directory.endSlot, end < directory.slotCount, directory.raw[end * DirectoryEntry.bytes] != 0 {
      try patch(directory, slot: end, [0], &transaction)
    }
    return PlannedName(slots: slots, entry: entry, hasLongName: form.needsLongName)
  }

  // MARK: - Making and removing

  func create(_ parentID: NodeID, _ name: [UInt8], _ origin: Origin) throws(VolumeError) -> VolumeNode {
    try requireWritable(origin)
    let (parent, directory) = try liveDirectory(parentID)
    let fileName = try newName(name, origin)
    guard directory.find(fileName.units, origin: .host) == nil else { throw VolumeError(EEXIST) }
    let entry = DirectoryEntry(
      shortName: .dot, attributes: DirectoryEntry.Attribute.archive, localSeconds: localNow)
    var planned: PlannedName?
    try change { (transaction) throws(VolumeError) in
      planned = try planEntry(entry, named: fileName.units, in: directory, &transaction)
    }
    let node = try adopt(planned, parent, directory, fileName.units)
    node.isNewToHost = origin == .host
    holdName(parentID, fileName.units, nil, origin)
    emit(.created, origin, node)
    return node
  }

  func makeDirectory(_ parentID: NodeID, _ name: [UInt8], _ origin: Origin) throws(VolumeError) -> VolumeNode {
    try requireWritable(origin)
    let (parent, directory) = try liveDirectory(parentID)
    let fileName = try newName(name, origin)
    guard directory.find(fileName.units, origin: .host) == nil else { throw VolumeError(EEXIST) }
    var entry = DirectoryEntry(
      shortName: .dot, attributes: DirectoryEntry.Attribute.directory, localSeconds: localNow)
    var planned: PlannedName?
    var content: [UInt8] = []
    try change { (transaction) throws(VolumeError) in
      guard let cluster = table.allocate(1, after: nil)?.first else { throw VolumeError(ENOSPC) }
      entry.firstCluster = cluster
      var up = entry
      up.shortName = .dotDot
      up.firstCluster = parent === root ? 0 : parent.entry.firstCluster
      let offset = geometry.offset(ofCluster: cluster)
      content = entry.encoded() + up.encoded()
      transaction.fill(offset, count: geometry.clusterBytes)
      transaction.patch(offset, content)
      planned = try planEntry(entry, named: fileName.units, in: directory, &transaction)
    }
    let node = try adopt(planned, parent, directory, fileName.units)
    let raw = content + [UInt8](repeating: 0, count: geometry.clusterBytes - content.count)
    node.directory = Directory(
      raw: raw, clusters: [entry.firstCluster], fixedOffset: nil, endSlot: 2, labelSlot: nil)
    directoryOwners[entry.firstCluster] = node.id
    emit(.directoryMade, origin, node)
    return node
  }

  private func adopt(
    _ planned: PlannedName?, _ parent: VolumeNode, _ directory: Directory, _ units: [UInt16]
  ) throws(VolumeError) -> VolumeNode {
    guard let planned else { throw VolumeError(EIO) }
    let node = makeNode(
      parent: parent, name: units, hasLongName: planned.hasLongName, slots: planned.slots, entry: planned.entry)
    if !node.isDirectory { node.clusters = [] }
    directory.insert(node)
    return node
  }

  func unlink(_ parentID: NodeID, _ name: [UInt8], _ origin: Origin) throws(VolumeError) {
    try requireWritable(origin)
    let (_, directory) = try liveDirectory(parentID)
    let node = try find(directory, name, origin)
    guard !node.isDirectory else { throw VolumeError(EISDIR) }
    if origin == .runtime, node.entry.attributes & DirectoryEntry.Attribute.readOnly != 0 {
      throw VolumeError(EACCES)
    }
    let clusters = try loadClusters(node)
    let size = node.entry.sizeBytes
    let path = path(of: node)
    let before = contentBeforeSave(node, origin)
    func remove() throws(VolumeError) -> Bool {
      try tryChange { (transaction) throws(VolumeError) in
        table.free(node.clusters ?? clusters, newTail: nil)
        try patchDeleted(directory, node.slots, &transaction)
      }
    }
    if try !remove() {
      try shrinkForRemoval(node)
      guard try remove() else { throw VolumeError(EIO) }
    }
    detach(node, from: directory, keeping: clusters, sizeBytes: size)
    keep(before, for: node)
    holdName(parentID, node.name, node, origin)
    if !isHeld(node) { dropSettled(node) }
    emit(.unlinked, origin, node, path: path)
    releaseIfUnused(node)
  }

  func removeDirectory(_ parentID: NodeID, _ name: [UInt8], _ origin: Origin) throws(VolumeError) {
    try requireWritable(origin)
    let (_, directory) = try liveDirectory(parentID)
    let node = try find(directory, name, origin)
    let content = try loadDirectory(node)
    guard content.nodes.isEmpty else { throw VolumeError(ENOTEMPTY) }
    let path = path(of: node)
    try change { (transaction) throws(VolumeError) in
      table.free(content.clusters, newTail: nil)
      try patchDeleted(directory, node.slots, &transaction)
    }
    detach(node, from: directory, keeping: [], sizeBytes: 0)
    emit(.directoryRemoved, origin, node, path: path)
    releaseIfUnused(node)
  }

  /// Takes a node out of the tree after its removal was committed. `clusters` stay readable while it is open.
  func detach(_ node: VolumeNode, from directory: Directory, keeping clusters: [UInt32], sizeBytes: UInt32) {
    directory.remove(node)
    node.isUnlinked = true
    if node.isDirectory {
      if directoryOwners[node.entry.firstCluster] == node.id { directoryOwners[node.entry.firstCluster] = nil }
      node.directory = nil
    } else if node.handleCount > 0 {
      // A removal in steps has shortened both.
      node.clusters = clusters
      node.entry.sizeBytes = sizeBytes
      table.pin(clusters)
    } else {
      node.clusters = nil
    }
  }
}
