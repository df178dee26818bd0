import Glibc

/// File content: reading, writing and changes of size.
extension VolumeCore {
  /// The chain of a file; `EIO` when it is damaged or shorter than the size says.
  func loadClusters(_ node: VolumeNode) throws(VolumeError) -> [UInt32] {
    if let clusters = node.clusters { return clusters }
    var clusters: [UInt32] = []
    if node.entry.firstCluster != 0 {
      guard let chain = table.chain(from: node.entry.firstCluster) else { throw VolumeError(EIO) }
      clusters = chain
    }
    guard clusters.count * geometry.clusterBytes >= node.sizeBytes else { throw VolumeError(EIO) }
    node.clusters = clusters
    return clusters
  }

  /// Clusters that `bytes` take.
  func clusterCount(_ bytes: Int) -> Int { (bytes + geometry.clusterBytes - 1) / geometry.clusterBytes }

  /// The parts of a file's `range` as byte ranges of the volume, neighbouring clusters together.
  func extents(_ clusters: [UInt32], _ range: Range<Int>) -> [(offset: Int, range: Range<Int>)] {
    var extents: [(offset: Int, range: Range<Int>)] = []
    var position = range.lowerBound
    while position < range.upperBound {
      let index = position / geometry.clusterBytes
      let within = position % geometry.clusterBytes
      guard index < clusters.count else { return extents }
      let count = min(range.upperBound - position, geometry.clusterBytes - within)
      let offset = geometry.offset(ofCluster: clusters[index]) + within
      if let last = extents.last, last.offset + last.range.count == offset {
        extents[extents.count - 1].range = last.range.lowerBound..<position + count
      } else {
        extents.append((offset, position..<position + count))
      }
      position += count
    }
    return extents
  }

  func read(
    _ handle: VolumeHandle, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) -> Int {
    guard let file = handles[handle] else { throw VolumeError(EBADF) }
    guard offset >= 0 else { throw VolumeError(EINVAL) }
    if let bytes = file.settled?.bytes {
      let part = bytes[min(offset, bytes.count)...].prefix(buffer.count)
      buffer.copyBytes(from: part)
      return part.count
    }
    return try read(file.node, at: offset, into: buffer)
  }

