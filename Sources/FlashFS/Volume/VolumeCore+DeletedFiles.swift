import Glibc

/// Open files whose name is gone: what they held stays readable in place, what is written to them stays in memory.
extension VolumeCore {
  func overlayMemory(_ node: VolumeNode, _ range: Range<Int>, _ buffer: UnsafeMutableRawBufferPointer) {
    let clusterBytes = geometry.clusterBytes
    for index in range.lowerBound / clusterBytes...(range.upperBound - 1) / clusterBytes {
      guard let content = node.memoryClusters[index] else { continue }
      let part = range.clamped(to: index * clusterBytes..<(index + 1) * clusterBytes)
      for position in part { buffer[position - range.lowerBound] = content[position - index * clusterBytes] }
    }
  }

  func writeMemory(_ node: VolumeNode, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(VolumeError) {
    var entry = node.entry
    entry.touch(localSeconds: localNow)
    try resizeMemory(node, toBytes: max(node.sizeBytes, offset + bytes.count), entry)
    try changeMemory(node, offset..<offset + bytes.count) { bytes[$0 - offset] }
  }

  /// Grows into pinned clusters (so that the room really is there) or gives some back.
  func resizeMemory(_ node: VolumeNode, toBytes size: Int, _ entry: DirectoryEntry) throws(VolumeError) {
    var clusters = try loadClusters(node)
    let oldSize = node.sizeBytes
    let needed = clusterCount(size)
    if needed > clusters.count {
      guard let taken = table.reserve(needed - clusters.count) else { throw VolumeError(ENOSPC) }
      for index in clusters.count..<needed {
        node.memoryClusters[index] = [UInt8](repeating: 0, count: geometry.clusterBytes)
      }
      clusters += taken
    } else {
      table.unpin(clusters[needed...])
      for index in needed..<clusters.count { node.memoryClusters[index] = nil }
      clusters.removeLast(clusters.count - needed)
    }
    node.clusters = clusters
    node.entry = entry
    node.entry.firstCluster = clusters.first ?? 0
    node.entry.sizeBytes = UInt32(size)
    // The rest of the old last cluster may hold old bytes; the clusters behind it are new and zero.
    let zeroEnd = min(size, clusterCount(oldSize) * geometry.clusterBytes)
    if zeroEnd > oldSize { try changeMemory(node, oldSize..<zeroEnd) { _ in 0 } }
  }

  private func changeMemory(
    _ node: VolumeNode, _ range: Range<Int>, _ byte: (Int) -> UInt8
  ) throws(VolumeError) {
    guard let clusters = node.clusters, !range.isEmpty else { return }
    let clusterBytes = geometry.clusterBytes
    for index in range.lowerBound / clusterBytes...(range.upperBound - 1) / clusterBytes {
      var content: [UInt8]
      if let present = node.memoryClusters[index] {
        content = present
      } else {
        content = try readBytes(geometry.offset(ofCluster: clusters[index]), clusterBytes)
      }
      let start = index * clusterBytes
      for position in range.clamped(to: start..<start + clusterBytes) { content[position - start] = byte(position) }
      node.memoryClusters[index] = content
    }
  }
}
