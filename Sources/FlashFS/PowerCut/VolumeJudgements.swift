/// What is found in the volumes that come out of cuts. Most cuts of a script lead to one of a few volumes, byte for byte; each is
/// read, compared with the script's trees and judged once.
struct VolumeJudgements {
  struct Verdict {
    /// Which of the script's trees it shows.
    var trees: [Int]
    var tree: VolumeTree
    var problems: [String]
  }
  /// Bounds the memory; a storage without a journal leads to ever new volumes. What is beyond is judged each time.
  private static let rememberedVolumes = 128

  private let trees: [VolumeTree]
  private let volumeBytes: Int
  private let options: CutExplorer.Options
  private var known: [(state: FlashState, verdict: Verdict)] = []
  private(set) var count = 0
  private(set) var judgedOutside = 0

  init(trees: [VolumeTree], volumeBytes: Int, _ options: CutExplorer.Options) {
    self.trees = trees
    self.volumeBytes = volumeBytes
    self.options = options
  }

  /// `storage` must show what lies in `state` at offset 0.
  mutating func verdict(of state: FlashState, _ storage: any VolumeStorage) throws -> Verdict {
    let blocks = volumeBytes / FlashGeometry.eraseBytes
    if let place = known.lastIndex(where: { $0.state.isEqual(state, blockCount: blocks) }) {
      return known[place].verdict
    }
    let verdict = try judge(state, storage)
    count += 1
    if known.count < Self.rememberedVolumes { known.append((state, verdict)) }
    return verdict
  }

  private mutating func judge(_ state: FlashState, _ storage: any VolumeStorage) throws -> Verdict {
    let raw = CopyOnWriteStore(state)
    var problems = try VolumeCheck.run(volumeBytes: volumeBytes) { (offset, buffer) throws(FlashError) in
      try raw.read(offset, into: buffer)
    }.map { "\($0)" }
    if let judgeOutside = options.judgeOutside, judgedOutside < options.judgedOutsideLimit {
      judgedOutside += 1
      if let answer = judgeOutside(try raw.bytes(0, volumeBytes)) { problems.append(answer) }
    }
    let volume = try CutSession.mount(storage)
    problems += volume.checkInvariants()
    let tree = try VolumeTree(volume)
    return Verdict(trees: trees.indices.filter { trees[$0] == tree }, tree: tree, problems: problems)
  }

  func explain(_ verdict: Verdict, _ accepted: [Int]) -> String {
    let differences = accepted.filter(trees.indices.contains).map {
      "after request \($0): \(verdict.tree.difference(from: trees[$0]))"
    }
    let other = verdict.trees.isEmpty ? "" : " (it is the tree after request \(verdict.trees[0]))"
    return
      "the tree is neither the one before nor the one after the request\(other): \(differences.joined(separator: "; "))"
  }
}
