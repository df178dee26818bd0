/// Why a program is reloaded.
struct ReloadCause: Sendable, Equatable {
  /// What happened to the file named first.
  enum Kind: String, Sendable {
    case rewritten, created, deleted, renamed, touched
    case renameOver = "rename over"
    case recreated = "re-created"
  }
  /// From the root, without the leading slash; in the order they changed, the one that mattered most first.
  var files: [[UInt8]]
  var kind: Kind
  /// Relevant changes in the burst.
  var operations: Int
  /// The last event that this reload covers.
  var sequence: UInt64

  /// For the daemon's log: `code.py (rename over, 7 operations)`.
  var text: String {
    var names = files.prefix(2).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
    if files.count > 2 { names += " and \(files.count - 2) more" }
    return "\(names) (\(kind.rawValue), \(operations) operation\(operations == 1 ? "" : "s"))"
  }
}
