/// What makes a damaged volume clean while losing as little as can be. Making the plan changes nothing; `commit` does.
package struct VolumeRepair: Sendable {
  /// What was wrong.
  package let findings: [VolumeFinding]
  /// What is done about it, one line each.
  package let actions: [String]
  /// What is still wrong afterwards; not empty only for a volume that cannot be mended (or never was one).
  package let remaining: [VolumeFinding]
  /// The new content, by sector number.
  private let sectors: [(sector: Int, bytes: [UInt8])]

  /// One mended damage can uncover another (a removed directory leaves its files behind); each round mends what the last left.
  private static let maximumRounds = 12

  /// Nothing needs to be changed.
  package var isEmpty: Bool { sectors.isEmpty }

  package init(_ storage: any VolumeStorage) throws(FlashError) {
    let volume = CheckedBytes(count: storage.volumeBytes) { (offset, buffer) throws(FlashError) in
      try storage.read(offset, into: buffer)
    }
    findings = try Self.judge(volume, isRepairing: false).findings
    var actions: [String] = []
    var left = findings
    var rounds = 0
    while !left.isEmpty, rounds < Self.maximumRounds, left.last?.severity != .fatal {
      actions += try Self.judge(volume, isRepairing: true).actions
      left = try Self.judge(volume, isRepairing: false).findings
      rounds += 1
    }
    self.actions = actions
    remaining = left
    var sectors: [(sector: Int, bytes: [UInt8])] = []
    for (sector, bytes) in volume.changed.sorted(by: { $0.key < $1.key }) {
      if try storage.readBytes(sector * CheckedBytes.sectorBytes, bytes.count) != bytes {
        sectors.append((sector, bytes))
      }
    }
    self.sectors = sectors
  }

  private static func judge(_ volume: CheckedBytes, isRepairing: Bool) throws(FlashError) -> VolumeJudge {
    let judge = VolumeJudge(volume, isRepairing: isRepairing)
    try judge.run()
    return judge
  }

  /// Writes the repair: in one transaction, so that a cut leaves the old volume or the mended one; in several when it is
  /// larger than the storage takes (after a cut between them the rest is mended by another repair). Gives their number.
  @discardableResult
  package func commit(to storage: any VolumeStorage) throws(FlashError) -> Int {
    let step = CheckedBytes.sectorBytes + Transaction.recordHeaderBytes
    let most = max(1, storage.maximumTransactionBytes / step)
    var done = 0
    var count = 0
    while done < sectors.count {
      var transaction = Transaction()
      for (sector, bytes) in sectors[done..<min(done + most, sectors.count)] {
        transaction.patch(sector * CheckedBytes.sectorBytes, bytes)
      }
      try storage.commit(transaction)
      done += most
      count += 1
    }
    return count
  }
}
