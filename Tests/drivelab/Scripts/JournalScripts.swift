import FlashFS

/// What is hard for the journal: wraps, swaps, large frames, content that looks like a journal, work after recoveries.
enum JournalScripts {
  private static func script(_ name: String, _ drive: CutDrive, _ steps: [Step]...) -> CutScript {
    CutScript(name, drive: drive, prepare: SaverScripts.drive, steps: steps.flatMap { $0 })
  }

  private static func rewrites(_ count: Int, bytes: Int, between: [Step] = []) -> [Step] {
    [open("/code.py")]
      + (0..<count).flatMap { [write("/code.py", text(bytes, seed: UInt64($0)))] + between } + [release("/code.py")]
  }

  /// What lies on the ring after some saves, as the content of a file.
  private static let ringImage: [UInt8] = {
    let layout = ImageLayout(volumeBytes: 64 << 10, scratchBlocks: 4, ringBlocks: 4)
    let store = CopyOnWriteStore(blockCount: layout.flashBlocks)
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    do {
      try BlockStore.create(on: flash, layout: layout)
      let blocks = try BlockStore(device: flash, layout: layout)
      for number in 0..<6 {
        var transaction = Transaction()
        transaction.patch(number * 700, text(900, seed: UInt64(number)))
        try blocks.commit(transaction)
      }
      // The ring is the last of the layout.
      let offset = layout.flashBytes - layout.ringBlocks * FlashGeometry.eraseBytes
      return try store.bytes(offset, 2 * FlashGeometry.eraseBytes)
    } catch {
      preconditionFailure("a ring image: \(error)")
    }
  }()

  static let all: [CutScript] = [
    script("the ring goes round", Drives.smallRing, rewrites(14, bytes: 1000)),
    script("anchors go round", Drives.small, rewrites(10, bytes: 40, between: [checkpoint])),
    script(
      "a checkpoint of more blocks than scratch", Drives.medium,
      (0..<24).flatMap { put("/f\($0)", text(3000, seed: UInt64($0))) },
      [checkpointStep, checkpointStep, mkdir("/in between"), checkpoint]),
    script(
      "frames of the largest size", Drives.small,
      [
        create("/big"), write("/big", text(21_000)), write("/big", text(20_000, seed: 8)), checkpoint,
        write("/big", text(19_000, seed: 9)), release("/big"),
      ]),
    script(
      "content that is a ring", Drives.smallRing,
      [create("/ring")], (0..<3).map { write("/ring", Array(ringImage[($0 * 512)..<($0 * 512 + 4096)])) }, [kill],
      put("/ring2", Array(ringImage[1000..<5000]))),
    script(
      "requests in the middle of a checkpoint", Drives.small,
      put("/a", text(6000)), [checkpointStep, mkdir("/m1"), checkpointStep, mkdir("/m2"), checkpointStep],
      put("/b", text(500)), [checkpointStep, unlink("/a"), checkpointStep, checkpoint]),
    script(
      "work after a recovery", Drives.small,
      put("/a", text(900)), [kill], put("/b", text(900)), [checkpointStep, kill, unlink("/a"), kill],
      put("/a", text(300))),
    script(
      "files as large as blocks", Drives.medium, put("/blocks", text(16_384)), [checkpoint],
      put("/more", text(16_384, seed: 7)), [checkpointStep, checkpointStep, unlink("/blocks"), checkpoint]),
    CutScript(
      "a blank drive is formatted and filled", drive: Drives.blank,
      steps: [checkpoint] + put("/mine.py", text(300)) + [checkpoint]),
  ]

  /// Broken on purpose.
  static let broken: [CutScript] = [
    CutScript(
      "no journal", drive: Drives.unjournaled, prepare: SaverScripts.drive,
      steps: [open("/code.py", truncate: true), write("/code.py", SaverScripts.new), release("/code.py"), checkpoint])
  ]
}
