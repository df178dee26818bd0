import FlashFS
import Glibc
import Synchronization
import Testing

@testable import circuitpyd

/// A real program's save (Tests/Board/savers/*.txt) done to a volume in memory: the events it sends, and what it leaves after each step.
struct RecordedSave: Sendable, CustomTestStringConvertible {
  struct Step: Sendable {
    /// Microseconds since the step before, as recorded.
    var gap: UInt64
    var events: [VolumeEvent]
    /// A file that was made and opened in one call.
    var opened: NodeID?
    /// The saved file is the new one, whole, under its name.
    var isComplete: Bool
  }
  static let path = Array("/code.py".utf8)
  /// As long as Tests/Board/saver_content.py's.
  static let sizeBytes = 6400
  private static let folder =
    String(#filePath).split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Board/savers"

  let testDescription: String
  private(set) var steps: [Step] = []

  static var all: [RecordedSave] {
    get throws {
      let directory = try #require(opendir(folder))
      defer { closedir(directory) }
      var names: [String] = []
      while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasSuffix(".txt") { names.append(name) }
      }
      return try names.sorted().map { try RecordedSave(fileName: $0) }
    }
  }

  init(fileName: String) throws {
    testDescription = String(fileName.dropLast(4))
    var actor = try Saver()
    for line in try Self.text(Self.folder + "/" + fileName).split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ").map(String.init)
      steps.append(try actor.perform(words, gap: try #require(UInt64(words[0]))))
    }
    try #require(actor.files.isEmpty && steps.last?.isComplete == true, "\(fileName) saves nothing")
  }

  private static func text(_ path: String) throws -> String {
    let file = Glibc.open(path, O_RDONLY)
    try #require(file >= 0, "\(path)")
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = Glibc.read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

/// Does the calls of a recording to a volume, as the kernel and the FUSE server would.
private struct Saver {
  let volume: Volume
  private let events: EventList
  private(set) var files: [String: VolumeHandle] = [:]
  private var positions: [String: Int] = [:]
  private let new = (0..<RecordedSave.sizeBytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }

  final class EventList: Sendable {
    let events = Mutex<[VolumeEvent]>([])
  }

  init() throws {
    let list = EventList()
    let storage = MemoryVolumeStorage([UInt8](repeating: 0, count: 1024 * 512))
    try Volume.format(storage, volumeID: 1, now: 1_767_323_046)
    volume = try Volume(
      storage: MemoryVolumeStorage(storage.bytes), clock: { 1_767_323_046 },
      onEvent: { event in list.events.withLock { $0.append(event) } })
    events = list
    try volume.writeFile(RecordedSave.path, [UInt8](repeating: 0x6F, count: RecordedSave.sizeBytes))
    list.events.withLock { $0 = [] }
  }

  private func node(_ name: String) throws -> NodeID {
    try volume.resolve(Array("/\(name)".utf8), origin: .host).attributes.node
  }

  mutating func perform(_ words: [String], gap: UInt64) throws -> RecordedSave.Step {
    var opened: NodeID?
    func number(_ index: Int) throws -> Int { try #require(Int(words[index])) }
    let name = words[2]
    switch words[1] {
    case "open":
      opened = try open(name, words[3].split(separator: "|").map(String.init), words[4])
    case "write":
      let start = try number(4)
      let data =
        words[3] == "new" ? Array(new[start..<start + (try number(5))]) : [UInt8](repeating: 0x6F, count: try number(5))
      let position = words.count > 6 ? try number(7) : positions[name] ?? 0
      let file = try #require(files[name])
      try data.withUnsafeBytes { bytes in _ = try volume.write(file, at: position, bytes) }
      if words.count <= 6 { positions[name] = position + data.count }
    case "seek": positions[name] = try number(3)
    case "size":
      // A call on a handle reaches the daemon as one on the node.
      let attributes = try volume.attributes(try #require(files[name]))
      _ = try volume.setAttributes(attributes.node, sizeBytes: try number(3), origin: .host)
    case "size_of": _ = try volume.setAttributes(node(name), sizeBytes: try number(3), origin: .host)
    case "allocate": try volume.allocate(try #require(files[name]), at: try number(3), count: try number(4))
    case "times":
      let attributes = try volume.attributes(try #require(files[name]))
      _ = try volume.setAttributes(attributes.node, modifiedSeconds: 1_767_323_046, origin: .host)
    case "times_of": _ = try volume.setAttributes(node(name), modifiedSeconds: 1_767_323_046, origin: .host)
    case "close":
      let file = files.removeValue(forKey: name)
      volume.close(try #require(file))
    case "rename":
      try volume.rename(.root, Array(name.utf8), to: .root, Array(words[3].utf8), origin: .host)
    case "unlink": try volume.unlink(.root, Array(name.utf8), origin: .host)
    case "mkdir": _ = try volume.makeDirectory(.root, Array(name.utf8), origin: .host)
    case "rmdir": try volume.removeDirectory(.root, Array(name.utf8), origin: .host)
    case "sync", "mode", "mode_of": break
    default: Issue.record("unknown call \(words[1])")
    }
    let content = try? volume.readFile(RecordedSave.path)
    let sent = events.events.withLock { list in
      defer { list = [] }
      return list
    }
    return RecordedSave.Step(gap: gap, events: sent, opened: opened, isComplete: content == new)
  }

  /// The node, if the call made it.
  private mutating func open(_ handle: String, _ flags: [String], _ name: String) throws -> NodeID? {
    let isForWriting = !flags.contains("RDONLY")
    positions[handle] = 0
    if let known = try? node(name) {
      files[handle] = try volume.open(known, forWriting: isForWriting, truncate: flags.contains("TRUNC"), origin: .host)
      return nil
    }
    let made = try volume.create(.root, Array(name.utf8), origin: .host).attributes.node
    files[handle] = try volume.open(made, forWriting: isForWriting, origin: .host)
    return isForWriting ? made : nil
  }
}
