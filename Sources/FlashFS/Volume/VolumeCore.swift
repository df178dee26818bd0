import Glibc

/// Everything a volume knows, without the lock. Each change is planned, committed as one transaction, and only then
/// made true in memory.
final class VolumeCore {
  static let maximumFileBytes = 0xFFFF_FFFF

  struct OpenFile {
    var node: VolumeNode
    var forWriting: Bool
    var origin: Origin
    /// What a reading runtime goes on seeing although the host changes the file.
    var settled: SettledContent?
  }
  /// A change of a directory's bytes that becomes true with the commit.
  private enum DirectoryEdit {
    case bytes(Directory, offset: Int, [UInt8])
    case grown(Directory, clusters: Int)
  }

  let storage: any VolumeStorage
  let geometry: FATGeometry
  let clock: @Sendable () -> Int64
  /// Local time is UTC plus this.
  let utcOffsetSeconds: Int64
  /// Things about the volume that work but that somebody should know.
  private(set) var warnings: [String] = []
  var table: AllocationTable
  let root: VolumeNode
  var nodes: [NodeID: VolumeNode] = [:]
  private var nextNode: UInt64 = 2
  var handles: [VolumeHandle: OpenFile] = [:]
  var nextHandle: UInt64 = 1
  /// First clusters of the directories read so far: a second claim means a damaged volume (or a directory in itself).
  var directoryOwners: [UInt32: NodeID] = [:]
  private(set) var isReadOnly = false
  var protection = WriteProtection()
  var saves = SavesInProgress()
  private var directoryEdits: [DirectoryEdit] = []
  let hasInfoSector: Bool
  /// The table has changed since the volume was opened: the info sector is ours.
  private(set) var hasCommitted = false
  private var pendingEvents: [VolumeEvent] = []
  private(set) var nextSequence: UInt64 = 1
  private var isDelivering = false

  init(
    storage: any VolumeStorage, utcOffsetSeconds: Int, clock: @escaping @Sendable () -> Int64
  ) throws(VolumeMountError) {
    self.storage = storage
    self.clock = clock
    self.utcOffsetSeconds = Int64(utcOffsetSeconds)
    let sectorBytes = FATGeometry.sectorBytes
    guard storage.volumeBytes >= sectorBytes else { throw .notFAT(reason: "\(storage.volumeBytes) bytes") }
    geometry = try BootSector.decode(
      Self.read(storage, 0, sectorBytes), volumeBytes: storage.volumeBytes)
    let offsets = geometry.tableOffsets
    let bytes = try Self.read(storage, offsets[0], geometry.tableSectors * sectorBytes)
    table = AllocationTable(
      kind: geometry.kind, clusterCount: geometry.clusterCount, offsets: offsets, bytes: bytes)
    hasInfoSector =
      geometry.infoSector > 0
      ? InfoSector.isValid(try Self.read(storage, geometry.infoSector * sectorBytes, sectorBytes)) : false
    var entry = DirectoryEntry(
      shortName: .dot, attributes: DirectoryEntry.Attribute.directory, localSeconds: FATTime.earliestSeconds)
    entry.firstCluster = geometry.rootCluster
    root = VolumeNode(id: .root, parent: .root, name: [], hasLongName: false, slots: 0..<0, entry: entry)
    root.lookupCount = 1
    nodes[.root] = root
    if geometry.clusterCount == 4085 || geometry.clusterCount == 65525 {
      warnings.append(
        "\(geometry.clusterCount) clusters: the board takes it for \(geometry.kind), other systems may not")
    }
    try judge(tableBytes: bytes)
  }

  /// More clusters than this are not checked as a whole when mounted: the table alone is 4 MiB then.
  private static let checkedClusters = 1 << 20

  /// Looks the volume over before anybody writes to it: where writing could destroy what is still there, nobody may.
  private func judge(tableBytes: [UInt8]) throws(VolumeMountError) {
    var findings: [VolumeFinding] = []
    if geometry.clusterCount <= Self.checkedClusters {
      do throws(FlashError) { findings = try VolumeCheck.run(storage) } catch { throw .storage(error) }
    } else {
      for (copy, offset) in geometry.tableOffsets.enumerated().dropFirst()
      where try Self.read(storage, offset, tableBytes.count) != tableBytes {
        findings.append(.tablesDiffer(copy: copy + 1, offset: offset))
      }
    }
    guard let worst = findings.max(by: { $0.severity < $1.severity }), worst.severity >= .damage else { return }
    isReadOnly = worst.severity >= .danger
    let first = findings.first { $0.severity == worst.severity } ?? worst
    let others = findings.count == 1 ? "" : " (and \(findings.count - 1) more findings)"
    warnings.append(
      "the volume is damaged\(isReadOnly ? " and mounted read-only" : ""): \(first.what)\(others); unmount it and mend it"
        + " with: circuitpyd flash check --repair IMAGE")
  }

