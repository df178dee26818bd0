import Testing

@testable import FlashFS

/// Without a journal the simulated board must fail as real ones do (`flashfs.md` §9, §14.9); with one, the same cuts do no harm.
@Suite struct LossSurveyTests {
  private static let seed: UInt64 = 9

  private static func run(usesJournal: Bool) throws -> [LossSurvey.Result] {
    let survey = LossSurvey(usesJournal: usesJournal)
    return try LossSurvey.scripts.map { try survey.run($0, tornStates: 2, seed: seed) }
  }

  @Test func aBoardLosesInEveryKnownWay() throws {
    var total: [CutLoss: Int] = [:]
    for result in try Self.run(usesJournal: false) {
      let counts = CutLoss.allCases.map { "\($0.text) \(result.losses[$0] ?? 0)" }.joined(separator: ", ")
      print("\(result.script): \(result.harmfulCuts) of \(result.cuts) cuts do harm: \(counts)")
      total.merge(result.losses) { $0 + $1 }
    }
    for loss in CutLoss.allCases { #expect(total[loss] ?? 0 > 0, "no cut gave a \(loss.text)") }
  }

  @Test func aJournalLosesNothing() throws {
    for result in try Self.run(usesJournal: true) {
      print("\(result.script): \(result.cuts) cuts")
      #expect(result.cuts > 0)
      #expect(result.losses == [:], "\(result.script)")
    }
  }
}
