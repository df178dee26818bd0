/// Cuts a script at every flash operation in every way that a chip can break, recovers, and judges what came out
/// (`docs/powercut.md`).
///
/// The script runs once; the chip's state before each operation is kept. A cut is then a copy of that state, one torn operation
/// and a recovery on a new device object.
package struct CutExplorer: Sendable {
  package struct Options: Sendable {
    /// Picks the states of torn cells and what is sampled.
    package var seed: UInt64
    /// Whether recoveries are cut too.
    package var cutsRecoveries = true
    /// One recovery in so many is cut again; of those that begin with marginal cells four times as many.
    package var recoveryStride = 16
    /// How many of its operations, at most.
    package var recoveryCuts = 4
    /// One recovery in so many is worked on and opened once more.
    package var reworkStride = 8
    /// Stop after so many cuts.
    package var limit = Int.max
    /// Just this one.
    package var only: CutCase?
    /// Judges a different volume, as raw bytes; nil is content. Asked for at most `judgedOutsideLimit` of a script.
    package var judgeOutside: (@Sendable ([UInt8]) -> String?)?
    package var judgedOutsideLimit = 24

    package init(seed: UInt64) { self.seed = seed }
  }

  /// A broken storage must not drown its reader.
  private static let keptViolations = 20

  let script: CutScript
  let options: Options

  package init(_ script: CutScript, _ options: Options) {
    self.script = script
    self.options = options
  }

  package func run() throws -> CutReport {
    let begin = ContinuousClock.now
    var work = try CutWork(script, options)
    var report = CutReport(script: script.name)
    report.operations = work.operations.count
    if let only = options.only {
      guard work.operations.indices.contains(only.first.index) else { throw CutError.noSuchOperation(only) }
      explore(only.first, &work, &report)
    } else {
      each: for (index, recorded) in work.operations.enumerated() {
        for kind in [nil] + Tear.kinds(of: recorded.operation).map(Optional.some) {
          if report.cuts + report.secondCuts >= options.limit { break each }
          explore(.init(index: index, kind: kind), &work, &report)
        }
      }
    }
    report.volumes = work.judgements.count
    report.judgedOutside = work.judgements.judgedOutside
    report.duration = ContinuousClock.now - begin
    return report
  }

  private func explore(_ cut: CutCase.Cut, _ work: inout CutWork, _ report: inout CutReport) {
    var random = random(cut)
    let isMarginal = [.fading, .late, .weak, .weakPart].contains(cut.kind)
    let stride = isMarginal ? max(1, options.recoveryStride / 4) : options.recoveryStride
    var isCutAgain = options.cutsRecoveries && random.next() % UInt64(stride) == 0
    let isReworked = random.next() % UInt64(options.reworkStride) == 0
    if let only = options.only { isCutAgain = only.second != nil }
    let recorded = work.operations[cut.index]
    let geometry = script.drive.geometry
    let place = CutCase(first: cut)
    let (store, unsettled) = recorded.cut(tear(cut, &random), geometry: geometry)
    report.cuts += 1
    let number = isReworked ? random.next() : nil
    guard isCutAgain else {
      work.check(store, unsettled, recorded, reworks: number, recorder: nil, at: place, &report)
      return
    }
    if let number {
      // On a copy: what is recorded for second cuts is the recovery alone.
      let copy = CopyOnWriteStore(store.freeze())
      let before = report.violationCount
      work.check(copy, unsettled, recorded, reworks: number, recorder: nil, at: place, &report)
      if report.violationCount > before { return }
    }
    let recorder = OperationRecorder(store)
    work.check(store, unsettled, recorded, reworks: nil, recorder: recorder, at: place, &report)
    for index in chosen(recorder.operations.count, &random) {
      let operation = recorder.operations[index]
      let kinds = [nil] + Tear.kinds(of: operation.operation).map(Optional.some)
      var second = CutCase.Cut(index: index, kind: kinds[Int(random.next() % UInt64(kinds.count))])
      if let only = options.only?.second { second = only }
      var secondRandom = self.random(second, after: cut)
      let (store, unsettled) = operation.cut(tear(second, &secondRandom), geometry: geometry)
      report.secondCuts += 1
      var expected = operation
      expected.acknowledged = recorded.acknowledged
      work.check(
        store, unsettled, expected, reworks: nil, recorder: nil, at: CutCase(first: cut, second: second), &report)
    }
  }

  /// Which operations of a recovery are cut.
  private func chosen(_ count: Int, _ random: inout SplitMix64) -> [Int] {
    if let second = options.only?.second { return second.index < count ? [second.index] : [] }
    if count <= options.recoveryCuts { return Array(0..<count) }
    // Spread evenly from a random start, so that anchors, scratch, volume and ring all get their turn.
    let start = Int(random.next() % UInt64(count))
    return (0..<options.recoveryCuts).map { (start + $0 * count / options.recoveryCuts) % count }
  }

  /// Of a cut alone, so that it can be repeated without all others.
  private func random(_ cut: CutCase.Cut, after first: CutCase.Cut? = nil) -> SplitMix64 {
    func number(_ cut: CutCase.Cut) -> UInt64 {
      let kind = cut.kind.flatMap { Tear.Kind.allCases.firstIndex(of: $0) } ?? Tear.Kind.allCases.count
      return UInt64(cut.index * (Tear.Kind.allCases.count + 1) + kind + 1)
    }
    var mixer = SplitMix64(seed: options.seed)
    mixer = SplitMix64(seed: mixer.next() ^ number(cut))
    if let first { mixer = SplitMix64(seed: mixer.next() ^ number(first)) }
    return SplitMix64(seed: mixer.next())
  }

  private func tear(_ cut: CutCase.Cut, _ random: inout SplitMix64) -> Tear? {
    let seed = random.next()
    return cut.kind.map { Tear($0, seed: seed) }
  }

  static func note(
    _ problem: String, _ operation: FlashOperation, at place: CutCase, seed: UInt64, _ report: inout CutReport
  ) {
    report.violationCount += 1
    guard report.violations.count < keptViolations else { return }
    report.violations.append(
      CutViolation(script: report.script, seed: seed, place: place, operation: operation, problem: problem))
  }
}

/// What keeps a script from being cut.
package enum CutError: Error, CustomStringConvertible {
  case noSuchOperation(CutCase)
  case notRecorded(script: String, step: Int, error: String)
  case modelDiffers(script: String, step: Int, difference: String)

  package var description: String {
    switch self {
    case .noSuchOperation(let place): "case \(place): the script has fewer operations; give one that a report named"
    case .notRecorded(let script, let step, let error):
      "\(script): step \(step) fails without any cut: \(error); mend the script"
    case .modelDiffers(let script, let step, let difference):
      "\(script): after step \(step) flash and memory differ without any cut: \(difference); mend FlashFS"
    }
  }
}
