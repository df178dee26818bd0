import FlashFS
import Runtime
import Synchronization

@testable import circuitpyd

/// A drive in memory: files by path, directories by having a name. Enough for life-cycle tests.
final class MemoryDrive: BoardDrive {
  struct Content: Sendable {
    var files: [String: [UInt8]] = [:]
    var directories: Set<String> = ["/"]
    var isBooting = false
    var isReadOnlyForCode = true
    var writes: [String] = []
    var label = Array("CIRCUITPY".utf8)
  }
  let content: Mutex<Content>

  init(_ files: [String: String] = [:]) {
    content = Mutex(Content(files: files.mapValues { Array($0.utf8) }))
  }

  func set(_ path: String, _ text: String) { content.withLock { $0.files[path] = Array(text.utf8) } }
  func text(_ path: String) -> String? { readFile(path).map { String(decoding: $0, as: UTF8.self) } }

  /// Nobody saves here but the test itself.
  func waitUntilSettled() {}
  func makeFileStore() -> any Runtime.FileStore { MemoryFiles(self) }
  func readFile(_ path: String) -> [UInt8]? { content.withLock { $0.files[path] } }
  func isFile(_ path: String) -> Bool { content.withLock { $0.files[path] != nil } }
  func writeFile(_ path: String, _ bytes: [UInt8]) throws(VolumeError) {
    content.withLock {
      $0.files[path] = bytes
      $0.writes.append(path)
    }
  }
  func resetProtection() { content.withLock { $0.isReadOnlyForCode = true } }
  func setBooting(_ isBooting: Bool) { content.withLock { $0.isBooting = isBooting } }
  var isWritableByCode: Bool { content.withLock { $0.isBooting || !$0.isReadOnlyForCode } }
  var isWritableByHost: Bool { content.withLock { $0.isReadOnlyForCode } }
  func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool) {
    content.withLock { $0.isReadOnlyForCode = readOnlyForCode }
  }
  func setUSBDriveEnabled(_ isEnabled: Bool) { content.withLock { $0.isReadOnlyForCode = isEnabled } }
  var isOffered: Bool { true }
  var label: [UInt8] { content.withLock { $0.label } }
  func setLabel(_ label: [UInt8]) throws(VolumeError) { content.withLock { $0.label = label } }
  func erase() throws(VolumeError) {
    content.withLock { $0.files = ["/code.py": Array("print(\"Hello World!\")\n".utf8)] }
  }
}

private final class MemoryFiles: Runtime.FileStore {
  private let drive: MemoryDrive
  private var open: [Int: String] = [:]
  private var next = 1
  init(_ drive: MemoryDrive) { self.drive = drive }

  private func key(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
  private func path(_ handle: Int) throws(FileError) -> String {
    guard let path = open[handle] else { throw FileError(22) }
    return path
  }
  private func mayWrite() throws(FileError) { if !drive.isWritableByCode { throw FileError(30) } }

  func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    let name = key(path)
    if mode.contains(.write) { try mayWrite() }
    let exists = drive.content.withLock { $0.files[name] != nil }
    if !exists && !mode.contains(.create) { throw FileError(2) }
    if !exists || mode.contains(.truncate) { drive.content.withLock { $0.files[name] = [] } }
    open[next] = name
    next += 1
    return next - 1
  }
  func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let bytes = drive.readFile(try path(handle)) ?? []
    if offset >= bytes.count { return 0 }
    let part = bytes[offset...].prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }
  func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
    let name = try path(handle)
    let copy = Array(bytes)
    drive.content.withLock {
      var old = $0.files[name] ?? []
      if old.count < offset + copy.count { old += [UInt8](repeating: 0, count: offset + copy.count - old.count) }
      old.replaceSubrange(offset..<offset + copy.count, with: copy)
      $0.files[name] = old
    }
    return copy.count
  }
  func size(_ handle: Int) throws(FileError) -> Int { drive.readFile(try path(handle))?.count ?? 0 }
  func flush(_ handle: Int) throws(FileError) {}
  func close(_ handle: Int) { open[handle] = nil }
  func status(_ path: [UInt8]) throws(FileError) -> FileStatus {
    let name = key(path)
    if drive.content.withLock({ $0.directories.contains(name) }) {
      return FileStatus(isDirectory: true, sizeBytes: 0, modifiedSeconds: 0)
    }
    guard let bytes = drive.readFile(name) else { throw FileError(2) }
    return FileStatus(isDirectory: false, sizeBytes: bytes.count, modifiedSeconds: 0)
  }
  func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)] { [] }
  func makeDirectory(_ path: [UInt8]) throws(FileError) {
    try mayWrite()
    let name = key(path)
    drive.content.withLock { _ = $0.directories.insert(name) }
  }
  func removeDirectory(_ path: [UInt8]) throws(FileError) { try mayWrite() }
  func remove(_ path: [UInt8]) throws(FileError) {
    try mayWrite()
    let name = key(path)
    drive.content.withLock { $0.files[name] = nil }
  }
  func rename(_ from: [UInt8], to: [UInt8]) throws(FileError) { try mayWrite() }
  func setModified(_ path: [UInt8], seconds: Int64) throws(FileError) {}
  func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus {
    FileStoreStatus(clusterBytes: 512, totalClusters: 100, freeClusters: 50)
  }
  func sync() throws(FileError) {}
}
