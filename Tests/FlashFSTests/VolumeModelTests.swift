import Glibc
import Testing

@testable import FlashFS

/// Random operations against a model; the seed is in every failure's argument list.
@Suite struct VolumeModelTests {
  struct Run: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var sectors = 400
    var steps = 700
    var maximumTransactionBytes = 1 << 20
    var testDescription: String { "seed \(seed), \(sectors) sectors, transactions \(maximumTransactionBytes)" }
  }

  /// One more seed than the fixed ones, new in each run; `CIRCUITPYD_SEED` picks it.
  private static let freshSeed: UInt64 =
    getenv("CIRCUITPYD_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 1000...999_999)

  @Test(arguments: [
    Run(seed: 1), Run(seed: 2, sectors: 140), Run(seed: 3, sectors: 300, maximumTransactionBytes: 4096),
    Run(seed: 4, sectors: 1000), Run(seed: 5, sectors: 128, maximumTransactionBytes: 6000),
    Run(seed: freshSeed, sectors: 200), Run(seed: freshSeed + 1, sectors: 160, maximumTransactionBytes: 4096),
  ])
  func randomOperations(_ run: Run) throws {
    let volume = try Volume.inMemory(sectors: run.sectors, maximumTransactionBytes: run.maximumTransactionBytes)
    try exercise(volume, run)
  }

  @Test(arguments: [
    ("-F 12 -f 1", 800, UInt64(11)), ("-F 12 -f 2 -s 2", 2000, 12), ("-F 16 -f 2 -s 1", 9000, 13),
    ("-F 16 -f 1 -s 4", 20000, 14), ("-F 32 -f 2 -s 1", 70000, 15), ("-F 32 -f 1 -s 1", 3000, 16),
    ("-F 12 -f 2 -r 64", 500, 17),
  ])
  func randomOperationsOnOthersVolumes(_ options: String, _ sectors: Int, _ seed: UInt64) throws {
    let bytes = try Judge.withFile([UInt8](repeating: 0, count: sectors * 512)) { path in
      let answer = Judge.run("mkfs.fat \(options) -n TESTDISK \(path)")
      #expect(answer.status == 0, "\(answer.output)")
    }
    let volume = try Volume.inMemory(bytes)
    #expect(volume.checkInvariants() == [])
    #expect(volume.label == Array("TESTDISK".utf8))
    // Reading the whole table back at each step takes long on the large ones.
    try exercise(
      volume, Run(seed: seed, sectors: sectors, steps: sectors > 2500 ? 300 : 400), checkEvery: sectors / 500)
  }

  private func exercise(_ volume: Volume, _ run: Run, checkEvery: Int = 1) throws {
    var exerciser = VolumeExerciser(
      volume: volume, seed: run.seed, maximumTransactionBytes: run.maximumTransactionBytes)
    for step in 0..<run.steps {
      try exerciser.step()
      if step % max(1, checkEvery) == 0 {
        let findings = exerciser.volume.checkInvariants()
        try #require(findings == [], "step \(step): \(exerciser.log.suffix(4))")
      }
      // What a cut right now would leave, with handles open and all.
      if step % 50 == 25 {
        let after = try Volume.inMemory(try exerciser.volume.storedBytes)
        try #require(after.checkInvariants() == [], "step \(step)")
        try exerciser.compare(after)
      }
      if step % 150 == 99 {
        try Judge.expectClean(try exerciser.volume.storedBytes, "seed \(run.seed) step \(step)")
        try exerciser.compare(exerciser.volume)
      }
      if step % 230 == 229 { try exerciser.remount() }
    }
    exerciser.closeAll()
    #expect(exerciser.volume.checkInvariants() == [])
    try exerciser.compare(exerciser.volume)
    let bytes = try exerciser.volume.storedBytes
    try Judge.expectClean(bytes, "seed \(run.seed)")
    // mtools goes by the number of clusters alone.
    let geometry = exerciser.volume.geometry
    if geometry.kind != .fat32 || geometry.clusterCount > 65525 { try compareWithMTools(bytes, exerciser.model) }
  }

  /// mdir must list every name, mtype give contents. Its own check is skipped: it refuses a volume whose chains lead to
  /// the last cluster ("too big"), off by one.
  private func compareWithMTools(_ bytes: [UInt8], _ model: ModelNode) throws {
    try Judge.withFile(bytes) { path in
      let list = Judge.run("MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8 mdir -b -/ -i \(path) ::")
      #expect(list.status == 0, "\(list.output)")
      var checked = 0
      func visit(_ node: ModelNode, _ prefix: String) {
        for (name, child) in node.children.values {
          let full = prefix + "/" + String(decoding: name, as: UTF8.self)
          // mtools knows no characters beyond the basic plane.
          if full.unicodeScalars.contains(where: { $0.value > 0xFFFF }) { continue }
          #expect(list.output.contains(full), "\(full) in \(list.output)")
          if child.isDirectory {
            visit(child, full)
          } else if checked < 10 {
            checked += 1
            let sum = Judge.run("MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8 mtype -i \(path) '::\(full)' | cksum")
            let expected = Judge.checksum(child.content)
            #expect(sum.output == expected, "\(full)")
          }
        }
      }
      visit(model, "")
    }
  }
}

extension Judge {
  /// What POSIX `cksum` prints for these bytes on its standard input.
  static func checksum(_ bytes: [UInt8]) -> String {
    var register: UInt32 = 0
    func add(_ byte: UInt8) {
      register ^= UInt32(byte) << 24
      for _ in 0..<8 { register = register & 0x8000_0000 != 0 ? register << 1 ^ 0x04C1_1DB7 : register << 1 }
    }
    bytes.forEach(add)
    var count = bytes.count
    while count > 0 {
      add(UInt8(count & 0xFF))
      count >>= 8
    }
    return "\(~register) \(bytes.count)\n"
  }
}