  func read(
    _ node: VolumeNode, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VolumeError) -> Int {
    let end = offset >= node.sizeBytes ? offset : min(node.sizeBytes, offset + min(buffer.count, node.sizeBytes))
    guard end > offset else { return 0 }
    for extent in extents(try loadClusters(node), offset..<end) {
      let start = extent.range.lowerBound - offset
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + extent.range.count])
      do throws(FlashError) { try storage.read(extent.offset, into: part) } catch { throw VolumeError(EIO) }
    }
    if !node.memoryClusters.isEmpty { overlayMemory(node, offset..<end, buffer) }
    return end - offset
  }

  // MARK: - Writing

  func write(
    _ handle: VolumeHandle, at offset: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(VolumeError) -> Int {
    guard let file = handles[handle], file.forWriting else { throw VolumeError(EBADF) }
    try requireWritable(file.origin)
    guard offset >= 0 else { throw VolumeError(EINVAL) }
    guard !bytes.isEmpty else { return 0 }
    guard offset < Self.maximumFileBytes else { throw VolumeError(EFBIG) }
    let node = file.node
    let held = try loadClusters(node).count
    let room = (held + table.availableCount) * geometry.clusterBytes
    let end = min(offset + min(bytes.count, Self.maximumFileBytes - offset), room)
    guard end > offset else { throw VolumeError(ENOSPC) }
    let part = UnsafeRawBufferPointer(rebasing: bytes[0..<end - offset])
    if file.origin == .runtime { dropSettled(node) }
    keep(contentBeforeSave(node, file.origin), for: node)
    if node.isUnlinked {
      try writeMemory(node, at: offset, part)
    } else if try !writeOnce(node, at: offset, part) {
      try writeInSteps(node, at: offset, part)
    }
    if !node.isUnlinked { storage.noteFileBytes(part.count) }
    node.didChangeWhileOpen = true
    if !node.isUnlinked { emit(.written, file.origin, node) }
    return end - offset
  }

  /// One transaction with the data, new clusters, zeros up to `offset` and the entry; false when it is too large.
  private func writeOnce(
    _ node: VolumeNode, at offset: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(VolumeError) -> Bool {
    guard bytes.count < storage.maximumTransactionBytes else { return false }
    let size = node.sizeBytes
    let end = offset + bytes.count
    var entry = node.entry
    entry.touch(localSeconds: localNow)
    entry.sizeBytes = UInt32(max(size, end))
    return try changeExtending(node, entry, toHold: end) { (clusters, entry, transaction) throws(VolumeError) in
      if offset > size { fillZeros(clusters, size..<offset, &transaction) }
      for extent in extents(clusters, offset..<end) {
        let start = extent.range.lowerBound - offset
        transaction.patch(
          extent.offset, UnsafeRawBufferPointer(rebasing: bytes[start..<start + extent.range.count]))
      }
      try patchEntry(node, entry, &transaction)
    }
  }

  private func writeInSteps(
    _ node: VolumeNode, at offset: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(VolumeError) {
    if offset > node.sizeBytes { try grow(node, toBytes: offset, node.entry) }
    // What each cluster may cost besides its data when no two are neighbours, and the entry.
    let overhead = 44 + 4 * geometry.tableCount
    let room = storage.maximumTransactionBytes - 1024 - 2 * overhead
    let step = max(1, room * geometry.clusterBytes / (geometry.clusterBytes + overhead))
    var done = 0
    while done < bytes.count {
      let count = min(step, bytes.count - done)
      let part = UnsafeRawBufferPointer(rebasing: bytes[done..<done + count])
      guard try writeOnce(node, at: offset + done, part) else { throw VolumeError(EIO) }
      done += count
    }
  }

  /// A change of a file that first takes the clusters missing for `bytes` and links them to its chain; `plan` gets the
  /// whole chain and the entry to write.
  private func changeExtending(
    _ node: VolumeNode, _ entry: DirectoryEntry, toHold bytes: Int,
    _ plan: ([UInt32], DirectoryEntry, inout Transaction) throws(VolumeError) -> Void
  ) throws(VolumeError) -> Bool {
    var entry = entry
    var clusters = try loadClusters(node)
    let heldCount = clusters.count
    // The only reference while it grows: appending must not copy a long chain each time.
    node.clusters = nil
    var isCommitted = false
    defer {
      if !isCommitted { clusters.removeLast(clusters.count - heldCount) }
      node.clusters = clusters
    }
    isCommitted = try tryChange { (transaction) throws(VolumeError) in
      let missing = clusterCount(bytes) - heldCount
      if missing > 0 {
        guard let taken = table.allocate(missing, after: clusters.last) else { throw VolumeError(ENOSPC) }
        if clusters.isEmpty { entry.firstCluster = taken[0] }
        clusters += taken
      }
      try plan(clusters, entry, &transaction)
    }
    if isCommitted { node.entry = entry }
    return isCommitted
  }

  private func fillZeros(_ clusters: [UInt32], _ range: Range<Int>, _ transaction: inout Transaction) {
    for extent in extents(clusters, range) { transaction.fill(extent.offset, count: extent.range.count) }
  }

  // MARK: - Size

  /// Brings a file to `size`, and its entry to `entry` (whose size and first cluster are set here).
  func resize(_ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry) throws(VolumeError) {
    guard size >= 0 else { throw VolumeError(EINVAL) }
    guard size <= Self.maximumFileBytes else { throw VolumeError(EFBIG) }
    if node.isUnlinked {
      try resizeMemory(node, toBytes: size, entry)
    } else if size >= node.sizeBytes {
      try grow(node, toBytes: size, entry)
    } else {
      try shrink(node, toBytes: size, entry)
    }
  }

  private func grow(_ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry) throws(VolumeError) {
    let held = try loadClusters(node).count
    guard clusterCount(size) - held <= table.availableCount else { throw VolumeError(ENOSPC) }
    if try growOnce(node, toBytes: size, entry) { return }
    // Each new cluster costs at most a record in every table and one of zeros.
    let perCluster = Transaction.recordHeaderBytes + (Transaction.recordHeaderBytes + 4) * geometry.tableCount
    let step = max(1, (storage.maximumTransactionBytes - 1024) / perCluster) * geometry.clusterBytes
    while node.sizeBytes < size {
      let next = min(size, (node.sizeBytes / geometry.clusterBytes) * geometry.clusterBytes + step)
      guard try growOnce(node, toBytes: next, entry) else { throw VolumeError(EIO) }
    }
  }

  private func growOnce(
    _ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry
  ) throws(VolumeError) -> Bool {
    var entry = entry
    entry.firstCluster = node.entry.firstCluster
    entry.sizeBytes = UInt32(size)
    return try changeExtending(node, entry, toHold: size) { (clusters, entry, transaction) throws(VolumeError) in
      fillZeros(clusters, node.sizeBytes..<size, &transaction)
      try patchEntry(node, entry, &transaction)
    }
  }

  private func shrink(_ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry) throws(VolumeError) {
    if try shrinkOnce(node, toBytes: size, entry) { return }
    while node.sizeBytes > size {
      let kept = max(clusterCount(size), (node.clusters?.count ?? 0) - clustersFreedPerStep)
      let next = max(size, min(node.sizeBytes - 1, kept * geometry.clusterBytes))
      guard try shrinkOnce(node, toBytes: next, entry) else { throw VolumeError(EIO) }
    }
  }

  private func shrinkOnce(
    _ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry
  ) throws(VolumeError) -> Bool {
    let clusters = try loadClusters(node)
    let kept = clusters.prefix(clusterCount(size))
    var entry = entry
    entry.firstCluster = kept.first ?? 0
    entry.sizeBytes = UInt32(size)
    let isCommitted = try tryChange { (transaction) throws(VolumeError) in
      if kept.count < clusters.count { table.free(clusters[kept.count...], newTail: kept.last) }
      try patchEntry(node, entry, &transaction)
    }
    if isCommitted {
      node.entry = entry
      node.clusters = Array(kept)
    }
    return isCommitted
  }

  /// Clusters whose freeing surely fits one transaction.
  private var clustersFreedPerStep: Int {
    let perCluster = (Transaction.recordHeaderBytes + 4) * geometry.tableCount
    return max(1, (storage.maximumTransactionBytes - 1024) / perCluster)
  }

  /// Frees a huge file's chain from its tail in steps, until what is left fits one transaction with its entry's end.
  func shrinkForRemoval(_ node: VolumeNode) throws(VolumeError) {
    while let clusters = node.clusters, clusters.count > clustersFreedPerStep / 2 {
      let kept = max(0, clusters.count - clustersFreedPerStep)
      let size = min(node.sizeBytes, kept * geometry.clusterBytes)
      guard try shrinkOnce(node, toBytes: size, node.entry) else { throw VolumeError(EIO) }
      // Open handles go on reading what was freed.
      if node.handleCount > 0 { table.pin(Array(clusters[kept...])) }
    }
  }

  /// Makes sure that `count` bytes from `offset` on have clusters; the file becomes longer with zeros.
  func allocate(_ handle: VolumeHandle, at offset: Int, count: Int) throws(VolumeError) {
    guard let file = handles[handle], file.forWriting else { throw VolumeError(EBADF) }
    try requireWritable(file.origin)
    guard offset >= 0, count > 0 else { throw VolumeError(EINVAL) }
    guard offset <= Self.maximumFileBytes, count <= Self.maximumFileBytes - offset else { throw VolumeError(EFBIG) }
    let node = file.node
    guard offset + count > node.sizeBytes else { return }
    var entry = node.entry
    entry.touch(localSeconds: localNow)
    keep(contentBeforeSave(node, file.origin), for: node)
    try resize(node, toBytes: offset + count, entry)
    node.didChangeWhileOpen = true
    if !node.isUnlinked { emit(.resized, file.origin, node) }
  }
}
