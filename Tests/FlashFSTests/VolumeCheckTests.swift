import Testing

@testable import FlashFS

/// The independent judge and the repair, damage by damage (`drivelab fuzz` does it at random).
@Suite struct VolumeCheckTests {
  /// FAT12 of one-sector clusters with two files of three clusters and one of two, in this order from cluster 2 on.
  private func sample() throws -> (bytes: [UInt8], geometry: FATGeometry) {
    let volume = try Volume.inMemory(sectors: 400)
    try volume.makeFile("/A", String(repeating: "a", count: 1300))
    try volume.makeFile("/B", String(repeating: "b", count: 1300))
    try volume.makeFile("/C", String(repeating: "c", count: 700))
    return (try volume.storedBytes, volume.geometry)
  }

  private func setLink(_ bytes: inout [UInt8], _ cluster: Int, _ value: Int) {
    let at = 512 + cluster * 3 / 2
    let pair = Int(bytes.littleEndian16(at))
    let new = cluster % 2 == 0 ? pair & 0xF000 | value : pair & 0xF | value << 4
    bytes.setLittleEndian16(at, UInt16(new))
  }

  /// Byte offset of the entry at `slot` of the root (0 is the label).
  private func entry(_ slot: Int, _ geometry: FATGeometry) -> Int { geometry.rootOffset + slot * 32 }

  private func check(_ bytes: [UInt8]) throws -> [VolumeFinding] { try VolumeCheck.run(MemoryVolumeStorage(bytes)) }

  /// Mends, and requires that every judge is content.
  private func mended(_ bytes: [UInt8]) throws -> Volume {
    let storage = MemoryVolumeStorage(bytes)
    let repair = try VolumeRepair(storage)
    #expect(repair.remaining == [])
    #expect(!repair.actions.isEmpty)
    #expect(try repair.commit(to: storage) == 1)
    #expect(try check(storage.bytes) == [])
    let volume = try Volume.inMemory(storage.bytes)
    #expect(volume.checkInvariants() == [])
    #expect(!volume.isReadOnly)
    try Judge.expectClean(storage.bytes)
    return volume
  }

  @Test func goodVolumesHaveNoFindings() throws {
    #expect(try check(sample().bytes) == [])
    for sectors in [128, 400, 2048, 14336] {
      let volume = try Volume.inMemory(sectors: sectors)
      try volume.fillFresh()
      try volume.makeFile("/lib/a long name, é and 😀.py", "x")
      #expect(try check(volume.storedBytes) == [])
      #expect(volume.warnings == [])
    }
  }

  @Test func loopIsCut() throws {
    var (bytes, _) = try sample()
    setLink(&bytes, 4, 2)
    #expect(try check(bytes).contains(.chainLong(path: "/A", sizeBytes: 1300)))
    #expect(try mended(bytes).text("/A") == String(repeating: "a", count: 1300))
  }

  /// The file whose chain fits its size keeps the clusters, whatever stands first.
  @Test func crossLinkLeavesTheIntactFileWhole() throws {
    var (bytes, _) = try sample()
    // A: 2, 3, then into the end of B, one cluster too many for its size.
    setLink(&bytes, 3, 6)
    let found = try check(bytes)
    #expect(found.contains(.crossLink(path: "/A", cluster: 6, other: "/B")))
    let damaged = try Volume.inMemory(bytes)
    #expect(damaged.isReadOnly)
    #expect(damaged.warnings.count == 1)
    #expect(damaged.warnings[0].contains("circuitpyd flash check --repair"))
    #expect(errnoOf { try damaged.makeFile("/new") } == 30)
    #expect(try damaged.text("/C") == String(repeating: "c", count: 700))
    let volume = try mended(bytes)
    #expect(try volume.text("/B") == String(repeating: "b", count: 1300))
    #expect(try volume.text("/A") == String(repeating: "a", count: 1024))
    // What A lost is kept.
    #expect(try volume.text("/FSCK0000.REC").hasPrefix(String(repeating: "a", count: 276)))
  }

