import FlashFS

/// The changes since the first one that asked for the coming reload.
struct ReloadBurst {
  typealias Kind = ReloadCause.Kind

  /// When it began.
  let start: UInt64
  private(set) var operations = 0
  private(set) var lastSequence: UInt64 = 0
  /// Names that the drive had not before this burst, and names it had that are gone now.
  private var newNames: Set<[UInt8]> = []
  private var goneNames: Set<[UInt8]> = []
  /// Files that the drive had before, moved to a name that it had not; with the name they left.
  private var setAside: [UInt64: [UInt8]] = [:]
  /// The changed files in order, for the log.
  private var files: [(path: [UInt8], kind: Kind)] = []
  private var positions: [[UInt8]: Int] = [:]
  private var completed: [UInt8]?

  init(start: UInt64) { self.start = start }

  /// Records a relevant event. True when it completes a name that the drive had before the burst and none of those is missing:
  /// only then may the reload come at once; anything else is a step of a save that goes on.
  mutating func add(_ event: VolumeEvent) -> Bool {
    operations += 1
    lastSequence = event.sequence
    let path = event.path
    switch event.kind {
    case .created, .directoryMade:
      let wasThere = appear(path)
      note(path, wasThere ? .recreated : .created)
      return false
    case .written, .resized:
      note(path, .rewritten)
    case .closed:
      // Not a change of its own: the last step of those before it.
      operations -= 1
    case .timesSet:
      note(path, .touched)
    case .unlinked, .directoryRemoved:
      if vanish(path) { forget(path) } else { note(path, .deleted) }
      return false
    case .renamed:
      let old = event.oldPath ?? path
      let wasNew = vanish(old)
      if !wasNew, !event.replacedExisting { setAside[event.node.rawValue] = old }
      let wasThere = event.replacedExisting ? !newNames.contains(path) : appear(path)
      if wasNew || !IgnoredNames.contains(path) { forget(old) } else { note(old, .deleted) }
      note(path, wasThere ? .renameOver : .renamed)
      if !wasThere { return false }
    }
    if newNames.contains(path) || IgnoredNames.contains(path) { return false }
    completed = path
    return goneNames.isEmpty
  }

  /// Files that the save moved out of its way: something else has their old name now.
  var backups: Set<UInt64> { Set(setAside.filter { !goneNames.contains($0.value) }.keys) }

  var cause: ReloadCause {
    let main = completed.flatMap { positions[$0] } ?? files.firstIndex { !$0.path.isEmpty } ?? 0
    var names = files.isEmpty ? [] : [files[main].path]
    for (index, file) in files.enumerated() where index != main && !file.path.isEmpty { names.append(file.path) }
    return ReloadCause(
      files: names.map { Array($0.dropFirst()) }, kind: files.isEmpty ? .rewritten : files[main].kind,
      operations: operations, sequence: lastSequence)
  }

  /// Whether the name was there before the burst.
  private mutating func appear(_ path: [UInt8]) -> Bool {
    if goneNames.remove(path) != nil { return true }
    newNames.insert(path)
    return false
  }

  /// Whether the name came with this burst.
  private mutating func vanish(_ path: [UInt8]) -> Bool {
    if newNames.remove(path) != nil { return true }
    // A backup that goes again is no step of a save.
    if !IgnoredNames.contains(path) { goneNames.insert(path) }
    return false
  }

  private mutating func note(_ path: [UInt8], _ kind: Kind) {
    if IgnoredNames.contains(path) { return }
    guard let position = positions[path] else {
      positions[path] = files.count
      files.append((path, kind))
      return
    }
    let before = files[position].kind
    // Writing a new file is still its creation.
    let isPartOfCreation = kind == .rewritten || kind == .touched
    if !(isPartOfCreation && before != .touched && before != .deleted) { files[position].kind = kind }
  }

  /// A temporary name: not worth naming in the log.
  private mutating func forget(_ path: [UInt8]) {
    // The slot stays, so that the other positions hold.
    if let position = positions.removeValue(forKey: path) { files[position].path = [] }
  }
}
