/// The FAT in memory, decoded, with what the open deleted files still hold. Changes are kept apart until they are
/// committed, so that they can be taken back.
struct AllocationTable {
  enum Link: Equatable {
    case next(UInt32)
    case end
    case free
    /// A number that no chain may hold.
    case invalid
  }

  let kind: FATKind
  let clusterCount: Int
  /// Byte offsets of the tables in the volume; all get every change.
  let offsets: [Int]
  /// By cluster; one more than the volume has on FAT12 when two entries share a byte there.
  private(set) var entries: [UInt32]
  private(set) var freeCount = 0
  /// Clusters free on disk that an open deleted file still reads or has reserved.
  private(set) var pinned: Set<UInt32> = []
  /// Where the search for a free cluster goes on (next-fit, as oofatfs).
  private(set) var lastAllocated: UInt32 = 1
  private var undo: [(cluster: UInt32, old: UInt32)] = []
  private var lastAllocatedBefore: UInt32 = 1

  /// `bytes` is the content of one table, at least long enough for all clusters.
  init(kind: FATKind, clusterCount: Int, offsets: [Int], bytes: [UInt8]) {
    self.kind = kind
    self.clusterCount = clusterCount
    self.offsets = offsets
    entries = Self.decode(kind, count: clusterCount + 2, bytes)
    let mask = kind.mask
    freeCount = entries[2..<clusterCount + 2].reduce(0) { $0 + ($1 & mask == 0 ? 1 : 0) }
  }

