import Glibc
import Testing

@testable import FlashFS

/// The simplest tree that could be right, to hold a volume against.
final class ModelNode {
  let isDirectory: Bool
  var content: [UInt8] = []
  /// By folded name.
  var children: [String: (name: [UInt8], node: ModelNode)] = [:]
  var isUnlinked = false
  var parent: ModelNode?
  init(isDirectory: Bool, parent: ModelNode?) {
    self.isDirectory = isDirectory
    self.parent = parent
  }

  func isInside(_ other: ModelNode) -> Bool {
    var current: ModelNode? = self
    while let node = current {
      if node === other { return true }
      current = node.parent
    }
    return false
  }
}

/// Does random things to a volume and to the model, and compares every answer.
struct VolumeExerciser {
  /// Names with the key under which they are equal, spelled out by hand.
  static let names: [(name: String, key: String)] = [
    ("a.txt", "A.TXT"), ("A.TXT", "A.TXT"), ("A.txt", "A.TXT"), ("code.py", "CODE.PY"), ("lib", "LIB"), ("LIB", "LIB"),
    ("settings.toml", "SETTINGS.TOML"), ("Settings.TOML", "SETTINGS.TOML"), ("settings2.toml", "SETTINGS2.TOML"),
    ("A name with blanks in it.text", "BLANKS"), ("a NAME with blanks in it.TEXT", "BLANKS"), (".hidden", ".HIDDEN"),
    ("é.py", "É.PY"), ("É.py", "É.PY"), ("日本語のファイル名.txt", "NIHONGO"), ("😀😀.py", "SMILE"),
    (String(repeating: "long", count: 40) + ".dat", "LONG"), (String(repeating: "LONG", count: 40) + ".dat", "LONG"),
    ("x.y.z", "X.Y.Z"), ("b", "B"), ("c", "C"), ("data.bin", "DATA.BIN"), ("data1.bin", "DATA1.BIN"),
    ("data2.bin", "DATA2.BIN"),
  ]

  var volume: Volume
  var model = ModelNode(isDirectory: true, parent: nil)
  var handles: [(handle: VolumeHandle, node: ModelNode, forWriting: Bool)] = []
  var random: SplitMix64
  var maximumWriteBytes = 6000
  var maximumTransactionBytes: Int
  /// References taken by look-ups, to be given back some time.
  private var references: [NodeID] = []
  private(set) var log: [String] = []

  init(volume: Volume, seed: UInt64, maximumTransactionBytes: Int = 1 << 20) {
    self.volume = volume
    random = SplitMix64(seed: seed)
    self.maximumTransactionBytes = maximumTransactionBytes
  }

  // MARK: - Random choices

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func anyName() -> (name: [UInt8], key: String) {
    let pick = Self.names[Int.random(in: 0..<Self.names.count, using: &random)]
    return (Array(pick.name.utf8), pick.key)
  }

  /// A directory of the model with its node in the volume.
  private mutating func anyDirectory() throws -> (ModelNode, NodeID) {
    var node = model
    var id = NodeID.root
    while chance(60) {
      let folders = node.children.values.filter { $0.node.isDirectory }.sorted {
        $0.name.lexicographicallyPrecedes($1.name)
      }
      guard let next = folders.randomElement(using: &random) else { break }
      node = next.node
      id = try volume.lookup(id, next.name).attributes.node
      references.append(id)
    }
    return (node, id)
  }

  private mutating func note(_ text: String) { log.append(text) }

  private func isFull(_ neededBytes: Int) -> Bool {
    let statistics = volume.statistics
    return statistics.freeClusters * statistics.clusterBytes < neededBytes
  }

  /// Both must fail alike. `ENOSPC` counts as agreement when room really is short: fewer than `neededBytes`, or no slots in
  /// the fixed root.
  private func expectSame(_ expected: Int32?, _ actual: Int32?, _ neededBytes: Int, _ parent: ModelNode?) -> Bool {
    if actual == ENOSPC {
      let isRootFull = parent === model && volume.geometry.rootEntries > 0 && volume.geometry.rootEntries < 200
      #expect(isFull(neededBytes) || isRootFull, "ENOSPC with room: \(log.suffix(3))")
      return false
    }
    #expect(actual == expected, "\(log.suffix(3))")
    return actual == nil && expected == nil
  }

  // MARK: - Steps

