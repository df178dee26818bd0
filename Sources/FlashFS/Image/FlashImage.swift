import Glibc

/// An open image file: locked, laid out, with its trailer. The volume lies at offset 0, so any FAT tool reads it.
package struct FlashImage: Sendable {
  package let path: String
  package let store: ImageFileStore
  package let layout: ImageLayout
  /// This open made the file; its volume is erased flash (FF).
  package let isNew: Bool
  /// This open put a journal behind a plain FAT image.
  package let wasAdopted: Bool
  package let volumeID: UInt32
  /// Seconds since 1970.
  package let createdSeconds: UInt64
  /// False for a plain FAT image that was opened to stay one: nothing lies behind its volume.
  package var hasJournal = true

  /// Opens and locks the image. A file that does not exist, or is empty, is made with a volume of `createVolumeBytes`
  /// when that is given; a plain FAT image gets a journal.
  package static func open(path: String, createVolumeBytes: Int? = nil) throws(FlashImageError) -> FlashImage {
    try open(path: path, createVolumeBytes: createVolumeBytes, staysPlain: false)
  }

  static func open(
    path: String, createVolumeBytes: Int?, staysPlain: Bool
  ) throws(FlashImageError) -> FlashImage {
    let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
    if descriptor < 0 {
      guard errno == ENOENT else { throw .system(action: "open", path: path, errno: errno) }
      guard let createVolumeBytes else { throw .missing(path: path) }
      return try ImageFile.withNewFile(path) { (file) throws(FlashImageError) in
        try file.create(volumeBytes: createVolumeBytes, staysPlain: staysPlain)
      }
    }
    let file = ImageFile(path: path, descriptor: descriptor)
    try file.lock()
    let fileBytes = try file.sizeBytes()
    if fileBytes == 0, let createVolumeBytes {
      return try file.create(volumeBytes: createVolumeBytes, staysPlain: staysPlain)
    }
    return try file.openExisting(fileBytes: fileBytes, staysPlain: staysPlain)
  }

  /// The simulated chip in the file, as worn as the wear table says.
  package func makeFlash(
    faults: any FaultPlan = NoFaults(), latency: FlashLatency? = nil
  ) throws(FlashError) -> SimulatedNORFlash {
    guard hasJournal else {
      let geometry = FlashGeometry(sizeBytes: layout.volumeBytes)
      return SimulatedNORFlash(store: store, geometry: geometry, faults: faults, latency: latency)
    }
    let table = try WearTable.load(from: store, layout: layout)
    return SimulatedNORFlash(
      store: store, geometry: layout.flashGeometry, wear: table?.wear, faults: faults, latency: latency)
  }

  /// Recovers and opens the block store on `flash`; the wear table is saved at each checkpoint.
  package func openBlockStore(
    on flash: SimulatedNORFlash, durability: Durability = .process
  ) throws(JournalError) -> BlockStore {
    var generation: UInt64
    let earlier: WearHistory
    do {
      let table = try WearTable.load(from: store, layout: layout)
      generation = table?.generation ?? 0
      earlier = table?.history ?? WearHistory(sinceSeconds: UInt64(time(nil)))
    } catch {
      throw .flash(error)
    }
    let before = flash.counters
    let blocks = try BlockStore(device: flash, layout: layout, durability: durability)
    blocks.onCheckpointed = { [store, layout, unowned blocks] () throws(FlashError) in
      generation += 1
      let history = earlier.adding(flash.counters, since: before, fileBytes: blocks.fileBytes)
      try WearTable.save(flash.wear, history, generation: generation, to: store, layout: layout)
    }
    return blocks
  }

  /// Unlocks and closes the file.
  package func close() { store.close() }
}
