private let slotBytes = 32
private let deletedMark: UInt8 = 0xE5

/// One entry of a directory.
extension VolumeJudge {
  /// Judges the short entry in `slot` with the pieces of a long name before it, and remembers it.
  func checkEntry(
    _ slot: Int, _ long: inout LongPieces, _ names: inout DirectoryNames, _ index: Int,
    _ content: inout DirectoryContent
  ) throws(FlashError) {
    let at = slot * slotBytes
    let offset = content.offset(slot)
    var raw = Array(content.raw[at..<at + slotBytes])
    let short = Array(raw[..<11])
    var pieces = long
    long = LongPieces()
    if !pieces.slots.isEmpty, pieces.next != 0 || pieces.checksum != CheckedName.checksum(short) {
      note(.longNameOrphan(path: path(index), offset: content.offset(pieces.slots[0])))
      try drop(&pieces, content)
    }
    if short == dotName(1) || short == dotName(2) {
      note(.nameIllegal(path: path(index), offset: offset))
      try drop(&pieces, content)
      return try patch(offset, [deletedMark])
    }
    var name: [UInt16] = CheckedName.shown(short, caseFlags: raw[12])
    if !pieces.slots.isEmpty {
      let units = Array(pieces.units.prefix { $0 != 0 })
      if CheckedName.isLegalLong(units) {
        name = units
      } else {
        note(.longNameIllegal(path: path(index, name)))
        try drop(&pieces, content)
      }
    }
    try checkName(&raw, &name, &pieces, &names, index, offset, content)
    if raw[12] & 0x20 != 0 {
      note(.noShortNameMark(path: path(index, name), offset: offset + 12))
      try patch(offset + 12, [raw[12] & ~0x20])
    }
    try checkTimes(raw, path(index, name), offset)
    var entry = Entry(
      parent: index, offset: offset, name: name, first: entryCluster(raw, 0), sizeBytes: raw.number32(28),
      isDirectory: raw[11] & 0x10 != 0)
    if entry.isDirectory {
      guard try checkFirst(&entry, attributes: raw[11]) else {
        try drop(&pieces, content)
        return try patch(offset, [deletedMark])
      }
    }
    entries.append(entry)
  }

  /// Takes the pieces of a long name away.
  private func drop(_ pieces: inout LongPieces, _ content: DirectoryContent) throws(FlashError) {
    for slot in pieces.slots { try patch(content.offset(slot), [deletedMark]) }
    pieces = LongPieces()
  }

  private func checkName(
    _ raw: inout [UInt8], _ name: inout [UInt16], _ pieces: inout LongPieces, _ names: inout DirectoryNames,
    _ index: Int, _ offset: Int, _ content: DirectoryContent
  ) throws(FlashError) {
    var short = Array(raw[..<11])
    var isRenamed = false
    if !CheckedName.isLegalShort(short) {
      note(.nameIllegal(path: path(index, name), offset: offset))
      isRenamed = true
    }
    if names.keys.contains(CheckedName.key(name)) {
      // An illegal short name that is also double is renamed once, for the first reason.
      if !isRenamed || !pieces.slots.isEmpty { note(.duplicateName(path: path(index, name))) }
      try drop(&pieces, content)
      isRenamed = true
    }
    let alias = CheckedName.key(CheckedName.shown(short, caseFlags: 0))
    if !isRenamed, !pieces.slots.isEmpty, alias != CheckedName.key(name), names.keys.contains(alias) {
      note(.duplicateAlias(path: path(index, name)))
      isRenamed = true
    }
    if isRenamed {
      short = names.freeAlias(short)
      raw.replaceSubrange(0..<11, with: short)
      try patch(offset, short)
      let sum = CheckedName.checksum(short)
      for slot in pieces.slots { try patch(content.offset(slot) + 13, [sum]) }
      if pieces.slots.isEmpty { name = CheckedName.shown(short, caseFlags: raw[12]) }
    }
    names.keys.insert(CheckedName.key(name))
    if !pieces.slots.isEmpty { names.keys.insert(CheckedName.key(CheckedName.shown(short, caseFlags: 0))) }
  }

  private func checkTimes(_ raw: [UInt8], _ path: @autoclosure () -> String, _ offset: Int) throws(FlashError) {
    var mended: [(at: Int, bytes: [UInt8])] = []
    for at in [16, 18, 24] where CheckedName.possibleDate(raw.number16(at)) != raw.number16(at) {
      mended.append((at, bytes16(CheckedName.possibleDate(raw.number16(at)))))
    }
    for at in [14, 22] where CheckedName.possibleTime(raw.number16(at)) != raw.number16(at) {
      mended.append((at, bytes16(CheckedName.possibleTime(raw.number16(at)))))
    }
    if raw[13] > 199 { mended.append((13, [199])) }
    guard !mended.isEmpty else { return }
    note(.time(path: path()))
    for field in mended { try patch(offset + field.at, field.bytes) }
  }

  /// Whether a directory can be where its entry says; what is no directory becomes a file. False: there is nothing.
  private func checkFirst(_ entry: inout Entry, attributes: UInt8) throws(FlashError) -> Bool {
    let shown = path(entry.parent, entry.name)
    guard layout.isCluster(entry.first) else {
      note(.directoryNowhere(path: shown, cluster: entry.first))
      return false
    }
    let link = table.link(entry.first)
    guard link != .free, link != .bad else {
      note(.directoryNowhere(path: shown, cluster: entry.first))
      return false
    }
    let owner = owners[Int(entry.first)]
    guard owner == 0 else {
      note(.crossLink(path: shown, cluster: entry.first, other: path(Int(owner) - 1)))
      return false
    }
    let bytes = try volume.read(layout.offset(of: entry.first), layout.clusterBytes)
    let hasDots = Array(bytes[..<11]) == dotName(1) || Array(bytes[32..<43]) == dotName(2)
    guard hasDots || bytes.allSatisfy({ $0 == 0 }) else {
      note(.directoryWithoutDots(path: shown, cluster: entry.first))
      let reach = reach(from: entry.first)
      let clusters = reach.isGood ? Int(reach.clusters) : 1
      let size = UInt32(min(clusters * layout.clusterBytes, Int(UInt32.max)))
      try patch(entry.offset + 11, [attributes & 0x27 | 0x20])
      try patch(entry.offset + 28, bytes32(size))
      entry.isDirectory = false
      entry.sizeBytes = size
      return true
    }
    if entry.sizeBytes != 0 {
      note(.directorySize(path: shown, sizeBytes: entry.sizeBytes))
      try patch(entry.offset + 28, bytes32(0))
    }
    return true
  }
}
