import Glibc
import Testing

@testable import FlashFS

@Suite struct VolumeFilesTests {
  private func pattern(_ count: Int, _ seed: Int = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed &+ $0 >> 8) }
  }

  @Test func unlinkedFileLivesOnInMemory() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.writeFile(Array("/f".utf8), pattern(3000))
    let freeBefore = volume.statistics.freeClusters
    let handle = try volume.openFile("/f")
    let second = try volume.openFile("/f", forWriting: false)
    let node = try volume.id("/f")
    try volume.unlink(.root, Array("f".utf8), origin: .host)
    // Free on disk at once, held here.
    #expect(try Volume.inMemory(try volume.storedBytes).statistics.freeClusters == freeBefore + 6)
    #expect(volume.statistics.freeClusters == freeBefore)
    #expect(volume.checkInvariants() == [])
    let commits = try volume.commitCount
    #expect(try volume.write(handle, 2990, pattern(700, 9)) == 700)
    #expect(try volume.read(second, 0, 5000) == pattern(2990) + pattern(700, 9))
    #expect(try volume.attributes(handle).sizeBytes == 3690)
    #expect(try volume.attributes(node).sizeBytes == 3690)
    #expect(try volume.setAttributes(node, sizeBytes: 100, origin: .host).sizeBytes == 100)
    #expect(try volume.setAttributes(node, sizeBytes: 1000, origin: .host).sizeBytes == 1000)
    #expect(try volume.read(second, 0, 5000) == pattern(100) + [UInt8](repeating: 0, count: 900))
    #expect(try volume.commitCount == commits, "what nobody can name must not reach the flash")
    try volume.makeFile("/f", "another")
    #expect(volume.checkInvariants() == [])
    volume.close(handle)
    #expect(try volume.attributes(node).sizeBytes == 1000)
    volume.close(second)
    #expect(errnoOf { _ = try volume.attributes(node) } == ESTALE)
    #expect(volume.statistics.freeClusters == freeBefore + 6 - 1)
    #expect(volume.checkInvariants() == [])
  }

  @Test func deletedFileCannotGrowBeyondTheDisk() throws {
    let volume = try Volume.inMemory(sectors: 128)
    try volume.makeFile("/f", "x")
    let handle = try volume.openFile("/f")
    try volume.unlink(.root, Array("f".utf8), origin: .host)
    let room = volume.statistics.freeClusters * 512 + 512
    #expect(try volume.write(handle, 0, pattern(room + 1000)) == room)
    #expect(errnoOf { try volume.write(handle, room, [1]) } == ENOSPC)
    #expect(errnoOf { try volume.makeDirectory("d") } == ENOSPC)
    #expect(try volume.read(handle, 0, room) == pattern(room))
    volume.close(handle)
    #expect(volume.statistics.freeClusters == volume.statistics.totalClusters)
    #expect(volume.checkInvariants() == [])
  }

  @Test func renameOverAnOpenFile() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/code.py", "old")
    try volume.makeFile("/code.py.tmp", "new")
    let handle = try volume.openFile("/code.py", forWriting: false)
    let commits = try volume.commitCount
    try volume.rename("/code.py.tmp", "/code.py")
    #expect(try volume.commitCount == commits + 1)
    #expect(try volume.read(handle, 0, 10) == Array("old".utf8))
    #expect(try volume.text("/code.py") == "new")
    #expect(try volume.names() == ["code.py"])
    #expect(volume.checkInvariants() == [])
    volume.close(handle)
    #expect(volume.checkInvariants() == [])
  }

  @Test func renameChangesTheSpelling() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/readme.txt", "r")
    let node = try volume.id("/readme.txt")
    for name in ["README.TXT", "Readme.txt", "readme.txt", "A quite long name.txt", "A QUITE long name.txt", "x"] {
      let old = try volume.names()[0]
      try volume.rename("/" + old, "/" + name)
      #expect(try volume.names() == [name])
      #expect(try volume.id("/" + name) == node)
      #expect(volume.checkInvariants() == [])
    }
    // Onto its own alias.
    try volume.rename("/x", "/Settings.toml")
    try volume.rename("/Settings.toml", "/SETTIN~1.TOM")
    #expect(try volume.names() == ["SETTIN~1.TOM"])
    let commits = try volume.commitCount
    try volume.rename("/SETTIN~1.TOM", "/SETTIN~1.TOM")
    #expect(try volume.commitCount == commits)
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func movedDirectory() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    let a = try volume.makeDirectory("a")
    let b = try volume.makeDirectory("b", in: a)
    try volume.makeFile("/a/b/f", "f")
    #expect(errnoOf { try volume.rename("/a", "/a/b/c") } == EINVAL)
    #expect(errnoOf { try volume.rename("/a", "/a/x") } == EINVAL)
    try volume.rename("/a/b", "/b")
    #expect(try volume.parent(of: b) == .root)
    #expect(volume.checkInvariants() == [], "the .. must lead to the root")
    let c = try volume.makeDirectory("c")
    try volume.rename("/b", "/c/b")
    #expect(try volume.parent(of: b) == c)
    #expect(try volume.text("/c/b/f") == "f")
    #expect(try volume.text("/c/b/../../a/.././c/b/f") == "f")
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func errorsOfNamesAndKinds() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    let d = try volume.makeDirectory("d")
    try volume.makeFile("/f", "")
    try volume.makeFile("/d/g", "")
    let f = try volume.id("/f")
    func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    #expect(errnoOf { try volume.unlink(.root, bytes("d"), origin: .host) } == EISDIR)
    #expect(errnoOf { try volume.unlink(.root, bytes("x"), origin: .host) } == ENOENT)
    #expect(errnoOf { try volume.removeDirectory(.root, bytes("f"), origin: .host) } == ENOTDIR)
    #expect(errnoOf { try volume.removeDirectory(.root, bytes("d"), origin: .host) } == ENOTEMPTY)
    #expect(errnoOf { _ = try volume.lookup(f, bytes("x")) } == ENOTDIR)
    #expect(errnoOf { _ = try volume.lookup(NodeID(999), bytes("x")) } == ESTALE)
    #expect(errnoOf { _ = try volume.open(d, forWriting: true, origin: .host) } == EISDIR)
    #expect(errnoOf { try volume.rename("/f", "/d") } == EISDIR)
    #expect(errnoOf { try volume.rename("/d", "/f") } == ENOTDIR)
    #expect(errnoOf { try volume.rename("/f", "/d/g", mayReplace: false) } == EEXIST)
    #expect(errnoOf { _ = try volume.setAttributes(d, sizeBytes: 0, origin: .host) } == EISDIR)
    #expect(errnoOf { _ = try volume.resolve(bytes("/f/x"), origin: .host) } == ENOTDIR)
    #expect(errnoOf { _ = try volume.resolve(bytes("/f/x"), origin: .runtime) } == ENOENT)
    let handle = try volume.openFile("/f", forWriting: false)
    #expect(errnoOf { try volume.write(handle, 0, [1]) } == EBADF)
    #expect(errnoOf { _ = try volume.setAttributes(f, sizeBytes: 1 << 32, origin: .host) } == EFBIG)
    let writer = try volume.openFile("/f")
    #expect(errnoOf { try volume.write(writer, (1 << 32) - 1, [1]) } == EFBIG)
    #expect(errnoOf { try volume.write(writer, -1, [1]) } == EINVAL)
    #expect(errnoOf { try volume.allocate(writer, at: 1, count: .max) } == EFBIG)
    volume.close(handle)
    volume.close(handle)
    #expect(errnoOf { _ = try volume.read(handle, 0, 1) } == EBADF)
    try volume.unlink(d, bytes("g"), origin: .host)
    try volume.removeDirectory(.root, bytes("d"), origin: .host)
    #expect(errnoOf { _ = try volume.create(d, bytes("x"), origin: .host) } != nil)
    #expect(errnoOf { _ = try volume.attributes(d) } == ESTALE)
  }

  @Test func fullDisk() throws {
    let volume = try Volume.inMemory(sectors: 128)
    try volume.makeFile("/f")
    try volume.makeFile("/g", "g")
    let handle = try volume.openFile("/f")
    let room = volume.statistics.freeClusters * 512
    #expect(try volume.write(handle, 100, pattern(room)) == room - 100, "a short count when the disk fills")
    #expect(volume.statistics.freeClusters == 0)
    #expect(errnoOf { try volume.write(handle, room, [1]) } == ENOSPC)
    #expect(errnoOf { _ = try volume.setAttributes(try volume.id("/f"), sizeBytes: room + 1, origin: .host) } == ENOSPC)
    #expect(errnoOf { try volume.allocate(handle, at: 0, count: room + 1) } == ENOSPC)
    // None of these needs room.
    #expect(try volume.write(handle, 0, pattern(300)) == 300)
    try volume.rename("/f", "/a long name that takes slots.txt")
    try volume.rename("/a long name that takes slots.txt", "/g")
    _ = try volume.setAttributes(try volume.id("/g"), sizeBytes: 10, origin: .host)
    #expect(try volume.text("/g").utf8.elementsEqual(String(decoding: pattern(10), as: UTF8.self).utf8))
    #expect(volume.checkInvariants() == [])
    volume.close(handle)
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func fullRootCanStillReplace() throws {
    let volume = try Volume.inMemory(sectors: 128)
    for index in 0..<127 { try volume.makeFile("/f\(index)") }
    #expect(errnoOf { try volume.makeFile("/g") } == ENOSPC)
    #expect(errnoOf { try volume.rename("/f1", "/A long name") } == ENOSPC)
    try volume.rename("/f1", "/f2")
    try volume.rename("/f3", "/A long name")
    #expect(try volume.names().count == 126)
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func directoryEndsAt65536Slots() throws {
    let volume = try Volume.inMemory(sectors: 65536)
    let folder = try volume.makeDirectory("d")
    // Twenty-one slots each.
    let stem = String(repeating: "n", count: 250)
    var made = 0
    while made < 4000 {
      if let code = errnoOf({ _ = try volume.create(folder, Array((stem + "\(made)").utf8), origin: .host) }) {
        #expect(code == ENOSPC)
        break
      }
      made += 1
    }
    #expect(made == (65536 - 2) / 21)
    #expect(volume.statistics.freeClusters > 1000)
    #expect(volume.checkInvariants() == [])
  }

  @Test func neverShowsOldBytes() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.writeFile(Array("/f".utf8), [UInt8](repeating: 0xEE, count: 5000))
    let node = try volume.id("/f")
    _ = try volume.setAttributes(node, sizeBytes: 1000, origin: .host)
    _ = try volume.setAttributes(node, sizeBytes: 3000, origin: .host)
    let expected = [UInt8](repeating: 0xEE, count: 1000) + [UInt8](repeating: 0, count: 2000)
    #expect(try volume.readFile(Array("/f".utf8)) == expected)
    let handle = try volume.openFile("/f")
    try volume.write(handle, 6000, [1])
    #expect(try volume.readFile(Array("/f".utf8)) == expected + [UInt8](repeating: 0, count: 3000) + [1])
    try volume.allocate(handle, at: 7000, count: 500)
    #expect(try volume.readFile(Array("/f".utf8)).count == 7500)
    #expect(try volume.readFile(Array("/f".utf8))[6001...].allSatisfy { $0 == 0 })
    volume.close(handle)
    let commits = try volume.commitCount
    _ = try volume.setAttributes(node, sizeBytes: 100_000, modifiedSeconds: testNow + 100, origin: .host)
    #expect(try volume.commitCount == commits + 1, "new clusters, zeros, size and time are one transaction")
    #expect(volume.checkInvariants() == [])
  }

  @Test func filesLieInOnePiece() throws {
    let volume = try Volume.inMemory(sectors: 14336)
    for index in 0..<20 { try volume.writeFile(Array("/f\(index)".utf8), pattern(20000, index)) }
    let geometry = volume.geometry
    let root = Array(try volume.storedBytes[geometry.rootOffset..<geometry.rootOffset + 16384])
    let firsts = DirectoryScan(root, kind: geometry.kind).items.map(\.entry.firstCluster)
    #expect(firsts == (0..<20).map { UInt32(2 + 20 * $0) })
    try volume.unlink(.root, Array("f3".utf8), origin: .host)
    try volume.writeFile(Array("/g".utf8), pattern(1000))
    let after = Array(try volume.storedBytes[geometry.rootOffset..<geometry.rootOffset + 16384])
    let new = DirectoryScan(after, kind: geometry.kind).items.first { $0.name == Array("g".utf16) }
    #expect(new?.entry.firstCluster == 402, "next-fit goes on behind the last allocation")
  }

  @Test func hugeOperationsGoInSteps() throws {
    let limit = 4096
    let volume = try Volume.inMemory(sectors: 14336, maximumTransactionBytes: limit)
    // Two files grown in turns, so that no two clusters of one are neighbours.
    try volume.makeFile("/f")
    try volume.makeFile("/g")
    let f = try volume.openFile("/f")
    let g = try volume.openFile("/g")
    let cluster = volume.geometry.clusterBytes
    for index in 0..<1500 {
      try volume.write(f, index * cluster, pattern(cluster, index))
      try volume.write(g, index * cluster, [UInt8(index & 0xFF)])
    }
    let whole = (0..<1500).flatMap { pattern(cluster, $0) }
    volume.close(g)
    #expect(try volume.write(f, 0, whole) == whole.count)
    #expect(try volume.readFile(Array("/f".utf8)) == whole)
    var commits = try volume.commitCount
    try volume.unlink(.root, Array("f".utf8), origin: .host)
    #expect(try volume.commitCount > commits + 1)
    #expect(try volume.read(f, 0, whole.count) == whole, "open while it was removed in steps")
    #expect(volume.checkInvariants() == [])
    volume.close(f)
    commits = try volume.commitCount
    try volume.makeFile("/h", "h")
    try volume.rename("/h", "/g")
    #expect(try volume.text("/g") == "h")
    #expect(volume.checkInvariants() == [])
    let node = try volume.id("/g")
    _ = try volume.setAttributes(node, sizeBytes: 4_000_000, origin: .host)
    _ = try volume.setAttributes(node, sizeBytes: 1, origin: .host)
    #expect(try volume.text("/g") == "h")
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func timesAndAttributes() throws {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0, count: 2048 * 512))
    try Volume.format(storage, volumeID: 1, now: testNow)
    let bytes = storage.bytes
    let volume = try Volume(
      storage: MemoryVolumeStorage(bytes), utcOffsetSeconds: 3600, clock: { testNow + 1 })
    try volume.makeFile("/f", "x")
    let node = try volume.id("/f")
    var attributes = try volume.attributes(node)
    #expect(attributes.modifiedSeconds == testNow)
    #expect(attributes.createdSeconds == testNow + 1)
    // Another reader, without the offset, sees local time.
    let local = try Volume.inMemory(try volume.storedBytes)
    #expect(try local.attributes(try local.id("/f")).modifiedSeconds == testNow + 3600)
    attributes = try volume.setAttributes(node, modifiedSeconds: -10, isReadOnly: true, origin: .host)
    #expect(attributes.modifiedSeconds == FATTime.earliestSeconds - 3600)
    #expect(attributes.isReadOnly)
    #expect(errnoOf { _ = try volume.openFile("/f") } == EACCES)
    _ = try volume.openFile("/f", forWriting: false)
    volume.protection.isIgnored = true
    #expect(errnoOf { try volume.unlink(.root, Array("f".utf8), origin: .runtime) } == EACCES)
    try volume.unlink(.root, Array("f".utf8), origin: .host)
  }

  @Test func labels() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/f")
    try volume.setLabel(Array("My Board".utf8), origin: .host)
    #expect(volume.label == Array("MY BOARD".utf8))
    #expect(errnoOf { try volume.setLabel(Array("TWELVE CHARS".utf8), origin: .host) } == EINVAL)
    #expect(errnoOf { try volume.setLabel(Array("A.B".utf8), origin: .host) } == EINVAL)
    #expect(volume.checkInvariants() == [])
    try Judge.withFile(try volume.storedBytes) { path in
      #expect(Judge.run("mlabel -s -i \(path) ::").output.contains("MY BOARD"))
    }
    try volume.setLabel([], origin: .host)
    #expect(volume.label.isEmpty)
    try volume.makeFile("/g")
    try volume.setLabel(Array("NEW".utf8), origin: .host)
    #expect(volume.label == Array("NEW".utf8))
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }
}
