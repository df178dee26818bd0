/// A drive in memory that is made, recorded and opened again after a cut, with a journal or as a board has it.
package struct LossDrive: Sendable {
  package let layout: ImageLayout
  package let usesJournal: Bool
  package let chip: FaithfulStorage.Chip
  /// Seconds since 1970: the same run gives the same flash.
  package static let nowSeconds: Int64 = 1_767_323_046
  private static let volumeID: UInt32 = 0x4350_4346

  package init(volumeBytes: Int, usesJournal: Bool, chip: FaithfulStorage.Chip = .internalFlash) {
    layout = ImageLayout(volumeBytes: volumeBytes)
    self.usesJournal = usesJournal
    self.chip = chip
  }

  var geometry: FlashGeometry { FlashGeometry(sizeBytes: usesJournal ? layout.flashBytes : layout.volumeBytes) }

  /// The flash of a drive with a new board's files and what `fill` puts there, put away cleanly.
  package func makeChip(_ fill: (Volume) throws -> Void) throws -> FlashState {
    let store = CopyOnWriteStore(blockCount: geometry.blockCount)
    let flash = SimulatedNORFlash(store: store, geometry: geometry)
    if usesJournal { try BlockStore.create(on: flash, layout: layout) }
    let storage = try openStorage(on: flash)
    try Volume.format(storage, volumeID: Self.volumeID, now: Self.nowSeconds, labelsBootSector: true)
    let volume = try Self.makeVolume(storage)
    try volume.fillFresh()
    try fill(volume)
    try volume.withStorage { (storage) throws(FlashError) in try storage.close() }
    return store.freeze()
  }

  /// Opens what is on a chip; a journal recovers.
  package func openStorage(on device: any FlashDevice) throws -> any VolumeStorage {
    usesJournal
      ? try BlockStore(device: device, layout: layout)
      : try FaithfulStorage(device: device, volumeBytes: layout.volumeBytes, chip: chip)
  }

  package func open(on device: any FlashDevice) throws -> Volume { try Self.makeVolume(try openStorage(on: device)) }

  private static func makeVolume(_ storage: any VolumeStorage) throws -> Volume {
    // From here on only the volume uses it.
    nonisolated(unsafe) let storage = storage
    return try Volume(storage: storage, clock: { nowSeconds })
  }

  /// Does all that the storage has put off, as time would.
  package static func settle(_ volume: Volume) throws(FlashError) {
    while try volume.withStorage({ (storage) throws(FlashError) in try storage.upkeepSlice(isDue: true) }) {}
  }

  /// What is wrong with the volume on a chip after a cut; a journal is recovered first.
  package func losses(on device: any FlashDevice, metadataBytes: Int) -> Set<CutLoss> {
    guard let storage = try? openStorage(on: device) else { return [.unmountable] }
    return (try? CutLoss.ofVolume(storage, metadataBytes: metadataBytes)) ?? [.unmountable]
  }
}

/// A file as it is found: its bytes, or nothing where it cannot be read.
package enum FoundFile: Sendable, Hashable {
  case content([UInt8])
  case unreadable
}

extension Volume {
  /// No tree of a board is deeper or larger; a damaged one may seem so.
  private static let surveyDepthLimit = 8
  private static let surveyFileLimit = 2000

  /// Every file with its path from the root, as far as the tree can be walked.
  package func allFiles() -> [String: FoundFile] {
    var files: [String: FoundFile] = [:]
    collect(.root, "", depth: 0, into: &files)
    return files
  }

  private func collect(_ folder: NodeID, _ path: String, depth: Int, into files: inout [String: FoundFile]) {
    guard depth < Self.surveyDepthLimit, let entries = try? list(folder) else { return }
    for entry in entries where files.count < Self.surveyFileLimit {
      let name = path + "/" + String(decoding: entry.storedName, as: UTF8.self)
      if entry.attributes.isDirectory {
        collect(entry.attributes.node, name, depth: depth + 1, into: &files)
      } else {
        let bytes = try? readFile(Array(path.utf8) + [0x2F] + entry.storedName)
        files[name] = bytes.map { .content($0) } ?? .unreadable
      }
    }
  }
}
