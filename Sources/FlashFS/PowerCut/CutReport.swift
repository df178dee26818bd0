/// One cut: which operation, how it was torn, and the same of the recovery if that was cut too.
package struct CutCase: Sendable, Equatable, CustomStringConvertible {
  package struct Cut: Sendable, Equatable {
    package var index: Int
    /// Nil: the operation never began.
    package var kind: Tear.Kind?
    package init(index: Int, kind: Tear.Kind?) {
      self.index = index
      self.kind = kind
    }
  }
  package var first: Cut
  package var second: Cut?

  package init(first: Cut, second: Cut? = nil) {
    self.first = first
    self.second = second
  }

  private static let neverBegun = "never"

  /// Reads `description`: `17:fading` or `17:fading:3:never`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":").map(String.init)
    var cuts: [Cut] = []
    for at in stride(from: 0, to: parts.count - 1, by: 2) {
      let kind = Tear.Kind.allCases.first { "\($0)" == parts[at + 1] }
      guard let index = Int(parts[at]), kind != nil || parts[at + 1] == Self.neverBegun else { return nil }
      cuts.append(Cut(index: index, kind: kind))
    }
    guard parts.count == 2 * cuts.count, cuts.count == 1 || cuts.count == 2 else { return nil }
    self.init(first: cuts[0], second: cuts.count == 2 ? cuts[1] : nil)
  }

  package var description: String {
    ([first] + (second.map { [$0] } ?? []))
      .map { "\($0.index):\($0.kind.map { "\($0)" } ?? Self.neverBegun)" }.joined(separator: ":")
  }
}

/// A state after a recovery that no user should see.
package struct CutViolation: Sendable, CustomStringConvertible {
  package var script: String
  package var seed: UInt64
  package var place: CutCase
  package var operation: FlashOperation
  package var problem: String

  package var description: String {
    "\(script): \(operation): \(problem)\n  again: drivelab cuts --only '\(script)' --seed \(seed) --case \(place)"
  }
}

/// What cutting one script came to.
package struct CutReport: Sendable {
  package var script: String
  /// Flash operations of the script, its first open included.
  package var operations = 0
  package var cuts = 0
  package var secondCuts = 0
  /// Recoveries that were worked on afterwards and opened once more.
  package var reworked = 0
  /// Different volumes that came out; each was read, compared and judged once.
  package var volumes = 0
  package var judgedOutside = 0
  /// Those that are kept.
  package var violations: [CutViolation] = []
  /// Cuts with a violation.
  package var violationCount = 0
  package var duration = Duration.zero
}
