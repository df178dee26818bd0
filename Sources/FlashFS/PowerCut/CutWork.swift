import Glibc

/// A script that was recorded, and what is known of the volumes that came out of its cuts.
struct CutWork {
  /// Of one cut; a wrecked volume has hundreds.
  private static let shownProblems = 3

  let script: CutScript
  let options: CutExplorer.Options
  let operations: [RecordedOperation]
  var judgements: VolumeJudgements

  /// Runs the script twice without a cut: on a volume in plain memory, which tells the trees that it leads through, and on the
  /// chip, which must agree and is recorded.
  init(_ script: CutScript, _ options: CutExplorer.Options) throws {
    self.script = script
    self.options = options
    let drive = script.drive
    let image = CopyOnWriteStore(blockCount: drive.geometry.blockCount)
    let chip = SimulatedNORFlash(store: image, geometry: drive.geometry)
    try drive.create(chip)
    if let format = drive.format {
      let storage = try drive.open(chip)
      try format(storage)
      let volume = try CutSession.mount(storage)
      try script.prepare(volume)
      try volume.withStorage { (storage) throws(FlashError) in try storage.close() }
    }
    let start = image.freeze()

    let store = CopyOnWriteStore(start)
    let recorder = OperationRecorder(store)
    let flash = SimulatedNORFlash(store: store, geometry: drive.geometry, faults: recorder)
    recorder.flash = flash
    var trees: [VolumeTree] = []
    let session = try CutSession {
      let storage = try drive.open(flash)
      try drive.afterOpen(storage)
      return storage
    }
    let limit = try session.volume.withStorage { (storage) throws(FlashError) in storage.maximumTransactionBytes }
    let memory = MemoryVolumeStorage(
      try CopyOnWriteStore(start).bytes(0, drive.volumeBytes), maximumTransactionBytes: limit)
    let model = try CutSession {
      try drive.afterOpen(memory)
      return memory
    }
    for (number, step) in ([CutScript.Step { _ in }] + script.steps).enumerated() {
      do {
        try step.run(session)
        try step.run(model)
      } catch {
        throw CutError.notRecorded(script: script.name, step: number, error: "\(error)")
      }
      recorder.acknowledged = number
      trees.append(try VolumeTree(model.volume))
      let found = try VolumeTree(session.volume)
      if found != trees[number] {
        throw CutError.modelDiffers(
          script: script.name, step: number, difference: found.difference(from: trees[number]))
      }
    }
    operations = recorder.operations
    judgements = VolumeJudgements(trees: trees, volumeBytes: drive.volumeBytes, options)
  }

  /// Recovers what is in `store` and judges it.
  /// - Parameter reworks: a number to work on with afterwards; nil: nothing more is done.
  mutating func check(
    _ store: CopyOnWriteStore, _ unsettled: [UnsettledCells], _ recorded: RecordedOperation, reworks: UInt64?,
    recorder: OperationRecorder?, at place: CutCase, _ report: inout CutReport
  ) {
    let geometry = script.drive.geometry
    let flash = SimulatedNORFlash(
      store: store, geometry: geometry, faults: recorder ?? NoFaults() as any FaultPlan, unsettled: unsettled)
    recorder?.flash = flash
    do {
      let storage = try script.drive.open(flash)
      var problems = try script.drive.problems(storage)
      try script.drive.afterOpen(storage)
      // What that has changed is brought to the place where the volume is read.
      while try storage.upkeepSlice(isDue: true) {}
      let verdict = try judgements.verdict(of: store.freeze(), storage)
      problems += verdict.problems
      let accepted = [recorded.acknowledged, recorded.acknowledged + 1]
      if !verdict.trees.contains(where: accepted.contains) {
        problems.append(judgements.explain(verdict, accepted))
      } else if problems.isEmpty, let reworks {
        report.reworked += 1
        problems += try rework(storage, verdict, store, flash, number: reworks)
      }
      if !problems.isEmpty {
        let more = problems.count > Self.shownProblems ? "; and \(problems.count - Self.shownProblems) more" : ""
        let shown = problems.prefix(Self.shownProblems).joined(separator: "; ") + more
        CutExplorer.note(shown, recorded.operation, at: place, seed: options.seed, &report)
      }
    } catch {
      CutExplorer.note(
        "the recovery failed: \(error)", recorded.operation, at: place, seed: options.seed, &report)
    }
  }

  /// Work goes on after a recovery, and what a weak cell does to it shows at the next open.
  private mutating func rework(
    _ storage: any VolumeStorage, _ verdict: VolumeJudgements.Verdict, _ store: CopyOnWriteStore,
    _ flash: SimulatedNORFlash, number: UInt64
  ) throws -> [String] {
    var expected = verdict.tree
    let name = "after the cut.txt"
    // Few different contents: each new volume has to be judged anew.
    let content = [UInt8](repeating: UInt8(number & 1), count: 40)
    let volume = try CutSession.mount(storage)
    do throws(VolumeError) {
      let made = try volume.create(.root, Array(name.utf8), origin: .host)
      expected.entries["/" + name] = .file(content: [], isReadOnly: false)
      let handle = try volume.open(made.attributes.node, forWriting: true, origin: .host)
      _ = try content.withUnsafeBufferPointer { (bytes) throws(VolumeError) in
        try volume.write(handle, at: 0, UnsafeRawBufferPointer(bytes))
      }
      expected.entries["/" + name] = .file(content: content, isReadOnly: false)
    } catch {
      // The script has filled the drive: a request that fails changes nothing.
      if error.errno != ENOSPC { throw error }
    }
    let again = SimulatedNORFlash(store: store, geometry: script.drive.geometry, unsettled: flash.unsettled)
    let opened = try script.drive.open(again)
    let found = try judgements.verdict(of: store.freeze(), opened)
    let difference = found.tree == expected ? [] : [found.tree.difference(from: expected)]
    return (try script.drive.problems(opened) + found.problems + difference).map { "after work on it: " + $0 }
  }
}
