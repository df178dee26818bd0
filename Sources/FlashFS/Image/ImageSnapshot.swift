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
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path) }
      throw .system(action: "open", path: path, errno: errno)
    }
    let file = ImageFile(path: path, descriptor: descriptor)
    let fileBytes = try file.sizeBytes()
    guard fileBytes <= maximumBytes else { throw .system(action: "read", path: path, errno: EFBIG) }
    guard fileBytes >= AdoptableVolume.sizeBytes else {
      throw .notAnImage(path: path, reason: "it has \(fileBytes) bytes; give a file that holds a FAT volume")
    }
    var bytes = try file.readBytes(0, fileBytes)
    let kind = try kind(of: bytes, path: path)
    var status = stat()
    fstat(descriptor, &status)
    let user = lockHolder(of: status)
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

  private static func kind(of bytes: [UInt8], path: String) throws(FlashImageError) -> Kind {
    let trailer: ImageTrailer.Reading = bytes.withUnsafeBytes { raw in
      guard raw.count >= FlashGeometry.eraseBytes else { return .none }
      return ImageTrailer.read(.init(rebasing: raw[(raw.count - FlashGeometry.eraseBytes)...]))
    }
    switch trailer {
    case .damaged(let reason): throw .damagedTrailer(path: path, reason: reason)
    case .trailer(let trailer):
      let layout = trailer.layout
      guard bytes.count == layout.imageBytes else {
        throw bytes.count < layout.imageBytes
          ? .truncated(path: path, neededBytes: layout.imageBytes, fileBytes: bytes.count)
          : .damagedTrailer(path: path, reason: "it describes \(layout.imageBytes) bytes, the file has \(bytes.count)")
      }
      return .journaled(layout, volumeID: trailer.volumeID, createdSeconds: trailer.createdSeconds)
    case .none: break
    }
    switch bytes.withUnsafeBytes({ AdoptableVolume.read(.init(rebasing: $0[..<AdoptableVolume.sizeBytes])) }) {
    case .other(let reason): throw .notAnImage(path: path, reason: reason)
    case .fat(let volume):
      guard bytes.count >= volume.volumeBytes else {
        throw .truncated(path: path, neededBytes: volume.volumeBytes, fileBytes: bytes.count)
      }
      try ImageFile.requireNoJournal(in: bytes, behind: ImageLayout(volumeBytes: volume.volumeBytes), path: path)
      return .plain(volumeBytes: volume.volumeBytes, volumeID: volume.volumeID)
    }
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
  /// A copy of a part of the file.
  func readBytes(_ offset: Int, _ count: Int) throws(FlashImageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress! + done, count - done, offset + done) }
      if got > 0 {
        done += got
      } else if got == 0 || errno != EINTR {
        throw failure("read", got == 0 ? EIO : errno)
      }
    }
    return bytes
  }

  /// A journal that was in use without its trailer: the volume alone is not all there is.
  static func requireNoJournal(in bytes: [UInt8], behind layout: ImageLayout, path: String) throws(FlashImageError) {
    guard bytes.count > layout.flashBytes else {
      return
    }
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
    let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path) }
      throw .system(action: "open", path: path, errno: errno)
    }
    let file = ImageFile(path: path, descriptor: descriptor)
    try file.lock()
    let fileBytes = try file.sizeBytes()
    guard fileBytes >= AdoptableVolume.sizeBytes else {
      throw .notAnImage(path: path, reason: "it has \(fileBytes) bytes; give a file that holds a FAT volume")
    }
    switch try file.readBytes(0, AdoptableVolume.sizeBytes).withUnsafeBytes(AdoptableVolume.read) {
    case .other(let reason): throw .notAnImage(path: path, reason: reason)
    case .fat(let volume):
      guard fileBytes >= volume.volumeBytes else {
        throw .truncated(path: path, neededBytes: volume.volumeBytes, fileBytes: fileBytes)
      }
      guard ftruncate(descriptor, volume.volumeBytes) == 0, fsync(descriptor) == 0 else {
        throw file.failure("shorten")
      }
      return fileBytes - volume.volumeBytes
    }
  }
}
