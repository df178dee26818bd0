import Glibc
import Testing

@testable import FlashFS

/// 2026-01-02 03:04:06 UTC.
let testNow: Int64 = 1_767_323_046

extension Volume {
  /// A freshly formatted volume of `sectors` sectors in memory.
  static func inMemory(
    sectors: Int, maximumTransactionBytes: Int = 1 << 20,
    onEvent: @escaping @Sendable (VolumeEvent) -> Void = { _ in }
  ) throws -> Volume {
    let storage = MemoryVolumeStorage(
      [UInt8](repeating: 0xA5, count: sectors * 512), maximumTransactionBytes: maximumTransactionBytes)
    try Volume.format(storage, volumeID: 0x1234_5678, now: testNow)
    return try .inMemory(storage.bytes, maximumTransactionBytes: maximumTransactionBytes, onEvent: onEvent)
  }

  static func inMemory(
    _ bytes: [UInt8], maximumTransactionBytes: Int = 1 << 20,
    onEvent: @escaping @Sendable (VolumeEvent) -> Void = { _ in }
  ) throws -> Volume {
    try Volume(
      storage: MemoryVolumeStorage(bytes, maximumTransactionBytes: maximumTransactionBytes),
      clock: { testNow }, onEvent: onEvent)
  }

  /// What the storage holds now.
  var storedBytes: [UInt8] {
    get throws { try withStorage { ($0 as? MemoryVolumeStorage)?.bytes ?? [] } }
  }

  /// Lets the commit after the next `count` fail, and all after it.
  func failCommit(after count: Int) throws {
    try withStorage { storage in
      guard let storage = storage as? MemoryVolumeStorage else { return }
      storage.failingCommit = storage.commitCount + count
    }
  }

  var commitCount: Int { get throws { try withStorage { ($0 as? MemoryVolumeStorage)?.commitCount ?? 0 } } }

  func makeFile(_ path: String, _ text: String = "") throws { try writeFile(Array(path.utf8), Array(text.utf8)) }
  func text(_ path: String) throws -> String { String(decoding: try readFile(Array(path.utf8)), as: UTF8.self) }
  func id(_ path: String) throws -> NodeID { try resolve(Array(path.utf8), origin: .tool).attributes.node }
  func names(_ path: String = "/") throws -> [String] {
    try list(id(path)).map { String(decoding: $0.storedName, as: UTF8.self) }
  }
  @discardableResult
  func makeDirectory(_ name: String, in parent: NodeID = .root) throws -> NodeID {
    let made = try makeDirectory(parent, Array(name.utf8), origin: .host)
    forget(made.attributes.node, count: 1)
    return made.attributes.node
  }
  func openFile(_ path: String, forWriting: Bool = true) throws -> VolumeHandle {
    try open(id(path), forWriting: forWriting, origin: .host)
  }
  @discardableResult
  func write(_ handle: VolumeHandle, _ offset: Int, _ bytes: [UInt8]) throws -> Int {
    var count = 0
    try bytes.withUnsafeBytes { count = try write(handle, at: offset, $0) }
    return count
  }
  func read(_ handle: VolumeHandle, _ offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    try bytes.withUnsafeMutableBytes { got = try read(handle, at: offset, into: $0) }
    return Array(bytes[..<got])
  }
  func rename(_ from: String, _ to: String, mayReplace: Bool = true) throws {
    func split(_ path: String) throws -> (NodeID, [UInt8]) {
      let end = path.utf8.lastIndex(of: 0x2F) ?? path.utf8.startIndex
      return (try id(String(path[..<end])), Array(path.utf8[path.utf8.index(after: end)...]))
    }
    let source = try split(from)
    let target = try split(to)
    try rename(source.0, source.1, to: target.0, target.1, mayReplace: mayReplace, origin: .host)
  }
}

