import Glibc
import Synchronization
import Testing

@testable import FlashFS

/// Events, write protection, failing storage, threads.
@Suite struct VolumeEventsTests {
  private final class Recorder: Sendable {
    let events = Mutex<[VolumeEvent]>([])
    func take() -> [VolumeEvent] {
      events.withLock { events in
        defer { events = [] }
        return events
      }
    }
  }

  private func path(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  @Test func eventsOfASave() throws {
    let recorder = Recorder()
    let volume = try Volume.inMemory(sectors: 2048) { event in recorder.events.withLock { $0.append(event) } }
    let lib = try volume.makeDirectory("lib")
    try volume.makeFile("/lib/a.py", "old")
    _ = recorder.take()

    let handle = try volume.open(try volume.id("/lib/a.py"), forWriting: true, truncate: true, origin: .host)
    let reader = try volume.openFile("/lib/a.py", forWriting: false)
    try volume.write(handle, 0, [1, 2])
    volume.close(reader)
    volume.close(handle)
    var events = recorder.take()
    #expect(events.map(\.kind) == [.resized, .written, .closed])
    #expect(events.allSatisfy { path($0.path) == "/lib/a.py" && $0.parent == lib && $0.origin == .host })
    #expect(events.map(\.writersOpen) == [1, 1, 0])
    #expect(events.map(\.didWrite) == [false, false, true])
    #expect(events.map(\.sequence) == Array(events[0].sequence..<events[0].sequence + 3))

    volume.close(try volume.openFile("/lib/a.py"))
    events = recorder.take()
    #expect(events.map(\.kind) == [.closed])
    #expect(!events[0].didWrite)

    try volume.makeFile("/lib/b.py", "b")
    _ = recorder.take()
    let old = try volume.id("/lib/b.py")
    try volume.rename("/lib/b.py", "/lib/a.py")
    try volume.rename("/lib/a.py", "/c.py")
    events = recorder.take()
    #expect(events.map(\.kind) == [.renamed, .renamed])
    #expect(path(events[0].oldPath) == "/lib/b.py")
    #expect(events[0].replacedExisting && !events[1].replacedExisting)
    #expect(path(events[1].path) == "/c.py" && path(events[1].oldPath) == "/lib/a.py")
    #expect(events[1].oldParent == lib && events[1].parent == .root && events[1].node == old)

    _ = try volume.setAttributes(old, modifiedSeconds: testNow, origin: .host)
    _ = try volume.setAttributes(old, isReadOnly: false, origin: .host)
    try volume.unlink(.root, Array("c.py".utf8), origin: .host)
    try volume.removeDirectory(.root, Array("lib".utf8), origin: .host)
    events = recorder.take()
    #expect(events.map(\.kind) == [.timesSet, .unlinked, .directoryRemoved])
    #expect(path(events[1].path) == "/c.py")
    #expect(errnoOf { try volume.unlink(.root, Array("c.py".utf8), origin: .host) } == ENOENT)
    #expect(recorder.take().isEmpty)
  }

  /// A handler may call the volume; what it causes comes after.
  @Test func handlerMayCallTheVolume() throws {
    let recorder = Recorder()
    let box = Mutex<Volume?>(nil)
    let volume = try Volume.inMemory(sectors: 2048) { event in
      recorder.events.withLock { $0.append(event) }
      guard event.kind == .created, event.path == Array("/a".utf8), let volume = box.withLock({ $0 }) else { return }
      #expect(errnoOf { try volume.makeFile("/b") } == nil)
    }
    box.withLock { $0 = volume }
    _ = try volume.create(.root, Array("a".utf8), origin: .host)
    #expect(recorder.take().map { "\($0.kind) \(path($0.path) ?? "")" } == ["created /a", "created /b", "closed /b"])
    box.withLock { $0 = nil }
  }

  @Test func writeProtection() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/f", "x")
    let node = try volume.id("/f")
    let name = Array("n".utf8)
    func may(_ origin: Origin) -> [Int32?] {
      [
        errnoOf {
          _ = try volume.create(.root, name, origin: origin)
          try volume.unlink(.root, name, origin: origin)
        },
        errnoOf { volume.close(try volume.open(node, forWriting: true, origin: origin)) },
        errnoOf { _ = try volume.setAttributes(node, modifiedSeconds: testNow, origin: origin) },
        errnoOf { try volume.setLabel(Array("X".utf8), origin: origin) },
      ]
    }
    let yes = [Int32?](repeating: nil, count: 4)
    let no = [Int32?](repeating: EROFS, count: 4)
    #expect(may(.host) == yes && may(.runtime) == no && may(.tool) == yes)
    let handle = try volume.openFile("/f")
    volume.protection.isUSBWritable = false
    #expect(may(.host) == no && may(.runtime) == yes && may(.tool) == yes)
    #expect(errnoOf { try volume.write(handle, 0, [1]) } == EROFS, "at once, also for what is open")
    volume.protection.isConcurrentProtected = false
    #expect(may(.host) == yes && may(.runtime) == yes)
    volume.protection = WriteProtection()
    volume.protection.isIgnored = true
    #expect(may(.host) == yes && may(.runtime) == yes)
    #expect(volume.checkInvariants() == [])
    volume.close(handle)
  }

