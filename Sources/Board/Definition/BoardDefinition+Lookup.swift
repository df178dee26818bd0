extension BoardDefinition {
  /// The board with that id, or the board whose firmware a variant with that id runs ("edgebadge": pybadge).
  package static func find(_ id: String) -> BoardDefinition? {
    if let line = TableLine(of: BoardTable.boards, key: id) { return BoardDefinition(line) }
    guard let alias = TableLine(of: BoardTable.aliases, key: id),
      let line = TableLine(of: BoardTable.boards, key: alias.text(1))
    else { return nil }
    return BoardDefinition(line)
  }

  /// As `find`; an unknown id throws one line that names the nearest ids.
  package static func named(_ id: String) throws(BoardError) -> BoardDefinition {
    guard let board = find(id) else { throw .unknownBoard(id, similar: similarIDs(to: id)) }
    return board
  }

  /// All ids, ports together and in the table's order; variants that `find` also knows are not listed.
  package static var ids: [String] { TableLine.keys(of: BoardTable.boards) }

  /// The default board of `circuitpyd`: the guides' programs run on it.
  package static let defaultID = "adafruit_feather_rp2040"

  /// Whether the firmware has the module; see `ModuleSet.contains`.
  package func hasModule(_ name: String) -> Bool { modules.contains(name) }

  /// The MCU pin behind an attribute of `board`.
  package func mcuPin(named attribute: String) -> String? { pins.first { $0.name == attribute }?.mcuPin }

  /// Up to three ids that look like `id`, nearest first: few edits, or one text inside the other.
  static func similarIDs(to id: String) -> [String] {
    let wanted = id.lowercased()
    let limit = max(3, wanted.utf8.count / 3)
    let scored = ids.compactMap { candidate -> (score: Int, id: String)? in
      let text = candidate.lowercased()
      let distance = editDistance(wanted, text)
      let isInside = wanted.utf8.count >= 4 && (text.contains(wanted) || wanted.contains(text))
      return distance <= limit ? (distance, candidate) : isInside ? (limit + distance, candidate) : nil
    }
    return scored.sorted { ($0.score, $0.id) < ($1.score, $1.id) }.prefix(3).map(\.id)
  }
}

/// Insertions, deletions and replacements that turn one text into the other.
func editDistance(_ a: String, _ b: String) -> Int {
  let left = Array(a.utf8)
  let right = Array(b.utf8)
  var row = Array(0...right.count)
  for (i, x) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in right.enumerated() {
      let replaced = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[right.count]
}
