/// One file or directory in memory. Made when its directory is first read and kept while the name exists, so that its
/// number is the same whoever asks; an unlinked one is kept until the last reference and handle are gone.
final class VolumeNode {
  let id: NodeID
  let isDirectory: Bool
  /// The directory it is (or was last) in; the root is its own parent.
  var parent: NodeID
  /// As shown and looked up, UTF-16.
  var name: [UInt16]
  var hasLongName: Bool
  /// Long name slots and short entry in the parent.
  var slots: Range<Int>
  /// The short entry as committed.
  var entry: DirectoryEntry

  var lookupCount: UInt64 = 0
  var handleCount = 0
  var writerCount = 0
  /// A write or change of size since the first of the present writers opened it.
  var didChangeWhileOpen = false
  var isUnlinked = false
  /// Made by the host, not closed since.
  var isNewToHost = false
  /// What the runtime reads while the host saves the file.
  var settled: SettledContent?

  /// The chain of a file, once needed.
  var clusters: [UInt32]?
  /// The content of a directory, once needed.
  var directory: Directory?
  /// Unlinked and open: clusters (by position in the file) written since; they never reach the storage.
  var memoryClusters: [Int: [UInt8]] = [:]

  init(id: NodeID, parent: NodeID, name: [UInt16], hasLongName: Bool, slots: Range<Int>, entry: DirectoryEntry) {
    self.id = id
    self.parent = parent
    self.name = name
    self.hasLongName = hasLongName
    self.slots = slots
    self.entry = entry
    isDirectory = entry.isDirectory
  }

  var sizeBytes: Int { Int(entry.sizeBytes) }
  var nameBytes: [UInt8] { UTF16Text.utf8(units: name) ?? [] }
}
