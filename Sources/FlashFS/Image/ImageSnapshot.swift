import Glibc

/// What an image file holds at one moment, in memory: read without its lock and changed by nothing. So it also tells of an
/// image that a daemon is using.
package struct ImageSnapshot: Sendable {
  package enum Kind: Sendable, Equatable {
    case journaled(ImageLayout, volumeID: UInt32, createdSeconds: UInt64)
    /// A FAT volume and nothing else.
    case plain(volumeBytes: Int, volumeID: UInt32)
  }
  package let path: String
  package let bytes: [UInt8]
  package let kind: Kind
  /// The process that has the image locked.
  package let usedByPID: Int32?

  /// A snapshot is held in memory, twice while it is recovered; chips of boards have at most 128 MiB.
  package static let maximumBytes = 1 << 30
  /// A daemon under full load changes its journal within each read; then the last one has to do.
  private static let maximumAttempts = 20

  package static func take(_ path: String) throws(FlashImageError) -> ImageSnapshot {
    let file = try ImageFile.open(path, O_RDONLY)
    let fileBytes = try file.sizeBytes()
    guard fileBytes <= maximumBytes else { throw .system(action: "read", path: path, errno: EFBIG) }
    var bytes = try file.readBytes(0, fileBytes)
    let kind = try kind(of: file, bytes)
    let user = lockHolder(of: try file.status())
    // Checkpoints write the volume while anchors and scratch blocks hold what is needed to redo them. So a volume that was
    // read between two equal journals is one that recovers.
    if user != nil, case .journaled(let layout, _, _) = kind {
      for _ in 0..<maximumAttempts {
        let before = try file.readBytes(layout.volumeBytes, fileBytes - layout.volumeBytes)
        bytes = try file.readBytes(0, fileBytes)
        if bytes[layout.volumeBytes...].elementsEqual(before) { break }
      }
    }
    return ImageSnapshot(path: path, bytes: bytes, kind: kind, usedByPID: user)
  }

  private static func kind(of file: ImageFile, _ bytes: [UInt8]) throws(FlashImageError) -> Kind {
    if let trailer = try file.trailer(fileBytes: bytes.count) {
      return .journaled(trailer.layout, volumeID: trailer.volumeID, createdSeconds: trailer.createdSeconds)
    }
    let volume = try file.volume(fileBytes: bytes.count)
    try ImageFile.requireNoJournal(in: bytes, behind: ImageLayout(volumeBytes: volume.volumeBytes), path: file.path)
    return .plain(volumeBytes: volume.volumeBytes, volumeID: volume.volumeID)
  }

  /// The volume as a mount would see it: the journal is replayed in memory.
  package func recovered() throws(JournalError) -> (storage: any VolumeStorage, report: RecoveryReport?) {
    switch kind {
    case .plain(let volumeBytes, _):
      return (MemoryVolumeStorage(Array(bytes[..<volumeBytes])), nil)
    case .journaled(let layout, _, _):
      let flash = SimulatedNORFlash(store: MemoryStore(bytes), geometry: layout.flashGeometry)
      let blocks = try BlockStore(device: flash, layout: layout)
      return (blocks, blocks.recovery)
    }
  }

  /// Whether the wear of a journaled image is known.
  package var hasWearTable: Bool {
    guard case .journaled(let layout, _, _) = kind else { return true }
    return (try? WearTable.load(from: MemoryStore(bytes), layout: layout)) != nil
  }

  /// The bytes of the FAT volume, journal replayed: what any other FAT tool takes.
  package func volumeContent() throws(JournalError) -> [UInt8] {
    let (storage, report) = try recovered()
    if let report, !report.damagedBlocks.isEmpty { throw .damagedBlocks(report.damagedBlocks) }
    do { return try storage.readBytes(0, storage.volumeBytes) } catch { throw .flash(error) }
  }
}

extension ImageFile {
  /// A journal that was in use without its trailer: the volume alone is not all there is.
  static func requireNoJournal(in bytes: [UInt8], behind layout: ImageLayout, path: String) throws(FlashImageError) {
    guard bytes.count > layout.flashBytes else { return }
    let device = SimulatedNORFlash(store: MemoryStore(bytes), geometry: layout.flashGeometry)
    let newest = try? JournalReader(device: device, layout: layout).newestAnchor()
    // An adoption that did not get to its trailer wrote anchor 1 and nothing else.
    if let newest, newest.anchor.sequence > 1 {
      throw .damagedTrailer(path: path, reason: "it is gone, the journal is there")
    }
  }
}

/// What can be saved when the journal cannot.
package enum ImageRescue {
  /// Cuts off everything behind the FAT volume. What the last checkpoint left stays; what only the journal held is lost.
  /// Gives the number of bytes cut off.
  package static func giveUpJournal(_ path: String) throws(FlashImageError) -> Int {
    let file = try ImageFile.open(path, O_RDWR)
    try file.lock()
    let fileBytes = try file.sizeBytes()
    let volumeBytes = try file.volume(fileBytes: fileBytes).volumeBytes
    guard ftruncate(file.descriptor, volumeBytes) == 0, fsync(file.descriptor) == 0 else {
      throw file.failure("shorten")
    }
    return fileBytes - volumeBytes
  }
}
