import Glibc

/// Renaming and moving, over an existing name or not, as one transaction.
extension VolumeCore {
  func rename(
    _ parentID: NodeID, _ name: [UInt8], to newParentID: NodeID, _ newName: [UInt8], mayReplace: Bool, _ origin: Origin
  ) throws(VolumeError) {
    try requireWritable(origin)
    let (parent, source) = try liveDirectory(parentID)
    let node = try find(source, name, origin)
    let (newParent, destination) = try liveDirectory(newParentID)
    let fileName = try self.newName(newName, origin)
    if node.isDirectory, isInside(newParent, node) { throw VolumeError(EINVAL) }
    var target = destination.find(fileName.units, origin: .host)
    if target === node {
      if node.name == fileName.units { return }
      target = nil
    }
    if let target { try requireReplaceable(target, by: node, mayReplace) }

    var leaving: [VolumeNode] = []
    if source === destination { leaving.append(node) }
    if let target { leaving.append(target) }
    let targetSize = target?.entry.sizeBytes ?? 0
    let targetClusters: [UInt32] =
      if let target { try target.isDirectory ? loadDirectory(target).clusters : loadClusters(target) } else { [] }
    let content: Directory? = node.isDirectory && source !== destination ? try loadDirectory(node) : nil
    let before = isUnfinished(node) ? target.flatMap { contentBeforeSave($0, origin) } : nil
    var planned: PlannedName?
    func move() throws(VolumeError) -> Bool {
      try tryChange { (transaction) throws(VolumeError) in
        try patchDeleted(source, node.slots, &transaction)
        if let target { try patchDeleted(destination, target.slots, &transaction) }
        planned = try planEntry(node.entry, named: fileName.units, in: destination, leaving: leaving, &transaction)
        if let target {
          table.free(target.isDirectory ? targetClusters : target.clusters ?? targetClusters, newTail: nil)
        }
        if let content { try patchParent(content, newParent, &transaction) }
      }
    }
    if try !move() {
      guard let target, !target.isDirectory else { throw VolumeError(EIO) }
      try shrinkForRemoval(target)
      guard try move() else { throw VolumeError(EIO) }
    }
    guard let planned else { throw VolumeError(EIO) }

    let oldPath = path(of: node)
    let oldName = node.name
    if let target { detach(target, from: destination, keeping: targetClusters, sizeBytes: targetSize) }
    source.remove(node)
    node.parent = newParent.id
    node.name = fileName.units
    node.hasLongName = planned.hasLongName
    node.slots = planned.slots
    node.entry = planned.entry
    destination.insert(node)
    if let target { keep(before, for: target) }
    holdNames(afterMoving: node, from: parent.id, oldName, over: target, origin)
    if let target, !isHeld(target) { dropSettled(target) }
    emit(
      .renamed, origin, node, oldPath: oldPath, oldParent: parent.id, replacedExisting: target != nil)
    if let target { releaseIfUnused(target) }
  }

  private func requireReplaceable(
    _ target: VolumeNode, by node: VolumeNode, _ mayReplace: Bool
  ) throws(VolumeError) {
    guard mayReplace else { throw VolumeError(EEXIST) }
    if node.isDirectory && !target.isDirectory { throw VolumeError(ENOTDIR) }
    if !node.isDirectory && target.isDirectory { throw VolumeError(EISDIR) }
    if target.isDirectory, try !loadDirectory(target).nodes.isEmpty { throw VolumeError(ENOTEMPTY) }
  }

  private func isInside(_ directory: VolumeNode, _ ancestor: VolumeNode) -> Bool {
    var current = directory
    while current !== ancestor {
      guard current !== root, let parent = nodes[current.parent] else { return false }
      current = parent
    }
    return true
  }

  /// Plans the `..` of a moved directory.
  private func patchParent(
    _ content: Directory, _ parent: VolumeNode, _ transaction: inout Transaction
  ) throws(VolumeError) {
    guard content.slotCount >= 2 else { throw VolumeError(EIO) }
    var up = DirectoryEntry(content.raw, at: DirectoryEntry.bytes, kind: geometry.kind)
    guard up.shortName == .dotDot else { throw VolumeError(EIO) }
    up.firstCluster = parent === root ? 0 : parent.entry.firstCluster
    try patch(content, slot: 1, up.encoded(), &transaction)
  }
}
