/// All that a user sees of a volume: folders, files with their content, the read-only attribute.
package struct VolumeTree: Sendable, Equatable {
  package enum Entry: Sendable, Equatable {
    case directory
    case file(content: [UInt8], isReadOnly: Bool)
  }
  /// By path, with a leading slash.
  package var entries: [String: Entry] = [:]

  package init(_ volume: Volume) throws {
    var waiting: [(node: NodeID, path: String)] = [(.root, "")]
    while let (node, path) = waiting.popLast() {
      for found in try volume.list(node) {
        let place = path + "/" + String(decoding: found.storedName, as: UTF8.self)
        if found.attributes.isDirectory {
          entries[place] = .directory
          waiting.append((found.attributes.node, place))
        } else {
          entries[place] = .file(
            content: try volume.readFile(Array(place.utf8)), isReadOnly: found.attributes.isReadOnly)
        }
      }
    }
  }

  /// The first few places in which this differs from `other`.
  func difference(from other: VolumeTree) -> String {
    let paths = Set(entries.keys).union(other.entries.keys).filter { entries[$0] != other.entries[$0] }
    func shown(_ entry: Entry?) -> String {
      switch entry {
      case nil: "absent"
      case .directory: "a folder"
      case .file(let content, let isReadOnly): "\(content.count) bytes\(isReadOnly ? ", read-only" : "")"
      }
    }
    let shownPaths = 3
    return paths.sorted().prefix(shownPaths)
      .map { "\($0) is \(shown(entries[$0])), not \(shown(other.entries[$0]))" }.joined(separator: "; ")
  }
}
