import Synchronization
import Testing

@testable import FlashFS

/// Rule 7 of `flashfs.md` §13: the runtime sees a file before or after a save of the host's, never during one.
@Suite struct VolumeSavesTests {
  private func seen(_ volume: Volume, _ path: String) -> String? {
    (try? volume.readFile(Array(path.utf8), origin: .runtime)).map { String(decoding: $0, as: UTF8.self) }
  }
  private func size(_ volume: Volume, _ path: String) -> Int? {
    (try? volume.resolve(Array(path.utf8), origin: .runtime))?.attributes.sizeBytes
  }
  private func reader(_ volume: Volume, _ path: String) throws -> VolumeHandle {
    let node = try volume.resolve(Array(path.utf8), origin: .runtime).attributes.node
    return try volume.open(node, forWriting: false, origin: .runtime)
  }
  private func make(_ volume: Volume, _ name: String) throws -> VolumeHandle {
    let made = try volume.create(.root, Array(name.utf8), origin: .host)
    defer { volume.forget(made.attributes.node, count: 1) }
    return try volume.open(made.attributes.node, forWriting: true, origin: .host)
  }
  private func remove(_ volume: Volume, _ name: String) throws {
    try volume.unlink(.root, Array(name.utf8), origin: .host)
  }

  @Test func rewriteInPlace() throws {
    let volume = try Volume.inMemory(sectors: 512)
    try volume.makeFile("/a.py", "before")
    let early = try reader(volume, "/a.py")
    let writer = try volume.open(volume.id("/a.py"), forWriting: true, truncate: true, origin: .host)
    #expect(seen(volume, "/a.py") == "before" && size(volume, "/a.py") == 6)
    try volume.write(writer, 0, Array("aft".utf8))
    #expect(try volume.text("/a.py") == "aft")
    #expect(seen(volume, "/a.py") == "before")
    let late = try reader(volume, "/a.py")
    #expect(try volume.attributes(late).sizeBytes == 6 && volume.attributes(early).sizeBytes == 6)
    try volume.write(writer, 3, Array("er".utf8))
    volume.close(writer)
    #expect(seen(volume, "/a.py") == "after" && size(volume, "/a.py") == 5)
    // Whoever has begun to read goes on as it was.
    for handle in [early, late] {
      #expect(try volume.read(handle, 2, 10) == Array("fore".utf8))
      #expect(try volume.read(handle, 7, 10) == [])
      volume.close(handle)
    }
    #expect(volume.checkInvariants() == [])
  }

  @Test func everyFirstChangeIsSeenInTime() throws {
    let volume = try Volume.inMemory(sectors: 512)
    let changes: [(String, (VolumeHandle, NodeID) throws -> Void)] = [
      ("write", { handle, _ in try volume.write(handle, 0, [65]) }),
      ("append", { handle, _ in try volume.write(handle, 6, [65]) }),
      ("truncate", { _, node in _ = try volume.setAttributes(node, sizeBytes: 2, origin: .host) }),
      ("allocate", { handle, _ in try volume.allocate(handle, at: 0, count: 5000) }),
    ]
    for (name, change) in changes {
      try volume.makeFile("/a.py", "before")
      let handle = try volume.openFile("/a.py")
      #expect(seen(volume, "/a.py") == "before")
      try change(handle, volume.id("/a.py"))
      #expect(try volume.text("/a.py") != "before", "\(name)")
      #expect(seen(volume, "/a.py") == "before", "\(name)")
      volume.close(handle)
      #expect(try seen(volume, "/a.py") == volume.text("/a.py"), "\(name)")
    }
    // Without a writer a new size is a whole save.
    _ = try volume.setAttributes(volume.id("/a.py"), sizeBytes: 1, origin: .host)
    #expect(size(volume, "/a.py") == 1)
    #expect(volume.checkInvariants() == [])
  }

  /// mv from another file system, vim with its backup, JetBrains, GIO: the name is gone, new, or new before its end.
  @Test func namesThatGoAndComeBack() throws {
    let volume = try Volume.inMemory(sectors: 512)
    func finish(_ name: String, _ text: String, renamedTo last: String? = nil) throws {
      let handle = try make(volume, name)
      #expect(seen(volume, "/a.py") == "before")
      try volume.write(handle, 0, Array(text.utf8))
      if let last { try volume.rename("/\(name)", "/\(last)") }
      #expect(seen(volume, "/a.py") == "before" && size(volume, "/a.py") == 6)
      volume.close(handle)
    }
    let savers: [(String, () throws -> Void)] = [
      (
        "mv",
        {
          try remove(volume, "a.py")
          try finish("a.py", "after")
        }
      ),
      (
        "vim",
        {
          try volume.rename("/a.py", "/a.py~")
          try finish("a.py", "after")
          try remove(volume, "a.py~")
        }
      ),
      ("GIO", { try finish(".goutputstream-1", "after", renamedTo: "a.py") }),
      (
        "JetBrains",
        {
          try finish("a.py___jb_tmp___", "after")
          try volume.rename("/a.py", "/a.py___jb_old___")
          #expect(seen(volume, "/a.py") == "before")
          try volume.rename("/a.py___jb_tmp___", "/a.py")
          try remove(volume, "a.py___jb_old___")
        }
      ),
    ]
    for (name, save) in savers {
      try volume.makeFile("/a.py", "before")
      try save()
      #expect(seen(volume, "/a.py") == "after", "\(name)")
      #expect(volume.checkInvariants() == [], "\(name)")
      volume.endBurst(upTo: .max)
      #expect(seen(volume, "/a.py") == "after", "\(name)")
      #expect(try volume.names() == ["a.py"], "\(name)")
      #expect(volume.checkInvariants() == [], "\(name)")
    }
  }

