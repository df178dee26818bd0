import Glibc

/// The runtime sees a file before or after a save, never during one. The host sees its own bytes at once.
extension VolumeCore {
  /// Made by the host and not closed yet, or changed through a handle that is still open.
  func isUnfinished(_ node: VolumeNode) -> Bool {
    node.isNewToHost || node.writerCount > 0 && node.didChangeWhileOpen
  }

  /// The content before a first change, if there is one worth keeping and room for it.
  func contentBeforeSave(_ node: VolumeNode, _ origin: Origin) -> SettledContent? {
    guard origin == .host, !saves.areShown, !node.isDirectory, !node.isUnlinked, node.settled == nil,
      !isUnfinished(node), node.sizeBytes <= SavesInProgress.maximumFileBytes,
      saves.keptBytes + node.sizeBytes <= SavesInProgress.maximumTotalBytes
    else { return nil }
    do throws(VolumeError) {
      return SettledContent(bytes: try content(of: node), entry: node.entry, sequence: nextSequence)
    } catch {
      // A damaged file: it has no content to go back to.
      return nil
    }
  }

  /// Gives the runtime `content` for the file until its save is over; what it reads already goes on as it was.
  func keep(_ content: SettledContent?, for node: VolumeNode) {
    guard let content else { return }
    node.settled = content
    saves.nodes[node.id] = node
    saves.keptBytes += content.bytes.count
    for (handle, file) in handles where file.node === node && file.origin == .runtime && !file.forWriting {
      handles[handle]?.settled = content
    }
  }

  /// The save is over, or the runtime itself writes the file.
  func dropSettled(_ node: VolumeNode) {
    guard let content = node.settled else { return }
    node.settled = nil
    saves.nodes[node.id] = nil
    saves.keptBytes -= content.bytes.count
  }

  // MARK: - Names

  /// Remembers what a name stood for; what is remembered from earlier in the burst stays. `node` nil: nothing.
  func holdName(_ folder: NodeID, _ units: [UInt16], _ node: VolumeNode?, _ origin: Origin) {
    let name = SavesInProgress.Name(folder, units)
    guard origin == .host else { return releaseName(name) }
    guard !saves.areShown, saves.names[name] == nil, saves.names.count < SavesInProgress.maximumNames else { return }
    if let node {
      // Without kept content an unlinked file has nothing to show.
      guard !node.isDirectory, !node.isUnlinked || node.settled != nil else { return }
      node.lookupCount += 1
    }
    saves.names[name] = .init(node: node, sequence: nextSequence)
  }

  /// After a rename by the host: `name` is gone from where it was, and `target` from where it is now.
  func holdNames(
    afterMoving node: VolumeNode, from folder: NodeID, _ oldName: [UInt16], over target: VolumeNode?, _ origin: Origin
  ) {
    guard !node.isDirectory else { return }
    let isUnfinished = isUnfinished(node)
    if !isUnfinished || origin != .host { holdName(folder, oldName, node, origin) }
    if isUnfinished || origin != .host { holdName(node.parent, node.name, target, origin) }
  }

  /// Whether some name still shows an unlinked file.
  func isHeld(_ node: VolumeNode) -> Bool {
    saves.names.values.contains { $0.node === node }
  }

  private func releaseName(_ name: SavesInProgress.Name) {
    guard let node = saves.names.removeValue(forKey: name)?.node else { return }
    if node.isUnlinked { dropSettled(node) }
    forget(node.id, 1)
  }

  /// A name as the runtime is to see it for reading.
  func settledChild(_ folder: VolumeNode, _ name: [UInt8]) throws(VolumeError) -> VolumeNode {
    let directory = try loadDirectory(folder)
    guard !saves.names.isEmpty else { return try find(directory, name, .runtime) }
    let key = SavesInProgress.Name(folder.id, try FileName(name, origin: .runtime).units)
    guard let before = saves.names[key] else { return try find(directory, name, .runtime) }
    if let present = directory.find(key.units, origin: .runtime), !isUnfinished(present) {
      // Once a program has seen the new one, the old one does not come back.
      releaseName(key)
      return present
    }
    guard let node = before.node else { throw VolumeError(ENOENT) }
    return node
  }

  func releaseNames(upTo sequence: UInt64) {
    for (name, before) in saves.names where before.sequence <= sequence { releaseName(name) }
  }

  func showSaves(upTo sequence: UInt64) {
    releaseNames(upTo: sequence)
    for node in Array(saves.nodes.values) where node.settled.map({ $0.sequence <= sequence }) ?? false {
      dropSettled(node)
    }
  }
}

extension Volume {
  /// Whether the runtime sees files in the middle of a save, as on a board; false at first.
  package func setShowsTornFiles(_ areShown: Bool) {
    change { core in
      core.saves.areShown = areShown
      if areShown { core.showSaves(upTo: .max) }
    }
  }

  /// The changes up to this event are no part of a save: the names they took away or made are to the runtime what they are now.
  package func endBurst(upTo sequence: UInt64) { change { $0.releaseNames(upTo: sequence) } }

  /// A program is about to start that sees all changes up to this event, those of files that are held open for long too.
  package func showSaves(upTo sequence: UInt64) { change { $0.showSaves(upTo: sequence) } }
}
