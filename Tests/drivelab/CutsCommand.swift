import ArgumentParser
import Dispatch
import FlashFS
import Synchronization

/// Power cuts at every flash operation of every script (`docs/powercut.md`).
struct CutsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cuts", abstract: "Cut the power in recorded saves, recover, and judge what is left.")

  /// What `--full` comes to at least.
  private static let fullCuts = 1_000_000
  /// Scripts at a time: the machines of the tests have two cores.
  private static let threads = 2

  @Option(help: "Only scripts whose name contains this.") var only: String?
  @Option(help: "1: cut the scripts; 2: and the recoveries.") var depth = 2
  @Option(help: "At most so many cuts of each script.") var limit: Int?
  @Option(help: "Picks the states of torn cells and what is sampled.") var seed: UInt64 = 20_261_125
  @Option(name: .customLong("case"), help: "Just one cut, as a violation names it; with --only.") var place: String?
  @Flag(help: "Cut every recovery, with one seed after the other, until there were a million cuts.") var full = false
  @Flag(help: "Cut a drive without a journal, which must not pass.") var broken = false

  func validate() throws {
    guard depth == 1 || depth == 2 else { throw ValidationError("--depth is 1 or 2") }
    if let place {
      guard CutCase(place) != nil else { throw ValidationError("--case \(place): give it as a violation shows it") }
      guard only != nil else { throw ValidationError("--case needs --only") }
    }
  }

  func run() throws {
    var scripts = JournalScripts.broken
    if !broken {
      scripts = SaverScripts.all + VolumeScripts.all + JournalScripts.all
      scripts += try VolumeScripts.foreign()
    }
    if let only {
      // A whole name is meant before a part of one.
      let exact = scripts.filter { $0.name == only }
      scripts = exact.isEmpty ? scripts.filter { $0.name.contains(only) } : exact
    }
    guard !scripts.isEmpty else { throw ValidationError("no script has such a name") }
    let begin = ContinuousClock.now
    var total = Total()
    var round: UInt64 = 0
    repeat {
      total.add(try explore(scripts, seed: seed &+ round))
      round += 1
    } while full && total.cuts + total.secondCuts < Self.fullCuts
    let seeds = round == 1 ? "seed \(seed)" : "seeds \(seed) to \(seed &+ round - 1)"
    print(
      "total: \(total.cuts + total.secondCuts) cuts (\(total.secondCuts) of recoveries) in \(scripts.count) scripts, \(seeds), "
        + "\(total.volumes) volumes judged, \(total.judgedOutside) by fsck.fat too, \(total.violations) violations, "
        + "\(Self.seconds(ContinuousClock.now - begin))")
    if total.violations > 0 { throw ExitCode.failure }
  }

  private struct Total {
    var cuts = 0
    var secondCuts = 0
    var volumes = 0
    var judgedOutside = 0
    var violations = 0
    mutating func add(_ reports: [CutReport]) {
      for report in reports {
        cuts += report.cuts
        secondCuts += report.secondCuts
        volumes += report.volumes
        judgedOutside += report.judgedOutside
        violations += report.violationCount
      }
    }
  }

  private func explore(_ scripts: [CutScript], seed: UInt64) throws -> [CutReport] {
    var options = CutExplorer.Options(seed: seed)
    options.cutsRecoveries = depth == 2
    options.limit = limit ?? .max
    options.only = place.flatMap { CutCase($0) }
    options.judgeOutside = { ForeignTools.fsck($0) }
    if full {
      options.recoveryStride = 1
      options.recoveryCuts = 16
    }
    let fixed = options
    let next = Atomic(0)
    let reports = Mutex<[CutReport]>([])
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: min(Self.threads, scripts.count)) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < scripts.count else { return }
        do {
          let report = try CutExplorer(scripts[index], fixed).run()
          reports.withLock {
            Self.show(report)
            $0.append(report)
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
    }
    let failed = failures.withLock { $0 }
    if !failed.isEmpty { throw ValidationError(failed.joined(separator: "\n")) }
    return reports.withLock { $0 }
  }

  private static func show(_ report: CutReport) {
    print(
      "\(report.script): \(report.operations) operations, \(report.cuts) cuts, \(report.secondCuts) of recoveries, "
        + "\(report.reworked) worked on, \(report.volumes) volumes, \(report.violationCount) violations, "
        + seconds(report.duration))
    for violation in report.violations.prefix(shownViolations) { print("  \(violation)") }
  }
  private static let shownViolations = 5

  private static func seconds(_ duration: Duration) -> String {
    let tenths =
      (Int(duration.components.seconds) * 10) + Int(duration.components.attoseconds / 100_000_000_000_000_000)
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
