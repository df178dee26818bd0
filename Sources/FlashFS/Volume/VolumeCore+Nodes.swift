import Glibc

/// Attributes, handles, look-ups by path and the label.
extension VolumeCore {
  /// As `settled` has it, if that is given.
  func attributes(_ node: VolumeNode, as settled: SettledContent?) -> NodeAttributes {
    var attributes = attributes(node)
    guard let settled else { return attributes }
    attributes.sizeBytes = settled.bytes.count
    attributes.modifiedSeconds = settled.entry.modified.localSeconds - utcOffsetSeconds
    return attributes
  }

  func attributes(_ node: VolumeNode) -> NodeAttributes {
    let held =
      if let directory = node.directory { directory.raw.count } else {
        (node.clusters?.count ?? clusterCount(node.sizeBytes)) * geometry.clusterBytes
      }
    return NodeAttributes(
      node: node.id, isDirectory: node.isDirectory, sizeBytes: node.isDirectory ? 0 : node.sizeBytes,
      allocatedBytes: held, modifiedSeconds: node.entry.modified.localSeconds - utcOffsetSeconds,
      createdSeconds: node.entry.created.localSeconds + Int64(node.entry.createdHundredths / 100) - utcOffsetSeconds,
      isReadOnly: !node.isDirectory && node.entry.attributes & DirectoryEntry.Attribute.readOnly != 0)
  }

  func result(_ node: VolumeNode) -> LookupResult {
    LookupResult(attributes: attributes(node), storedName: node.nameBytes)
  }

  /// A node that has a name, is open or is still shown to the runtime; `ESTALE` otherwise.
  func knownNode(_ id: NodeID) throws(VolumeError) -> VolumeNode {
    let node = try node(id)
    guard !node.isUnlinked || node.handleCount > 0 || node.settled != nil else { throw VolumeError(ESTALE) }
    return node
  }

  func forget(_ id: NodeID, _ count: UInt64) {
    guard let node = nodes[id], node !== root else { return }
    node.lookupCount -= min(count, node.lookupCount)
    releaseIfUnused(node)
  }

  func setAttributes(
    _ id: NodeID, sizeBytes: Int?, modifiedSeconds: Int64?, isReadOnly: Bool?, _ origin: Origin
  ) throws(VolumeError) -> NodeAttributes {
    let node = try knownNode(id)
    try requireWritable(origin)
    if sizeBytes != nil, node.isDirectory { throw VolumeError(EISDIR) }
    let isResized = sizeBytes.map { $0 != node.sizeBytes } ?? false
    guard node !== root else { return attributes(node) }
    var entry = node.entry
    if isResized { entry.touch(localSeconds: localNow) }
    if let modifiedSeconds {
      // Clamped twice: the sum of an absurd time must not overflow.
      let utc = min(max(modifiedSeconds, 0), FATTime.latestSeconds + 86400)
      entry.modified = FATTime(localSeconds: utc + utcOffsetSeconds)
    }
    if let isReadOnly, !node.isDirectory {
      entry.attributes &= ~DirectoryEntry.Attribute.readOnly
      if isReadOnly { entry.attributes |= DirectoryEntry.Attribute.readOnly }
    }
    if isResized, let sizeBytes {
      // Without a writer the new size is all there is to the save.
      if node.writerCount > 0 { keep(contentBeforeSave(node, origin), for: node) }
      try resize(node, toBytes: sizeBytes, entry)
      node.didChangeWhileOpen = true
    } else if entry != node.entry {
      if !node.isUnlinked {
        try change { (transaction) throws(VolumeError) in try patchEntry(node, entry, &transaction) }
      }
      node.entry = entry
    }
    if !node.isUnlinked {
      if isResized { emit(.resized, origin, node) }
      if modifiedSeconds != nil { emit(.timesSet, origin, node) }
    }
    return attributes(node)
  }

  // MARK: - Handles

