private let slotBytes = 32
private let deletedMark: UInt8 = 0xE5
private let longNameAttributes: UInt8 = 0x0F

/// Directories: their slots, names and entries.
extension VolumeJudge {
  /// `.` or `..` as a short name.
  func dotName(_ dots: Int) -> [UInt8] {
    [UInt8](repeating: 0x2E, count: dots) + [UInt8](repeating: 0x20, count: 11 - dots)
  }

  func entryCluster(_ raw: [UInt8], _ at: Int) -> UInt32 {
    let low = UInt32(raw.number16(at + 26))
    return layout.bits == 32 ? low | UInt32(raw.number16(at + 20)) << 16 : low
  }

  func checkDirectory(_ index: Int) throws(FlashError) {
    var pieces: [Int] = []
    var pieceBytes = layout.clusterBytes
    if index == 0 && layout.bits != 32 {
      pieces = [layout.rootOffset]
      pieceBytes = layout.rootEntries * slotBytes
    } else {
      let first = entries[index].first
      let link = table.link(first)
      if index == 0, link == .free || link == .bad {
        note(.chainFree(path: "/", cluster: first))
        table[first] = layout.mask
      }
      let most = max(1, Self.maximumSlots * slotBytes / layout.clusterBytes)
      let claimed = claim(index, limit: most)
      if claimed.isLonger { note(.directoryTooLong(path: path(index))) }
      guard !claimed.clusters.isEmpty else {
        note(.directoryNowhere(path: path(index), cluster: first))
        try patch(entries[index].offset, [deletedMark])
        return
      }
      pieces = claimed.clusters.map { layout.offset(of: $0) }
    }
    var content = DirectoryContent(pieces: pieces, pieceBytes: pieceBytes)
    for piece in pieces { content.raw += try volume.read(piece, pieceBytes) }
    if index != 0 { try checkDots(index, &content) }
    try checkEnd(index, &content)
    try checkSlots(index, &content)
  }

  // MARK: - Dots

  private func checkDots(_ index: Int, _ content: inout DirectoryContent) throws(FlashError) {
    let parent = entries[index].parent
    for (dots, cluster) in [(1, entries[index].first), (2, parent == 0 ? 0 : entries[parent].first)] {
      let at = (dots - 1) * slotBytes
      let raw = Array(content.raw[at..<at + slotBytes])
      let isNamed = Array(raw[..<11]) == dotName(dots)
      if isNamed, raw[11] & 0xD8 == 0x10, raw[12] & 0x20 == 0, entryCluster(raw, 0) == cluster { continue }
      note(.dots(path: path(index), name: dots == 1 ? "." : "..", offset: content.offset(dots - 1)))
      var entry = isNamed ? raw : dotName(dots) + [UInt8](repeating: 0, count: slotBytes - 11)
      if !isNamed { entry.replaceSubrange(24..<26, with: bytes16(1 << 5 | 1)) }
      entry[11] = 0x10
      entry[12] = 0
      entry.replaceSubrange(26..<28, with: bytes16(Int(cluster & 0xFFFF)))
      if layout.bits == 32 { entry.replaceSubrange(20..<22, with: bytes16(Int(cluster >> 16))) }
      try put(entry, slot: dots - 1, &content)
    }
  }

  private func put(_ bytes: [UInt8], slot: Int, _ content: inout DirectoryContent) throws(FlashError) {
    content.raw.replaceSubrange(slot * slotBytes..<slot * slotBytes + bytes.count, with: bytes)
    try patch(content.offset(slot), bytes)
  }

  // MARK: - The end mark

  /// Nothing may stand behind the end mark: drivers disagree whether it is there.
  private func checkEnd(_ index: Int, _ content: inout DirectoryContent) throws(FlashError) {
    let slots = content.slotCount
    guard let end = (0..<slots).first(where: { content.raw[$0 * slotBytes] == 0 }) else { return }
    func isUsed(_ slot: Int) -> Bool { ![0, deletedMark].contains(content.raw[slot * slotBytes]) }
    guard let last = (end..<slots).last(where: isUsed) else { return }
    if isHole(end..<last + 1, content) {
      note(.holeInDirectory(path: path(index), offset: content.offset(end)))
      for slot in end..<last where content.raw[slot * slotBytes] == 0 {
        try put([deletedMark], slot: slot, &content)
      }
    } else {
      note(.behindEnd(path: path(index), offset: content.offset(end)))
      for slot in end..<slots where isUsed(slot) {
        try put([UInt8](repeating: 0, count: slotBytes), slot: slot, &content)
      }
    }
  }

  /// Whether what stands behind the end mark is the rest of a directory in whose middle something was zeroed: all of it
  /// possible, and a file among it whose chain fits its size.
  private func isHole(_ range: Range<Int>, _ content: DirectoryContent) -> Bool {
    var hasIntactFile = false
    for slot in range {
      let at = slot * slotBytes
      let raw = Array(content.raw[at..<at + slotBytes])
      if raw[0] == 0 || raw[0] == deletedMark || raw[11] == longNameAttributes { continue }
      let first = entryCluster(raw, 0)
      let size = raw.number32(28)
      guard raw[11] & 0xC8 == 0, CheckedName.isLegalShort(Array(raw[..<11])) else { return false }
      if first == 0 && size == 0 { continue }
      guard layout.isCluster(first), owners[Int(first)] == 0 else { return false }
      if raw[11] & 0x10 != 0 { continue }
      let reach = reach(from: first)
      if reach.isGood, Int(reach.clusters) * layout.clusterBytes >= Int(size),
        (Int(reach.clusters) - 1) * layout.clusterBytes < Int(size)
      {
        hasIntactFile = true
      }
    }
    return hasIntactFile
  }