/// A large volume of which only the touched pages are kept.
final class SparseVolumeStorage: VolumeStorage {
  private static let pageBytes = 4096
  let volumeBytes: Int
  let maximumTransactionBytes = 1 << 20
  private(set) var pages: [Int: [UInt8]] = [:]
  init(volumeBytes: Int) { self.volumeBytes = volumeBytes }

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    for index in 0..<buffer.count {
      buffer[index] = pages[(offset + index) / Self.pageBytes]?[(offset + index) % Self.pageBytes] ?? 0
    }
  }

  func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    for record in transaction.records {
      switch record {
      case .patch(let offset, let start, let count):
        for index in 0..<count { set(offset + index, transaction.payload[start + index]) }
      case .fill(let offset, let count, let byte):
        for position in offset..<offset + count { set(position, byte) }
      }
    }
  }

  private func set(_ position: Int, _ byte: UInt8) {
    let empty = [UInt8](repeating: 0, count: Self.pageBytes)
    if byte == 0 && pages[position / Self.pageBytes] == nil { return }
    pages[position / Self.pageBytes, default: empty][position % Self.pageBytes] = byte
  }

  func sync() throws(FlashError) {}

  /// Calls `body` with the path of a sparse file of this content.
  func withFile(_ body: (String) throws -> Void) throws {
    try Judge.withFile([]) { path in
      let descriptor = Glibc.open(path, O_RDWR)
      try #require(descriptor >= 0 && ftruncate(descriptor, off_t(volumeBytes)) == 0)
      for (page, bytes) in pages {
        try #require(pwrite(descriptor, bytes, bytes.count, off_t(page * Self.pageBytes)) == bytes.count)
      }
      Glibc.close(descriptor)
      try body(path)
      truncate(path, 0)
    }
  }
}

/// The errno that `body` fails with; nil when it succeeds.
func errnoOf(_ body: () throws -> Void) -> Int32? {
  do {
    try body()
    return nil
  } catch {
    return (error as? VolumeError)?.errno ?? -1
  }
}

/// Other people's FAT tools as judges.
enum Judge {
  struct Answer {
    var status: Int32
    var output: String
  }

  static func run(_ command: String) -> Answer {
    guard let pipe = popen(command + " 2>&1", "r") else { return Answer(status: -1, output: "popen failed") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      output += buffer[..<count]
    }
    return Answer(status: pclose(pipe), output: String(decoding: output, as: UTF8.self))
  }

  /// Calls `body` with the path of a file of these bytes; gives back what the file holds afterwards.
  @discardableResult
  static func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws -> [UInt8] {
    var template = Array("/tmp/circuitpyd-volume-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      close(descriptor)
      unlink(path)
    }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(done)) }
      try #require(count > 0)
      done += count
    }
    try body(path)
    var status = stat()
    try #require(fstat(descriptor, &status) == 0)
    var after = [UInt8](repeating: 0, count: Int(status.st_size))
    done = 0
    while done < after.count {
      let wanted = after.count - done
      let count = after.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress! + done, wanted, off_t(done)) }
      try #require(count > 0)
      done += count
    }
    return after
  }

  /// What fsck.fat says of a volume with a labelled boot sector; nil when it is content.
  static func fsck(_ bytes: [UInt8]) -> String? {
    var answer = Answer(status: -1, output: "no file")
    do { try withFile(bytes) { answer = run("fsck.fat -n \($0)") } } catch { return "fsck.fat: \(error)" }
    return answer.status == 0 ? nil : answer.output
  }

  /// fsck.fat must find nothing but what it says of every board's drive (that the label is in the root only) and of a
  /// FAT32 volume that is smaller than Microsoft allows.
  static func expectClean(_ bytes: [UInt8], _ context: String = "") throws {
    try withFile(bytes) { path in
      let answer = run("fsck.fat -n -V \(path)")
      let known = [
        "fsck.fat", "Starting check/repair pass.", "Starting verification pass.",
        "There is no label in boot sector, but",
        "  Auto-copying volume label from root directory to boot sector.", "Leaving filesystem unchanged.", path,
        "Warning: Filesystem is FAT32 according to", "  but has only", "  This may lead to problems on some systems.",
      ]
      let findings = answer.output.split(separator: "\n").filter { line in
        !known.contains { line.hasPrefix($0) }
      }
      let isLabelled = !answer.output.contains("There is no label in boot sector")
      #expect(findings.isEmpty && answer.status == (isLabelled ? 0 : 256), "\(context): \(answer.output)")
    }
  }
}
