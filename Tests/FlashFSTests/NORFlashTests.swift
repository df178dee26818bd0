import Testing

@testable import FlashFS

/// The chip's own rules, on which every promise of the journal rests.
@Suite struct NORFlashTests {
  private let geometry = FlashGeometry(sizeBytes: 4 * FlashGeometry.eraseBytes)

  private func makeFlash(faults: any FaultPlan = NoFaults(), _ store: MemoryStore? = nil) -> (
    SimulatedNORFlash, MemoryStore
  ) {
    let store = store ?? MemoryStore([UInt8](repeating: 0xFF, count: geometry.sizeBytes))
    return (SimulatedNORFlash(store: store, geometry: geometry, faults: faults), store)
  }

  private func program(_ flash: SimulatedNORFlash, _ offset: Int, _ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try flash.program(offset, $0) }
  }

  private func read(_ flash: SimulatedNORFlash, _ offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try flash.read(offset, into: $0) }
    return bytes
  }

  @Test func programClearsBitsAndEraseSetsThem() throws {
    let (flash, _) = makeFlash()
    try program(flash, 10, [0xF0])
    try program(flash, 10, [0x30])
    #expect(try read(flash, 9, 3) == [0xFF, 0x30, 0xFF])
    try flash.erase(block: 0)
    #expect(try read(flash, 10, 1) == [0xFF])
    #expect(flash.wear == [1, 0, 0, 0])
    #expect(flash.counters.programs == 2)
    #expect(flash.counters.erases == 1)
  }

  @Test func programIsSplitAtPageBorders() throws {
    let (flash, _) = makeFlash()
    try program(flash, 200, [UInt8](repeating: 0, count: 400))
    #expect(flash.counters.programs == 3)
    #expect(flash.operationCount == 3)
  }

  @Test func boundsAreChecked() throws {
    let (flash, _) = makeFlash()
    #expect(throws: FlashError.outOfRange) { try program(flash, geometry.sizeBytes - 1, [0, 0]) }
    #expect(throws: FlashError.outOfRange) { try flash.erase(block: 4) }
    #expect(throws: FlashError.outOfRange) { try read(flash, -1, 1) }
  }

  /// A cut at each page: what came before stands, what follows never happened, and the device stays dead.
  @Test func cutAtEachOperation() throws {
    for cut in 0..<3 {
      let (flash, store) = makeFlash(faults: CutAt(index: UInt64(cut), tear: nil))
      #expect(throws: FlashError.powerLost) { try program(flash, 0, [UInt8](repeating: 0, count: 768)) }
      #expect(throws: FlashError.powerLost) { try read(flash, 0, 1) }
      let zeros = store.bytes.prefix { $0 == 0 }.count
      #expect(zeros == cut * FlashGeometry.pageBytes)
      #expect(store.bytes.dropFirst(zeros).allSatisfy { $0 == 0xFF })
    }
  }

  /// Whatever kind of tear: only cells of the torn page or block change, and a torn program raises no bit.
  @Test(arguments: Tear.programKinds.map { ($0, false) } + Tear.eraseKinds.map { ($0, true) })
  func tearsStayWhereTheyHappen(kind: Tear.Kind, isErase: Bool) throws {
    for seed in UInt64(1)...20 {
      let store = MemoryStore([UInt8](repeating: 0xFF, count: geometry.sizeBytes))
      let (healthy, _) = makeFlash(store)
      try program(healthy, 0, [UInt8](repeating: 0x5A, count: 3 * FlashGeometry.eraseBytes))
      let before = store.bytes
      let tear = Tear(kind, seed: seed)
      let (programming, _) = makeFlash(faults: CutAt(index: 0, tear: tear), store)
      if isErase {
        #expect(throws: FlashError.powerLost) { try programming.erase(block: 1) }
        let block = FlashGeometry.eraseBytes..<2 * FlashGeometry.eraseBytes
        for i in store.bytes.indices where !block.contains(i) { #expect(store.bytes[i] == before[i], "seed \(seed)") }
      } else {
        #expect(throws: FlashError.powerLost) { try program(programming, 256, [UInt8](repeating: 0x10, count: 256)) }
        let after = store.bytes
        for i in after.indices {
          #expect((256..<512).contains(i) ? after[i] & ~before[i] == 0 : after[i] == before[i], "seed \(seed)")
        }
      }
    }
  }

  private func makeFlash(_ store: MemoryStore) -> (SimulatedNORFlash, MemoryStore) {
    makeFlash(faults: NoFaults(), store)
  }
}
