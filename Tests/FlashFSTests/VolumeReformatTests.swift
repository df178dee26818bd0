import Synchronization
import Testing

@testable import FlashFS

/// `storage.erase_filesystem`: a new file system under a volume that goes on.
@Suite struct VolumeReformatTests {
  @Test func everythingOldIsStale() throws {
    let events = Mutex<[VolumeEvent]>([])
    let volume = try Volume.inMemory(sectors: 2048) { event in events.withLock { $0.append(event) } }
    let lib = try volume.makeDirectory("lib")
    try volume.makeFile("/lib/a.py", "old")
    try volume.makeFile("/code.py", "old")
    let file = try volume.lookup(.root, Array("code.py".utf8)).attributes.node
    let handle = try volume.openFile("/code.py")
    try volume.write(handle, 0, [1, 2, 3])
    volume.protection.isUSBWritable = false
    let before = events.withLock { list in
      defer { list = [] }
      return list.last?.sequence ?? 0
    }

    try volume.reformat(volumeID: 0x0BAD_CAFE, labelsBootSector: false)
    #expect(try volume.names().isEmpty)
    #expect(volume.checkInvariants().isEmpty)
    #expect(volume.label == Array("CIRCUITPY".utf8))
    #expect(!volume.protection.isUSBWritable)
    #expect(Array(try volume.storedBytes[39..<43]) == [0xFE, 0xCA, 0xAD, 0x0B])
    for node in [file, lib] {
      #expect(throws: VolumeError(116)) { try volume.attributes(node) }
      volume.forget(node, count: 1)
    }
    #expect(throws: VolumeError(9)) { try volume.attributes(handle) }
    volume.close(handle)
    let told = events.withLock { $0 }
    #expect(told.map(\.kind) == [.closed, .directoryRemoved, .unlinked])
    #expect(told.map(\.sequence) == Array(before + 1...before + 3))
    #expect(told.allSatisfy { $0.origin == .tool })

    try volume.fillFresh()
    #expect(try volume.text("/code.py") == "print(\"Hello World!\")\n")
    #expect(try volume.id("/code.py").rawValue > file.rawValue)
    #expect(try volume.openFile("/code.py", forWriting: false).rawValue > handle.rawValue)
    #expect(volume.checkInvariants().isEmpty)
  }

  @Test func aDeadStorageStaysAsItWas() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/code.py", "old")
    try volume.failCommit(after: 0)
    #expect(throws: VolumeError(5)) { try volume.reformat(volumeID: 1, labelsBootSector: false) }
    #expect(try volume.text("/code.py") == "old")
  }

  @Test func aSmallDiskOfTheProgramsOwn() throws {
    let storage = MemoryVolumeStorage([UInt8](repeating: 0, count: 50 * 512))
    #expect(throws: FlashError.outOfRange) { try Volume.format(storage, volumeID: 1, now: testNow) }
    try Volume.format(storage, volumeID: 1, now: testNow, isLabelled: false)
    let volume = try Volume.inMemory(storage.bytes)
    #expect(volume.label.isEmpty)
    #expect(volume.statistics.freeClusters == 40)
    #expect(volume.checkInvariants().isEmpty)
  }
}
