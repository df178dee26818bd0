/// How often a power cut during everyday work does each kind of damage. The scripts and the cuts are the same for a drive with
/// a journal and for one as a board has it.
package struct LossSurvey: Sendable {
  /// Requests as a computer makes them, each acknowledged before the next.
  package struct Script: Sendable {
    package let name: String
    let steps: [@Sendable (Volume) throws -> Void]
  }

  package struct Result: Sendable {
    package let script: String
    package internal(set) var cuts = 0
    /// Cuts with each kind of loss.
    package internal(set) var losses: [CutLoss: Int] = [:]
    /// Cuts with any.
    package internal(set) var harmfulCuts = 0
  }

  /// A board of 2 MB with the old program, its settings and a library on it.
  private static let volumeBytes = 2 << 20
  private static let oldProgram = text("old", bytes: 6200)
  private static let newProgram = text("new", bytes: 7100)

  let drive: LossDrive
  package init(usesJournal: Bool) { drive = LossDrive(volumeBytes: Self.volumeBytes, usesJournal: usesJournal) }

  /// Cuts the script at each of its flash operations: nothing of it done, and `tornStates` torn states of it.
  package func run(_ script: Script, tornStates: Int, seed: UInt64) throws -> Result {
    let initial = try drive.makeChip { volume in
      try volume.writeFile(Array("/code.py".utf8), Self.oldProgram)
      try volume.writeFile(Array("/settings.toml".utf8), Array("KEY = \"value\"\n".utf8))
      try volume.writeFile(Array("/lib/helper.py".utf8), Self.text("library", bytes: 9000))
    }
    let store = CopyOnWriteStore(initial)
    let recorder = OperationRecorder(store)
    let flash = SimulatedNORFlash(store: store, geometry: drive.geometry, faults: recorder)
    recorder.flash = flash
    let volume = try drive.open(on: flash)
    // The same requests on plain memory tell the trees: looking into the drive itself would flush its cache.
    let model = try Volume(
      storage: MemoryVolumeStorage(try CopyOnWriteStore(initial).bytes(0, Self.volumeBytes)),
      clock: { LossDrive.nowSeconds })
    let metadataBytes = volume.geometry.firstDataSector * FATGeometry.sectorBytes
    /// The tree behind each step, and the flash operations done by then.
    let firstCut = recorder.operations.count
    var history: [Moment] = [(model.allFiles(), 0, firstCut)]
    for step in script.steps {
      let start = recorder.operations.count
      try step(volume)
      try step(model)
      history.append((model.allFiles(), start, recorder.operations.count))
    }
    try LossDrive.settle(volume)
    var result = Result(script: script.name)
    func judge(_ chip: FlashState, _ unsettled: [UnsettledCells], cutAt index: Int) {
      let losses = self.losses(of: chip, unsettled, cutAt: index, history, metadataBytes)
      result.cuts += 1
      if !losses.isEmpty { result.harmfulCuts += 1 }
      for loss in losses { result.losses[loss, default: 0] += 1 }
    }
    for (index, recorded) in recorder.operations.enumerated().dropFirst(firstCut) {
      judge(recorded.state, [], cutAt: index)
      var random = SplitMix64(seed: seed &+ UInt64(index) &* 0x9E37_79B9)
      let kinds = Tear.kinds(of: recorded.operation).filter { $0 != .complete }
      for kind in kinds.shuffled(using: &random).prefix(tornStates) {
        let (torn, unsettled) = recorded.cut(Tear(kind, seed: random.next()), geometry: drive.geometry)
        judge(torn.freeze(), unsettled, cutAt: index)
      }
    }
    // The power goes when all is done.
    judge(store.freeze(), [], cutAt: recorder.operations.count)
    return result
  }

  private typealias Moment = (files: [String: FoundFile], start: Int, end: Int)

  private func losses(
    of chip: FlashState, _ unsettled: [UnsettledCells], cutAt index: Int, _ history: [Moment], _ metadataBytes: Int
  ) -> Set<CutLoss> {
    /// The chip as the next power-up finds it; `chip` itself stays as it is.
    func powerUp() -> SimulatedNORFlash {
      SimulatedNORFlash(store: CopyOnWriteStore(chip), geometry: drive.geometry, unsettled: unsettled)
    }
    var losses = drive.losses(on: powerUp(), metadataBytes: metadataBytes)
    guard let volume = try? drive.open(on: powerUp()) else { return losses.union([.unmountable]) }
    let found = volume.allFiles()
    // What was acknowledged when the power went, and what was under way.
    let acknowledged = history.lastIndex { $0.end <= index } ?? 0
    let begun = history.lastIndex { $0.start <= index } ?? 0
    let names = history.reduce(into: Set(found.keys)) { $0.formUnion($1.files.keys) }
    for name in names {
      let file = found[name]
      if history[acknowledged...max(acknowledged, begun)].contains(where: { $0.files[name] == file }) { continue }
      let wasThereOnce = history.contains { $0.files[name] == file }
      losses.insert(wasThereOnce ? .lostSave : .tornFile)
    }
    return losses
  }

  // MARK: Scripts

  private static func text(_ word: String, bytes: Int) -> [UInt8] {
    let line = Array("print(\"\(word)\")\n".utf8)
    return (0..<bytes).map { line[$0 % line.count] }
  }

  private static func create(_ folder: String, _ name: String) -> @Sendable (Volume) throws -> Void {
    { volume in
      let parent = try volume.resolve(Array(folder.utf8), origin: .host).attributes.node
      let made = try volume.create(parent, Array(name.utf8), origin: .host)
      volume.forget(made.attributes.node, count: 1)
    }
  }
  private static func write(_ path: String, _ bytes: [UInt8], truncates: Bool = false)
    -> [@Sendable (Volume) throws -> Void]
  {
    [
      { volume in
        let node = try volume.resolve(Array(path.utf8), origin: .host).attributes.node
        volume.close(try volume.open(node, forWriting: true, truncate: truncates, origin: .host))
      },
      { volume in
        let node = try volume.resolve(Array(path.utf8), origin: .host).attributes.node
        let handle = try volume.open(node, forWriting: true, origin: .host)
        defer { volume.close(handle) }
        var failure: VolumeError?
        bytes.withUnsafeBytes { buffer in
          do throws(VolumeError) { _ = try volume.write(handle, at: 0, buffer) } catch { failure = error }
        }
        if let failure { throw failure }
      },
    ]
  }
  private static func unlink(_ name: String) -> @Sendable (Volume) throws -> Void {
    { try $0.unlink(.root, Array(name.utf8), origin: .host) }
  }
  private static func rename(_ from: String, _ folder: String, _ to: String) -> @Sendable (Volume) throws -> Void {
    { volume in
      let parent = try volume.resolve(Array(folder.utf8), origin: .host).attributes.node
      try volume.rename(.root, Array(from.utf8), to: parent, Array(to.utf8), origin: .host)
    }
  }
  /// Time passes: what was put off is done.
  private static let idle: @Sendable (Volume) throws -> Void = { try LossDrive.settle($0) }

  package static var scripts: [Script] {
    [
      Script(name: "cp over", steps: write("/code.py", newProgram, truncates: true) + [idle]),
      Script(
        name: "rename over",
        steps: [create("/", ".code.py.Xa81Zq")] + write("/.code.py.Xa81Zq", newProgram)
          + [rename(".code.py.Xa81Zq", "/", "code.py"), idle]),
      Script(
        name: "vim",
        steps: [rename("code.py", "/", "code.py~"), create("/", "code.py")] + write("/code.py", newProgram)
          + [idle, unlink("code.py~"), idle]),
      Script(name: "new library", steps: [create("/lib", "a.py")] + write("/lib/a.py", newProgram) + [idle]),
      Script(name: "move to lib", steps: [rename("code.py", "/lib", "old.py"), idle]),
      Script(name: "delete, new", steps: [unlink("code.py"), create("/", "code.py")] + write("/code.py", newProgram)),
    ]
  }
}
