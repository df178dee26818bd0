/// What is in the cells after a torn operation.
extension Tear {
  /// The page's content after the tear, and cells that settle later. `old` and `new` have equal length; new bits are
  /// a subset of old ones.
  func applied(toPage old: [UInt8], programming new: [UInt8], at offset: Int) -> ([UInt8], UnsettledCells?) {
    var random = SplitMix64(seed: seed)
    let moving = movingBits(old, new)
    var page = old
    switch kind {
    case .prefix, .prefixAndBits:
      let length = Int.random(in: 0..<old.count, using: &random)
      for i in 0..<length { page[i] = new[i] }
      if kind == .prefixAndBits {
        page[length] = new[length] | (old[length] & UInt8.random(in: 0...255, using: &random))
      }
    case .someBits, .mostBits, .oneBitShort, .late:
      let skipped = skippedBits(moving, &random)
      page = new
      for bit in skipped { page[bit / 8] |= 1 << (bit % 8) }
      if kind == .late && !skipped.isEmpty {
        let changes = skipped.map {
          UnsettledCells.Change(offset: offset + $0 / 8, keep: ~(1 << UInt8($0 % 8)), set: 0)
        }
        return (
          page, UnsettledCells(countdown: settleTime(&random), cause: .late, anchor: offset, changes: changes)
        )
      }
    case .fading:
      page = new
      // Only cells that this operation moved can be marginal: writing a page again over itself moves none.
      if moving.isEmpty { break }
      let count = [1, 1, 3, 8].randomElement(using: &random)!
      let changes = (0..<count).map { _ in
        let bit = moving.randomElement(using: &random)!
        return UnsettledCells.Change(offset: offset + bit / 8, keep: 255, set: 1 << UInt8(bit % 8))
      }
      return (
        page, UnsettledCells(countdown: settleTime(&random), cause: .fading, anchor: offset, changes: changes)
      )
    default:
      page = new
    }
    return (page, nil)
  }

  /// The block's content after a torn erase, and cells that settle later.
  func applied(toBlock old: [UInt8], at offset: Int) -> ([UInt8], UnsettledCells?) {
    var random = SplitMix64(seed: seed)
    var block = [UInt8](repeating: 0xFF, count: old.count)
    switch kind {
    case .mixedBytes:
      for i in 0..<old.count {
        let pick = random.next()
        block[i] = pick & 3 == 0 ? old[i] : pick & 3 == 1 ? UInt8(truncatingIfNeeded: pick >> 8) : 0xFF
      }
    case .mixedBits:
      for i in 0..<old.count { block[i] = old[i] | UInt8(truncatingIfNeeded: random.next() >> 8) }
    case .oldHead, .oldTail:
      let page = FlashGeometry.pageBytes
      let border = page * Int.random(in: 1..<(old.count / page), using: &random)
      for i in 0..<old.count {
        if (i < border) == (kind == .oldHead) {
          block[i] = old[i]
        } else if Int.random(in: 0..<10, using: &random) == 0 {
          block[i] = UInt8.random(in: 0...255, using: &random)
        }
      }
    case .weak, .weakPart:
      if kind == .weakPart {
        for i in Int.random(in: 0..<old.count, using: &random)..<old.count { block[i] = old[i] }
      }
      return (block, weakCells(old, at: offset, &random))
    default:
      break
    }
    return (block, nil)
  }

  private func weakCells(
    _ old: [UInt8], at offset: Int, _ random: inout SplitMix64
  ) -> UnsettledCells {
    let changes: [UnsettledCells.Change]
    if Int.random(in: 0..<10, using: &random) < 3 {
      changes = old.indices.map { UnsettledCells.Change(offset: offset + $0, keep: old[$0], set: 0) }
    } else {
      changes = (0..<[1, 4, 20].randomElement(using: &random)!).map { _ in
        let bit = Int.random(in: 0..<old.count * 8, using: &random)
        return UnsettledCells.Change(offset: offset + bit / 8, keep: ~(1 << UInt8(bit % 8)), set: 0)
      }
    }
    return UnsettledCells(countdown: settleTime(&random), cause: .weak, anchor: offset, changes: changes)
  }

  private func movingBits(_ old: [UInt8], _ new: [UInt8]) -> [Int] {
    var bits: [Int] = []
    for i in old.indices where old[i] != new[i] {
      for bit in 0..<8 where (old[i] & ~new[i]) >> UInt8(bit) & 1 == 1 { bits.append(i * 8 + bit) }
    }
    return bits
  }

  private func skippedBits(_ moving: [Int], _ random: inout SplitMix64) -> [Int] {
    if kind == .oneBitShort { return moving.randomElement(using: &random).map { [$0] } ?? [] }
    let done: Double =
      switch kind {
      case .mostBits: 0.93
      case .late: [0.2, 0.6, 0.95].randomElement(using: &random)!
      default: [0.1, 0.5].randomElement(using: &random)!
      }
    return moving.filter { _ in Double.random(in: 0..<1, using: &random) > done }
  }

  private func settleTime(_ random: inout SplitMix64) -> Int {
    [0, 0, 1, 2, 4, 8, 16].randomElement(using: &random)!
  }
}