  static func decode(_ kind: FATKind, count: Int, _ bytes: [UInt8]) -> [UInt32] {
    bytes.withUnsafeBytes { raw in
      var entries: [UInt32] = []
      entries.reserveCapacity(count + 1)
      switch kind {
      case .fat12:
        for index in 0..<count + 1 {
          let at = index + index / 2
          let low = at < raw.count ? UInt32(raw[at]) : 0
          let high = at + 1 < raw.count ? UInt32(raw[at + 1]) : 0
          let pair = low | high << 8
          entries.append(index % 2 == 0 ? pair & 0xFFF : pair >> 4)
        }
      case .fat16:
        for index in 0..<count {
          entries.append(UInt32(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))))
        }
      case .fat32:
        for index in 0..<count {
          entries.append(UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
        }
      }
      return entries
    }
  }

  /// Clusters that may be allocated.
  var availableCount: Int { max(0, freeCount - pinned.count) }

  func isValid(_ cluster: UInt32) -> Bool { cluster >= 2 && Int(cluster) < clusterCount + 2 }

  func link(_ cluster: UInt32) -> Link {
    guard isValid(cluster) else { return .invalid }
    let value = entries[Int(cluster)] & kind.mask
    if value == 0 { return .free }
    if value >= kind.endOfChain { return .end }
    return isValid(value) ? .next(value) : .invalid
  }

  /// All clusters of a chain in order; nil when it loops, leaves the volume or runs into a free cluster.
  func chain(from first: UInt32, limit: Int = .max) -> [UInt32]? {
    var clusters: [UInt32] = []
    var cluster = first
    let most = min(limit, clusterCount)
    while true {
      guard clusters.count < most else { return nil }
      switch link(cluster) {
      case .next(let next):
        clusters.append(cluster)
        cluster = next
      case .end:
        clusters.append(cluster)
        return clusters
      case .free, .invalid: return nil
      }
    }
  }

  // MARK: - Changes

  private mutating func set(_ cluster: UInt32, _ value: UInt32) {
    guard isValid(cluster) else { return }
    if undo.isEmpty { lastAllocatedBefore = lastAllocated }
    let old = entries[Int(cluster)]
    // The top four bits of a FAT32 entry are not ours.
    let new = kind == .fat32 ? value & kind.mask | old & ~kind.mask : value & kind.mask
    undo.append((cluster, old))
    entries[Int(cluster)] = new
    if old & kind.mask == 0 { freeCount -= 1 }
    if new & kind.mask == 0 { freeCount += 1 }
  }

  private func isAllocatable(_ cluster: UInt32) -> Bool {
    entries[Int(cluster)] & kind.mask == 0 && (pinned.isEmpty || !pinned.contains(cluster))
  }

  /// The next free cluster: the one behind `tail` if possible, so that files lie in one piece.
  private func findFree(after tail: UInt32?) -> UInt32? {
    if let tail, isValid(tail + 1), isAllocatable(tail + 1) { return tail + 1 }
    let limit = UInt32(clusterCount + 2)
    let start = min(max(lastAllocated + 1, 2), limit)
    for cluster in start..<limit where isAllocatable(cluster) { return cluster }
    for cluster in 2..<start where isAllocatable(cluster) { return cluster }
    return nil
  }

  /// Takes `count` clusters and links them behind `tail`; nil (with nothing to keep: roll back) when there are too few.
  mutating func allocate(_ count: Int, after tail: UInt32?) -> [UInt32]? {
    guard count <= availableCount else { return nil }
    var taken: [UInt32] = []
    taken.reserveCapacity(count)
    var last = tail
    for _ in 0..<count {
      guard let cluster = findFree(after: last) else { return nil }
      set(cluster, kind.mask)
      if let last { set(last, cluster) }
      lastAllocated = cluster
      taken.append(cluster)
      last = cluster
    }
    return taken
  }

  /// Frees `clusters`, the tail of a chain whose kept part ends in `newTail`.
  mutating func free(_ clusters: some Sequence<UInt32>, newTail: UInt32?) {
    if let newTail { set(newTail, kind.mask) }
    for cluster in clusters { set(cluster, 0) }
  }

  mutating func rollBack() {
    guard !undo.isEmpty else { return }
    for (cluster, old) in undo.reversed() {
      if entries[Int(cluster)] & kind.mask == 0 { freeCount -= 1 }
      if old & kind.mask == 0 { freeCount += 1 }
      entries[Int(cluster)] = old
    }
    undo = []
    lastAllocated = lastAllocatedBefore
  }
  mutating func accept() { undo.removeAll(keepingCapacity: true) }
  var hasChanges: Bool { !undo.isEmpty }

  /// Adds all changes since the last `accept` as patches of every table.
  func encodeChanges(into transaction: inout Transaction) {
    guard !undo.isEmpty else { return }
    let changed = undo.map(\.cluster).sorted()
    // A gap is cheaper to write over than another record.
    let gap = UInt32(Transaction.recordHeaderBytes * 8 / kind.rawValue)
    var index = 0
    while index < changed.count {
      let first = changed[index]
      var last = first
      while index < changed.count, changed[index] - last <= gap {
        last = changed[index]
        index += 1
      }
      let (start, bytes) = encoded(first...last)
      for offset in offsets { transaction.patch(offset + start, bytes) }
    }
  }

  private func encoded(_ clusters: ClosedRange<UInt32>) -> (start: Int, bytes: [UInt8]) {
    let lower = Int(clusters.lowerBound)
    let upper = Int(clusters.upperBound)
    var bytes: [UInt8] = []
    switch kind {
    case .fat12:
      let start = lower + lower / 2
      for at in start..<upper + upper / 2 + 2 {
        let even = entries[at / 3 * 2]
        let odd = entries[at / 3 * 2 + 1]
        let byte =
          switch at % 3 {
          case 0: even
          case 1: even >> 8 | odd << 4
          default: odd >> 4
          }
        bytes.append(UInt8(truncatingIfNeeded: byte))
      }
      return (start, bytes)
    case .fat16:
      for entry in entries[lower...upper] {
        bytes.append(UInt8(truncatingIfNeeded: entry))
        bytes.append(UInt8(truncatingIfNeeded: entry >> 8))
      }
      return (lower * 2, bytes)
    case .fat32:
      for entry in entries[lower...upper] {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: entry >> shift)) }
      }
      return (lower * 4, bytes)
    }
  }

  // MARK: - Clusters of open deleted files

  /// Keeps freed clusters from being allocated.
  mutating func pin(_ clusters: [UInt32]) { pinned.formUnion(clusters) }
  mutating func unpin(_ clusters: some Sequence<UInt32>) { pinned.subtract(clusters) }

  /// Pins `count` free clusters without allocating them: the room that a deleted file grows into. nil when too few.
  mutating func reserve(_ count: Int) -> [UInt32]? {
    guard count <= availableCount else { return nil }
    var taken: [UInt32] = []
    for _ in 0..<count {
      guard let cluster = findFree(after: taken.last) else {
        unpin(taken)
        return nil
      }
      pinned.insert(cluster)
      taken.append(cluster)
    }
    return taken
  }
}