  /// Each kind of change with a commit that fails: EIO, nothing changed, read-only from then on, reading goes on.
  @Test(arguments: 0..<10)
  func failingCommitChangesNothing(_ kind: Int) throws {
    let recorder = Recorder()
    let volume = try Volume.inMemory(sectors: 300) { event in recorder.events.withLock { $0.append(event) } }
    _ = try volume.makeDirectory("d")
    _ = try volume.makeDirectory("empty")
    try volume.makeFile("/d/f", String(repeating: "content ", count: 500))
    try volume.makeFile("/g", "g")
    let node = try volume.id("/d/f")
    let handle = try volume.openFile("/d/f")
    let before = try volume.storedBytes
    let listBefore = try volume.list(.root)
    let statistics = volume.statistics
    _ = recorder.take()
    try volume.failCommit(after: 0)
    let code = errnoOf {
      switch kind {
      case 0: _ = try volume.create(.root, Array("new".utf8), origin: .host)
      case 1: _ = try volume.makeDirectory("new")
      case 2: try volume.unlink(.root, Array("g".utf8), origin: .host)
      case 3: try volume.removeDirectory(.root, Array("empty".utf8), origin: .host)
      case 4: try volume.rename("/g", "/d/f")
      case 5: try volume.rename("/d", "/empty/a long new name for it")
      case 6: try volume.write(handle, 3000, [UInt8](repeating: 1, count: 9000))
      case 7: _ = try volume.setAttributes(node, sizeBytes: 10, origin: .host)
      case 8: _ = try volume.setAttributes(node, sizeBytes: 30000, origin: .host)
      default: _ = try volume.setAttributes(node, modifiedSeconds: 1_000_000_000, isReadOnly: true, origin: .host)
      }
    }
    #expect(code == EIO)
    #expect(volume.isReadOnly)
    #expect(recorder.take().isEmpty)
    #expect(try volume.storedBytes == before)
    #expect(try volume.list(.root) == listBefore)
    #expect(volume.statistics == statistics)
    #expect(volume.checkInvariants() == [])
    #expect(errnoOf { try volume.makeFile("/other") } == EROFS)
    #expect(errnoOf { try volume.write(handle, 0, [1]) } == EROFS)
    #expect(try volume.read(handle, 0, 16) == Array("content content ".utf8))
    #expect(try volume.text("/g") == "g")
    volume.close(handle)
  }

  @Test func threads() async throws {
    let recorder = Recorder()
    let volume = try Volume.inMemory(sectors: 4088) { event in recorder.events.withLock { $0.append(event) } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          let folder = try volume.makeDirectory("worker \(worker)")
          for index in 0..<60 {
            let name = "file \(index % 7).txt"
            try volume.makeFile("/worker \(worker)/\(name)", String(repeating: "\(index)", count: 300))
            if index % 3 == 0 { try volume.unlink(folder, Array(name.utf8), origin: .host) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(volume.checkInvariants() == [])
    let sequences = recorder.take().map(\.sequence)
    #expect(sequences == Array(1...UInt64(sequences.count)), "in commit order, none lost")
  }
}
