/// One thing that is wrong with a FAT volume. `description` is one line: what, where, how to mend.
package enum VolumeFinding: Error, Equatable, Sendable, CustomStringConvertible {
  /// How much it matters.
  package enum Severity: Int, Sendable, Comparable {
    /// Cosmetic: nothing is lost and writing is safe.
    case note
    /// Something is lost, or a reader trips over it; writing elsewhere does not make it worse.
    case damage
    /// Writing could destroy what is still there: two owners of a cluster, loops, differing tables.
    case danger
    /// There is no volume to read, and `repair` cannot bring it back.
    case fatal
    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
  }

  // The boot sector and what belongs to it.
  case bootImpossible(reason: String)
  case bootRestorable(reason: String, backupSector: Int)
  case backupMissing
  case backupDiffers(sector: Int)
  case infoMissing
  case infoDamaged(sector: Int)
  case infoCount(stored: UInt32, free: Int)
  case infoNext(stored: UInt32)
  case oneTableOnly(active: Int)
  case dirty
  case bootLabel
  // The tables.
  case tablesDiffer(copy: Int, offset: Int)
  case firstEntry(value: UInt32)
  case media(value: UInt8)
  case lostChain(cluster: UInt32, clusters: Int)
  // Chains.
  case chainLoops(path: String, cluster: UInt32)
  case crossLink(path: String, cluster: UInt32, other: String)
  case chainLeaves(path: String, cluster: UInt32, value: UInt32)
  case chainFree(path: String, cluster: UInt32)
  case chainBad(path: String, cluster: UInt32)
  case firstCluster(path: String, cluster: UInt32)
  case chainShort(path: String, clusters: Int, sizeBytes: UInt32)
  case chainLong(path: String, sizeBytes: UInt32)
  // Directories.
  case directoryNowhere(path: String, cluster: UInt32)
  case directoryWithoutDots(path: String, cluster: UInt32)
  case directoryTooLong(path: String)
  case dots(path: String, name: String, offset: Int)
  case directorySize(path: String, sizeBytes: UInt32)
  case behindEnd(path: String, offset: Int)
  case holeInDirectory(path: String, offset: Int)
  case attributes(path: String, value: UInt8, offset: Int)
  case label(path: String, offset: Int)
  case longNameOrphan(path: String, offset: Int)
  case longNameField(path: String, offset: Int)
  case longNameIllegal(path: String)
  /// Old Linux kernels marked entries without a short name so; fsck.fat calls the name bad.
  case noShortNameMark(path: String, offset: Int)
  case nameIllegal(path: String, offset: Int)
  case duplicateName(path: String)
  case duplicateAlias(path: String)
  case time(path: String)
  /// There were more than `VolumeCheck.maximumFindings`.
  case more(count: Int)

  package var severity: Severity {
    switch self {
    case .bootImpossible: .fatal
    case .bootRestorable, .tablesDiffer, .chainLoops, .crossLink: .danger
    case .chainLeaves, .chainFree, .chainBad, .firstCluster, .directoryNowhere, .directoryWithoutDots: .danger
    case .dots, .holeInDirectory, .directoryTooLong: .danger
    case .chainShort, .chainLong, .lostChain, .duplicateName, .duplicateAlias, .nameIllegal, .attributes: .damage
    case .longNameOrphan, .longNameIllegal, .label, .behindEnd, .more: .damage
    case .backupMissing, .backupDiffers, .infoMissing, .infoDamaged, .infoCount, .infoNext, .dirty, .bootLabel: .note
    case .firstEntry, .media, .noShortNameMark, .oneTableOnly, .directorySize, .longNameField, .time: .note
    }
  }

  package var description: String { "\(what); \(remedy)" }

  private var remedy: String {
    if case .bootImpossible = self { return "restore a copy: repair cannot mend this" }
    return "mend it with --repair: \(mending)"
  }

  /// What and where.
  package var what: String {
    switch self {
    case .bootImpossible(let reason): "boot sector: \(reason)"
    case .bootRestorable(let reason, let sector): "boot sector: \(reason), but its copy in sector \(sector) is good"
    case .backupMissing: "boot sector: no backup copy"
    case .backupDiffers(let sector): "sector \(sector): the backup is not the boot sector"
    case .infoMissing: "boot sector: no FSInfo sector"
    case .infoDamaged(let sector): "sector \(sector): no FSInfo record"
    case .infoCount(let stored, let free): "FSInfo: counts \(stored) free clusters, there are \(free)"
    case .infoNext(let stored): "FSInfo: next free cluster \(stored) is outside the volume"
    case .oneTableOnly(let active): "boot sector: only allocation table \(active) is kept up"
    case .dirty: "the volume was not unmounted cleanly"
    case .bootLabel: "boot sector: the label is not the root directory's"
    case .tablesDiffer(let copy, let offset):
      "allocation table \(copy): differs from the one in use at offset \(offset)"
    case .firstEntry(let value): "allocation table: its first entry is \(hex(value)), not the media byte"
    case .media(let value): "boot sector: media byte \(hex(UInt32(value)))"
    case .noShortNameMark(let path, let offset): "\(path): a reserved bit is set at offset \(offset)"
    case .lostChain(let cluster, let count): "cluster \(cluster): \(count) clusters that belong to no file"
    case .chainLoops(let path, let cluster): "\(path): its chain comes back to cluster \(cluster)"
    case .crossLink(let path, let cluster, let other): "\(path): its cluster \(cluster) belongs to \(other)"
    case .chainLeaves(let path, let cluster, let value):
      "\(path): behind cluster \(cluster) comes \(hex(value)), which is no cluster"
    case .chainFree(let path, let cluster): "\(path): its cluster \(cluster) is marked free"
    case .chainBad(let path, let cluster): "\(path): its cluster \(cluster) is marked bad"
    case .firstCluster(let path, let cluster): "\(path): begins at \(hex(cluster)), which is no cluster"
    case .chainShort(let path, let clusters, let size): "\(path): \(clusters) clusters are too few for \(size) bytes"
    case .chainLong(let path, let size): "\(path): more clusters than its \(size) bytes need"
    case .directoryNowhere(let path, let cluster): "\(path): a directory that begins at cluster \(cluster)"
    case .directoryWithoutDots(let path, let cluster): "\(path): cluster \(cluster) is no directory"
    case .directoryTooLong(let path): "\(path): a directory of more than 65536 entries"
    case .dots(let path, let name, let offset): "\(path): its \(name) entry at offset \(offset) is wrong"
    case .directorySize(let path, let size): "\(path): a directory with a size of \(size)"
    case .behindEnd(let path, let offset): "\(path): entries behind the end mark at offset \(offset)"
    case .holeInDirectory(let path, let offset): "\(path): good entries behind the end mark at offset \(offset)"
    case .attributes(let path, let value, let offset): "\(path): attributes \(hex(UInt32(value))) at offset \(offset)"
    case .label(let path, let offset): "\(path): a misplaced or illegal label at offset \(offset)"
    case .longNameOrphan(let path, let offset): "\(path): long name pieces of no entry at offset \(offset)"
    case .longNameField(let path, let offset): "\(path): a reserved field of a long name is set at offset \(offset)"
    case .longNameIllegal(let path): "\(path): its long name is illegal"
    case .nameIllegal(let path, let offset): "\(path): the short name at offset \(offset) is illegal"
    case .duplicateName(let path): "\(path): the name is there twice"
    case .duplicateAlias(let path): "\(path): another entry has its short name"
    case .time(let path): "\(path): an impossible date or time"
    case .more(let count): "\(count) more findings"
    }
  }

  /// What `repair` does about it.
  package var mending: String {
    switch self {
    case .bootImpossible: "nothing"
    case .bootRestorable: "the copy is written over it"
    case .backupMissing, .backupDiffers: "a copy is written"
    case .infoMissing, .infoDamaged, .infoCount, .infoNext: "a new FSInfo record is written"
    case .oneTableOnly: "all tables are made equal and kept up"
    case .dirty: "the mark is cleared"
    case .bootLabel: "the boot sector's field is set"
    case .tablesDiffer: "the better table is copied over the other"
    case .firstEntry, .media: "it is set"
    case .lostChain: "kept as FSCK????.REC in the root, freed if it is empty"
    case .chainLoops, .crossLink, .chainLeaves, .chainFree, .chainBad: "the chain is cut there"
    case .firstCluster: "it gets no clusters"
    case .chainShort: "the size is set to what is there"
    case .chainLong: "the chain is cut, the rest kept as FSCK????.REC"
    case .directoryNowhere: "the entry is removed"
    case .directoryWithoutDots: "it is made a file"
    case .directoryTooLong: "it is cut"
    case .dots: "the entry is written"
    case .directorySize: "the size is set to 0"
    case .behindEnd: "they are erased"
    case .holeInDirectory: "the hole is closed"
    case .attributes: "the bits that have no meaning are cleared"
    case .label: "it is removed or written anew"
    case .longNameOrphan: "they are removed"
    case .longNameField, .noShortNameMark: "it is set to 0"
    case .longNameIllegal: "the short name takes its place"
    case .nameIllegal, .duplicateName, .duplicateAlias: "it gets another short name"
    case .time: "it is set to the nearest possible one"
    case .more: "likewise"
    }
  }
}

private func hex(_ value: UInt32) -> String { "0x" + String(value, radix: 16, uppercase: true) }
