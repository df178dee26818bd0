import Testing

@testable import FlashFS

/// Crashes of the host: pwrites since the last fdatasync reach the disk block by block in any order (`flashfs.md` §8).
@Suite struct HostCrashTests {
  @Test(arguments: [Durability.process, .host]) func syncedContentSurvives(durability: Durability) throws {
    var states = 0
    for seed in UInt64(1)...40 {
      var random = SplitMix64(seed: seed)
      let layout = ImageLayout(
        volumeBytes: 5 * FlashGeometry.eraseBytes, scratchBlocks: 4, ringBlocks: Int.random(in: 2...4, using: &random))
      var content = BlockStoreSession.randomContent(layout, &random)
      var image = try BlockStoreSession.makeImage(layout, content: content)
      for _ in 0..<3 {
        let store = LoggedStore(image, isLogging: true)
        // Contents since the last sync, the oldest one durable.
        var history = [content]
        store.onSync = { history.removeFirst(history.count - 1) }
        // Between two operations, or in a sync, when nothing of what came before it need be on the disk.
        let isInSync = Bool.random(using: &random)
        if isInSync { store.syncsBeforeCrash = Int.random(in: 0..<25, using: &random) }
        let plan = SessionPlan(
          accepted: [content], cutIndex: isInSync ? nil : UInt64.random(in: 1...90, using: &random))
        let session = BlockStoreSession(layout: layout, store: store, plan: plan, durability: durability)
        session.checksInvariants = false
        do {
          try session.open()
          while true {
            if Int.random(in: 0..<10, using: &random) == 0 { try session.blocks?.sync() }
            try session.randomStep(&random)
            history.append(session.content)
          }
        } catch FlashError.powerLost, JournalError.flash(.powerLost) {}
        var accepted = plan.accepted
        if durability == .process { accepted += history }
        for _ in 0..<8 {
          states += 1
          image = store.afterHostCrash(&random)
          let after = BlockStoreSession(
            layout: layout, store: LoggedStore(image), plan: SessionPlan(accepted: accepted))
          do {
            try after.open()
          } catch {
            Issue.record("seed \(seed), \(durability): \(error)")
          }
          image = after.store.bytes
          content = after.content
        }
      }
    }
    print("host crashes, \(durability): \(states) states")
  }
}
