extension Volume {
  /// Makes an empty volume as the board's formatter does, in one transaction: boot sector, table, root with the label
  /// `CIRCUITPY`. `now` is in local seconds since 1970. Throws `outOfRange` when the storage is too small.
  ///
  /// The board leaves `NO NAME` in the boot sector, which fsck.fat reports (as it does for a real board's drive);
  /// `labelsBootSector` writes the label there too.
  package static func format(
    _ storage: any VolumeStorage, volumeID: UInt32, now: Int64, labelsBootSector: Bool = false
  ) throws(FlashError) {
    let sectorBytes = FATGeometry.sectorBytes
    guard let geometry = FATGeometry.circuitPython(sectors: storage.volumeBytes / sectorBytes) else {
      throw .outOfRange
    }
    var transaction = Transaction()
    let metadataEnd = geometry.firstDataSector * sectorBytes
    transaction.fill(sectorBytes, count: metadataEnd - sectorBytes)
    let labelText = Array("CIRCUITPY  ".utf8)
    let boot = BootSector.encode(
      geometry, volumeID: volumeID, label: labelsBootSector ? labelText : BootSector.noName)
    var reserved: [UInt8]
    switch geometry.kind {
    case .fat12: reserved = [0xF8, 0xFF, 0xFF]
    case .fat16: reserved = [0xF8, 0xFF, 0xFF, 0xFF]
    case .fat32:
      reserved = [0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]
      let info = InfoSector.encode(freeClusters: UInt32(geometry.clusterCount - 1), lastAllocated: 2)
      transaction.patch(geometry.infoSector * sectorBytes, info)
      transaction.patch(geometry.backupSector * sectorBytes, boot)
      transaction.patch((geometry.backupSector + 1) * sectorBytes, info)
    }
    for offset in geometry.tableOffsets { transaction.patch(offset, reserved) }
    let label = DirectoryEntry(
      shortName: ShortName(bytes: labelText), attributes: DirectoryEntry.Attribute.label,
      localSeconds: now)
    var rootOffset = geometry.rootOffset
    if geometry.kind == .fat32 {
      rootOffset = geometry.offset(ofCluster: geometry.rootCluster)
      transaction.fill(rootOffset, count: geometry.clusterBytes)
    }
    transaction.patch(rootOffset, label.encoded())
    transaction.patch(0, boot)
    try storage.commit(transaction)
  }

  /// Formats the volume and puts on it what a board does, in one transaction: after a cut the drive is complete, or still blank.
  /// `now` is in local seconds since 1970.
  package static func formatFresh(
    _ storage: any VolumeStorage, volumeID: UInt32, now: Int64
  ) throws(FlashError) {
    // Formatting takes no part of the storage beneath but through this thread.
    nonisolated(unsafe) let staged = StagedStorage(storage)
    try format(staged, volumeID: volumeID, now: now, labelsBootSector: true)
    do {
      nonisolated(unsafe) let storage: any VolumeStorage = staged
      try Volume(storage: storage, clock: { now }).fillFresh()
    } catch {
      // A drive too small for its first files; anything else would be a defect of the storage.
      throw .outOfRange
    }
    try staged.apply()
  }

  /// What the board puts on a drive that it has just formatted, in its order (`flashfs.md` §3).
  package func fillFresh() throws(VolumeError) {
    func make(_ name: String, in parent: NodeID = .root) throws(VolumeError) {
      let made = try makeDirectory(parent, Array(name.utf8), origin: .tool)
      forget(made.attributes.node, count: 1)
    }
    func write(_ path: String, _ text: String) throws(VolumeError) {
      try writeFile(Array(path.utf8), Array(text.utf8))
    }
    try make(".fseventsd")
    try write("/.fseventsd/no_log", "")
    try write("/.metadata_never_index", "")
    try write("/.Trashes", "")
    try write("/.Trash-1000", "")
    try make("sd")
    try write("/sd/placeholder.txt", "SD cards mounted at /sd will hide this file from Python.\n")
    try write("/settings.toml", "")
    try write("/code.py", "print(\"Hello World!\")\n")
    try make("lib")
  }
}
