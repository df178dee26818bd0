import Board
import CircuitPython
import FlashFS
import Glibc

/// The flash chip of a mounted board: image file, journal and volume, opened and made as needed.
struct BoardImage: Sendable {
  let image: FlashImage
  let volumeBytes: Int
  let volume: Volume

  /// How the volume lies in its flash.
  struct Storage: Sendable {
    var usesJournal = true
    var durability = Durability.process
    /// How long the chip takes; nil: no time.
    var latency: FlashLatency?
    /// Which reads flush the cache, when there is no journal.
    var chip = FaithfulStorage.Chip.internalFlash
  }

  /// - Parameters:
  ///   - volumeBytes: size of a new drive; an existing one keeps its own.
  static func open(
    path: String, volumeBytes: Int, storage: Storage, events: VolumeEvents
  ) throws(CommandError) -> BoardImage {
    let image: FlashImage
    do throws(FlashImageError) {
      image =
        storage.usesJournal
        ? try FlashImage.open(path: path, createVolumeBytes: volumeBytes)
        : try FlashImage.openWithoutJournal(path: path, createVolumeBytes: volumeBytes)
    } catch {
      throw CommandError("\(error)")
    }
    do {
      let flash = try image.makeFlash(latency: storage.latency)
      // The volume's lock guards the storage from here on; nobody else touches it but through the volume, and `close` after it.
      nonisolated(unsafe) let opened: any VolumeStorage =
        storage.usesJournal
        ? try image.openBlockStore(on: flash, durability: storage.durability)
        : try image.openFaithfulStorage(on: flash, chip: storage.chip)
      if try opened.isBlank() {
        try Volume.formatFresh(opened, volumeID: UInt32.random(in: 1...UInt32.max), now: LocalTime.now)
      }
      let volume = try Volume(storage: opened, utcOffsetSeconds: LocalTime.utcOffsetSeconds, onEvent: events.send)
      return BoardImage(image: image, volumeBytes: image.layout.volumeBytes, volume: volume)
    } catch {
      image.close()
      throw CommandError("\(BoardPaths.shown(path)): \(error)")
    }
  }

  /// Leaves a clean image. Nothing may use the volume any more.
  func close() throws(CommandError) {
    do {
      try volume.withStorage { (storage) throws(FlashError) in try storage.close() }
      image.close()
    } catch {
      image.close()
      throw CommandError("\(BoardPaths.shown(image.path)): \(error); the next mount recovers the drive")
    }
  }
}
