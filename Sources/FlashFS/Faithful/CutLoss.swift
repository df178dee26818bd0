/// What a power cut can do to a drive without a journal: the losses that real boards are known for.
package enum CutLoss: Int, Sendable, CaseIterable, Comparable {
  /// Content that had been acknowledged is not there.
  case lostSave
  /// A file has content that nobody ever gave it, or cannot be read.
  case tornFile
  /// An erase block with a part of an allocation table or of the root directory is all FF.
  case erasedMetadata
  /// Two files own one cluster.
  case crossLink
  /// Clusters that are taken and belong to no file.
  case lostChain
  /// No FAT volume any more; a board formats the drive then, without asking.
  case unmountable

  package static func < (a: CutLoss, b: CutLoss) -> Bool { a.rawValue < b.rawValue }

  package var text: String {
    switch self {
    case .lostSave: "lost save"
    case .tornFile: "torn file"
    case .erasedMetadata: "4 KiB of FF in a table or directory"
    case .crossLink: "cross-linked clusters"
    case .lostChain: "lost chain"
    case .unmountable: "does not mount"
    }
  }

  /// The losses of the volume itself; `metadataBytes` is where the fixed directories of the volume end, before the cut.
  package static func ofVolume(
    _ storage: any VolumeStorage, metadataBytes: Int
  ) throws(FlashError) -> Set<CutLoss> {
    var losses: Set<CutLoss> = []
    for finding in try VolumeCheck.run(storage) {
      switch finding {
      case .crossLink: losses.insert(.crossLink)
      case .lostChain, .chainLong: losses.insert(.lostChain)
      case .bootImpossible: losses.insert(.unmountable)
      default: break
      }
    }
    for start in stride(from: 0, to: metadataBytes, by: FlashGeometry.eraseBytes) {
      let block = try storage.readBytes(start, FlashGeometry.eraseBytes)
      if block.allSatisfy({ $0 == 0xFF }) { losses.insert(.erasedMetadata) }
    }
    return losses
  }
}
