import Glibc

/// Why a block store cannot be opened. Each text is one line: what, where, how to mend.
package enum JournalError: Error, Equatable, Sendable {
  /// Neither anchor block holds a valid anchor.
  case noAnchor(offset: Int)
  /// A whole frame asks for something that no transaction of this volume can.
  case badFrame(sequence: UInt64, offset: Int)
  /// The device is smaller than the layout.
  case deviceTooSmall(neededBytes: Int, deviceBytes: Int)
  /// A checkpoint's scratch copies are damaged: only a person can decide.
  case damagedBlocks([Int])
  case flash(FlashError)
}

extension JournalError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noAnchor(let offset):
      "image damaged: no valid journal anchor in the 8192 bytes at offset \(offset); restore a copy, or cut the image to"
        + " its first \(offset) bytes to give up the changes since the last checkpoint"
    case .badFrame(let sequence, let offset):
      "image damaged: journal frame \(sequence) at offset \(offset) reaches outside the volume; restore a copy"
    case .deviceTooSmall(let needed, let device):
      "image truncated: the journal needs \(needed) bytes of flash, the device has \(device); restore a copy"
    case .damagedBlocks(let blocks):
      "image damaged: \(blocks.count) blocks of an unfinished checkpoint, the first at offset "
        + "\(blocks[0] * FlashGeometry.eraseBytes), cannot be restored; mount it with its journal, read-only, and copy the files out"
    case .flash(let error):
      "image cannot be opened: \(error.reason)"
    }
  }
}

extension FlashError {
  /// What happened, to follow "cannot …: ".
  var reason: String {
    switch self {
    case .powerLost: "the simulated power is gone"
    case .outOfRange: "an access beyond the end of the flash"
    case .notErased(let offset): "a write to flash at offset \(offset) that is not erased"
    case .io(let code): String(cString: strerror(code))
    }
  }
}
