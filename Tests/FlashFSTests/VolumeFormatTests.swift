import Testing

@testable import FlashFS

@Suite struct VolumeFormatTests {
  struct Case: Sendable {
    var sectors: Int
    var kind: FATKind
    var clusterSectors: Int
    var tableSectors: Int
    var clusters: Int
    var firstDataSector: Int
  }

  /// `flashfs.md` §3 and the boards of `circuitpython-behaviour.md` §1.4.
  @Test(arguments: [
    Case(sectors: 128, kind: .fat12, clusterSectors: 1, tableSectors: 1, clusters: 118, firstDataSector: 10),
    Case(sectors: 384, kind: .fat12, clusterSectors: 1, tableSectors: 2, clusters: 349, firstDataSector: 35),
    Case(sectors: 1016, kind: .fat12, clusterSectors: 1, tableSectors: 3, clusters: 980, firstDataSector: 36),
    Case(sectors: 1920, kind: .fat12, clusterSectors: 1, tableSectors: 6, clusters: 1881, firstDataSector: 39),
    Case(sectors: 2048, kind: .fat12, clusterSectors: 1, tableSectors: 7, clusters: 2008, firstDataSector: 40),
    Case(sectors: 4088, kind: .fat12, clusterSectors: 2, tableSectors: 6, clusters: 2024, firstDataSector: 39),
    Case(sectors: 5112, kind: .fat12, clusterSectors: 2, tableSectors: 8, clusters: 2535, firstDataSector: 41),
    Case(sectors: 6144, kind: .fat12, clusterSectors: 2, tableSectors: 10, clusters: 3050, firstDataSector: 43),
    Case(sectors: 7552, kind: .fat12, clusterSectors: 2, tableSectors: 12, clusters: 3753, firstDataSector: 45),
    Case(sectors: 8184, kind: .fat12, clusterSectors: 4, tableSectors: 6, clusters: 2036, firstDataSector: 39),
    Case(sectors: 14336, kind: .fat16, clusterSectors: 2, tableSectors: 29, clusters: 7137, firstDataSector: 62),
    Case(sectors: 16376, kind: .fat16, clusterSectors: 2, tableSectors: 32, clusters: 8155, firstDataSector: 65),
    Case(sectors: 30720, kind: .fat16, clusterSectors: 4, tableSectors: 31, clusters: 7664, firstDataSector: 64),
    Case(sectors: 262_144, kind: .fat16, clusterSectors: 16, tableSectors: 65, clusters: 16377, firstDataSector: 98),
    Case(
      sectors: 4_194_304, kind: .fat32, clusterSectors: 64, tableSectors: 513, clusters: 65527, firstDataSector: 545),
  ])
  func geometryIsTheBoards(_ expected: Case) throws {
    let geometry = try #require(FATGeometry.circuitPython(sectors: expected.sectors))
    #expect(geometry.kind == expected.kind)
    #expect(geometry.sectorsPerCluster == expected.clusterSectors)
    #expect(geometry.tableSectors == expected.tableSectors)
    #expect(geometry.clusterCount == expected.clusters)
    #expect(geometry.firstDataSector == expected.firstDataSector)
  }

  /// Kind and cluster size by size of the volume.
  @Test func classesOfSizes() {
    func name(_ sectors: Int) -> String {
      FATGeometry.circuitPython(sectors: sectors).map { "\($0.kind.rawValue)/\($0.sectorsPerCluster)" } ?? "-"
    }
    #expect(name(127) == "-")
    #expect(FATGeometry.circuitPython(sectors: 256)?.rootEntries == 128)
    #expect(FATGeometry.circuitPython(sectors: 257)?.rootEntries == 512)
    for (range, expected) in [
      (257...4085, "12/1"), (4086...8171, "12/2"), (8172...8221, "12/4"), (8222...16383, "16/2"),
      (16384...16393, "12/8"), (16394...65535, "16/4"), (65536...262_143, "16/8"), (262_144...1_048_575, "16/16"),
    ] {
      // Where the board would make the disputed 4085 clusters, sectors are left out, which may change the class.
      for sectors in [range.lowerBound + 1, (range.lowerBound + range.upperBound) / 2, range.upperBound] {
        #expect(name(sectors) == expected, "\(sectors)")
      }
    }
    for sectors in Array(128...17000) + Array(4_193_000...4_195_000) {
      let clusters = FATGeometry.circuitPython(sectors: sectors)?.clusterCount
      #expect(clusters != 4085 && clusters != 65525)
    }
  }

