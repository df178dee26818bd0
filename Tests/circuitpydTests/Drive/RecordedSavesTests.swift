import FlashFS
import Testing

@testable import circuitpyd

/// Every recorded save at any speed, in virtual time: one reload, and the new file is whole then.
@Suite struct RecordedSavesTests {
  /// A step that takes longer is a save of its own: the policy's long quiet time is 250 ms.
  static let longestGapMicroseconds: UInt64 = 240_000
  private static let start: UInt64 = 10_000_000_000

  /// The first failure of a save with the given gaps before its steps, in microseconds; nil when all is well.
  private func failure(
    _ save: RecordedSave, _ mode: ReloadPolicy.Mode = .prompt, longest: UInt64 = longestGapMicroseconds,
    gap: (Int, UInt64) -> UInt64
  ) -> String? {
    var policy = ReloadPolicy(mode: mode)
    var now = Self.start
    var reloads = 0
    var torn: String?
    func advance(to time: UInt64, isComplete: Bool) {
      while let deadline = policy.nextDeadline, deadline <= time {
        guard case .reload(let cause) = policy.poll(at: deadline) else { continue }
        reloads += 1
        if !isComplete { torn = "reloads half a save: \(cause.text)" }
      }
    }
    var isComplete = false
    var silence: UInt64 = 0
    for (index, step) in save.steps.enumerated() {
      // Calls that change nothing send no event: the silence goes on through them.
      let wanted = gap(index, step.gap)
      let wait = wanted > longest ? wanted : min(wanted, longest - min(longest, silence))
      silence = step.events.isEmpty ? silence + wait : 0
      let next = now + wait * 1000
      advance(to: next, isComplete: isComplete)
      now = next
      for event in step.events { _ = policy.note(event, at: now) }
      if let node = step.opened { policy.noteOpenedAfterCreation(node) }
      isComplete = step.isComplete
    }
    advance(to: now + 60_000_000_000, isComplete: isComplete)
    if policy.isSaveInProgress || policy.isPending { return "the policy waits for more" }
    return torn ?? (reloads == 1 ? nil : "\(reloads) reloads")
  }

  /// What the daemon's log says of each at recorded speed.
  static let causes = [
    "cat": "code.py (rewritten, 2 operations)", "cp": "code.py (rewritten, 2 operations)",
    "cp-p": "code.py (rewritten, 3 operations)", "dd": "code.py (rewritten, 8 operations)",
    "ed": "code.py (rewritten, 2 operations)", "emacs": "code.py (rewritten, 3 operations)",
    "gio-save": "code.py (rename over, 1 operation)", "git-checkout": "code.py (re-created, 3 operations)",
    "jetbrains": "code.py (rename over, 5 operations)", "kate": "code.py (rename over, 3 operations)",
    "mv": "code.py (re-created, 4 operations)", "nano": "code.py (rewritten, 2 operations)",
    "rsync": "code.py (rename over, 3 operations)", "rsync-inplace": "code.py (rewritten, 1 operation)",
    "sed-i": "code.py (rename over, 3 operations)", "tar": "code.py (re-created, 4 operations)",
    "tee": "code.py (rewritten, 2 operations)", "unzip": "code.py (re-created, 3 operations)",
    "vim": "code.py (rewritten, 2 operations)", "vim-backup": "code.py (re-created, 3 operations)",
    "vs-code": "code.py (rewritten, 2 operations)",
  ]

  @Test func causesInTheLog() throws {
    var texts: [String: String] = [:]
    for save in try RecordedSave.all {
      var policy = ReloadPolicy(mode: .prompt)
      for (index, step) in save.steps.enumerated() {
        for event in step.events { _ = policy.note(event, at: Self.start + UInt64(index) * 100_000) }
        if let node = step.opened { policy.noteOpenedAfterCreation(node) }
      }
      if case .reload(let cause) = policy.poll(at: .max / 2) { texts[save.testDescription] = cause.text }
    }
    #expect(texts == Self.causes)
  }

  @Test func atEverySpeed() throws {
    for save in try RecordedSave.all {
      for slower in (0...400).map(UInt64.init) + [500, 700, 1000, 3000, 10_000] {
        // As it is, and with the user's pauses left out.
        for pause in [UInt64.max, 0] {
          let failure = failure(save) { _, gap in
            gap > 50_000 ? min(gap, pause) : min(gap * slower, Self.longestGapMicroseconds)
          }
          #expect(failure == nil, "\(save.testDescription), \(slower) times as slow")
        }
      }
    }
  }

  /// A machine that stops the saver anywhere, once or twice, for any time up to the limit.
  @Test func withAnyTwoStops() throws {
    let stops: [UInt64] = [5_100, 81_000, 240_000]
    var runs = 0
    for save in try RecordedSave.all {
      for first in save.steps.indices {
        for second in first..<save.steps.count {
          for (one, two) in stops.flatMap({ one in stops.map { (one, $0) } }) {
            let failure = failure(save) { index, gap in
              index == first ? one : index == second ? two : min(gap, 50_000)
            }
            runs += 1
            #expect(
              failure == nil, "\(save.testDescription): \(one) µs before step \(first), \(two) before \(second)")
          }
        }
      }
    }
    #expect(runs > 10_000)
  }

  /// The other policies reload once too, 750 ms after the end.
  @Test func settledAtEverySpeed() throws {
    for save in try RecordedSave.all {
      for slower in (0...100).map(UInt64.init) {
        let failure = failure(save, .settled, longest: 700_000) { _, gap in
          gap > 50_000 ? 0 : min(gap * slower, 700_000)
        }
        #expect(failure == nil, "\(save.testDescription), \(slower) times as slow")
      }
    }
  }
}
