import Board
import CircuitPython
import FlashFS
import Glibc

/// The flash chip of a mounted board: image file, journal and volume, opened and made as needed.
struct BoardImage: Sendable {
  let image: FlashImage
  let volumeBytes: Int
  let volume: Volume

  /// - Parameters:
  ///   - volumeBytes: size of a new drive; an existing one keeps its own.
  static func open(
    path: String, volumeBytes: Int, durability: Durability, events: VolumeEvents
  ) throws(CommandError) -> BoardImage {
    let image: FlashImage
    do throws(FlashImageError) {
      image = try FlashImage.open(path: path, createVolumeBytes: volumeBytes)
    } catch {
      throw CommandError("\(error)")
    }
    do {
      let blocks = try image.openBlockStore(on: try image.makeFlash(), durability: durability)
      if try blocks.isBlank() {
        try Volume.format(
          blocks, volumeID: UInt32.random(in: 1...UInt32.max),
          now: Int64(time(nil)) + Int64(LocalTime.utcOffsetSeconds),
          labelsBootSector: true)
        let volume = try makeVolume(blocks, events)
        try volume.fillFresh()
        return BoardImage(image: image, volumeBytes: image.layout.volumeBytes, volume: volume)
      }
      return BoardImage(image: image, volumeBytes: image.layout.volumeBytes, volume: try makeVolume(blocks, events))
    } catch {
      image.close()
      throw CommandError("\(BoardPaths.shown(path)): \(error)")
    }
  }

  private static func makeVolume(_ blocks: BlockStore, _ events: VolumeEvents) throws(VolumeMountError) -> Volume {
    // The volume's lock guards the storage from here on; nobody else touches it but through the volume, and `close` after it.
    nonisolated(unsafe) let storage: any VolumeStorage = blocks
    return try Volume(storage: storage, utcOffsetSeconds: LocalTime.utcOffsetSeconds, onEvent: events.send)
  }

  /// Leaves a clean image. Nothing may use the volume any more.
  func close() throws(CommandError) {
    do {
      try volume.withStorage { (storage) throws(FlashError) in try (storage as? BlockStore)?.close() }
      image.close()
    } catch {
      image.close()
      throw CommandError("\(BoardPaths.shown(image.path)): \(error); the next mount recovers the drive")
    }
  }
}
