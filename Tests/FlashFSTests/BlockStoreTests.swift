import Testing

@testable import FlashFS

/// Daily work of the block store on a healthy chip.
@Suite struct BlockStoreTests {
  private func makeSession(_ layout: ImageLayout, seed: UInt64 = 1) throws -> (BlockStoreSession, SplitMix64) {
    var random = SplitMix64(seed: seed)
    let content = BlockStoreSession.randomContent(layout, &random)
    let store = LoggedStore(try BlockStoreSession.makeImage(layout, content: content))
    let session = BlockStoreSession(layout: layout, store: store, plan: SessionPlan(accepted: [content]))
    try session.open()
    return (session, random)
  }

  private func read(_ blocks: BlockStore, _ offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FlashError) in
      try blocks.read(offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  @Test func commitIsSeenAtOnceAndAfterAReopen() throws {
    var (session, random) = try makeSession(ImageLayout(volumeBytes: 64 * 1024))
    let blocks = try #require(session.blocks)
    #expect(!blocks.isDirty)
    try session.commit([.patch(4090, random.bytes(12)), .fill(8000, count: 9000, byte: 7), .patch(8001, [1])])
    #expect(blocks.isDirty)
    // Reads of every border between RAM copies and flash.
    for offset in [0, 4000, 4090, 4096, 7999, 8192, 12288, 16384, 17000, 20480] {
      for count in [0, 1, 96, 4096, 9000] {
        #expect(try read(blocks, offset, count) == Array(session.content[offset..<offset + count]))
      }
    }
    try session.open()
    let again = try #require(session.blocks)
    #expect(again.recovery.replayedFrames == 1)
    #expect(!again.recovery.wasClean)
    try session.close()
    #expect(throws: FlashError.io(errno: 9)) { try again.sync() }
    try session.open()
    #expect(session.blocks?.recovery.wasClean == true)
    #expect(session.blocks?.recovery.replayedFrames == 0)
  }

  @Test func boundsAreCheckedAndDoNoHarm() throws {
    let (session, _) = try makeSession(ImageLayout(volumeBytes: 64 * 1024))
    let blocks = try #require(session.blocks)
    var transaction = Transaction()
    transaction.patch(0, [9])
    transaction.fill(64 * 1024 - 1, count: 2)
    #expect(throws: FlashError.outOfRange) { try blocks.commit(transaction) }
    #expect(throws: FlashError.outOfRange) { _ = try read(blocks, 64 * 1024 - 1, 2) }
    #expect(throws: FlashError.outOfRange) { _ = try read(blocks, -1, 1) }
    var huge = Transaction()
    huge.patch(0, [UInt8](repeating: 1, count: blocks.maximumTransactionBytes / 4 - 12))
    huge.patch(0, [UInt8](repeating: 1, count: blocks.maximumTransactionBytes / 4 - 12))
    huge.patch(0, [UInt8](repeating: 1, count: blocks.maximumTransactionBytes / 4 - 12))
    huge.patch(0, [UInt8](repeating: 2, count: 60_000))
    #expect(huge.bodyBytes > blocks.maximumTransactionBytes)
    #expect(throws: FlashError.outOfRange) { try blocks.commit(huge) }
    #expect(try session.readAll() == session.content)
    try session.commit([.patch(0, [9])])
  }

  /// Fills the ring many times over with the largest frames; no commit ever fails for space.
  @Test(arguments: [2, 3, 5]) func ringNeverRunsOut(ringBlocks: Int) throws {
    let layout = ImageLayout(volumeBytes: 10 * 4096, scratchBlocks: 4, ringBlocks: ringBlocks)
    var (session, random) = try makeSession(layout)
    for step in 0..<60 {
      try session.commit(
        step % 3 == 0 ? session.largestTransaction(&random) : session.randomTransaction(&random))
      if step % 7 == 0 { try session.slice() }
    }
    try session.close()
    try session.open()
  }

  /// A frame of the largest size has exactly the promised number of pages.
  @Test func largestFrame() throws {
    let layout = ImageLayout(volumeBytes: 512 * 1024)
    var (session, random) = try makeSession(layout)
    let blocks = try #require(session.blocks)
    let before = session.flash.counters.programs
    let bytes = random.bytes(blocks.maximumTransactionBytes - Transaction.recordHeaderBytes)
    try session.commit([.patch(17, bytes)])
    // 768 pages in 52 ring blocks, each with a header.
    #expect(session.flash.counters.programs - before == 768 + 52)
    #expect(blocks.needsCheckpoint)
    try session.checkpoint()
    #expect(!blocks.needsCheckpoint && !blocks.isDirty)
    try session.open()
    #expect(session.blocks?.recovery.replayedFrames == 0)
  }

  /// A small save costs the pages that the specification says.
  @Test func smallCommitsAreCheap() throws {
    var (session, random) = try makeSession(ImageLayout(volumeBytes: 1 << 20))
    try session.commit([.patch(0, [1])])
    let before = session.flash.counters
    try session.commit([.patch(600, [1, 2]), .patch(20_000, random.bytes(32))])
    #expect(session.flash.counters.programs - before.programs == 1)
    try session.commit([.patch(30_000, random.bytes(1500)), .patch(600, [3, 4]), .patch(20_000, random.bytes(32))])
    #expect(session.flash.counters.programs - before.programs <= 1 + 8)
    #expect(session.flash.counters.erases == before.erases)
  }

  /// A checkpoint of more blocks than scratch has slots goes in slices, with commits between them.
  @Test func checkpointGoesInSlices() throws {
    var (session, random) = try makeSession(ImageLayout(volumeBytes: 40 * 4096))
    for block in 0..<20 { try session.commit([.patch(block * 4096 + 9, random.bytes(5))]) }
    var slices = 1
    while try session.slice() {
      slices += 1
      try session.commit([.patch(9, random.bytes(5)), .patch(30 * 4096, random.bytes(5))])
    }
    #expect(slices == 3)
    #expect(session.blocks?.isDirty == true)
    try session.checkpoint()
    #expect(session.blocks?.isDirty == false)
    #expect(try session.slice() == false)
  }

  /// Scratch content that does not match is nothing a cut does: the block stays as it is, and nothing is written any more.
  @Test func damagedScratchMakesItReadOnly() throws {
    let layout = ImageLayout(volumeBytes: 8 * 4096, scratchBlocks: 4, ringBlocks: 3)
    var (session, random) = try makeSession(layout)
    for block in 0..<6 { try session.commit([.patch(block * 4096, random.bytes(300))]) }
    #expect(try session.slice())
    let anchor = try #require(session.blocks?.anchor)
    var bytes = session.store.bytes
    bytes[(layout.firstScratchBlock + anchor.scratchFirst) * 4096 + 5] ^= 1
    let store = LoggedStore(bytes)
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    let blocks = try BlockStore(device: flash, layout: layout)
    #expect(blocks.recovery.damagedBlocks == [Int(anchor.slots[0].block)])
    #expect(blocks.failure == .io(errno: 30))
    var transaction = Transaction()
    transaction.patch(0, [1])
    #expect(throws: FlashError.io(errno: 30)) { try blocks.commit(transaction) }
    #expect(try read(blocks, 0, 8 * 4096) == session.content)
  }

  /// Beyond 4 GiB the records are wide. The store is asked for little of it.
  @Test func volumeBeyond4GiB() throws {
    let layout = ImageLayout(volumeBytes: 5 << 30)
    let store = SparseStore(sizeBytes: layout.flashBytes)
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    try BlockStore.create(on: flash, layout: layout)
    var blocks = try BlockStore(device: flash, layout: layout)
    #expect(try blocks.isBlank())
    let border = 1 << 32
    for round in 0..<2 {
      var transaction = Transaction()
      transaction.patch(0, [UInt8](repeating: 1, count: 512))
      transaction.fill(border - 5000, count: 10_000, byte: 3)
      transaction.patch(border + 77, [1, 2, UInt8(round)])
      while transaction.bodyBytes < blocks.maximumTransactionBytes - 12 {
        let room = blocks.maximumTransactionBytes - 12 - transaction.bodyBytes
        transaction.patch(border * 5 / 4 - 100_000, [UInt8](repeating: 9, count: min(room, 60_000)))
      }
      try blocks.commit(transaction)
      if round == 1 { blocks = try BlockStore(device: flash, layout: layout) }
      #expect(try read(blocks, border - 5001, 2) == [0xFF, 3])
      #expect(try read(blocks, border + 76, 4) == [3, 1, 2, UInt8(round)])
      #expect(try read(blocks, border * 5 / 4 - 100_001, 2) == [0xFF, 9])
      #expect(try !blocks.isBlank())
    }
    #expect(blocks.recovery.replayedFrames == 2)
    try blocks.close()
  }

  @Test func noAnchorIsRefused() throws {
    let layout = ImageLayout(volumeBytes: 8 * 4096)
    let store = LoggedStore([UInt8](repeating: 0xFF, count: layout.flashBytes))
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    #expect(throws: JournalError.noAnchor(offset: 8 * 4096)) { _ = try BlockStore(device: flash, layout: layout) }
    #expect(flash.operationCount == 0)
    #expect(throws: JournalError.deviceTooSmall(neededBytes: layout.flashBytes + 4096, deviceBytes: layout.flashBytes))
    {
      _ = try BlockStore(device: flash, layout: ImageLayout(volumeBytes: 9 * 4096))
    }
  }
}
