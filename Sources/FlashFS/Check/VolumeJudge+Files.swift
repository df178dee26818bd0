/// Files and what belongs to nobody.
extension VolumeJudge {
  private func neededClusters(_ size: UInt32) -> Int { (Int(size) + layout.clusterBytes - 1) / layout.clusterBytes }

  func checkFiles() throws(FlashError) {
    var others: [Int] = []
    // A chain that fits its size was not damaged: it keeps what it claims.
    for index in entries.indices where !entries[index].isDirectory {
      let entry = entries[index]
      guard layout.isCluster(entry.first), entry.sizeBytes > 0 else {
        others.append(index)
        continue
      }
      let reach = reach(from: entry.first)
      if reach.isGood, Int(reach.clusters) == neededClusters(entry.sizeBytes) {
        try checkFile(index)
      } else {
        others.append(index)
      }
    }
    for index in others { try checkFile(index) }
  }

  private func checkFile(_ index: Int) throws(FlashError) {
    let entry = entries[index]
    if entry.first != 0, !layout.isCluster(entry.first) {
      note(.firstCluster(path: path(index), cluster: entry.first))
      try setFirst(index, 0)
    }
    var clusters: [UInt32] = []
    let needed = neededClusters(entry.sizeBytes)
    if entries[index].first != 0 {
      let claimed = claim(index, limit: needed)
      clusters = claimed.clusters
      if claimed.isLonger { note(.chainLong(path: path(index), sizeBytes: entry.sizeBytes)) }
      if clusters.isEmpty { try setFirst(index, 0) }
    }
    if clusters.count < needed {
      note(.chainShort(path: path(index), clusters: clusters.count, sizeBytes: entry.sizeBytes))
      try setSize(index, UInt32(min(clusters.count * layout.clusterBytes, Int(UInt32.max))))
    }
  }

  // MARK: - Lost chains

  /// Lost clusters that no other lost cluster leads to, in order; then one of each loop.
  private func lostHeads() -> [UInt32] {
    var isLed = [Bool](repeating: false, count: layout.clusters + 2)
    var lost: [UInt32] = []
    for cluster in 2..<UInt32(layout.clusters + 2) where owners[Int(cluster)] == 0 {
      let link = table.link(cluster)
      if link == .free || link == .bad { continue }
      lost.append(cluster)
      if case .to(let next) = link { isLed[Int(next)] = true }
    }
    return lost.filter { !isLed[Int($0)] } + lost.filter { isLed[Int($0)] }
  }

  /// A directory whose entry is gone still names all its files: it comes back as a directory of the root.
  func adoptLostDirectories() throws(FlashError) {
    for cluster in lostHeads() where owners[Int(cluster)] == 0 {
      let head = try volume.read(layout.offset(of: cluster), 64)
      guard head[11] & 0x10 != 0, Array(head[0..<11]) == dotName(1), head[32 + 11] & 0x10 != 0,
        Array(head[32..<43]) == dotName(2), entryCluster(head, 0) == cluster
      else { continue }
      guard let index = try addRecovered(first: cluster, size: 0, isDirectory: true) else { continue }
      act("cluster \(cluster): a directory that nothing led to: kept as \(path(index))")
      var next = index
      while next < entries.count {
        if entries[next].isDirectory { try checkDirectory(next) }
        next += 1
      }
    }
  }

  func checkLost() throws(FlashError) {
    for head in lostHeads() where owners[Int(head)] == 0 {
      // The owner of what is lost: an index that no entry has.
      let mine = UInt32.max
      var chain: [UInt32] = []
      var current = head
      while owners[Int(current)] == 0 {
        let link = table.link(current)
        if link == .free || link == .bad { break }
        owners[Int(current)] = mine
        chain.append(current)
        guard case .to(let next) = link else { break }
        current = next
      }
      // Freed a moment ago as part of another lost chain.
      if chain.isEmpty { continue }
      note(.lostChain(cluster: head, clusters: chain.count))
      if isRepairing { try keep(chain) }
    }
  }

  private func keep(_ chain: [UInt32]) throws(FlashError) {
    let most = Int(UInt32.max) / layout.clusterBytes
    var kept = Array(chain.prefix(most))
    // What nobody ever wrote to is no content; nor is the tail behind what somebody wrote.
    while let last = kept.last, try isBlank(last) { kept.removeLast() }
    let head = chain[0]
    if let first = kept.first {
      if let index = try addRecovered(
        first: first, size: UInt32(kept.count * layout.clusterBytes), isDirectory: false)
      {
        act("cluster \(head): \(kept.count) clusters kept as \(path(index))")
        if let last = kept.last { table[last] = layout.mask }
        for cluster in kept { owners[Int(cluster)] = UInt32(index + 1) }
      } else {
        act("cluster \(head): \(kept.count) clusters freed, the root has no room for another file")
        kept = []
      }
    } else {
      act("cluster \(head): \(chain.count) empty clusters freed")
    }
    for cluster in chain[kept.count...] {
      table[cluster] = 0
      owners[Int(cluster)] = 0
    }
  }

  private func isBlank(_ cluster: UInt32) throws(FlashError) -> Bool {
    let bytes = try volume.read(layout.offset(of: cluster), layout.clusterBytes)
    return bytes.allSatisfy { $0 == 0 } || bytes.allSatisfy { $0 == 0xFF }
  }

  /// Makes an entry `FSCK0000.REC` (or directory `FSCK0000`) in the root; nil when the root is full.
  private func addRecovered(first: UInt32, size: UInt32, isDirectory: Bool) throws(FlashError) -> Int? {
    if freeRootSlots.isEmpty { try growRoot() }
    guard let slot = freeRootSlots.first else { return nil }
    while nextRecovered < 10000 {
      let digits = String(nextRecovered)
      let base = "FSCK" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      nextRecovered += 1
      let shown = Array((isDirectory ? base : base + ".REC").utf16)
      guard rootKeys.insert(shown).inserted else { continue }
      freeRootSlots.removeFirst()
      var raw = Array((base + (isDirectory ? "   " : "REC")).utf8) + [UInt8](repeating: 0, count: 21)
      raw[11] = isDirectory ? 0x10 : 0x20
      // 1980-01-01: nobody knows when it was.
      let date = bytes16(1 << 5 | 1)
      raw.replaceSubrange(16..<18, with: date)
      raw.replaceSubrange(18..<20, with: date)
      raw.replaceSubrange(24..<26, with: date)
      raw.replaceSubrange(28..<32, with: bytes32(size))
      try volume.write(slot, raw)
      entries.append(
        Entry(parent: 0, offset: slot, name: shown, first: 0, sizeBytes: size, isDirectory: isDirectory))
      try setFirst(entries.count - 1, first)
      return entries.count - 1
    }
    return nil
  }

  /// A FAT32 root gets another cluster.
  private func growRoot() throws(FlashError) {
    guard layout.bits == 32 else { return }
    var last = layout.rootCluster
    var count = 1
    while case .to(let next) = table.link(last) {
      last = next
      count += 1
    }
    guard (count + 1) * layout.clusterBytes / 32 <= Self.maximumSlots else { return }
    for cluster in 2..<UInt32(layout.clusters + 2) where table.link(cluster) == .free && owners[Int(cluster)] == 0 {
      table[last] = cluster
      table[cluster] = layout.mask
      owners[Int(cluster)] = 1
      let offset = layout.offset(of: cluster)
      try volume.write(offset, [UInt8](repeating: 0, count: layout.clusterBytes))
      freeRootSlots = Array(stride(from: offset, to: offset + layout.clusterBytes, by: 32))
      return
    }
  }
}