  @Test func bootSectorOfADefaultDrive() throws {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: 14336 * 512))
    try Volume.format(storage, volumeID: 0xCAFE_F00D, now: testNow)
    let boot = Array(storage.bytes[..<512])
    #expect(Array(boot[..<11]) == [0xEB, 0xFE, 0x90] + Array("MSDOS5.0".utf8))
    #expect(
      Array(boot[11..<36]) == [
        0, 2, 2, 1, 0, 1, 0, 2, 0, 56, 0xF8, 29, 0, 63, 0, 255, 0, 1, 0, 0, 0, 0, 0, 0, 0,
      ])
    #expect(Array(boot[36..<62]) == [0x80, 0, 0x29, 0x0D, 0xF0, 0xFE, 0xCA] + Array("NO NAME    FAT     ".utf8))
    #expect(Array(boot[510...]) == [0x55, 0xAA])
    #expect(Array(storage.bytes[512..<520]) == [0xF8, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
  }

  /// 2 GiB, the smallest that the board makes FAT32.
  @Test func freshFAT32() throws {
    let storage = SparseVolumeStorage(volumeBytes: 4_194_304 * 512)
    try Volume.format(storage, volumeID: 7, now: testNow)
    let volume = try Volume(storage: storage, clock: { testNow })
    try volume.fillFresh()
    try volume.makeDirectory("a directory", in: try volume.id("/lib"))
    try volume.makeFile("/lib/a directory/A file in it.txt", "text")
    try volume.rename("/lib/a directory", "/moved")
    #expect(volume.geometry.kind == .fat32)
    #expect(volume.checkInvariants() == [])
    let copy = SparseVolumeStorage(volumeBytes: 4_194_304 * 512)
    let pages = try volume.withStorage { ($0 as? SparseVolumeStorage)?.pages ?? [:] }
    for (page, bytes) in pages {
      var transaction = Transaction()
      transaction.patch(page * 4096, bytes)
      try copy.commit(transaction)
    }
    try copy.withFile { path in
      let answer = Judge.run("fsck.fat -n \(path)")
      #expect(answer.output.contains("There is no label in boot sector, but there is volume label 'CIRCUITPY'"))
      #expect(answer.output.split(separator: "\n").count == 5, "\(answer.output)")
      #expect(Judge.run("mtype -i \(path) '::/moved/A file in it.txt'").output == "text")
    }
  }

  @Test func labelInTheBootSectorToo() throws {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: 2048 * 512))
    try Volume.format(storage, volumeID: 1, now: testNow, labelsBootSector: true)
    try Judge.withFile(storage.bytes) { path in
      let answer = Judge.run("fsck.fat -n \(path)")
      #expect(answer.status == 0, "\(answer.output)")
    }
  }

  @Test func tooSmallIsRefused() {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0, count: 127 * 512))
    #expect(throws: FlashError.outOfRange) { try Volume.format(storage, volumeID: 1, now: testNow) }
  }

  @Test func freshContent() throws {
    let volume = try Volume.inMemory(sectors: 14336)
    try volume.fillFresh()
    #expect(volume.checkInvariants() == [])
    #expect(
      try volume.names() == [
        ".fseventsd", ".metadata_never_index", ".Trashes", ".Trash-1000", "sd", "settings.toml", "code.py", "lib",
      ])
    #expect(try volume.names("/.fseventsd") == ["no_log"])
    #expect(try volume.text("/sd/placeholder.txt") == "SD cards mounted at /sd will hide this file from Python.\n")
    #expect(try volume.text("/code.py") == "print(\"Hello World!\")\n")
    #expect(try volume.text("/settings.toml").isEmpty)
    #expect(volume.label == Array("CIRCUITPY".utf8))
    #expect(volume.statistics == VolumeStatistics(clusterBytes: 1024, totalClusters: 7137, freeClusters: 7132))
    let bytes = try volume.storedBytes
    try Judge.expectClean(bytes)
    try Judge.withFile(bytes) { path in
      let list = Judge.run("mdir -i \(path) ::")
      // The short names are the board's own; mdir shows them in front of the long ones.
      for line in [
        "Volume in drive : is CIRCUITPY", "~1       FSE", "~1       MET", "~1       TRA", "~2       TRA",
        "SETTIN~1 TOM", "code     py ", "lib          <DIR>", "sd           <DIR>",
      ] {
        #expect(list.output.contains(line), "\(line) in \(list.output)")
      }
      #expect(Judge.run("mtype -i \(path) ::/code.py").output == "print(\"Hello World!\")\n")
    }
  }

  @Test(arguments: [128, 384, 2048, 4088, 8184, 14336, 65536])
  func freshVolumesAreCleanToFsck(_ sectors: Int) throws {
    let volume = try Volume.inMemory(sectors: sectors)
    try volume.fillFresh()
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes, "\(sectors) sectors")
  }

  @Test func times() {
    for (seconds, date, time) in [
      (Int64(315_532_800), 0x0021, 0), (951_782_400, 20 << 9 | 2 << 5 | 29, 0),
      (testNow, 46 << 9 | 1 << 5 | 2, 3 << 11 | 4 << 5 | 3),
      (4_354_819_198, 127 << 9 | 12 << 5 | 31, 23 << 11 | 59 << 5 | 29),
    ] {
      let stamp = FATTime(localSeconds: seconds)
      #expect(stamp == FATTime(date: UInt16(date), time: UInt16(time)))
      #expect(stamp.localSeconds == seconds & ~1)
    }
    #expect(FATTime(localSeconds: -5).localSeconds == FATTime.earliestSeconds)
    #expect(FATTime(localSeconds: .max).localSeconds == FATTime.latestSeconds - 1)
    #expect(FATTime(date: 0, time: 0xFFFF).localSeconds == 315_532_800 + 23 * 3600 + 59 * 60 + 58)
    for day in stride(from: FATTime.earliestSeconds, to: FATTime.latestSeconds, by: 86400 * 13 + 7202) {
      #expect(FATTime(localSeconds: day).localSeconds == day)
    }
  }
}
