import Glibc

/// Images that are a FAT volume and nothing else: what `--journal none` works on.
extension ImageFile {
  /// Fills the empty file with a volume of erased flash.
  func createPlain(_ layout: ImageLayout) throws(FlashImageError) -> FlashImage {
    try grow(to: layout.volumeBytes)
    do {
      let store = try makeStore(sizeBytes: layout.volumeBytes)
      try erase(store, layout)
      try store.sync()
      return plainImage(store, layout, isNew: true, volumeID: 0)
    } catch {
      throw .flash(path: path, error)
    }
  }

  /// A chip has whole erase blocks: a volume that ends within one gets the rest of it, and nothing more.
  func openPlain(_ volume: AdoptableVolume, fileBytes: Int) throws(FlashImageError) -> FlashImage {
    let layout = ImageLayout(volumeBytes: volume.volumeBytes)
    try requireNothingBehind(layout, fileBytes: fileBytes)
    if fileBytes < layout.volumeBytes { try grow(to: layout.volumeBytes) }
    do {
      let store = try makeStore(sizeBytes: max(fileBytes, layout.volumeBytes))
      return plainImage(store, layout, isNew: false, volumeID: volume.volumeID)
    } catch {
      throw .flash(path: path, error)
    }
  }

  private func plainImage(
    _ store: ImageFileStore, _ layout: ImageLayout, isNew: Bool, volumeID: UInt32
  ) -> FlashImage {
    FlashImage(
      path: path, store: store, layout: layout, isNew: isNew, wasAdopted: false, volumeID: volumeID,
      createdSeconds: UInt64(time(nil)), hasJournal: false)
  }

  /// Makes the volume erased flash.
  func erase(_ store: ImageFileStore, _ layout: ImageLayout) throws(FlashError) {
    let block = [UInt8](repeating: 0xFF, count: FlashGeometry.eraseBytes)
    for index in 0..<layout.volumeBlocks {
      try block.withUnsafeBufferPointer { (bytes) throws(FlashError) in
        try store.write(index * FlashGeometry.eraseBytes, UnsafeRawBufferPointer(bytes))
      }
    }
  }
}
