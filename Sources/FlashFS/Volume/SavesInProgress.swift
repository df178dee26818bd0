/// A file as it was before the save that goes on.
struct SettledContent {
  var bytes: [UInt8]
  var entry: DirectoryEntry
  /// The event of the change that it was kept for.
  var sequence: UInt64
}

/// What the host's present burst of changes has taken from the runtime's sight (`flashfs.md` §13 rule 7).
struct SavesInProgress {
  /// Programs are small: what a board could not even load is not kept.
  static let maximumFileBytes = 256 << 10
  /// All kept contents together; a burst that goes beyond shows what it does.
  static let maximumTotalBytes = 1 << 20
  /// Kept names; a library being copied has more, and no program imports it yet.
  static let maximumNames = 256

  /// A name in a folder, ASCII letters folded as the boards' own look-up does.
  struct Name: Hashable {
    let folder: NodeID
    let units: [UInt16]
    init(_ folder: NodeID, _ units: [UInt16]) {
      self.folder = folder
      self.units = units.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 0x20 : $0 }
    }
  }
  /// What a name stood for before the burst.
  struct Before {
    /// Nil: the name was free.
    var node: VolumeNode?
    /// The event of the change that it was kept for.
    var sequence: UInt64
  }

  /// Policy `board`: the runtime sees every torn file, as on a board.
  var areShown = false
  var names: [Name: Before] = [:]
  /// Files whose `settled` is set.
  var nodes: [NodeID: VolumeNode] = [:]
  var keptBytes = 0
}