  @Test func newFilesAppearWhole() throws {
    let volume = try Volume.inMemory(sectors: 512)
    let handle = try make(volume, "new.py")
    #expect(seen(volume, "/new.py") == nil && size(volume, "/new.py") == nil)
    try volume.write(handle, 0, [65])
    #expect(seen(volume, "/new.py") == nil)
    volume.close(handle)
    #expect(seen(volume, "/new.py") == "A")
    #expect(volume.checkInvariants() == [])
  }

  @Test func theEndOfABurstShowsWhatIsThere() throws {
    let volume = try Volume.inMemory(sectors: 512)
    try volume.makeFile("/a.py", "before")
    try volume.makeFile("/b.py", "before")
    try remove(volume, "a.py")
    #expect(seen(volume, "/a.py") == "before")
    let handle = try volume.open(volume.id("/b.py"), forWriting: true, truncate: true, origin: .host)
    volume.endBurst(upTo: .max)
    #expect(seen(volume, "/a.py") == nil)
    #expect(seen(volume, "/b.py") == "before")
    // A program that starts while an editor holds its file open sees the file.
    volume.showSaves(upTo: .max)
    #expect(seen(volume, "/b.py") == "")
    volume.close(handle)
    #expect(volume.checkInvariants() == [])
  }

  /// A save that begins while a reload is on its way stays hidden.
  @Test func laterSavesStayHidden() throws {
    let last = Mutex<UInt64>(0)
    let volume = try Volume.inMemory(sectors: 512) { event in last.withLock { $0 = event.sequence } }
    for name in ["a.py", "b.py", "c.py", "d.py"] { try volume.makeFile("/\(name)", "before") }
    let first = try volume.open(volume.id("/a.py"), forWriting: true, truncate: true, origin: .host)
    try remove(volume, "b.py")
    let covered = last.withLock { $0 }
    let second = try volume.open(volume.id("/c.py"), forWriting: true, truncate: true, origin: .host)
    try remove(volume, "d.py")
    volume.showSaves(upTo: covered)
    #expect(["/a.py", "/b.py", "/c.py", "/d.py"].map { seen(volume, $0) } == ["", nil, "before", "before"])
    volume.close(first)
    volume.close(second)
    volume.showSaves(upTo: .max)
    #expect(["/c.py", "/d.py"].map { seen(volume, $0) } == ["", nil])
    #expect(volume.checkInvariants() == [])
  }

  @Test func boardsShowTornFiles() throws {
    let volume = try Volume.inMemory(sectors: 512)
    volume.setShowsTornFiles(true)
    try volume.makeFile("/a.py", "before")
    let handle = try volume.open(volume.id("/a.py"), forWriting: true, truncate: true, origin: .host)
    #expect(seen(volume, "/a.py") == "")
    try volume.rename("/a.py", "/b.py")
    #expect(seen(volume, "/a.py") == nil)
    volume.close(handle)
  }

  @Test func boardsShowTornFilesAfterAReformatToo() throws {
    let volume = try Volume.inMemory(sectors: 512)
    volume.setShowsTornFiles(true)
    try volume.reformat(volumeID: 1, labelsBootSector: false)
    try volume.makeFile("/a.py", "before")
    let handle = try volume.open(volume.id("/a.py"), forWriting: true, truncate: true, origin: .host)
    #expect(seen(volume, "/a.py") == "")
    volume.close(handle)
  }

  @Test func whatIsKeptIsBounded() throws {
    let volume = try Volume.inMemory(sectors: 8192)
    let fits = String(repeating: "x", count: SavesInProgress.maximumFileBytes)
    let count = SavesInProgress.maximumTotalBytes / SavesInProgress.maximumFileBytes
    try volume.makeFile("/big", fits + "x")
    for number in 0...count { try volume.makeFile("/\(number)", fits) }
    var handles: [VolumeHandle] = []
    for name in ["/big"] + (0...count).map({ "/\($0)" }) {
      handles.append(try volume.open(volume.id(name), forWriting: true, truncate: true, origin: .host))
    }
    #expect(size(volume, "/big") == 0 && size(volume, "/\(count)") == 0)
    for number in 0..<count { #expect(size(volume, "/\(number)") == fits.utf8.count) }
    #expect(volume.checkInvariants() == [])
    for handle in handles { volume.close(handle) }
    #expect(volume.checkInvariants() == [])
    for number in 0..<1000 {
      let name = "n\(number)"
      volume.close(try make(volume, name))
      try remove(volume, name)
    }
    #expect(volume.checkInvariants() == [])
  }

  /// What code does itself it sees at once.
  @Test func codeSeesItsOwnChanges() throws {
    let volume = try Volume.inMemory(sectors: 512)
    var protection = WriteProtection()
    protection.isConcurrentProtected = false
    volume.protection = protection
    try volume.makeFile("/a.py", "before")
    try remove(volume, "a.py")
    #expect(throws: VolumeError(2)) { try volume.resolve(Array("/a.py".utf8), origin: .runtime, forWriting: true) }
    let made = try volume.create(.root, Array("a.py".utf8), origin: .runtime)
    #expect(seen(volume, "/a.py") == "")
    volume.forget(made.attributes.node, count: 1)
    let host = try volume.openFile("/a.py")
    try volume.write(host, 0, [65])
    #expect(seen(volume, "/a.py") == "")
    let code = try volume.open(volume.id("/a.py"), forWriting: true, origin: .runtime)
    try volume.write(code, 0, [66])
    #expect(seen(volume, "/a.py") == "B")
    volume.close(code)
    volume.close(host)
    #expect(volume.checkInvariants() == [])
  }
}
