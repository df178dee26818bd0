extension FlashImage {
  /// Opens and locks an image for work without a journal. A plain FAT image stays plain, and a new one is made plain. An image
  /// with a journal keeps it: `openFaithfulStorage` brings it up to date and leaves it clean, with nothing to replay.
  package static func openWithoutJournal(
    path: String, createVolumeBytes: Int? = nil
  ) throws(FlashImageError) -> FlashImage {
    try open(path: path, createVolumeBytes: createVolumeBytes, staysPlain: true)
  }

  /// The volume as a board has it. What the journal still holds is recovered first; the anchor then says that everything is in
  /// place, so a later mount with the journal replays nothing over what was written here.
  package func openFaithfulStorage(
    on flash: SimulatedNORFlash, chip: FaithfulStorage.Chip
  ) throws(JournalError) -> FaithfulStorage {
    if hasJournal {
      let blocks = try openBlockStore(on: flash)
      guard blocks.recovery.damagedBlocks.isEmpty else { throw .damagedBlocks(blocks.recovery.damagedBlocks) }
      do { try blocks.close() } catch { throw .flash(error) }
    }
    do {
      let storage = try FaithfulStorage(device: flash, volumeBytes: layout.volumeBytes, chip: chip)
      if hasJournal {
        let before = flash.counters
        storage.onClosed = { [store, layout] () throws(FlashError) in
          let table = try WearTable.load(from: store, layout: layout)
          let history = table?.history?.adding(flash.counters, since: before, fileBytes: 0)
          try WearTable.save(
            flash.wear, history, generation: (table?.generation ?? 0) + 1, to: store, layout: layout)
        }
      }
      return storage
    } catch {
      throw .flash(error)
    }
  }
}
