/// A directory's content in memory: its bytes as committed, its nodes in slot order and by name.
final class Directory {
  static let maximumSlots = 65536

  /// Byte offset of the fixed root of FAT12 and FAT16.
  let fixedOffset: Int?
  /// The chain; empty for the fixed root. Runs ahead of `raw` while a change is being planned.
  var clusters: [UInt32]
  private(set) var raw: [UInt8]
  /// First slot never used; everything from here on is free.
  private(set) var endSlot: Int
  /// In slot order.
  private(set) var nodes: [VolumeNode] = []
  private var byName: [[UInt16]: VolumeNode] = [:]
  private var byShortName: [ShortName: VolumeNode] = [:]
  /// Nodes whose name another node of a damaged directory has too.
  private var shadowedCount = 0
  /// No slot below is free.
  private var firstFreeHint = 0
  var labelSlot: Int?

  init(raw: [UInt8], clusters: [UInt32], fixedOffset: Int?, endSlot: Int, labelSlot: Int?) {
    self.raw = raw
    self.clusters = clusters
    self.fixedOffset = fixedOffset
    self.endSlot = endSlot
    self.labelSlot = labelSlot
  }

  var slotCount: Int { raw.count / DirectoryEntry.bytes }

  // MARK: - Names

  /// The node with this name or alias. The runtime tells non-ASCII letters of different case apart.
  func find(_ units: [UInt16], origin: Origin) -> VolumeNode? {
    if let node = byName[NameFolding.folded(units)] {
      if origin != .runtime || NameFolding.isEqualASCII(node.name, units) { return node }
    }
    let form = ShortNameForm(units)
    // Only a name that is its own 8.3 form, apart from case, can be an alias.
    guard !form.isLossy, let node = byShortName[form.name], node.hasLongName else { return nil }
    return NameFolding.isEqualASCII(node.entry.shortName.units(caseFlags: 0), units) ? node : nil
  }

  /// A short entry for a new long name, unlike every other name here but those of `leaving`; nil when no number is free.
  func freeShortName(for units: [UInt16], leaving: [VolumeNode]) -> ShortNameForm? {
    var form = ShortNameForm(units)
    func isTaken(_ short: ShortName) -> Bool {
      if let node = byShortName[short], !leaving.contains(where: { $0 === node }) { return true }
      guard form.needsLongName, let node = byName[NameFolding.folded(short.units(caseFlags: 0))] else { return false }
      return !leaving.contains { $0 === node }
    }
    if !form.isLossy && !isTaken(form.name) { return form }
    form.needsLongName = true
    form.caseFlags = 0
    let plain = form
    for number in 1..<0x10000 {
      form.name = plain.numbered(number, longName: units)
      if !isTaken(form.name) { return form }
    }
    return nil
  }

  func insert(_ node: VolumeNode) {
    let position = self.position(of: node.slots.lowerBound)
    nodes.insert(node, at: position)
    // Of two equal names on a damaged volume the first one counts.
    let key = NameFolding.folded(node.name)
    if byName[key] == nil { byName[key] = node } else { shadowedCount += 1 }
    if byShortName[node.entry.shortName] == nil { byShortName[node.entry.shortName] = node }
    endSlot = max(endSlot, node.slots.upperBound)
  }

  func remove(_ node: VolumeNode) {
    let position = self.position(of: node.slots.lowerBound)
    if position < nodes.count, nodes[position] === node { nodes.remove(at: position) }
    let key = NameFolding.folded(node.name)
    if byName[key] === node {
      byName[key] = nil
      if shadowedCount > 0, let next = nodes.first(where: { NameFolding.folded($0.name) == key }) {
        byName[key] = next
        shadowedCount -= 1
      }
    } else {
      shadowedCount -= 1
    }
    if byShortName[node.entry.shortName] === node { byShortName[node.entry.shortName] = nil }
    firstFreeHint = min(firstFreeHint, node.slots.lowerBound)
  }

  /// Nodes that a look-up finds: not the second of two equal names.
  var reachableNodes: [VolumeNode] {
    shadowedCount == 0 ? nodes : nodes.filter { byName[NameFolding.folded($0.name)] === $0 }
  }

  private func position(of slot: Int) -> Int {
    var low = 0
    var high = nodes.count
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].slots.lowerBound < slot { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: - Slots

  /// The first `count` slots in a row that are free, counting those of `freeing` as free. They may lie behind the
  /// present end of the directory.
  func freeSlots(_ count: Int, freeing: [Range<Int>]) -> Range<Int> {
    var start = freeing.map(\.lowerBound).min().map { min($0, firstFreeHint) } ?? firstFreeHint
    var sawFree = false
    var slot = start
    while slot < endSlot && slot - start < count {
      let isFree =
        raw[slot * DirectoryEntry.bytes] == DirectoryEntry.deleted || freeing.contains { $0.contains(slot) }
      slot += 1
      if isFree {
        if !sawFree && freeing.isEmpty { firstFreeHint = slot - 1 }
        sawFree = true
      } else {
        start = slot
      }
    }
    if !sawFree && freeing.isEmpty { firstFreeHint = min(slot, endSlot) }
    return start..<start + count
  }

  /// Pieces of `bytes` from `slot` on with the byte offsets in the volume where they belong.
  func pieces(slot: Int, byteCount: Int, geometry: FATGeometry) -> [(offset: Int, range: Range<Int>)] {
    let start = slot * DirectoryEntry.bytes
    if let fixedOffset { return [(fixedOffset + start, 0..<byteCount)] }
    var pieces: [(offset: Int, range: Range<Int>)] = []
    var done = 0
    while done < byteCount {
      let position = start + done
      let index = position / geometry.clusterBytes
      let within = position % geometry.clusterBytes
      let count = min(byteCount - done, geometry.clusterBytes - within)
      guard index < clusters.count else { return pieces }
      pieces.append((geometry.offset(ofCluster: clusters[index]) + within, done..<done + count))
      done += count
    }
    return pieces
  }

  // MARK: - Applying what was committed

  func apply(_ bytes: [UInt8], at offset: Int) {
    guard offset + bytes.count <= raw.count else { return }
    raw.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
  func appendZeros(_ count: Int) { raw.append(contentsOf: repeatElement(0, count: count)) }
  func noteFree(slot: Int) { firstFreeHint = min(firstFreeHint, slot) }
  func noteUsed(slot: Int) { endSlot = max(endSlot, slot + 1) }
}