  // MARK: - Slots

  private func checkSlots(_ index: Int, _ content: inout DirectoryContent) throws(FlashError) {
    var long = LongPieces()
    var names = DirectoryNames()
    var free: [Int] = []
    var isBehindEnd = false
    for slot in (index == 0 ? 0 : 2)..<max(content.slotCount, 2) where slot < content.slotCount {
      let at = slot * slotBytes
      let mark = content.raw[at]
      if mark == 0 || mark == deletedMark || isBehindEnd {
        try dropPieces(&long, index, &content)
        if mark == 0 { isBehindEnd = true }
        free.append(content.offset(slot))
        continue
      }
      if content.raw[at + 11] & 0xC0 != 0 {
        note(.attributes(path: path(index), value: content.raw[at + 11], offset: content.offset(slot)))
        content.raw[at + 11] &= 0x3F
        try patch(content.offset(slot) + 11, [content.raw[at + 11]])
      }
      let attributes = content.raw[at + 11]
      if attributes == longNameAttributes {
        try takePiece(slot, &long, index, &content)
      } else if attributes & 0x08 != 0 {
        try dropPieces(&long, index, &content)
        try checkLabelEntry(slot, index, &content)
      } else {
        try checkEntry(slot, &long, &names, index, &content)
      }
    }
    try dropPieces(&long, index, &content)
    if index == 0 {
      freeRootSlots = free
      rootKeys = names.keys
    }
  }

  private func dropPieces(
    _ long: inout LongPieces, _ index: Int, _ content: inout DirectoryContent
  ) throws(FlashError) {
    if let first = long.slots.first {
      note(.longNameOrphan(path: path(index), offset: content.offset(first)))
      for slot in long.slots { try put([deletedMark], slot: slot, &content) }
    }
    long = LongPieces()
  }

  private func takePiece(
    _ slot: Int, _ long: inout LongPieces, _ index: Int, _ content: inout DirectoryContent
  ) throws(FlashError) {
    let at = slot * slotBytes
    let number = Int(content.raw[at] & 0x3F)
    let isLast = content.raw[at] & 0x40 != 0
    let checksum = content.raw[at + 13]
    if isLast { try dropPieces(&long, index, &content) }
    let isExpected =
      content.raw[at] & 0x80 == 0 && number >= 1
      && (isLast ? number <= LongPieces.most : !long.slots.isEmpty && number == long.next && checksum == long.checksum)
    long.slots.append(slot)
    guard isExpected else { return try dropPieces(&long, index, &content) }
    long.next = number - 1
    long.checksum = checksum
    long.units = LongPieces.offsets.map { UInt16(content.raw.number16(at + $0)) } + long.units
    if content.raw[at + 12] != 0 || content.raw.number16(at + 26) != 0 {
      note(.longNameField(path: path(index), offset: content.offset(slot)))
      try patch(content.offset(slot) + 12, [0])
      try patch(content.offset(slot) + 26, [0, 0])
    }
  }

  private func checkLabelEntry(
    _ slot: Int, _ index: Int, _ content: inout DirectoryContent
  ) throws(FlashError) {
    let at = slot * slotBytes
    let raw = Array(content.raw[at..<at + slotBytes])
    guard index == 0, labelOffset == nil, raw[11] & 0x10 == 0, CheckedName.isLegalLabel(Array(raw[..<11])) else {
      note(.label(path: path(index), offset: content.offset(slot)))
      return try put([deletedMark], slot: slot, &content)
    }
    labelOffset = content.offset(slot)
    if entryCluster(raw, 0) != 0 || raw.number32(28) != 0 {
      note(.label(path: path(index), offset: content.offset(slot)))
      try patch(content.offset(slot) + 26, [0, 0, 0, 0, 0, 0])
      if layout.bits == 32 { try patch(content.offset(slot) + 20, [0, 0]) }
    }
  }
}

/// The bytes of a directory and where they lie.
struct DirectoryContent {
  var pieces: [Int]
  var pieceBytes: Int
  var raw: [UInt8] = []
  var slotCount: Int { raw.count / slotBytes }
  func offset(_ slot: Int) -> Int { pieces[slot * slotBytes / pieceBytes] + slot * slotBytes % pieceBytes }
}

/// Pieces of a long name met so far, the last one first.
struct LongPieces {
  static let most = 20
  static let offsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30]
  var slots: [Int] = []
  var units: [UInt16] = []
  /// Number of the piece that must come next; 0 when all are there.
  var next = 0
  var checksum: UInt8 = 0
}

/// The names of one directory.
struct DirectoryNames {
  var keys: Set<[UInt16]> = []
  /// Where the search for a free number goes on, so that many equal names cost no more than their count.
  var number = 1

  mutating func freeAlias(_ raw: [UInt8]) -> [UInt8] {
    while true {
      let alias = CheckedName.numbered(raw, number)
      number += 1
      if !keys.contains(CheckedName.key(CheckedName.shown(alias, caseFlags: 0))) { return alias }
    }
  }
}