  private static func read(
    _ storage: any VolumeStorage, _ offset: Int, _ count: Int
  ) throws(VolumeMountError) -> [UInt8] {
    do throws(FlashError) { return try storage.readBytes(offset, count) } catch { throw .storage(error) }
  }

  /// Goes on where `old` was when its storage was formatted anew: numbers are not used twice, and what it held is told as gone.
  /// - Parameter names: what was in its root.
  func succeed(_ old: VolumeCore, names: [VolumeNode]) {
    for node in old.nodes.values where node.writerCount > 0 && !node.isUnlinked {
      old.emit(.closed, .tool, node, didWrite: node.didChangeWhileOpen)
    }
    for node in names { old.emit(node.isDirectory ? .directoryRemoved : .unlinked, .tool, node) }
    nextNode = old.nextNode
    nextHandle = old.nextHandle
    nextSequence = old.nextSequence
    pendingEvents = old.pendingEvents
    isDelivering = old.isDelivering
    protection = old.protection
    saves.areShown = old.saves.areShown
    // Look-ups of the root that the computer still holds.
    root.lookupCount = old.root.lookupCount
  }

  // MARK: - Time

  /// Now, in the volume's local time.
  var localNow: Int64 { clock() + utcOffsetSeconds }

  // MARK: - Reading

  func readBytes(_ offset: Int, _ count: Int) throws(VolumeError) -> [UInt8] {
    do throws(FlashError) { return try storage.readBytes(offset, count) } catch { throw VolumeError(EIO) }
  }

  // MARK: - Changing

  func requireWritable(_ origin: Origin) throws(VolumeError) {
    let may =
      switch origin {
      case .host: protection.mayHostWrite
      case .runtime: protection.mayCodeWrite
      case .tool: true
      }
    guard may, !isReadOnly else { throw VolumeError(EROFS) }
  }

  /// Runs `plan`, which fills a transaction and changes the allocation table, and commits. False (and nothing has
  /// changed) when the transaction is larger than the storage takes. When anything throws, nothing has changed either.
  func tryChange(_ plan: (inout Transaction) throws(VolumeError) -> Void) throws(VolumeError) -> Bool {
    var transaction = Transaction()
    do throws(VolumeError) { try plan(&transaction) } catch {
      abandon()
      throw error
    }
    let isTableChanged = table.hasChanges
    table.encodeChanges(into: &transaction)
    if isTableChanged && hasInfoSector {
      var counts = [UInt8](repeating: 0, count: 8)
      counts.setLittleEndian32(0, UInt32(table.freeCount))
      counts.setLittleEndian32(4, table.lastAllocated)
      transaction.patch(geometry.infoSector * FATGeometry.sectorBytes + InfoSector.freeCountOffset, counts)
    }
    guard transaction.bodyBytes <= storage.maximumTransactionBytes else {
      abandon()
      return false
    }
    if !transaction.isEmpty {
      do throws(FlashError) { try storage.commit(transaction) } catch {
        abandon()
        isReadOnly = true
        throw VolumeError(EIO)
      }
    }
    if isTableChanged { hasCommitted = true }
    table.accept()
    for edit in directoryEdits {
      switch edit {
      case .bytes(let directory, let offset, let bytes): directory.apply(bytes, at: offset)
      case .grown(let directory, let count): directory.appendZeros(count * geometry.clusterBytes)
      }
    }
    directoryEdits = []
    return true
  }

  /// `tryChange` for what always fits.
  func change(_ plan: (inout Transaction) throws(VolumeError) -> Void) throws(VolumeError) {
    guard try tryChange(plan) else { throw VolumeError(EIO) }
  }

  private func abandon() {
    table.rollBack()
    for case .grown(let directory, let count) in directoryEdits { directory.clusters.removeLast(count) }
    directoryEdits = []
  }

  /// Plans bytes of a directory, from `slot` on.
  func patch(
    _ directory: Directory, slot: Int, _ bytes: [UInt8], _ transaction: inout Transaction
  ) throws(VolumeError) {
    var planned = 0
    for piece in directory.pieces(slot: slot, byteCount: bytes.count, geometry: geometry) {
      transaction.patch(piece.offset, Array(bytes[piece.range]))
      planned += piece.range.count
    }
    guard planned == bytes.count else { throw VolumeError(EIO) }
    directoryEdits.append(.bytes(directory, offset: slot * DirectoryEntry.bytes, bytes))
  }