  mutating func step() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<14: try create()
    case 14..<22: try makeDirectory()
    case 22..<30: try open()
    case 30..<52: try write()
    case 52..<60: try read()
    case 60..<68: try truncate()
    case 68..<76: try remove()
    case 76..<88: try rename()
    case 88..<94: closeOne()
    case 94..<96: try allocate()
    case 96..<98: forgetSome()
    default: try setTimes()
    }
  }

  private mutating func create() throws {
    let (parent, id) = try anyDirectory()
    let (name, key) = anyName()
    note("create \(key)")
    let expected: Int32? = parent.children[key] != nil ? EEXIST : nil
    let actual = errnoOf { references.append(try volume.create(id, name, origin: .host).attributes.node) }
    if expectSame(expected, actual, 2048, parent) {
      parent.children[key] = (name, ModelNode(isDirectory: false, parent: parent))
    }
  }

  private mutating func makeDirectory() throws {
    let (parent, id) = try anyDirectory()
    let (name, key) = anyName()
    note("mkdir \(key)")
    let expected: Int32? = parent.children[key] != nil ? EEXIST : nil
    let actual = errnoOf { references.append(try volume.makeDirectory(id, name, origin: .host).attributes.node) }
    if expectSame(expected, actual, 3072, parent) {
      parent.children[key] = (name, ModelNode(isDirectory: true, parent: parent))
    }
  }

  private mutating func anyFile() throws -> (ModelNode, NodeID)? {
    let (parent, id) = try anyDirectory()
    let files = parent.children.values.filter { !$0.node.isDirectory }.sorted {
      $0.name.lexicographicallyPrecedes($1.name)
    }
    guard let file = files.randomElement(using: &random) else { return nil }
    let found = try volume.lookup(id, file.name)
    #expect(found.storedName == file.name)
    #expect(found.attributes.sizeBytes == file.node.content.count)
    references.append(found.attributes.node)
    return (file.node, found.attributes.node)
  }

  private mutating func open() throws {
    guard handles.count < 8, let (node, id) = try anyFile() else { return }
    let forWriting = chance(80)
    let truncate = forWriting && chance(25)
    note("open, truncate \(truncate)")
    handles.append((try volume.open(id, forWriting: forWriting, truncate: truncate, origin: .host), node, forWriting))
    if truncate { node.content = [] }
  }

  private mutating func write() throws {
    guard let index = handles.indices.randomElement(using: &random) else { return try open() }
    let (handle, node, forWriting) = handles[index]
    let offset = chance(40) ? node.content.count : Int.random(in: 0...node.content.count + 1500, using: &random)
    let count = Int.random(in: 1...(chance(20) ? maximumWriteBytes : 700), using: &random)
    let seed = UInt8.random(in: 0...255, using: &random)
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ seed }
    note("write \(count) at \(offset) of \(node.content.count)")
    var written = 0
    let actual = errnoOf { written = try volume.write(handle, offset, bytes) }
    guard forWriting else {
      #expect(actual == EBADF)
      return
    }
    guard expectSame(nil, actual, offset + count - node.content.count + 512, nil) else { return }
    #expect(written > 0 && written <= count)
    if written < count { #expect(volume.statistics.freeClusters == 0) }
    if offset > node.content.count { node.content += [UInt8](repeating: 0, count: offset - node.content.count) }
    let end = min(offset + written, node.content.count)
    node.content.replaceSubrange(offset..<end, with: bytes[..<written])
  }

  private mutating func read() throws {
    guard let (handle, node, _) = handles.randomElement(using: &random) else { return }
    let offset = Int.random(in: 0...node.content.count + 100, using: &random)
    let count = Int.random(in: 0...3000, using: &random)
    note("read \(count) at \(offset)")
    let bytes = try volume.read(handle, offset, count)
    let start = min(offset, node.content.count)
    #expect(bytes == Array(node.content[start..<min(start + count, node.content.count)]), "\(log.suffix(5))")
  }

  private mutating func truncate() throws {
    guard let (node, id) = try chance(50) ? openNode() : anyFile() else { return }
    let size = chance(30) ? 0 : Int.random(in: 0...node.content.count + 2500, using: &random)
    note("truncate \(node.content.count) to \(size)")
    let actual = errnoOf {
      let attributes = try volume.setAttributes(id, sizeBytes: size, origin: .host)
      #expect(attributes.sizeBytes == size)
    }
    guard expectSame(nil, actual, size - node.content.count + 512, nil) else { return }
    if size < node.content.count {
      node.content.removeLast(node.content.count - size)
    } else {
      node.content += [UInt8](repeating: 0, count: size - node.content.count)
    }
  }

  private mutating func openNode() throws -> (ModelNode, NodeID)? {
    guard let (handle, node, _) = handles.randomElement(using: &random) else { return nil }
    return (node, try volume.attributes(handle).node)
  }

  private mutating func allocate() throws {
    guard let (handle, node, forWriting) = handles.randomElement(using: &random), forWriting else { return }
    let offset = Int.random(in: 0...node.content.count + 1000, using: &random)
    let count = Int.random(in: 1...3000, using: &random)
    note("allocate \(count) at \(offset)")
    let actual = errnoOf { try volume.allocate(handle, at: offset, count: count) }
    guard expectSame(nil, actual, offset + count - node.content.count + 512, nil) else { return }
    let missing = offset + count - node.content.count
    if missing > 0 { node.content += [UInt8](repeating: 0, count: missing) }
  }

  private mutating func remove() throws {
    let (parent, id) = try anyDirectory()
    let (name, key) = anyName()
    let found = parent.children[key]?.node
    let asDirectory = chance(found?.isDirectory == true ? 80 : 10)
    note("\(asDirectory ? "rmdir" : "unlink") \(key)")
    var expected: Int32?
    if let found {
      if asDirectory {
        expected = !found.isDirectory ? ENOTDIR : found.children.isEmpty ? nil : ENOTEMPTY
      } else if found.isDirectory {
        expected = EISDIR
      }
    } else {
      expected = ENOENT
    }
    let actual = errnoOf {
      if asDirectory {
        try volume.removeDirectory(id, name, origin: .host)
      } else {
        try volume.unlink(id, name, origin: .host)
      }
    }
    #expect(actual == expected, "\(log.suffix(3))")
    if expected == nil {
      found?.isUnlinked = true
      parent.children[key] = nil
    }
  }

  private mutating func rename() throws {
    let (parent, id) = try anyDirectory()
    let (newParent, newID) = try chance(60) ? (parent, id) : anyDirectory()
    let (name, key) = anyName()
    let (newName, newKey) = anyName()
    let mayReplace = chance(80)
    note("rename \(key) to \(newKey) in \(parent === newParent ? "the same" : "another") directory")
    let actual = errnoOf {
      try volume.rename(id, name, to: newID, newName, mayReplace: mayReplace, origin: .host)
    }
    guard let node = parent.children[key]?.node else {
      #expect(actual == ENOENT, "\(log.suffix(3))")
      return
    }
    let target = newParent.children[newKey]?.node
    var expected: Int32?
    if node.isDirectory && newParent.isInside(node) {
      expected = EINVAL
    } else if let target, target !== node {
      if !mayReplace {
        expected = EEXIST
      } else if node.isDirectory != target.isDirectory {
        expected = node.isDirectory ? ENOTDIR : EISDIR
      } else if !target.children.isEmpty {
        expected = ENOTEMPTY
      }
    }
    guard expectSame(expected, actual, 2048, newParent) else { return }
    if target !== node { target?.isUnlinked = true }
    parent.children[key] = nil
    newParent.children[newKey] = (newName, node)
    node.parent = newParent
  }

  private mutating func closeOne() {
    guard let index = handles.indices.randomElement(using: &random) else { return }
    note("close")
    volume.close(handles.remove(at: index).handle)
  }

  private mutating func forgetSome() {
    for id in references.shuffled(using: &random).prefix(references.count / 2) { volume.forget(id, count: 1) }
    references = []
  }

  private mutating func setTimes() throws {
    guard let (_, id) = try anyFile() else { return }
    let seconds = Int64.random(in: FATTime.earliestSeconds...FATTime.latestSeconds, using: &random)
    let attributes = try volume.setAttributes(id, modifiedSeconds: seconds, origin: .host)
    #expect(attributes.modifiedSeconds == seconds & ~1)
  }

  // MARK: - Comparing

  mutating func closeAll() {
    for open in handles { volume.close(open.handle) }
    handles = []
  }

  /// Puts a new volume on the committed bytes.
  mutating func remount() throws {
    closeAll()
    references = []
    volume = try Volume.inMemory(try volume.storedBytes, maximumTransactionBytes: maximumTransactionBytes)
  }

  /// The whole tree of `volume` against the model.
  func compare(_ volume: Volume) throws { try compare(volume, model, .root, "/") }

  private func compare(_ volume: Volume, _ node: ModelNode, _ id: NodeID, _ path: String) throws {
    let found = try volume.list(id)
    #expect(Set(found.map(\.storedName)) == Set(node.children.values.map(\.name)), "\(path) \(log.suffix(5))")
    for (name, child) in node.children.values {
      guard let entry = found.first(where: { $0.storedName == name }) else { continue }
      #expect(entry.attributes.isDirectory == child.isDirectory)
      let childPath = path + (path == "/" ? "" : "/") + String(decoding: name, as: UTF8.self)
      if child.isDirectory {
        try compare(volume, child, entry.attributes.node, childPath)
      } else {
        let content = try volume.readFile(Array(childPath.utf8))
        #expect(content == child.content, "\(childPath): \(log.suffix(5))")
      }
    }
  }
}
