import FlashFS

/// Uses a volume as its users do: walks all, reads all, changes this and that. Errors are fine.
struct FuzzTree {
  let volume: Volume
  var random: SplitMix64
  private var seen = 0
  /// A damaged tree can be wide; what is behind is like what was seen.
  private static let mostEntries = 400
  private static let deepest = 12

  init(_ volume: Volume, random: SplitMix64) {
    self.volume = volume
    self.random = random
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  /// nil, or what is wrong with a name that the volume shows.
  mutating func use() -> String? {
    if let trouble = visit(.root, 0, changes: false) { return trouble }
    seen = 0
    if let trouble = visit(.root, 0, changes: true) { return trouble }
    _ = volume.statistics
    _ = volume.label
    try? volume.setLabel(Array("FUZZED".utf8), origin: .tool)
    return nil
  }

  private mutating func visit(_ node: NodeID, _ depth: Int, changes: Bool) -> String? {
    guard depth < Self.deepest, let entries = try? volume.list(node) else { return nil }
    for entry in entries where seen < Self.mostEntries {
      seen += 1
      let name = entry.storedName
      if name.isEmpty || name.contains(0x2F) || name.contains(0) { return "the name \(name) is shown" }
      let id = entry.attributes.node
      if entry.attributes.isDirectory {
        if let trouble = visit(id, depth + 1, changes: changes) { return trouble }
        if changes { changeDirectory(id) }
      } else {
        useFile(node, entry, changes: changes)
      }
      if changes { move(node, name) }
    }
    return nil
  }

  private mutating func changeDirectory(_ id: NodeID) {
    if let made = try? volume.create(id, Array("a new file.txt".utf8), origin: .host) {
      volume.forget(made.attributes.node, count: 1)
    }
    if chance(30), let made = try? volume.makeDirectory(id, Array("sub \(seen)".utf8), origin: .host) {
      volume.forget(made.attributes.node, count: 1)
    }
  }

  private mutating func useFile(_ parent: NodeID, _ entry: LookupResult, changes: Bool) {
    let id = entry.attributes.node
    guard let handle = try? volume.open(id, forWriting: changes, origin: .host) else { return }
    defer { volume.close(handle) }
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      _ = try? volume.read(handle, at: 0, into: buffer)
      _ = try? volume.read(handle, at: max(0, entry.attributes.sizeBytes - 100), into: buffer)
      guard changes else { return }
      let piece = UnsafeRawBufferPointer(rebasing: buffer[..<Int.random(in: 1...3000, using: &random)])
      _ = try? volume.write(handle, at: min(entry.attributes.sizeBytes, 20000), piece)
      if chance(30) { _ = try? volume.setAttributes(id, sizeBytes: 5, origin: .host) }
      if chance(15) { _ = try? volume.setAttributes(id, modifiedSeconds: 1_000_000_000, origin: .host) }
      if chance(25) { try? volume.unlink(parent, entry.storedName, origin: .host) }
      _ = try? volume.write(handle, at: 0, UnsafeRawBufferPointer(rebasing: piece.prefix(3)))
      if chance(10) { try? volume.allocate(handle, at: 0, count: 4000) }
    }
  }

  private mutating func move(_ parent: NodeID, _ name: [UInt8]) {
    if chance(30) {
      try? volume.rename(parent, name, to: .root, Array("moved \(seen)".utf8), origin: .host)
    } else if chance(20) {
      try? volume.removeDirectory(parent, name, origin: .host)
    }
  }
}