  /// Plans the new short entry of a node.
  func patchEntry(
    _ node: VolumeNode, _ entry: DirectoryEntry, _ transaction: inout Transaction
  ) throws(VolumeError) {
    guard let parent = nodes[node.parent] else { throw VolumeError(EIO) }
    let directory = try loadDirectory(parent)
    try patch(directory, slot: node.slots.upperBound - 1, entry.encoded(), &transaction)
  }

  /// Plans the end of a node's slots.
  func patchDeleted(
    _ directory: Directory, _ slots: Range<Int>, _ transaction: inout Transaction
  ) throws(VolumeError) {
    for slot in slots { try patch(directory, slot: slot, [DirectoryEntry.deleted], &transaction) }
  }

  /// Plans zero-filled clusters at the end of a directory, enough for `slots`.
  func growDirectory(
    _ directory: Directory, toHold slots: Int, _ transaction: inout Transaction
  ) throws(VolumeError) {
    let missing = slots * DirectoryEntry.bytes - directory.raw.count
    guard missing > 0 else { return }
    guard directory.fixedOffset == nil, slots <= Directory.maximumSlots else { throw VolumeError(ENOSPC) }
    let count = (missing + geometry.clusterBytes - 1) / geometry.clusterBytes
    guard let clusters = table.allocate(count, after: directory.clusters.last) else { throw VolumeError(ENOSPC) }
    directory.clusters += clusters
    directoryEdits.append(.grown(directory, clusters: count))
    for cluster in clusters { transaction.fill(geometry.offset(ofCluster: cluster), count: geometry.clusterBytes) }
  }

  // MARK: - Nodes

  func node(_ id: NodeID) throws(VolumeError) -> VolumeNode {
    guard let node = nodes[id] else { throw VolumeError(ESTALE) }
    return node
  }

  func makeNode(
    parent: VolumeNode, name: [UInt16], hasLongName: Bool, slots: Range<Int>, entry: DirectoryEntry
  ) -> VolumeNode {
    let node = VolumeNode(
      id: NodeID(nextNode), parent: parent.id, name: name, hasLongName: hasLongName, slots: slots, entry: entry)
    nextNode += 1
    nodes[node.id] = node
    return node
  }

  /// Drops an unlinked node that nobody holds, and the clusters that its handles kept.
  func releaseIfUnused(_ node: VolumeNode) {
    guard node.isUnlinked, node.handleCount == 0 else { return }
    if let clusters = node.clusters {
      table.unpin(clusters)
      node.clusters = nil
      node.memoryClusters = [:]
    }
    if node.lookupCount == 0 { nodes[node.id] = nil }
  }

  /// From the root with a leading slash.
  func path(of node: VolumeNode) -> [UInt8] {
    var parts: [[UInt8]] = []
    var current = node
    while current !== root, let parent = nodes[current.parent] {
      parts.append(current.nameBytes)
      current = parent
    }
    return parts.isEmpty ? [0x2F] : parts.reversed().flatMap { [0x2F] + $0 }
  }

  // MARK: - Events

  func emit(
    _ kind: VolumeEvent.Kind, _ origin: Origin, _ node: VolumeNode, path: [UInt8]? = nil, oldPath: [UInt8]? = nil,
    oldParent: NodeID? = nil, replacedExisting: Bool = false, didWrite: Bool = false
  ) {
    pendingEvents.append(
      VolumeEvent(
        sequence: nextSequence, origin: origin, kind: kind, path: path ?? self.path(of: node), oldPath: oldPath,
        node: node.id, parent: node.parent, oldParent: oldParent, replacedExisting: replacedExisting,
        writersOpen: node.writerCount, didWrite: didWrite))
    nextSequence += 1
  }

  /// The events to hand on; nil when there are none or another thread is at it (it will take these too).
  func takeEvents() -> [VolumeEvent]? {
    guard !isDelivering, !pendingEvents.isEmpty else { return nil }
    isDelivering = true
    defer { pendingEvents = [] }
    return pendingEvents
  }
  func finishDelivery() { isDelivering = false }
}

extension VolumeStorage {
  func readBytes(_ offset: Int, _ count: Int) throws(FlashError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: FlashError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FlashError) { try read(offset, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
