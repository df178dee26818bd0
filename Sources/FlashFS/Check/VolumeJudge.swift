/// One walk over a volume that finds what is wrong and, when repairing, puts it right in the overlay of `volume` at once.
///
/// Order: boot sector, tables, directories from the root (they claim clusters first: without them nothing is found), files
/// whose chain fits their size, the other files, lost chains. Each cluster is claimed once and each chain is left at the first
/// claimed cluster, so the cost is linear. Memory: the table, an owner for each cluster, a record for each entry.
final class VolumeJudge {
  /// Directories are read up to here, as the volume does.
  static let maximumSlots = 65536

  struct Entry {
    /// Index into `entries`; the root is its own parent.
    var parent: Int
    /// Byte offset of the short entry; -1 for the root.
    var offset: Int
    var name: [UInt16]
    var first: UInt32
    var sizeBytes: UInt32
    var isDirectory: Bool
  }
  /// What is known about the chain from a cluster on.
  struct Reach {
    var clusters: UInt32 = 0
    var isGood = false
    var isKnown = false
  }

  let volume: CheckedBytes
  let isRepairing: Bool
  private(set) var findings: [VolumeFinding] = []
  private var findingsLeftOut = 0
  /// What was done, one line each.
  private(set) var actions: [String] = []

  var layout = CheckLayout()
  var table = CheckTable(CheckLayout(), bytes: [])
  var entries: [Entry] = []
  /// By cluster: index into `entries` plus one; 0 for nobody.
  var owners: [UInt32] = []
  private var reaches: [Reach] = []
  var freeRootSlots: [Int] = []
  var rootKeys: Set<[UInt16]> = []
  var nextRecovered = 0
  var labelOffset: Int?

  init(_ volume: CheckedBytes, isRepairing: Bool) {
    self.volume = volume
    self.isRepairing = isRepairing
  }

  func run() throws(FlashError) {
    guard try checkBoot() else { return finish() }
    try checkTables()
    owners = [UInt32](repeating: 0, count: layout.clusters + 2)
    // A directory that is none is measured as a file.
    let unknownReaches = [Reach](repeating: Reach(), count: layout.clusters + 2)
    reaches = unknownReaches
    entries = [
      Entry(parent: 0, offset: -1, name: [], first: layout.rootCluster, sizeBytes: 0, isDirectory: true)
    ]
    var next = 0
    while next < entries.count {
      if entries[next].isDirectory { try checkDirectory(next) }
      next += 1
    }
    if isRepairing { try adoptLostDirectories() }
    // Repairs may have cut chains since.
    reaches = unknownReaches
    try checkFiles()
    reaches = []
    try checkLost()
    try checkLabel()
    try writeTables()
    try checkInfo()
    finish()
  }

  private func finish() {
    if findingsLeftOut > 0 { findings.append(.more(count: findingsLeftOut)) }
  }

  // MARK: - Findings

  func note(_ finding: VolumeFinding) {
    if findings.count < VolumeCheck.maximumFindings { findings.append(finding) } else { findingsLeftOut += 1 }
    if isRepairing { act("\(finding.what): \(finding.mending)") }
  }

  func act(_ line: String) {
    if actions.count < VolumeCheck.maximumFindings { actions.append(line) }
  }

  func patch(_ offset: Int, _ bytes: [UInt8]) throws(FlashError) {
    if isRepairing { try volume.write(offset, bytes) }
  }

