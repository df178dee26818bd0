import ArgumentParser
import FlashFS
import Glibc
import Synchronization

/// Many threads on one volume, for ThreadSanitizer to watch (`make test-races`); without it, still a test of the volume's lock.
struct RacesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "races", abstract: "Let eight threads, the runtime and a checkpointer use one volume at once.")
  @Option(help: "Operations of each thread.") var operations = 3000
  @Option(help: "Where the random numbers begin.") var seed: UInt64 = 1
  @Flag(help: "Add a counter that two threads race for: a sanitizer must report it.") var plant = false

  static let hostThreads = 8
  static let sectors = 2048

  func run() throws {
    if plant { PlantedRace.run() }
    let layout = ImageLayout(volumeBytes: Self.sectors * 512)
    let store = MemoryStore([UInt8](repeating: 0xFF, count: layout.imageBytes))
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    try BlockStore.create(on: flash, layout: layout)
    let blocks = try BlockStore(device: flash, layout: layout)
    try Volume.format(blocks, volumeID: 7, now: FuzzBase.now, labelsBootSector: true)
    nonisolated(unsafe) let sent: any VolumeStorage = blocks
    let volume = try Volume(storage: sent, clock: { FuzzBase.now })
    var protection = WriteProtection()
    // Host and code at once.
    protection.isConcurrentProtected = false
    volume.protection = protection
    let isOver = RaceFlag()
    let checkpointer = LabThread { checkpoints(volume, until: isOver) }
    var workers: [LabThread] = []
    for index in 0...Self.hostThreads {
      let origin: Origin = index == Self.hostThreads ? .runtime : .host
      let (count, seed) = (operations, seed &* 100 &+ UInt64(index))
      workers.append(LabThread { RaceWorker(volume, origin, seed: seed).run(count) })
    }
    for worker in workers { worker.join() }
    isOver.set()
    checkpointer.join()
    let broken = volume.checkInvariants()
    if let line = broken.first { throw LabFailure("races: invariant: \(line)") }
    let findings = try volume.withStorage { (storage) throws(FlashError) in try VolumeCheck.run(storage) }
    if let finding = findings.first { throw LabFailure("races: \(finding)") }
    print("races: \(Self.hostThreads + 2) threads, \(operations) operations each, seed \(seed): clean")
  }
}

/// A flag that one thread sets for another.
final class RaceFlag: Sendable {
  private let value = Atomic<Bool>(false)
  func set() { value.store(true, ordering: .releasing) }
  var isSet: Bool { value.load(ordering: .acquiring) }
}

/// What the daemon's checkpointer does.
private func checkpoints(_ volume: Volume, until isOver: RaceFlag) {
  while !isOver.isSet {
    usleep(300)
    while (try? volume.upkeepSlice(isDue: true)) == true {}
  }
}

/// What one thread does to the volume: all threads share the names, so they meet.
struct RaceWorker {
  let volume: Volume
  let origin: Origin
  private var random: SplitMix64
  private static let names = ["a.txt", "A.TXT", "b", "lib", "long name of a file.py", "é.py", "data.bin", "tmp"]
    .map { Array($0.utf8) }

  init(_ volume: Volume, _ origin: Origin, seed: UInt64) {
    self.volume = volume
    self.origin = origin
    random = SplitMix64(seed: seed)
  }

  private mutating func name() -> [UInt8] { Self.names[Int.random(in: 0..<Self.names.count, using: &random)] }

  func run(_ count: Int) {
    var worker = self
    for _ in 0..<count { worker.step() }
  }

  /// Errors are part of it: the others are at the same names.
  private mutating func step() {
    var parent = NodeID.root
    if Bool.random(using: &random), let found = try? volume.lookup(.root, name(), origin: origin) {
      parent = found.attributes.node
    }
    defer { if parent != .root { volume.forget(parent, count: 1) } }
    switch Int.random(in: 0..<12, using: &random) {
    case 0: forget(try? volume.create(parent, name(), origin: origin))
    case 1: forget(try? volume.makeDirectory(parent, name(), origin: origin))
    case 2: try? volume.unlink(parent, name(), origin: origin)
    case 3: try? volume.removeDirectory(parent, name(), origin: origin)
    case 4, 5: try? volume.rename(parent, name(), to: .root, name(), origin: origin)
    case 6:
      _ = try? volume.list(parent)
      _ = volume.statistics
    case 7: _ = try? volume.readFile([0x2F] + name(), origin: origin)
    default: useFile(parent)
    }
  }

  private func forget(_ result: LookupResult?) {
    if let result { volume.forget(result.attributes.node, count: 1) }
  }

  private mutating func useFile(_ parent: NodeID) {
    guard let found = try? volume.lookup(parent, name(), origin: origin) else { return }
    defer { volume.forget(found.attributes.node, count: 1) }
    guard let handle = try? volume.open(found.attributes.node, forWriting: true, origin: origin) else { return }
    defer { volume.close(handle) }
    withUnsafeTemporaryAllocation(byteCount: 2000, alignment: 16) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 7)
      let count = Int.random(in: 1...2000, using: &random)
      let offset = Int.random(in: 0...3000, using: &random)
      _ = try? volume.write(handle, at: offset, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      _ = try? volume.read(handle, at: 0, into: buffer)
      if count % 7 == 0 { _ = try? volume.setAttributes(found.attributes.node, sizeBytes: count, origin: origin) }
      if count % 13 == 0 { try? volume.sync() }
    }
  }
}

/// What a sanitizer that works must find.
private enum PlantedRace {
  nonisolated(unsafe) static var counter = 0
  static func run() {
    let threads = (0..<2).map { _ in LabThread { for _ in 0..<10000 { counter += 1 } } }
    for thread in threads { thread.join() }
    print("races: the planted counter came to \(counter)")
  }
}

/// A POSIX thread: FlashFS and its lab do without Foundation.
final class LabThread {
  private var thread = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box)
  }

  func join() { pthread_join(thread, nil) }
}
