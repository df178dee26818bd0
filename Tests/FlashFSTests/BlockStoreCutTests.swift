import Glibc
import Testing

@testable import FlashFS

/// Power cuts at every flash operation of scripted sessions, with every kind of tear, and cuts of the recoveries from
/// them (`flashfs.md` §14.2). `FLASHFS_CUTS=full` cuts every recovery at every operation; `FLASHFS_SEED` picks other
/// tears.
@Suite struct BlockStoreCutTests {
  struct Script: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var volumeBlocks = 6
    var scratchBlocks = 4
    var ringBlocks = 3
    var run: @Sendable (BlockStoreSession, inout SplitMix64) throws -> Void

    var layout: ImageLayout {
      ImageLayout(
        volumeBytes: volumeBlocks * FlashGeometry.eraseBytes, scratchBlocks: scratchBlocks, ringBlocks: ringBlocks)
    }
  }

  static let block = FlashGeometry.eraseBytes

  static let scripts: [Script] = [
    Script(testDescription: "first save of a new volume") { session, random in
      try session.commit([.patch(0, random.bytes(512)), .fill(512, count: 2048, byte: 0), .patch(9000, [1, 2, 3])])
      try session.close()
      try session.open()
    },
    Script(testDescription: "small commits between checkpoint batches", volumeBlocks: 8) { session, random in
      for offset in stride(from: 100, to: 8 * block, by: block) {
        try session.commit([.patch(offset, random.bytes(30))])
      }
      while try session.slice() { try session.commit([.patch(2 * block + 50, random.bytes(20))]) }
      try session.checkpoint()
    },
    Script(testDescription: "ring wrap", ringBlocks: 2) { session, random in
      for index in 0..<5 { try session.commit([.patch(index * 3000, random.bytes(1500))]) }
    },
    Script(testDescription: "largest frames, the ring in the middle of a block", ringBlocks: 2) { session, random in
      try session.commit([.patch(5, [5])])
      try session.commit(session.largestTransaction(&random))
      try session.commit([.patch(6, [6])])
    },
    Script(testDescription: "anchor log goes round", ringBlocks: 2) { session, _ in
      // Two anchors each, and two of the open.
      for index in 0..<8 {
        try session.commit([.patch(index, [0xA0 + UInt8(index)])])
        try session.checkpoint()
      }
    },
    Script(testDescription: "payload that is a ring image") { session, random in
      for _ in 0..<3 { try session.commit([session.fakeFrames(&random)]) }
      try session.open()
      try session.commit([session.fakeFrames(&random)])
    },
    Script(testDescription: "blocks that only lose bits") { session, random in
      try session.commit([.fill(0, count: 2 * block, byte: 0xFF)])
      try session.checkpoint()
      try session.commit([.patch(300, random.bytes(300)), .fill(block, count: 600, byte: 0)])
      try session.checkpoint()
      try session.commit([.fill(0, count: block, byte: 0xFF), .fill(block, count: block, byte: 0)])
      try session.close()
    },
    Script(testDescription: "work after kills") { session, random in
      try session.commit([.patch(700, random.bytes(900))])
      try session.open()
      try session.commit([.patch(900, random.bytes(900)), .patch(3 * block - 5, random.bytes(10))])
      try session.slice()
      try session.commit([.patch(1000, random.bytes(40))])
      try session.open()
      try session.commit([.patch(0, random.bytes(10))])
    },
    random(seed: 1), random(seed: 2, ringBlocks: 4), random(seed: 3, ringBlocks: 2),
  ]

  static func random(seed: UInt64, ringBlocks: Int = 3) -> Script {
    Script(testDescription: "random work, seed \(seed)", ringBlocks: ringBlocks) { session, _ in
      var random = SplitMix64(seed: seed)
      for _ in 0..<8 { try session.randomStep(&random) }
    }
  }

  /// Which operations of a recovery are cut when not all are: one in two recoveries, and many where marginal cells may
  /// settle in the middle of it.
  private static func sample(_ count: Int, isMarginal: Bool, _ random: inout SplitMix64) -> [Int] {
    if isMarginal {
      return Array(0..<min(3, count)) + stride(from: Int.random(in: 3...5, using: &random), to: count, by: 3)
    }
    return Bool.random(using: &random) ? [Int.random(in: 0..<count, using: &random)] : []
  }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  @Test(arguments: scripts) func everyCutRecovers(script: Script) throws {
    let seed = Self.environment("FLASHFS_SEED").flatMap { UInt64($0) } ?? 20_261_125
    let isFull = Self.environment("FLASHFS_CUTS") == "full"
    var random = SplitMix64(seed: seed)
    let layout = script.layout
    let start = BlockStoreSession.randomContent(layout, &random, isSparse: true)
    let store = LoggedStore(try BlockStoreSession.makeImage(layout, content: start), isLogging: true)
    let plan = SessionPlan(accepted: [start], isRecording: true)
    let session = BlockStoreSession(layout: layout, store: store, plan: plan)
    try session.open()
    try script.run(session, &random)

    let first = plan.snapshots
    var cuts = 0
    var secondCuts = 0
    var problems = 0
    func fail(_ text: String) {
      problems += 1
      if problems <= 5 { Issue.record("\(script.testDescription), seed \(seed): \(text)") }
    }
    func recover(_ bytes: [UInt8], _ cells: [UnsettledCells], _ snapshot: FlashSnapshot, isFirst: Bool) throws
      -> BlockStoreSession
    {
      let plan = SessionPlan(accepted: snapshot.accepted, isRecording: isFirst)
      let store = LoggedStore(bytes, isLogging: isFirst)
      let session = BlockStoreSession(layout: layout, store: store, unsettled: cells, plan: plan)
      session.checksInvariants = isFirst
      try session.open()
      return session
    }
    /// Whether the cut left cells between two states where the next recovery looks first.
    func isMarginal(_ kind: Tear.Kind?, _ operation: FlashOperation) -> Bool {
      guard let kind, [.fading, .late, .weak, .weakPart].contains(kind) else { return false }
      let block =
        switch operation {
        case .program(let offset): offset / Self.block
        case .erase(let block): block
        }
      return block >= layout.firstRingBlock || (layout.firstAnchorBlock..<layout.firstScratchBlock).contains(block)
    }
    for (index, snapshot) in first.enumerated() {
      for kind in [nil] + Tear.kinds(of: snapshot.operation).map(Optional.some) {
        let tear = kind.map { Tear($0, seed: random.next()) }
        let place = "cut \(index) \(snapshot.operation) \(kind.map { "\($0)" } ?? "not begun")"
        let (bytes, cells) = snapshot.torn(tear, in: store, geometry: layout.flashGeometry)
        cuts += 1
        let recovered: BlockStoreSession
        do {
          recovered = try recover(bytes, cells, snapshot, isFirst: true)
        } catch {
          fail("\(place): \(error)")
          continue
        }
        if cuts % 2 == 0 {
          // Work goes on, and what a weak cell does to it shows at the next open.
          do {
            try recovered.commit([.patch(Int.random(in: 0..<layout.volumeBytes - 40, using: &random), random.bytes(40))]
            )
            try recovered.open()
          } catch {
            fail("\(place), then work: \(error)")
          }
        }
        let second = recovered.plan.snapshots
        let chosen =
          isFull
          ? Array(second.indices)
          : Self.sample(second.count, isMarginal: isMarginal(kind, snapshot.operation), &random)
        for index in chosen {
          let kinds = Tear.kinds(of: second[index].operation)
          let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
          let (bytes, cells) = second[index].torn(
            Tear(kind, seed: random.next()), in: recovered.store, geometry: layout.flashGeometry)
          secondCuts += 1
          do {
            _ = try recover(bytes, cells, second[index], isFirst: false)
          } catch {
            fail("\(place), then cut \(index) \(second[index].operation) \(kind) of the recovery: \(error)")
          }
        }
      }
    }
    print(
      "\(script.testDescription): \(first.count) operations, \(cuts) cuts, \(secondCuts) cuts of recoveries, seed \(seed)"
    )
    #expect(cuts > first.count * 7)
  }

  /// The half-written tail of a frame holds file content that looks like the frame to come, at the very place where the
  /// walk would look for it if an epoch were given out twice.
  @Test func tornPayloadIsNeverReplayed() throws {
    let layout = ImageLayout(volumeBytes: 8 * Self.block, scratchBlocks: 4, ringBlocks: 4)
    let page = FlashGeometry.pageBytes
    let image = try BlockStoreSession.makeImage(layout, content: [UInt8](repeating: 1, count: layout.volumeBytes))
    let evil = Frame()
    var transaction = Transaction()
    transaction.patch(0, Array("EVIL".utf8))
    evil.build(transaction, sequence: 3, isWide: false)
    // One page is in block 0 already; this frame fills it, block 1, and begins block 2 with the evil frame.
    let lead = (14 + 15) * page - Frame.headerBytes - Transaction.recordHeaderBytes
    let payload = [UInt8](repeating: 2, count: lead) + Array(evil.bytes) + [UInt8](repeating: 2, count: page)
    for cut in 0..<40 {
      let accepted = [[UInt8](repeating: 1, count: layout.volumeBytes)]
      let store = LoggedStore(image)
      let plan = SessionPlan(accepted: accepted)
      let first = BlockStoreSession(layout: layout, store: store, plan: plan)
      try first.open()
      try first.commit([.patch(0, [9])])
      plan.state.withLock { [index = first.flash.operationCount] in $0.cutIndex = index + UInt64(cut) }
      do {
        try first.commit([.patch(100, payload)])
      } catch FlashError.powerLost {}
      let second = BlockStoreSession(
        layout: layout, store: store, unsettled: first.flash.unsettled, plan: SessionPlan(accepted: plan.accepted))
      try second.open()
      // Ends with the last page of a ring block, so that the walk goes on in the next.
      let count = 15 * page - Frame.headerBytes - Frame.trailerBytes - Transaction.recordHeaderBytes
      try second.commit([.patch(200, [UInt8](repeating: 3, count: count))])
      #expect(second.blocks?.position.page == FlashGeometry.pagesPerBlock)
      try second.open()
    }
  }

  /// A ring block that a cut erase left blank and weak: what it lost falls into frames that come later, unless it is
  /// erased again before them.
  @Test func weaklyErasedRingBlockIsErasedAgain() throws {
    let layout = ImageLayout(volumeBytes: 4 * Self.block, scratchBlocks: 4, ringBlocks: 3)
    let image = try BlockStoreSession.makeImage(layout, content: [UInt8](repeating: 1, count: layout.volumeBytes))
    // Fills a ring block to its last page.
    let wholeBlock =
      15 * FlashGeometry.pageBytes - Frame.headerBytes - Frame.trailerBytes - Transaction.recordHeaderBytes
    for seed in UInt64(0)..<80 {
      var random = SplitMix64(seed: seed)
      let store = LoggedStore(image, isLogging: true)
      let plan = SessionPlan(accepted: [[UInt8](repeating: 1, count: layout.volumeBytes)], isRecording: true)
      let first = BlockStoreSession(layout: layout, store: store, plan: plan)
      first.checksInvariants = false
      try first.open()
      // Each ring block has content to fall back to.
      for _ in 0..<3 { try first.commit([.patch(0, random.bytes(wholeBlock))]) }
      try first.checkpoint()
      // Changes nothing, so that the recovery is short and ends before the cells settle.
      try first.commit([.patch(0, Array(first.content[..<wholeBlock]))])
      try first.commit([.patch(5, [UInt8(seed)])])
      let erase = try #require(
        plan.snapshots.last {
          guard case .erase(let block) = $0.operation else { return false }
          return block >= layout.firstRingBlock
        })
      let (bytes, cells) = erase.torn(Tear(.weak, seed: seed), in: store, geometry: layout.flashGeometry)
      let second = BlockStoreSession(
        layout: layout, store: LoggedStore(bytes), unsettled: cells, plan: SessionPlan(accepted: erase.accepted))
      second.checksInvariants = false
      try second.open()
      for index in 0..<Int.random(in: 1...8, using: &random) {
        try second.commit([.patch(index * 500, random.bytes(60))])
      }
      try second.open()
    }
  }

  /// Sessions one after the other on one chip, each cut at a random operation. `FLASHFS_CHAINS` says how many chains.
  @Test func chainsOfCutSessions() throws {
    let chains = Self.environment("FLASHFS_CHAINS").flatMap { UInt64($0) } ?? 150
    let base = Self.environment("FLASHFS_SEED").flatMap { UInt64($0) } ?? 7
    var cuts = 0
    var recoveries = 0
    for seed in base..<base + chains {
      var random = SplitMix64(seed: seed &* 7919)
      let layout = ImageLayout(
        volumeBytes: 6 * FlashGeometry.eraseBytes, scratchBlocks: 4, ringBlocks: Int.random(in: 2...5, using: &random))
      var accepted = [BlockStoreSession.randomContent(layout, &random)]
      let store = LoggedStore(try BlockStoreSession.makeImage(layout, content: accepted[0]))
      var cells: [UnsettledCells] = []
      for number in 0..<14 {
        let reach = [6, 30, 200].randomElement(using: &random) ?? 6
        let cut = UInt64.random(in: 0..<UInt64(reach), using: &random)
        let plan = SessionPlan(accepted: accepted, cutIndex: cut, seed: random.next())
        let session = BlockStoreSession(layout: layout, store: store, unsettled: cells, plan: plan)
        session.checksInvariants = number % 4 == 0
        do {
          try session.open()
          recoveries += 1
          while true { try session.randomStep(&random) }
        } catch FlashError.powerLost, JournalError.flash(.powerLost) {
          cuts += 1
        } catch {
          Issue.record("chain \(seed), session \(number), cut at \(cut): \(error)")
          break
        }
        if let blocks = session.blocks {
          // Dead means dead: nothing may follow the write that failed.
          #expect(blocks.failure == .powerLost)
          var transaction = Transaction()
          transaction.patch(0, [1])
          #expect(throws: FlashError.powerLost) { try blocks.commit(transaction) }
          #expect(throws: FlashError.powerLost) { _ = try blocks.checkpointSlice() }
        }
        accepted = plan.accepted
        cells = session.flash.unsettled
      }
    }
    print("chains: \(chains) from seed \(base), \(cuts) cuts, \(recoveries) recoveries run to their end")
    #expect(cuts == Int(chains) * 14)
  }
}