  /// From the root; deep paths keep their end.
  func path(_ index: Int, _ name: [UInt16]? = nil) -> String {
    var parts: [String] = []
    if let name { parts.append(String(decoding: name, as: UTF16.self)) }
    var current = index
    while current != 0 {
      if parts.count == VolumeCheck.maximumPathParts {
        parts.append("…")
        break
      }
      parts.append(String(decoding: entries[current].name, as: UTF16.self))
      current = entries[current].parent
    }
    let joined = "/" + parts.reversed().joined(separator: "/")
    // One line, whatever a damaged name holds.
    let shown = joined.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }
    return String(String.UnicodeScalarView(shown))
  }

  // MARK: - Tables

  private func checkTables() throws(FlashError) {
    var copies: [CheckTable] = []
    for copy in 0..<layout.tables {
      copies.append(
        CheckTable(layout, bytes: try volume.read(layout.tableOffset(copy), layout.tableBytes)))
    }
    var best = layout.activeTable ?? 0
    if layout.activeTable == nil, copies.count == 2, copies[0].bytes != copies[1].bytes {
      if copies[1].faults() < copies[0].faults() { best = 1 }
    }
    if let active = layout.activeTable {
      note(.oneTableOnly(active: active))
      try patch(40, [0, 0])
    }
    table = copies[best]
    for copy in 0..<copies.count where copy != best && copies[copy].bytes != table.bytes {
      let position = zip(copies[copy].bytes, table.bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
      if layout.activeTable == nil {
        note(.tablesDiffer(copy: copy + 1, offset: layout.tableOffset(copy) + position))
      }
      table.isChanged = true
    }
    let first = layout.mask & ~0xFF | UInt32(layout.media)
    if table[0] != first {
      note(.firstEntry(value: table[0]))
      table[0] = first
    }
    var isDirty = false
    // The clean marks of Windows in the second entry.
    let cleanMark: UInt32 = layout.bits == 16 ? 0x8000 : 0x0800_0000
    if layout.bits != 12, table[1] & cleanMark == 0 {
      isDirty = true
      table[1] |= cleanMark
    }
    let state = layout.extendedOffset + 1
    let mark = try volume.read(state, 1)[0]
    if mark & 1 != 0 {
      isDirty = true
      try patch(state, [mark & ~1])
      try copyBoot()
    }
    if isDirty { note(.dirty) }
  }

  private func writeTables() throws(FlashError) {
    guard isRepairing, table.isChanged else { return }
    let step = CheckedBytes.sectorBytes
    for copy in 0..<layout.tables {
      let offset = layout.tableOffset(copy)
      for start in stride(from: 0, to: layout.tableBytes, by: step) {
        let bytes = Array(table.bytes[start..<start + step])
        if try volume.read(offset + start, step) != bytes { try volume.write(offset + start, bytes) }
      }
    }
  }

  // MARK: - Chains

  /// Clusters up to the end of the chain from `first` on, and whether it ends well; each cluster is looked at once.
  func reach(from first: UInt32) -> Reach {
    var way: [UInt32] = []
    var current = first
    var behind = Reach(clusters: 0, isGood: false, isKnown: true)
    while true {
      let known = reaches[Int(current)]
      if known.isKnown {
        behind = known
        break
      }
      // On the way already: a loop, unless something better is found. Never good.
      reaches[Int(current)] = Reach(clusters: 0, isGood: false, isKnown: true)
      way.append(current)
      let link = table.link(current)
      if case .to(let next) = link {
        current = next
        continue
      }
      if case .end = link { behind.isGood = true }
      if link == .free || link == .bad { way.removeLast() }
      break
    }
    for cluster in way.reversed() {
      behind.clusters += 1
      reaches[Int(cluster)] = behind
    }
    return reaches[Int(first)]
  }

  /// Claims the chain of `index` up to `limit` clusters and cuts it where it is damaged. Gives the clusters claimed, and
  /// whether the chain went on behind the limit.
  func claim(_ index: Int, limit: Int) -> (clusters: [UInt32], isLonger: Bool) {
    var clusters: [UInt32] = []
    var current = entries[index].first
    while true {
      if clusters.count == limit {
        if let last = clusters.last { table[last] = layout.mask }
        return (clusters, true)
      }
      let link = table.link(current)
      let owner = owners[Int(current)]
      var damage: VolumeFinding?
      if owner == UInt32(index + 1) {
        damage = .chainLoops(path: path(index), cluster: current)
      } else if owner != 0 {
        damage = .crossLink(path: path(index), cluster: current, other: path(Int(owner) - 1))
      } else if link == .free {
        damage = .chainFree(path: path(index), cluster: current)
      } else if link == .bad {
        damage = .chainBad(path: path(index), cluster: current)
      }
      if let damage {
        note(damage)
        if let last = clusters.last { table[last] = layout.mask }
        return (clusters, false)
      }
      owners[Int(current)] = UInt32(index + 1)
      clusters.append(current)
      switch link {
      case .to(let next): current = next
      case .nowhere(let value):
        note(.chainLeaves(path: path(index), cluster: current, value: value))
        table[current] = layout.mask
        return (clusters, false)
      default: return (clusters, false)
      }
    }
  }

  /// Sets the first cluster of an entry, in memory and on the volume.
  func setFirst(_ index: Int, _ cluster: UInt32) throws(FlashError) {
    entries[index].first = cluster
    let offset = entries[index].offset
    guard offset >= 0 else { return }
    try patch(offset + 26, bytes16(Int(cluster & 0xFFFF)))
    if layout.bits == 32 { try patch(offset + 20, bytes16(Int(cluster >> 16))) }
  }

  func setSize(_ index: Int, _ size: UInt32) throws(FlashError) {
    entries[index].sizeBytes = size
    try patch(entries[index].offset + 28, bytes32(size))
  }
}
