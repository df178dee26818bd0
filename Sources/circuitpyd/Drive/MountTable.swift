/// What is mounted where (`/proc/self/mountinfo`).
struct MountTable: Sendable {
  struct Entry: Sendable, Equatable {
    var mountPoint: String
    /// `fuse.circuitpy` for a drive of this program.
    var type: String
    /// The image, for a drive of this program.
    var source: String
  }

  /// In the order they were mounted.
  var entries: [Entry]

  /// The table as it is now; empty when /proc is not there.
  static func current() -> MountTable { MountTable(parsing: HostFile.read("/proc/self/mountinfo") ?? []) }

  init(parsing text: [UInt8]) {
    entries = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      // id parent major:minor root mountPoint options [tags…] - type source superOptions
      let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard let dash = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), dash >= 6, fields.count > dash + 2
      else {
        return nil
      }
      return Entry(
        mountPoint: Self.unescape(fields[4]), type: Self.unescape(fields[dash + 1]),
        source: Self.unescape(fields[dash + 2]))
    }
  }

  /// The kernel writes blank, tab, line feed and backslash as three octal digits.
  private static func unescape(_ field: ArraySlice<UInt8>) -> String {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }))
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The drives of this program that are mounted, dead ones included.
  var boards: [Entry] { entries.filter { $0.type == "fuse.\(FuseServer.subtype)" } }

  /// What one sees at `path`: the last mount there.
  func top(at path: String) -> Entry? { entries.last { $0.mountPoint == path } }
}