  func open(_ id: NodeID, forWriting: Bool, truncate: Bool, _ origin: Origin) throws(VolumeError) -> VolumeHandle {
    let node = try knownNode(id)
    guard !node.isDirectory else { throw VolumeError(EISDIR) }
    if forWriting || truncate {
      try requireWritable(origin)
      if origin != .tool, node.entry.attributes & DirectoryEntry.Attribute.readOnly != 0 { throw VolumeError(EACCES) }
    }
    let isEmptied = truncate && node.sizeBytes > 0
    let before = isEmptied && forWriting ? contentBeforeSave(node, origin) : nil
    if isEmptied {
      var entry = node.entry
      entry.touch(localSeconds: localNow)
      try resize(node, toBytes: 0, entry)
    }
    if node.writerCount == 0 { node.didChangeWhileOpen = false }
    if isEmptied { node.didChangeWhileOpen = true }
    let handle = VolumeHandle(nextHandle)
    nextHandle += 1
    let shown = origin == .runtime && !forWriting ? node.settled : nil
    handles[handle] = OpenFile(node: node, forWriting: forWriting, origin: origin, settled: shown)
    keep(before, for: node)
    node.handleCount += 1
    if forWriting { node.writerCount += 1 }
    if isEmptied, !node.isUnlinked { emit(.resized, origin, node) }
    return handle
  }

  func close(_ handle: VolumeHandle) {
    guard let file = handles.removeValue(forKey: handle) else { return }
    let node = file.node
    node.handleCount -= 1
    if node.writerCount == (file.forWriting ? 1 : 0) { node.isNewToHost = false }
    if file.forWriting {
      node.writerCount -= 1
      if node.writerCount == 0 {
        // What is shown of an unlinked file is shown until the burst is over.
        if !node.isUnlinked { dropSettled(node) }
        if !node.isUnlinked { emit(.closed, file.origin, node, didWrite: node.didChangeWhileOpen) }
        node.didChangeWhileOpen = false
      }
    }
    releaseIfUnused(node)
  }

  // MARK: - Paths

  /// The node at `path`. Empty parts and `.` are skipped, `..` goes up.
  func resolve(_ path: [UInt8], _ origin: Origin, forWriting: Bool = false) throws(VolumeError) -> VolumeNode {
    var node = root
    for part in path.split(separator: 0x2F) {
      let name = Array(part)
      if name == [0x2E] { continue }
      guard node.isDirectory else { throw VolumeError(origin == .runtime ? ENOENT : ENOTDIR) }
      if name == [0x2E, 0x2E] {
        node = nodes[node.parent] ?? root
      } else {
        node =
          origin == .runtime && !forWriting
          ? try settledChild(node, name) : try find(loadDirectory(node), name, origin)
      }
    }
    return node
  }

  func readFile(_ path: [UInt8], _ origin: Origin) throws(VolumeError) -> [UInt8] {
    let node = try resolve(path, origin)
    guard !node.isDirectory else { throw VolumeError(EISDIR) }
    if origin == .runtime, let settled = node.settled { return settled.bytes }
    return try content(of: node)
  }

  func content(of node: VolumeNode) throws(VolumeError) -> [UInt8] {
    // Before anything of the stated size is allocated: a damaged entry may claim 4 GiB.
    _ = try loadClusters(node)
    var bytes = [UInt8](repeating: 0, count: node.sizeBytes)
    var failure: VolumeError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(VolumeError) { _ = try read(node, at: 0, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  func writeFile(_ path: [UInt8], _ bytes: [UInt8], _ origin: Origin) throws(VolumeError) {
    let end = path.lastIndex { $0 != 0x2F }.map { $0 + 1 } ?? 0
    guard end > 0 else { throw VolumeError(EISDIR) }
    let nameStart = path[..<end].lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
    let name = Array(path[nameStart..<end])
    let parent = try resolve(Array(path[..<nameStart]), origin)
    let node: VolumeNode
    do throws(VolumeError) { node = try find(loadDirectory(parent), name, origin) } catch {
      guard error.errno == ENOENT else { throw error }
      node = try create(parent.id, name, origin)
    }
    let handle = try open(node.id, forWriting: true, truncate: true, origin)
    defer { close(handle) }
    guard !bytes.isEmpty else { return }
    var failure: VolumeError?
    let count = bytes.withUnsafeBytes { buffer in
      do throws(VolumeError) { return try write(handle, at: 0, buffer) } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    guard count == bytes.count else { throw VolumeError(ENOSPC) }
  }
}
