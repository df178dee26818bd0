import Glibc
import Testing

@testable import FlashFS

/// Image files: creation, adoption, locking, damage.
@Suite struct FlashImageTests {
  /// A directory that goes away with the test.
  private final class Folder {
    let path: String
    init() throws {
      var template = Array("/tmp/flashimage-XXXXXX".utf8CString)
      path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }
    deinit {
      guard let directory = opendir(path) else { return }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(path)/\(name)")
      }
      closedir(directory)
      rmdir(path)
    }
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = "\(path)/\(name)"
      let file = try #require(fopen(path, "w"))
      defer { fclose(file) }
      #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
      return path
    }
    func read(_ path: String) throws -> [UInt8] {
      let file = try #require(fopen(path, "r"))
      defer { fclose(file) }
      fseek(file, 0, SEEK_END)
      var bytes = [UInt8](repeating: 0, count: ftell(file))
      rewind(file)
      #expect(fread(&bytes, 1, bytes.count, file) == bytes.count)
      return bytes
    }
  }

  /// A FAT12 boot sector and recognizable bytes behind it.
  private func plainVolume(sectors: Int, seed: UInt64 = 3) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var bytes = random.bytes(sectors * 512)
    bytes.replaceSubrange(
      11..<24, with: [0, 2, 1, 1, 0, 1, 128, 0, UInt8(sectors & 255), UInt8(sectors >> 8), 0xF8, 1, 0])
    bytes.replaceSubrange(39..<43, with: [0x78, 0x56, 0x34, 0x12])
    bytes.replaceSubrange(510..<512, with: [0x55, 0xAA])
    return bytes
  }

  private func commit(_ blocks: BlockStore, _ offset: Int, _ bytes: [UInt8]) throws {
    var transaction = Transaction()
    transaction.patch(offset, bytes)
    try blocks.commit(transaction)
  }

  @Test func newImageIsErasedFlashAndKeepsWhatIsCommitted() throws {
    let folder = try Folder()
    let path = folder.path + "/new.img"
    #expect(throws: FlashImageError.missing(path: path)) { _ = try FlashImage.open(path: path) }
    let image = try FlashImage.open(path: path, createVolumeBytes: 100_000)
    #expect(image.isNew && !image.wasAdopted)
    #expect(image.layout == ImageLayout(volumeBytes: 102_400))
    let bytes = try folder.read(path)
    #expect(bytes.count == image.layout.imageBytes)
    #expect(bytes[..<102_400].allSatisfy { $0 == 0xFF })
    let flash = try image.makeFlash()
    let blocks = try image.openBlockStore(on: flash)
    #expect(try blocks.isBlank())
    try commit(blocks, 5000, [1, 2, 3])
    try blocks.close()
    let wear = flash.wear
    #expect(wear[1] == 0 && wear.reduce(0, +) > 0)
    image.close()

    let again = try FlashImage.open(path: path, createVolumeBytes: 100_000)
    #expect(!again.isNew)
    #expect(again.volumeID == image.volumeID && again.createdSeconds == image.createdSeconds)
    #expect(try again.makeFlash().wear == wear)
    #expect(Array(try folder.read(path)[5000..<5003]) == [1, 2, 3])
    // Nothing but the image is left in the folder.
    #expect(access(path + ".creating", F_OK) != 0)
    again.close()
  }

  /// The wear table's older copy serves while the newer one is torn.
  @Test func wearTableSurvivesATornCopy() throws {
    let layout = ImageLayout(volumeBytes: 64 * 1024)
    let store = MemoryStore([UInt8](repeating: 0, count: layout.imageBytes))
    #expect(try WearTable.load(from: store, layout: layout) == nil)
    for generation in UInt64(1)...5 {
      let wear = [UInt32](repeating: UInt32(generation), count: layout.flashBlocks)
      try WearTable.save(wear, generation: generation, to: store, layout: layout)
    }
    #expect(try WearTable.load(from: store, layout: layout)?.generation == 5)
    try [UInt8]([99]).withUnsafeBufferPointer { (bytes) throws(FlashError) in
      try store.write(layout.wearTableOffset(copy: 1) + 50, UnsafeRawBufferPointer(bytes))
    }
    let found = try #require(try WearTable.load(from: store, layout: layout))
    #expect(found.generation == 4 && found.wear.allSatisfy { $0 == 4 })
  }

  @Test(arguments: [256, 250]) func plainImageIsAdopted(sectors: Int) throws {
    let folder = try Folder()
    let plain = plainVolume(sectors: sectors)
    let path = try folder.write("plain.img", plain)
    let image = try FlashImage.open(path: path)
    #expect(image.wasAdopted && !image.isNew)
    #expect(image.volumeID == 0x1234_5678)
    #expect(image.layout.volumeBytes == 128 * 1024)
    let blocks = try image.openBlockStore(on: image.makeFlash())
    try commit(blocks, 70_000, [7, 7])
    // Killed: no close.
    image.close()
    let again = try FlashImage.open(path: path)
    #expect(!again.wasAdopted)
    let reopened = try again.openBlockStore(on: again.makeFlash())
    #expect(reopened.recovery.replayedFrames == 1)
    try reopened.close()
    again.close()
    var expected = plain
    expected.replaceSubrange(70_000..<70_002, with: [7, 7])
    #expect(Array(try folder.read(path)[..<plain.count]) == expected)
  }

  /// Every state that a crash during adoption can leave is adopted again, unharmed.
  @Test func interruptedAdoptionIsRepeated() throws {
    let folder = try Folder()
    let plain = plainVolume(sectors: 256)
    let layout = ImageLayout(volumeBytes: plain.count)
    let grown = plain + [UInt8](repeating: 0, count: layout.imageBytes - plain.count)
    let partly = plain + [UInt8](repeating: 0, count: 10_000)
    let path = try folder.write("whole.img", plain)
    try FlashImage.open(path: path).close()
    var noTrailer = try folder.read(path)
    noTrailer.replaceSubrange(layout.trailerOffset..., with: repeatElement(0, count: 4096))
    for bytes in [grown, partly, noTrailer] {
      let path = try folder.write("again.img", bytes)
      let image = try FlashImage.open(path: path)
      #expect(image.wasAdopted)
      #expect(image.layout == layout)
      image.close()
      let after = try folder.read(path)
      #expect(Array(after[..<plain.count]) == plain)
      #expect(after.count == layout.imageBytes)
    }
  }

  @Test func aLockedImageNamesItsHolder() throws {
    let folder = try Folder()
    let path = folder.path + "/locked.img"
    let image = try FlashImage.open(path: path, createVolumeBytes: 65_536)
    do {
      _ = try FlashImage.open(path: path)
      Issue.record("a second open succeeded")
    } catch {
      guard case .locked(path, let pid) = error else { throw error }
      // Some sandboxes hide /proc/locks; a wrong pid is never given.
      #expect(pid == nil || pid == getpid())
      #expect(error.lockedByPID == pid)
      #expect("\(error)".contains(pid.map { "in use by pid \($0)" } ?? "in use by another process"))
    }
    image.close()
    try FlashImage.open(path: path).close()
  }

  @Test func damageIsNamed() throws {
    let folder = try Folder()
    let path = folder.path + "/good.img"
    let image = try FlashImage.open(path: path, createVolumeBytes: 65_536)
    image.close()
    let good = try folder.read(path)
    func open(_ bytes: [UInt8]) throws -> FlashImageError? {
      let path = try folder.write("bad.img", bytes)
      do throws(FlashImageError) {
        try FlashImage.open(path: path).close()
        return nil
      } catch {
        // Nothing was changed, and the text is one line.
        #expect(try folder.read(path) == bytes)
        #expect(!"\(error)".contains("\n") && "\(error)".contains("bad.img"))
        return error
      }
    }
    let bad = folder.path + "/bad.img"
    #expect(try open(good) == nil)
    var flipped = good
    flipped[image.layout.trailerOffset + 13] ^= 4
    #expect(try open(flipped) == .damagedTrailer(path: bad, reason: "its checksum does not match"))
    // The front was cut off: the trailer knows better.
    #expect(
      try open(Array(good[8192...]))
        == .truncated(path: bad, neededBytes: good.count, fileBytes: good.count - 8192))
    let plain = plainVolume(sectors: 256)
    #expect(
      try open(Array(plain.dropLast(512)))
        == .truncated(path: bad, neededBytes: plain.count, fileBytes: plain.count - 512))
    for (bytes, word) in [
      ([], "0 bytes"), ([UInt8](repeating: 0, count: 70_000), "boot sector"),
      (plain + [UInt8](repeating: 3, count: 9000), "other data"),
    ] {
      guard case .notAnImage(bad, let reason) = try open(bytes) else {
        Issue.record("\(word): accepted")
        continue
      }
      #expect(reason.contains(word))
    }
    guard
      case .notRegularFile = try? #require(
        throws: FlashImageError.self,
        performing: {
          _ = try FlashImage.open(path: "/dev/null")
        })
    else {
      Issue.record("/dev/null was opened")
      return
    }
  }

  /// An image whose journal was in use and that lost its end is not taken for a plain one: its frames would be lost.
  @Test func aLostTrailerIsNotAdoptedOver() throws {
    let folder = try Folder()
    let path = try folder.write("used.img", plainVolume(sectors: 256))
    let image = try FlashImage.open(path: path)
    let blocks = try image.openBlockStore(on: image.makeFlash())
    try commit(blocks, 1000, [1])
    image.close()
    var bytes = try folder.read(path)
    let cut = try folder.write("cut.img", Array(bytes.dropLast(4096)))
    #expect(
      throws: FlashImageError.truncated(path: cut, neededBytes: bytes.count, fileBytes: bytes.count - 4096)
    ) { try FlashImage.open(path: cut).close() }
    bytes.replaceSubrange(image.layout.trailerOffset..., with: repeatElement(0, count: 4096))
    let wiped = try folder.write("wiped.img", bytes)
    #expect(throws: FlashImageError.damagedTrailer(path: wiped, reason: "it is gone, the journal is there")) {
      try FlashImage.open(path: wiped).close()
    }
  }
}
