import Glibc
import Testing

@testable import FlashFS

/// Images that lie. Nothing may trap or hang; the worst answers are a mount error and EIO.
@Suite struct VolumeDamageTests {
  private func sample(_ sectors: Int = 400) throws -> Volume {
    let volume = try Volume.inMemory(sectors: sectors)
    try volume.fillFresh()
    _ = try volume.makeDirectory("deep")
    _ = try volume.makeDirectory("in here", in: try volume.id("/deep"))
    for index in 0..<6 {
      try volume.makeFile("/deep/in here/File number \(index).text", String(repeating: "\(index)", count: 1300))
    }
    return volume
  }

  private func mountError(_ bytes: [UInt8]) -> VolumeMountError? {
    do throws(VolumeMountError) {
      _ = try Volume(storage: MemoryVolumeStorage(bytes))
      return nil
    } catch {
      return error
    }
  }

  @Test func bootSectorsThatLie() throws {
    let good = try sample().storedBytes
    func with(_ change: (inout [UInt8]) -> Void) -> VolumeMountError? {
      var bytes = good
      change(&bytes)
      return mountError(bytes)
    }
    func isNotFAT(_ error: VolumeMountError?) -> Bool {
      if case .notFAT = error { true } else { false }
    }
    func isDamaged(_ error: VolumeMountError?) -> Bool {
      if case .damaged(let reason) = error { !reason.isEmpty } else { false }
    }
    #expect(with { _ in } == nil)
    #expect(isNotFAT(with { $0[510] = 0 }))
    #expect(isNotFAT(with { $0[0] = 0 }))
    #expect(isNotFAT(mountError([UInt8](repeating: 0xFF, count: 65536))))
    #expect(isNotFAT(mountError([UInt8](repeating: 0, count: 100))))
    #expect(isNotFAT(with { $0.setLittleEndian16(11, 513) }))
    #expect(
      with { $0.setLittleEndian16(11, 4096) } == .unsupported(reason: "sectors of 4096 bytes; only 512 are supported"))
    #expect(isDamaged(with { $0[13] = 0 }))
    #expect(isDamaged(with { $0[13] = 3 }))
    #expect(isDamaged(with { $0.setLittleEndian16(14, 0) }))
    #expect(isDamaged(with { $0.setLittleEndian16(14, 0xFFFF) }))
    #expect(isDamaged(with { $0[16] = 0 }))
    #expect(isDamaged(with { $0[16] = 9 }))
    #expect(isDamaged(with { $0.setLittleEndian16(17, 0) }))
    #expect(isDamaged(with { $0.setLittleEndian16(17, 0xFFF0) }))
    #expect(isDamaged(with { $0.setLittleEndian16(19, 0xFFFF) }))
    #expect(isDamaged(with { $0.setLittleEndian16(22, 1) }))
    #expect(isDamaged(with { $0.setLittleEndian16(22, 0) }))
    #expect(mountError(Array(good.dropLast(512))) != nil)
  }

  @Test func chainsThatLie() throws {
    let volume = try sample()
    let bytes = try volume.storedBytes
    let geometry = volume.geometry
    let file = Array("/deep/in here/File number 2.text".utf8)
    /// The volume with FAT entry `cluster` (of the file's chain, by position) set to `value`.
    func with(_ position: Int, _ value: (UInt32) -> UInt32) throws -> Volume {
      var changed = bytes
      let table = AllocationTable(
        kind: .fat12, clusterCount: geometry.clusterCount, offsets: geometry.tableOffsets,
        bytes: Array(bytes[512..<512 * (1 + geometry.tableSectors)]))
      let directory = try #require(try chain("/deep/in here", volume, table))
      let raw = directory.flatMap { cluster in
        Array(bytes[geometry.offset(ofCluster: cluster)..<geometry.offset(ofCluster: cluster) + 512])
      }
      let entry = try #require(
        DirectoryScan(raw, kind: .fat12).items.first { $0.name.count > 13 && $0.name[12] == 0x32 })
      let clusters = try #require(table.chain(from: entry.entry.firstCluster))
      let cluster = clusters[position]
      let at = 512 + Int(cluster) + Int(cluster) / 2
      let new = value(cluster)
      let pair = changed.littleEndian16(at)
      changed.setLittleEndian16(
        at, cluster % 2 == 0 ? pair & 0xF000 | UInt16(new) : pair & 0x000F | UInt16(new) << 4)
      return try Volume.inMemory(changed)
    }
    for value in [{ $0 }, { _ in 0 }, { _ in 1 }, { _ in 0xFF0 }, { _ in 0xFF7 }] as [(UInt32) -> UInt32] {
      let damaged = try with(1, value)
      #expect(errnoOf { _ = try damaged.readFile(file) } == EIO)
      #expect(!damaged.checkInvariants().isEmpty)
      #expect(try damaged.text("/code.py").hasPrefix("print"))
    }
    // Shorter than its size says.
    let short = try with(0) { _ in 0xFFF }
    #expect(errnoOf { _ = try short.readFile(file) } == EIO)
    // Into another file: readable, and found by the check.
    let crossed = try with(2) { $0 + 1 }
    #expect(crossed.checkInvariants().contains { $0.contains("belongs to") })
  }

  /// Clusters of a directory, scanned down from the root.
  private func chain(_ path: String, _ volume: Volume, _ table: AllocationTable) throws -> [UInt32]? {
    let bytes = try volume.storedBytes
    let geometry = volume.geometry
    var raw = Array(bytes[geometry.rootOffset..<geometry.rootOffset + geometry.rootEntries * 32])
    var found: [UInt32]?
    for part in path.split(separator: "/") {
      let item = DirectoryScan(raw, kind: geometry.kind).items.first { $0.name == Array(part.utf16) }
      guard let item, let clusters = table.chain(from: item.entry.firstCluster) else { return nil }
      found = clusters
      raw = clusters.flatMap { cluster in
        Array(bytes[geometry.offset(ofCluster: cluster)..<geometry.offset(ofCluster: cluster) + geometry.clusterBytes])
      }
    }
    return found
  }

  /// A directory that contains itself can be entered once, no more.
  @Test func directoryInItself() throws {
    let volume = try Volume.inMemory(sectors: 400)
    _ = try volume.makeDirectory("a")
    _ = try volume.makeDirectory("b", in: try volume.id("/a"))
    var bytes = try volume.storedBytes
    let geometry = volume.geometry
    // "b" is the third entry of "a", which has cluster 2.
    let at = geometry.offset(ofCluster: 2) + 2 * 32
    #expect(bytes[at] == UInt8(ascii: "B"))
    bytes.setLittleEndian16(at + 26, 2)
    let damaged = try Volume.inMemory(bytes)
    #expect(try damaged.names("/a") == ["b"])
    #expect(errnoOf { _ = try damaged.names("/a/b") } == EIO)
    #expect(errnoOf { _ = try damaged.resolve(Array("/a/b/b/b".utf8), origin: .host) } == EIO)
    #expect(!damaged.checkInvariants().isEmpty)
  }

  /// Of two entries with one name only the first is shown; when it goes, the other one is there.
  @Test func twoEqualNames() throws {
    let volume = try Volume.inMemory(sectors: 400)
    try volume.makeFile("/A", "first")
    try volume.makeFile("/B", "second one")
    var bytes = try volume.storedBytes
    let at = volume.geometry.rootOffset + 2 * 32
    #expect(bytes[at] == UInt8(ascii: "B"))
    bytes[at] = UInt8(ascii: "A")
    let damaged = try Volume.inMemory(bytes)
    #expect(try damaged.names() == ["A"])
    #expect(try damaged.text("/a") == "first")
    #expect(!damaged.checkInvariants().isEmpty)
    try damaged.unlink(.root, Array("A".utf8), origin: .host)
    #expect(try damaged.names() == ["A"])
    #expect(try damaged.text("/a") == "second one")
    #expect(damaged.checkInvariants() == [])
  }

  /// Drivers may leave anything behind a directory's end mark; it must stay invisible when the mark moves.
  @Test(arguments: [1, 3])
  func garbageBehindTheEndMark(_ slotsBehind: Int) throws {
    let volume = try Volume.inMemory(sectors: 400)
    try volume.makeFile("/KNOWN")
    try volume.setLabel([], origin: .tool)
    var bytes = try volume.storedBytes
    // Slots: 0 the deleted label, 1 the file, 2 the end mark.
    let root = volume.geometry.rootOffset
    #expect(bytes[root + 2 * 32] == 0)
    let ghost = DirectoryEntry(
      shortName: ShortName(bytes: Array("GHOST   TXT".utf8)), attributes: 0x20, localSeconds: testNow)
    let ghostAt = root + (2 + slotsBehind) * 32
    bytes.replaceSubrange(ghostAt..<ghostAt + 32, with: ghost.encoded())
    let damaged = try Volume.inMemory(bytes)
    // The first takes the label's slot, the others move the mark up to the ghost.
    for name in ["FIRST", "SECOND"] { try damaged.makeFile("/" + name) }
    if slotsBehind == 3 { try damaged.makeFile("/A name of three slots") }
    #expect(damaged.checkInvariants() == [])
    let again = try Volume.inMemory(try damaged.storedBytes)
    #expect(try !again.names().contains("GHOST.TXT"))
    #expect(try again.names() == damaged.names())
  }

  @Test(arguments: 0..<300)
  func randomDamage(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let original = try Self.image.get()
    var bytes = original.bytes
    let metadata = original.metadataEnd
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      // The boot sector, the table and root, and the directories behind.
      let limit = [64, 512, metadata, metadata, original.directoriesEnd].randomElement(using: &random) ?? 512
      let at = Int.random(in: 0..<limit, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[at] = [0, 1, 2, 0x0F, 0x10, 0x2E, 0x40, 0xE5, 0xF7, 0xFF].randomElement(using: &random) ?? 0
      case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
      default:
        // A splice: some bytes from elsewhere.
        let count = min(32, limit - at)
        let from = Int.random(in: 0..<limit - count + 1, using: &random)
        bytes.replaceSubrange(at..<at + count, with: bytes[from..<from + count])
      }
    }
    guard mountError(bytes) == nil else { return }
    let volume = try Volume.inMemory(bytes)
    _ = volume.checkInvariants()
    var seen = 0
    func visit(_ node: NodeID, _ depth: Int) {
      guard depth < 6, seen < 300, let entries = try? volume.list(node) else { return }
      for entry in entries {
        seen += 1
        #expect(!entry.storedName.isEmpty && !entry.storedName.contains(0x2F) && !entry.storedName.contains(0))
        let id = entry.attributes.node
        if entry.attributes.isDirectory {
          visit(id, depth + 1)
          _ = try? volume.create(id, Array("a new file.txt".utf8), origin: .host)
        } else if let handle = try? volume.open(id, forWriting: true, origin: .host) {
          _ = try? volume.read(handle, 100, 4000)
          _ = try? volume.write(handle, min(entry.attributes.sizeBytes, 20000), [UInt8](repeating: 7, count: 1500))
          if Bool.random(using: &random) { _ = try? volume.setAttributes(id, sizeBytes: 5, origin: .host) }
          if Bool.random(using: &random) { try? volume.unlink(node, entry.storedName, origin: .host) }
          _ = try? volume.write(handle, 0, [1, 2, 3])
          volume.close(handle)
        }
        if Bool.random(using: &random) {
          try? volume.rename(node, entry.storedName, to: .root, Array("moved \(seen)".utf8), origin: .host)
        }
        if Bool.random(using: &random) { try? volume.removeDirectory(node, entry.storedName, origin: .host) }
      }
    }
    visit(.root, 0)
    _ = volume.statistics
    _ = volume.label
    _ = volume.checkInvariants()
  }

  private struct Image: Sendable {
    var bytes: [UInt8]
    var metadataEnd: Int
    var directoriesEnd: Int
  }
  private static let image = Result<Image, any Error> {
    let volume = try VolumeDamageTests().sample()
    let geometry = volume.geometry
    return Image(
      bytes: try volume.storedBytes, metadataEnd: geometry.firstDataSector * 512,
      directoriesEnd: geometry.offset(ofCluster: 16))
  }
}
