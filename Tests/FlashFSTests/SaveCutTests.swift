import Testing

@testable import FlashFS

/// The whole drive under power cuts: the requests of five real savers, cut at every flash operation with every kind of tear. After
/// the recovery the tree is the one after the last acknowledged request or after the one in flight, and the FAT is sound.
@Suite struct SaveCutTests {
  /// A volume of 64 KiB with a small tail, so that a cut state is cheap to copy.
  private static let layout = ImageLayout(volumeBytes: 64 << 10, ringBlocks: 96)
  private static let old = [UInt8](repeating: 0x6F, count: 1200)
  private static let new = [UInt8](repeating: 0x6E, count: 1500)

  /// One request of a saver, as the FUSE server makes it.
  private struct Step: Sendable {
    let run: @Sendable (Volume) throws -> Void
    init(_ run: @escaping @Sendable (Volume) throws -> Void) { self.run = run }
  }

  private static func write(_ path: String, truncate: Bool) -> [Step] {
    // The handle lives through several steps, as the kernel's does.
    [
      Step { volume in
        let handle = try volume.open(volume.id(path), forWriting: true, truncate: truncate, origin: .host)
        volume.close(handle)
      },
      Step { volume in
        let handle = try volume.openFile(path)
        defer { volume.close(handle) }
        try volume.write(handle, 0, new)
      },
    ]
  }
  private static func create(_ name: String) -> Step {
    Step { volume in
      let made = try volume.create(.root, Array(name.utf8), origin: .host)
      volume.forget(made.attributes.node, count: 1)
    }
  }
  private static func unlink(_ name: String) -> Step {
    Step { try $0.unlink(.root, Array(name.utf8), origin: .host) }
  }
  private static func rename(_ from: String, _ to: String) -> Step { Step { try $0.rename("/" + from, "/" + to) } }
  private static func touch(_ path: String) -> Step {
    Step { volume in
      _ = try volume.setAttributes(volume.id(path), modifiedSeconds: testNow + 2, origin: .host)
    }
  }
  /// What the idle thread does between two requests.
  private static let checkpoint = Step { volume in
    _ = try volume.withStorage { storage throws(FlashError) in
      while try (storage as? BlockStore)?.checkpointSlice() == true {}
      return true
    }
  }

  /// Operations as recorded in `flashfs.md` §13.
  private static var savers: [(name: String, steps: [Step])] {
    [
      ("cp", write("/code.py", truncate: true) + [checkpoint]),
      (
        "mv",
        [unlink("code.py"), create("code.py")] + write("/code.py", truncate: false) + [touch("/code.py"), checkpoint]
      ),
      (
        "rsync",
        [create(".code.py.Xa81Zq")] + write("/.code.py.Xa81Zq", truncate: false)
          + [touch("/.code.py.Xa81Zq"), rename(".code.py.Xa81Zq", "code.py"), checkpoint]
      ),
      (
        "vim",
        [create("4913"), unlink("4913"), rename("code.py", "code.py~"), create("code.py")]
          + write("/code.py", truncate: true) + [checkpoint, unlink("code.py~"), checkpoint]
      ),
      (
        "sed -i",
        [create("sedK3x9aB")] + write("/sedK3x9aB", truncate: false) + [rename("sedK3x9aB", "code.py"), checkpoint]
      ),
      (
        "erase_filesystem",
        [Step { try $0.reformat(volumeID: 8, labelsBootSector: true) }, create("code.py")]
          + write("/code.py", truncate: false) + [checkpoint]
      ),
    ]
  }

  /// Every file of the root with its content, in directory order.
  private static func tree(_ volume: Volume) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for entry in try volume.list(.root) where !entry.attributes.isDirectory {
      files[String(decoding: entry.storedName, as: UTF8.self)] = try volume.readFile([0x2F] + entry.storedName)
    }
    return files
  }

  private static func open(_ flash: SimulatedNORFlash) throws -> Volume {
    nonisolated(unsafe) let storage: any VolumeStorage = try BlockStore(device: flash, layout: layout)
    return try Volume(storage: storage, clock: { testNow })
  }

  /// A formatted chip with one saved program, as a daemon that ended cleanly leaves it.
  private static func makeImage() throws -> [UInt8] {
    let content = [UInt8](repeating: 0xFF, count: layout.flashBytes)
    let store = MemoryStore(content)
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    try BlockStore.create(on: flash, layout: layout)
    let blocks = try BlockStore(device: flash, layout: layout)
    try Volume.format(blocks, volumeID: 7, now: testNow)
    nonisolated(unsafe) let storage: any VolumeStorage = blocks
    let volume = try Volume(storage: storage, clock: { testNow })
    try volume.writeFile(Array("/code.py".utf8), old)
    try volume.writeFile(Array("/settings.toml".utf8), [0x78])
    try volume.withStorage { storage throws(FlashError) in try (storage as? BlockStore)?.close() }
    return store.bytes
  }

  @Test(arguments: savers.map(\.name)) func everyCutOfASave(name: String) throws {
    let steps = try #require(Self.savers.first { $0.name == name }).steps
    let image = try Self.makeImage()
    // The trees that the requests lead through, from a run without a cut.
    var trees: [[String: [UInt8]]] = []
    var operationsBefore: [UInt64] = []
    let clean = SimulatedNORFlash(store: MemoryStore(image), geometry: Self.layout.flashGeometry)
    let volume = try Self.open(clean)
    trees.append(try Self.tree(volume))
    for step in steps {
      operationsBefore.append(clean.operationCount)
      try step.run(volume)
      trees.append(try Self.tree(volume))
    }
    #expect(trees.last?["code.py"] == Self.new)
    let first = try #require(operationsBefore.first)
    var cuts = 0
    for index in first..<clean.operationCount {
      for kind in [nil] + Self.kinds.map(Optional.some) {
        let tear = kind.map { Tear($0, seed: index &* 31 &+ 7) }
        let store = MemoryStore(image)
        let flash = SimulatedNORFlash(
          store: store, geometry: Self.layout.flashGeometry, faults: CutAt(index: index, tear: tear))
        var acknowledged = 0
        do {
          let volume = try Self.open(flash)
          for step in steps {
            try step.run(volume)
            acknowledged += 1
          }
          Issue.record("\(name): operation \(index) was not cut")
        } catch {}
        let again = SimulatedNORFlash(
          store: store, geometry: Self.layout.flashGeometry, unsettled: flash.unsettled)
        let recovered = try Self.open(again)
        let found = try Self.tree(recovered)
        let isAccepted = found == trees[acknowledged] || found == trees[min(acknowledged + 1, steps.count)]
        #expect(
          isAccepted,
          "\(name): cut of operation \(index) (\(kind.map { "\($0)" } ?? "never begun")), seed \(tear?.seed ?? 0): \(found.mapValues(\.count))"
        )
        #expect(recovered.checkInvariants() == [])
        cuts += 1
      }
    }
    #expect(cuts > 100)
    print("\(name): \(cuts) cuts")
  }

  /// Kinds that mean nothing to an operation leave it whole, which is a state to survive too.
  private static let kinds = Tear.programKinds + Tear.eraseKinds
}
