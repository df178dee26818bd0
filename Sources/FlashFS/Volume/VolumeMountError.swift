/// Why a volume cannot be opened; each says so in one line.
package enum VolumeMountError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Nothing here looks like a FAT boot sector: the board formats silently then.
  case notFAT(reason: String)
  /// A FAT volume, but one whose numbers cannot be true.
  case damaged(reason: String)
  case unsupported(reason: String)
  case storage(FlashError)

  package var description: String {
    switch self {
    case .notFAT(let reason): "no FAT volume: \(reason)"
    case .damaged(let reason):
      "damaged FAT volume: \(reason); try circuitpyd flash check --repair IMAGE, or restore a copy"
    case .unsupported(let reason): "FAT volume of an unsupported kind: \(reason)"
    case .storage(let error): "cannot read the volume: \(error)"
    }
  }
}
