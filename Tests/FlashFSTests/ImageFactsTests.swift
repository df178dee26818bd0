import Glibc
import Testing

@testable import FlashFS

/// What is told of images without mounting them, and what leaves them.
@Suite struct ImageFactsTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/imagefacts-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer {
      unlink(folder + "/a.img")
      rmdir(folder)
    }
    try body(folder + "/a.img")
  }

  private func makeImage(_ path: String, _ body: (Volume) throws -> Void) throws {
    let image = try FlashImage.open(path: path, createVolumeBytes: 256 * 1024)
    defer { image.close() }
    let blocks = try image.openBlockStore(on: image.makeFlash())
    try Volume.format(blocks, volumeID: 0x1234_ABCD, now: FATTime.earliestSeconds, labelsBootSector: true)
    nonisolated(unsafe) let storage: any VolumeStorage = blocks
    let volume = try Volume(storage: storage)
    try body(volume)
    try volume.withStorage { (storage) throws(FlashError) in try storage.close() }
  }

  @Test func wearHistoryIsKeptOverSessionsAndOldTablesLoad() throws {
    try withFolder { path in
      try makeImage(path) { try $0.writeFile(Array("/code.py".utf8), [UInt8](repeating: 7, count: 5000)) }
      let first = try #require(try ImageFacts(try ImageSnapshot.take(path)).wear?.history)
      #expect(first.fileBytes == 5000)
      #expect(first.programs > 20 && first.programmedBytes > 5000)
      let image = try FlashImage.open(path: path)
      let blocks = try image.openBlockStore(on: image.makeFlash())
      try blocks.close()
      let table = try #require(try WearTable.load(from: image.store, layout: image.layout))
      let second = try #require(table.history)
      #expect(second.fileBytes == 5000 && second.programs > first.programs)
      #expect(second.sinceSeconds == first.sinceSeconds)
      // An earlier version saves the table alone: wear holds, the history is void.
      try WearTable.save(table.wear, generation: table.generation + 2, to: image.store, layout: image.layout)
      let old = try #require(try WearTable.load(from: image.store, layout: image.layout))
      #expect(old.wear == table.wear && old.history == nil)
      image.close()
    }
  }

  /// Where the table fills its blocks there is no history, and the layout stays what earlier versions made.
  @Test func historyNeverMakesTheTableLonger() throws {
    let full = (FlashGeometry.eraseBytes - WearTable.byteCount(blocks: 0)) / 4
    let layout = ImageLayout(volumeBytes: (full - 114) * FlashGeometry.eraseBytes, ringBlocks: 96)
    #expect(layout.flashBlocks == full && layout.wearTableBlocks == 1 && !WearTable.holdsHistory(layout))
    let store = MemoryStore([UInt8](repeating: 0, count: layout.imageBytes))
    let wear = [UInt32](repeating: 3, count: full)
    try WearTable.save(wear, WearHistory(sinceSeconds: 1), generation: 2, to: store, layout: layout)
    let found = try #require(try WearTable.load(from: store, layout: layout))
    #expect(found.wear == wear && found.history == nil)
    #expect(store.bytes[layout.wearTableOffset(copy: 1)] == 0)
  }

  @Test func ringWearsEvenly() throws {
    let layout = ImageLayout(volumeBytes: 256 * 1024)
    let store = MemoryStore([UInt8](repeating: 0xFF, count: layout.flashBytes))
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    try BlockStore.create(on: flash, layout: layout)
    let blocks = try BlockStore(device: flash, layout: layout)
    let before = flash.wear
    for round in 0..<20_000 {
      var transaction = Transaction()
      transaction.patch(round % 64 * 4096, [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 600))
      try blocks.commit(transaction)
      while blocks.needsCheckpoint, try blocks.checkpointSlice() {}
    }
    let ring = (layout.firstRingBlock..<layout.flashBlocks).map { flash.wear[$0] - before[$0] }
    let mean = Double(ring.reduce(0, +)) / Double(ring.count)
    #expect(mean > 20)
    #expect(Double(ring.max() ?? 0) / mean <= 1.1)
  }

  @Test func linesTellOfAnImageInUse() throws {
    try withFolder { path in
      try makeImage(path) { try $0.writeFile(Array("/code.py".utf8), Array("print(1)\n".utf8)) }
      let image = try FlashImage.open(path: path)
      let facts = try ImageFacts(try ImageSnapshot.take(path))
      #expect(facts.snapshot.usedByPID == getpid())
      #expect(facts.lines.contains("in use       by pid \(getpid())"))
      image.close()
      let lines = try ImageFacts(try ImageSnapshot.take(path)).lines
      #expect(lines[0] == "image        \(path), \(image.layout.imageBytes) bytes")
      #expect(lines[1] == "volume       FAT12, clusters of 512 bytes, label CIRCUITPY, id 1234ABCD")
      #expect(lines.contains("journal      clean, 0 frames pending"))
      #expect(lines.last == "life         not enough history (7 days are needed)")
    }
  }

  @Test func lifeIsTakenFromTheHottestBlock() throws {
    try withFolder { path in
      try makeImage(path) { try $0.writeFile(Array("/code.py".utf8), [1]) }
      let snapshot = try ImageSnapshot.take(path)
      let now = UInt64(time(nil))
      #expect(try ImageFacts(snapshot, nowSeconds: now + 6 * 86400).lifeDays == nil)
      let facts = try ImageFacts(snapshot, nowSeconds: now + 10 * 86400)
      let most = try #require(facts.wear?.maximumErases)
      let days = try #require(facts.lifeDays)
      #expect(abs(Int(days) - 10 * 100_000 / Int(most)) <= 1)
    }
  }

  /// Frames that are not in place yet are seen, and the file stays as it is.
  @Test func pendingFramesAreReplayedInMemory() throws {
    try withFolder { path in
      try makeImage(path) { _ in }
      let image = try FlashImage.open(path: path)
      nonisolated(unsafe) let storage: any VolumeStorage = try image.openBlockStore(on: image.makeFlash())
      let volume = try Volume(storage: storage)
      try volume.writeFile(Array("/new.py".utf8), Array("x = 1\n".utf8))
      let snapshot = try ImageSnapshot.take(path)
      image.close()
      #expect(try #require(try snapshot.recovered().report).replayedFrames > 0)
      #expect(try ImageFacts(snapshot).lines.contains { $0.hasPrefix("journal      open, ") })
      let content = try snapshot.volumeContent()
      #expect(content.count == 256 * 1024 && content != Array(snapshot.bytes[..<content.count]))
      let copy = try Volume(storage: MemoryVolumeStorage(content))
      #expect(try copy.readFile(Array("/new.py".utf8)) == Array("x = 1\n".utf8))
      #expect(try ImageSnapshot.take(path).bytes == snapshot.bytes)
    }
  }

  @Test func givingUpTheJournalLeavesThePlainVolume() throws {
    try withFolder { path in
      try makeImage(path) { try $0.writeFile(Array("/code.py".utf8), [1, 2, 3]) }
      let whole = try ImageSnapshot.take(path).bytes
      // The trailer goes.
      #expect(truncate(path, whole.count - 4096) == 0)
      #expect(throws: FlashImageError.damagedTrailer(path: path, reason: "it is gone, the journal is there")) {
        _ = try ImageSnapshot.take(path)
      }
      #expect(try ImageRescue.giveUpJournal(path) == whole.count - 4096 - 256 * 1024)
      let plain = try ImageSnapshot.take(path)
      #expect(plain.bytes == Array(whole[..<(256 * 1024)]))
      #expect(try ImageFacts(plain).lines.last == "journal      none: a plain FAT image")
    }
  }

  @Test func errorsAreOneLine() throws {
    try withFolder { path in
      #expect(throws: FlashImageError.missing(path: path)) { _ = try ImageSnapshot.take(path) }
      try makeImage(path) { _ in }
      let image = try FlashImage.open(path: path)
      #expect(throws: FlashImageError.locked(path: path, pid: getpid())) { _ = try ImageRescue.giveUpJournal(path) }
      image.close()
      #expect(truncate(path, 100) == 0)
      #expect(throws: FlashImageError.self) { _ = try ImageSnapshot.take(path) }
    }
  }

  @Test func uf2HoldsWhatIsNotErased() throws {
    var content = [UInt8](repeating: 0xFF, count: 2048)
    content[300] = 1
    content[2047] = 9
    let file = UF2.encode(content, base: 0x1010_0000, family: 0xE48B_FF56)
    #expect(file.count == 2 * 512)
    func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(file[at + $1]) << (8 * $1) } }
    var decoded = [UInt8](repeating: 0xFF, count: 2048)
    for block in 0..<2 {
      let at = block * 512
      #expect(word(at) == 0x0A32_4655 && word(at + 4) == 0x9E5D_5157 && word(at + 508) == 0x0AB1_6F30)
      #expect(word(at + 8) == 0x2000 && word(at + 16) == 256 && word(at + 28) == 0xE48B_FF56)
      #expect(word(at + 20) == block && word(at + 24) == 2)
      let start = Int(word(at + 12)) - 0x1010_0000
      decoded.replaceSubrange(start..<start + 256, with: file[at + 32..<at + 288])
    }
    #expect(decoded == content)
  }
}
