import Testing

@testable import FlashFS

/// The explorer itself: a sound drive has no violations, and storages that are broken on purpose have some. The scripts that
/// matter are in `drivelab cuts`.
@Suite struct PowerCutTests {
  private static let layout = ImageLayout(volumeBytes: 64 << 10, scratchBlocks: 4, ringBlocks: 4)
  private static let old = [UInt8](repeating: 0x6F, count: 1200)
  private static let new = [UInt8](repeating: 0x6E, count: 1500)

  private static let checkpoint = CutScript.Step { session in
    try session.volume.withStorage { (storage) throws(FlashError) in while try storage.upkeepSlice(isDue: true) {} }
  }

  /// A save by a temporary name and a rename, as rsync makes it.
  private static func save(on drive: CutDrive) -> CutScript {
    CutScript(
      "save", drive: drive,
      prepare: { try $0.writeFile(Array("/code.py".utf8), old) },
      steps: [
        .init { session in
          let made = try session.volume.create(.root, Array("tmp".utf8), origin: .host)
          session.handles["tmp"] = try session.volume.open(made.attributes.node, forWriting: true, origin: .host)
        },
        .init { session in try session.volume.write(#require(session.handles["tmp"]), 0, new) },
        .init { session in
          if let handle = session.handles.removeValue(forKey: "tmp") { session.volume.close(handle) }
        },
        .init { try $0.volume.rename("/tmp", "/code.py") }, checkpoint,
      ])
  }

  private static func explore(
    _ drive: CutDrive, seed: UInt64 = 1, _ change: (inout CutExplorer.Options) -> Void = { _ in }
  ) throws -> CutReport {
    var options = CutExplorer.Options(seed: seed)
    change(&options)
    return try CutExplorer(save(on: drive), options).run()
  }

  @Test func soundDriveHasNoViolations() throws {
    let report = try Self.explore(.journaled(Self.layout)) { $0.judgeOutside = { Judge.fsck($0) } }
    #expect(report.violations.map(\.description) == [])
    #expect(report.cuts > 200 && report.secondCuts > 50 && report.reworked > 20 && report.judgedOutside > 3)
  }

  @Test func driveWithoutJournalIsCaught() throws {
    let volumeBytes = Self.layout.volumeBytes
    let drive = CutDrive(
      geometry: FlashGeometry(sizeBytes: volumeBytes), volumeBytes: volumeBytes, create: { _ in },
      open: { try FaithfulStorage(device: $0, volumeBytes: volumeBytes, chip: .externalFlash) })
    let report = try Self.explore(drive)
    #expect(report.violationCount > 10)
    // One command repeats just that case.
    let violation = try #require(report.violations.first)
    #expect(CutCase(violation.place.description) == violation.place)
    let again = try Self.explore(drive) { $0.only = violation.place }
    #expect(again.violations.contains { $0.description == violation.description })
  }

  /// The chip loses one kind of write on its way: what the journal puts there was not superfluous.
  @Test(arguments: Lie.allCases) func brokenJournalIsCaught(lie: Lie) throws {
    let layout = Self.layout
    var drive = CutDrive.journaled(layout)
    drive.open = { try BlockStore(device: LyingFlash($0, layout, lie), layout: layout) }
    // The store's own check would tell without any cut.
    drive.problems = { _ in [] }
    let report = try Self.explore(drive)
    #expect(report.violationCount > 0, "\(lie)")
    for violation in report.violations {
      let again = try Self.explore(drive) { $0.only = violation.place }
      #expect(again.violations.contains { $0.description == violation.description })
    }
  }

  /// A request that is two transactions shows when the cut comes between them.
  @Test func requestInTwoTransactionsIsCaught() throws {
    var script = Self.save(on: .journaled(Self.layout))
    script.steps = [
      .init { session in
        try session.volume.unlink(.root, Array("code.py".utf8), origin: .host)
        try session.volume.writeFile(Array("/code.py".utf8), Self.new)
      }
    ]
    let report = try CutExplorer(script, CutExplorer.Options(seed: 1)).run()
    #expect(report.violationCount > 0)
  }

  @Test func freshDriveIsOneTransaction() throws {
    let stepwise = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: 64 << 10))
    try Volume.format(stepwise, volumeID: 7, now: testNow, labelsBootSector: true)
    nonisolated(unsafe) let storage: any VolumeStorage = stepwise
    try Volume(storage: storage, clock: { testNow }).fillFresh()
    let atOnce = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: 64 << 10))
    try Volume.formatFresh(atOnce, volumeID: 7, now: testNow)
    #expect(atOnce.commitCount == 1)
    #expect(isEqual(atOnce.bytes, stepwise.bytes))
  }

  /// Found by cutting a drive without a journal.
  @Test func directoryWithoutDotsIsReported() throws {
    let volume = try Volume.inMemory(sectors: 128)
    try volume.makeDirectory("d")
    try volume.makeFile("/d/f", "x")
    var bytes = try volume.storedBytes
    let dots = Array(".          ".utf8)
    let at = try #require(bytes.indices.first { $0 % 512 == 0 && Array(bytes[$0..<min($0 + 11, bytes.count)]) == dots })
    bytes.replaceSubrange(at..<at + 512, with: repeatElement(0x55, count: 512))
    let findings = try VolumeCheck.run(MemoryVolumeStorage(bytes))
    #expect(findings.contains { if case .directoryWithoutDots = $0 { true } else { false } })
  }

  enum Lie: CaseIterable {
    /// Checkpoints write in place without a copy in scratch and without the anchor that names it.
    case noScratch
    /// Frames never reach the ring.
    case noFrames
  }
}

/// A chip that drops some writes and says that they were done.
private final class LyingFlash: FlashDevice {
  private let chip: SimulatedNORFlash
  private let lost: Range<Int>
  init(_ chip: SimulatedNORFlash, _ layout: ImageLayout, _ lie: PowerCutTests.Lie) {
    self.chip = chip
    let size = FlashGeometry.eraseBytes
    lost =
      switch lie {
      case .noScratch: layout.firstScratchBlock * size..<layout.firstRingBlock * size
      case .noFrames: layout.firstRingBlock * size..<layout.flashBytes
      }
  }
  var geometry: FlashGeometry { chip.geometry }
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    try chip.read(offset, into: buffer)
  }
  func program(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    if !lost.contains(offset) { try chip.program(offset, bytes) }
  }
  func erase(block: Int) throws(FlashError) {
    if !lost.contains(block * FlashGeometry.eraseBytes) { try chip.erase(block: block) }
  }
  func sync() throws(FlashError) { try chip.sync() }
  var counters: FlashCounters { chip.counters }
  var wear: [UInt32] { chip.wear }
  var latency: FlashLatency? { nil }
}
