import Glibc
import Synchronization

/// A FAT12, FAT16 or FAT32 volume with long names, for any number of threads at once. Every mutating call is one
/// transaction of the storage: when it returns, the change is committed; when it throws, nothing has changed (a few calls
/// on files larger than the storage takes at once go in steps). A storage that fails makes the volume read-only: `EIO` for
/// the call that met it, `EROFS` afterwards.
package final class Volume: Sendable {
  private let lock = Mutex(())
  // Touched only inside `perform`, `look` and `withStorage`, that is under `lock`. The mutex does not own it because
  // callers' buffers, which are not Sendable, must be reachable together with it.
  nonisolated(unsafe) private var core: VolumeCore
  private let onEvent: @Sendable (VolumeEvent) -> Void
  /// The chip takes its time: whoever made it busy waits for it, without the lock.
  private let isTimed: Bool

  /// Opens a formatted volume. `onEvent` is called after each committed change, outside the lock, in commit order, on the
  /// thread that made the change (or on one that is handing on events just then); it may call the volume.
  ///
  /// Times are kept in local time: UTC plus `utcOffsetSeconds`. `clock` gives the seconds since 1970 (UTC).
  package init(
    storage: sending any VolumeStorage, utcOffsetSeconds: Int = 0,
    clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) },
    onEvent: @escaping @Sendable (VolumeEvent) -> Void = { _ in }
  ) throws(VolumeMountError) {
    isTimed = storage.isTimed
    core = try VolumeCore(storage: storage, utcOffsetSeconds: utcOffsetSeconds, clock: clock)
    self.onEvent = onEvent
  }

  /// Runs a change under the lock, then hands on its events.
  private func perform<Result: Sendable>(
    _ body: (VolumeCore) throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    defer {
      deliverEvents()
      waitForChip()
    }
    return try lock.withLock { (_) throws(VolumeError) in try body(core) }
  }

  /// Runs something that causes no event under the lock.
  private func look<Result: Sendable>(
    _ body: (VolumeCore) throws(VolumeError) -> Result
  ) throws(VolumeError) -> Result {
    defer { waitForChip() }
    return try lock.withLock { (_) throws(VolumeError) in try body(core) }
  }

  /// Runs a change of what is in memory only.
  func change(_ body: (VolumeCore) -> Void) { lock.withLock { _ in body(core) } }

  /// One thread at a time hands events on, in order, until none are left; so a call from `onEvent` cannot block itself.
  private func deliverEvents() {
    var batch = lock.withLock { _ in core.takeEvents() }
    while let events = batch {
      for event in events { onEvent(event) }
      batch = lock.withLock { _ in
        core.finishDelivery()
        return core.takeEvents()
      }
    }
  }

  /// Runs `body` on the storage under the volume's lock: checkpoints, counters.
  package func withStorage<Result: Sendable>(
    _ body: (any VolumeStorage) throws(FlashError) -> Result
  ) throws(FlashError) -> Result {
    defer { waitForChip() }
    return try lock.withLock { (_) throws(FlashError) in try body(core.storage) }
  }

  /// Does a part of the storage's work that was put off; true while more is due. `isDue`: the wait that `upkeep` asks for is over;
  /// without it only what cannot wait is done. Holds the lock as little as the storage can do with.
  package func upkeepSlice(isDue: Bool) throws(FlashError) -> Bool {
    let (step, hasMore) = try withStorage { (storage) throws(FlashError) -> ((any UpkeepStep)?, Bool) in
      if let step = try storage.upkeepStep(isDue: isDue) { return (step, true) }
      return (nil, try storage.upkeepSlice(isDue: isDue))
    }
    guard let step else { return hasMore }
    // `finish` tells the storage of a failure.
    try? step.perform()
    return try withStorage { (storage) throws(FlashError) in try storage.finish(step) }
  }

  /// When `upkeepSlice` wants to be called.
  package var upkeep: Upkeep { lock.withLock { _ in core.storage.upkeep } }

  /// Wakes whoever calls `upkeepSlice` when it cannot wait; called under the volume's lock, so it must not call the volume.
  package func setOnUrgent(_ wake: (@Sendable () -> Void)?) { lock.withLock { _ in core.storage.onUrgent = wake } }

  /// The chip's time passes here, where nobody else has to wait for it.
  private func waitForChip() {
    guard isTimed else { return }
    let busy = lock.withLock { _ in core.storage.takeBusyNanoseconds() }
    guard busy > 0 else { return }
    var left = timespec(tv_sec: Int(busy / 1_000_000_000), tv_nsec: Int(busy % 1_000_000_000))
    while true {
      let wanted = left
      if nanosleep([wanted], &left) == 0 || errno != EINTR { return }
    }
  }

  // MARK: - Nodes

  /// Finds a name; adds one reference to the node. `ENOENT`, `ENOTDIR`, `ENAMETOOLONG`, `EIO`; to the runtime `EINVAL`
  /// for a name that cannot be.
  package func lookup(_ parent: NodeID, _ name: [UInt8], origin: Origin = .host) throws(VolumeError) -> LookupResult {
    try look { (core) throws(VolumeError) in
      let node = try core.find(core.liveDirectory(parent).1, name, origin)
      node.lookupCount += 1
      return core.result(node)
    }
  }

  /// Gives back `count` references.
  package func forget(_ node: NodeID, count: UInt64) { lock.withLock { _ in core.forget(node, count) } }

  /// `ESTALE` if unlinked and not open. Directories have size 0 here, as on the board.
  package func attributes(_ node: NodeID) throws(VolumeError) -> NodeAttributes {
    try look { (core) throws(VolumeError) in core.attributes(try core.knownNode(node)) }
  }

  package func attributes(_ handle: VolumeHandle) throws(VolumeError) -> NodeAttributes {
    try look { (core) throws(VolumeError) in
      guard let file = core.handles[handle] else { throw VolumeError(EBADF) }
      return core.attributes(file.node, as: file.settled)
    }
  }

  /// Changes what is given, all in one transaction. On directories only the time counts; on the root nothing.
  package func setAttributes(
    _ node: NodeID, sizeBytes: Int? = nil, modifiedSeconds: Int64? = nil, isReadOnly: Bool? = nil, origin: Origin
  ) throws(VolumeError) -> NodeAttributes {
    try perform { (core) throws(VolumeError) in
      try core.setAttributes(
        node, sizeBytes: sizeBytes, modifiedSeconds: modifiedSeconds, isReadOnly: isReadOnly, origin)
    }
  }

  /// Makes an empty file and adds one reference. `EEXIST` if the name (or an alias) is there in any case.
  package func create(_ parent: NodeID, _ name: [UInt8], origin: Origin) throws(VolumeError) -> LookupResult {
    try perform { (core) throws(VolumeError) in
      let node = try core.create(parent, name, origin)
      node.lookupCount += 1
      return core.result(node)
    }
  }

  /// Makes an empty directory and adds one reference.
  package func makeDirectory(_ parent: NodeID, _ name: [UInt8], origin: Origin) throws(VolumeError) -> LookupResult {
    try perform { (core) throws(VolumeError) in
      let node = try core.makeDirectory(parent, name, origin)
      node.lookupCount += 1
      return core.result(node)
    }
  }

  /// Removes a file's name. Open handles keep the content, in memory, until they are closed.
  package func unlink(_ parent: NodeID, _ name: [UInt8], origin: Origin) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in try core.unlink(parent, name, origin) }
  }

  package func removeDirectory(_ parent: NodeID, _ name: [UInt8], origin: Origin) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in try core.removeDirectory(parent, name, origin) }
  }

  /// Moves `name` to `newName`, over an existing file or empty directory if `mayReplace` (else `EEXIST`). The stored name
  /// becomes `newName` in its new spelling.
  package func rename(
    _ parent: NodeID, _ name: [UInt8], to newParent: NodeID, _ newName: [UInt8], mayReplace: Bool = true, origin: Origin
  ) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in
      try core.rename(parent, name, to: newParent, newName, mayReplace: mayReplace, origin)
    }
  }

  /// Snapshot in on-disk order without "." and ".."; adds no references.
  package func list(_ node: NodeID) throws(VolumeError) -> [LookupResult] {
    try look { (core) throws(VolumeError) in
      let (_, directory) = try core.liveDirectory(node)
      return directory.reachableNodes.map(core.result)
    }
  }

  /// The directory a node is in; the root is in itself. `ESTALE` if unlinked.
  package func parent(of node: NodeID) throws(VolumeError) -> NodeID {
    try look { (core) throws(VolumeError) in
      let node = try core.node(node)
      guard !node.isUnlinked else { throw VolumeError(ESTALE) }
      return node.parent
    }
  }

  // MARK: - Files

  /// `EACCES` for writing to a file with the read-only attribute, `EROFS` if `origin` may not write.
  package func open(
    _ node: NodeID, forWriting: Bool, truncate: Bool = false, origin: Origin
  ) throws(VolumeError) -> VolumeHandle {
    try perform { (core) throws(VolumeError) in
      try core.open(node, forWriting: forWriting, truncate: truncate, origin)
    }
  }

  /// Bytes read; fewer than asked at the end of the file only.
  package func read(
    _ handle: VolumeHandle, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) -> Int {
    try look { (core) throws(VolumeError) in try core.read(handle, at: offset, into: buffer) }
  }

  /// Bytes written: fewer when the disk fills. `ENOSPC` when nothing fits.
  package func write(
    _ handle: VolumeHandle, at offset: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(VolumeError) -> Int {
    try perform { (core) throws(VolumeError) in try core.write(handle, at: offset, bytes) }
  }

  /// fallocate mode 0: the range gets clusters, a longer file zeros.
  package func allocate(_ handle: VolumeHandle, at offset: Int, count: Int) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in try core.allocate(handle, at: offset, count: count) }
  }

  package func close(_ handle: VolumeHandle) {
    lock.withLock { _ in core.close(handle) }
    deliverEvents()
  }

  // MARK: - Paths

  /// The node at a path from the root; adds no reference. To the runtime a file that the host is saving is what it was before,
  /// unless it is going to write itself.
  package func resolve(_ path: [UInt8], origin: Origin, forWriting: Bool = false) throws(VolumeError) -> LookupResult {
    try look { (core) throws(VolumeError) in
      let node = try core.resolve(path, origin, forWriting: forWriting)
      return LookupResult(
        attributes: core.attributes(node, as: origin == .runtime && !forWriting ? node.settled : nil),
        storedName: node.nameBytes)
    }
  }

  package func readFile(_ path: [UInt8], origin: Origin = .tool) throws(VolumeError) -> [UInt8] {
    try look { (core) throws(VolumeError) in try core.readFile(path, origin) }
  }

  /// Creates the file or replaces its content; its directory must exist. Up to three changes, as a program makes them: the file is
  /// created, emptied and written, so that a power cut or `ENOSPC` may leave it empty or short.
  package func writeFile(_ path: [UInt8], _ bytes: [UInt8], origin: Origin = .tool) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in try core.writeFile(path, bytes, origin) }
  }

  // MARK: - The volume

  package var statistics: VolumeStatistics {
    lock.withLock { _ in
      VolumeStatistics(
        clusterBytes: core.geometry.clusterBytes, totalClusters: core.geometry.clusterCount,
        freeClusters: core.table.availableCount)
    }
  }

  package var geometry: FATGeometry { lock.withLock { _ in core.geometry } }

  /// What is odd about the volume but does not keep it from working.
  package var warnings: [String] { lock.withLock { _ in core.warnings } }

  /// The root's label entry, UTF-8 without padding; empty when there is none.
  package var label: [UInt8] {
    do throws(VolumeError) {
      return try look { (core) throws(VolumeError) in try core.label() }
    } catch {
      return []
    }
  }

  /// At most eleven characters; kept in upper case. An empty label removes it.
  package func setLabel(_ label: [UInt8], origin: Origin) throws(VolumeError) {
    try perform { (core) throws(VolumeError) in try core.setLabel(label, origin) }
  }

  package var protection: WriteProtection {
    get { lock.withLock { _ in core.protection } }
    set { lock.withLock { _ in core.protection = newValue } }
  }

  /// After the storage failed, or when the volume is so damaged that writing could destroy what is still there.
  package var isReadOnly: Bool { lock.withLock { _ in core.isReadOnly } }

  /// Formats the storage anew as the board does. Everything that was known of the old content is stale afterwards: nodes give
  /// `ESTALE`, handles `EBADF`; the names in the root are told as removed. Write protection and label rules stay.
  package func reformat(volumeID: UInt32, labelsBootSector: Bool) throws(VolumeError) {
    try perform { (old) throws(VolumeError) in
      let names = try old.loadDirectory(old.root).reachableNodes
      do {
        try Volume.format(
          old.storage, volumeID: volumeID, now: old.localNow, labelsBootSector: labelsBootSector)
        let fresh = try VolumeCore(
          storage: old.storage, utcOffsetSeconds: Int(old.utcOffsetSeconds), clock: old.clock)
        fresh.succeed(old, names: names)
        core = fresh
      } catch {
        throw VolumeError(EIO)
      }
    }
  }

  /// The number of the last event; it may still be on its way to `onEvent`.
  package var lastEventSequence: UInt64 { lock.withLock { _ in core.nextSequence - 1 } }

  /// Makes everything committed survive a crash of the host.
  package func sync() throws(VolumeError) {
    do throws(FlashError) {
      try withStorage { (storage) throws(FlashError) in try storage.sync() }
    } catch { throw VolumeError(EIO) }
  }

  /// Brings what a board's cache holds to the flash, as the end of each of its own file operations does.
  package func flushCache() throws(VolumeError) {
    do throws(FlashError) {
      try withStorage { (storage) throws(FlashError) in try storage.flushCache() }
    } catch { throw VolumeError(EIO) }
  }

  /// One line for each thing in which the tables, the directories and the memory disagree; empty when all is well.
  package func checkInvariants() -> [String] { lock.withLock { _ in core.checkInvariants() } }
}