  @Test func lostChainBecomesAFile() throws {
    var (bytes, geometry) = try sample()
    bytes[entry(2, geometry)] = 0xE5
    #expect(try check(bytes) == [.lostChain(cluster: 5, clusters: 3)])
    let volume = try mended(bytes)
    #expect(try volume.text("/FSCK0000.REC").hasPrefix(String(repeating: "b", count: 1300)))
    #expect(try volume.names() == ["A", "FSCK0000.REC", "C"])
  }

  /// A loop whose clusters were freed with another lost chain trapped the first version.
  @Test func lostLoopsAreFreedOnce() throws {
    var bytes = try Volume.inMemory(sectors: 400).storedBytes
    for (cluster, next) in [(10, 11), (11, 12), (12, 11), (13, 10)] { setLink(&bytes, cluster, next) }
    for at in 39 * 512..<60 * 512 { bytes[at] = 0 }
    _ = try mended(bytes)
  }

  /// A directory whose entry is gone comes back with its files.
  @Test func lostDirectoryComesBack() throws {
    let volume = try Volume.inMemory(sectors: 400)
    try volume.makeDirectory("dir")
    try volume.makeFile("/dir/inside a folder.txt", "still here")
    var bytes = try volume.storedBytes
    bytes[entry(1, volume.geometry)] = 0xE5
    #expect(try mended(bytes).text("/FSCK0000/inside a folder.txt") == "still here")
  }

  /// One zeroed slot hides all behind it; the files are taken back, not erased.
  @Test func holeInADirectoryIsClosed() throws {
    var (bytes, geometry) = try sample()
    for at in entry(1, geometry)..<entry(2, geometry) { bytes[at] = 0 }
    #expect(try check(bytes).first == .holeInDirectory(path: "/", offset: entry(1, geometry)))
    let volume = try mended(bytes)
    #expect(try volume.text("/B") == String(repeating: "b", count: 1300))
    #expect(try volume.text("/FSCK0000.REC").hasPrefix("aaaa"))
  }

  @Test func doubleNamesAreRenamed() throws {
    var (bytes, geometry) = try sample()
    bytes[entry(2, geometry)] = UInt8(ascii: "A")
    #expect(try check(bytes) == [.duplicateName(path: "/A")])
    let volume = try mended(bytes)
    #expect(try volume.names() == ["A", "A~1", "C"])
    #expect(try volume.text("/A~1") == String(repeating: "b", count: 1300))
  }

  @Test func hopelessVolumesSaySo() throws {
    var (bytes, _) = try sample()
    bytes[13] = 3
    let repair = try VolumeRepair(MemoryVolumeStorage(bytes))
    #expect(repair.findings == [.bootImpossible(reason: "3 sectors per cluster")])
    #expect(repair.remaining == repair.findings && repair.isEmpty)
    #expect(
      "\(repair.findings[0])"
        == "boot sector: 3 sectors per cluster; restore a copy: repair cannot mend this")
  }

  /// A repair too large for one transaction goes in several, and ends the same.
  @Test func largeRepairsGoInSteps() throws {
    var (bytes, _) = try sample()
    for cluster in stride(from: 20, to: 300, by: 2) { setLink(&bytes, cluster, 0xFFF) }
    for at in 60 * 512..<380 * 512 { bytes[at] = UInt8(truncatingIfNeeded: at) }
    let storage = MemoryVolumeStorage(bytes, maximumTransactionBytes: 1100)
    let repair = try VolumeRepair(storage)
    #expect(try repair.commit(to: storage) > 1)
    #expect(try check(storage.bytes) == [])
  }

  /// A label that begins with σ (E5 in code page 437) is 05 in the root but E5 in the boot sector.
  @Test func labelThatBeginsWithE5() throws {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0, count: 400 * 512))
    try Volume.format(storage, volumeID: 1, now: testNow, labelsBootSector: true)
    let volume = try Volume.inMemory(storage.bytes)
    try volume.setLabel(Array("σX".utf8), origin: .tool)
    let bytes = try volume.storedBytes
    #expect(bytes[volume.geometry.rootOffset] == 0x05 && bytes[43] == 0xE5)
    #expect(try check(bytes) == [])
  }
}
