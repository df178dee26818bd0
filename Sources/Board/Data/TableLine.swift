import Glibc

/// A line of a generated table. Lines stand between line ends, fields between tabs, items of a list between commas,
/// parts of an item between colons. Nothing is escaped: the generator refuses texts with tabs or line ends.
/// A line is found by searching the text for its key, so a start parses one board and not hundreds.
struct TableLine {
  private let fields: [Substring]

  /// The line whose first field is `key`; nil when there is none.
  init?(of table: StaticString, key: String) {
    let prefix = Array("\(key)\t".utf8)
    guard !key.isEmpty, let line = TableLine.lines(of: table).first(where: { $0.starts(with: prefix) }) else {
      return nil
    }
    fields = String(decoding: line, as: UTF8.self).pieces(separatedBy: "\t")
  }

  var count: Int { fields.count }

  /// A field as text; empty when the line is shorter.
  func text(_ index: Int) -> String { index < fields.count ? String(fields[index]) : "" }

  /// A field as a number; nil when it is empty.
  func number(_ index: Int) -> Int? { Int(text(index)) }

  /// The comma-separated items of a field.
  func items(_ index: Int) -> [Substring] {
    index < fields.count && !fields[index].isEmpty ? fields[index].pieces(separatedBy: ",") : []
  }

  /// The first field of every line, in table order.
  static func keys(of table: StaticString) -> [String] {
    lines(of: table).map { line in String(decoding: line.prefix { $0 != UInt8(ascii: "\t") }, as: UTF8.self) }
  }

  /// The lines as bytes. A static string's bytes live as long as the program.
  private static func lines(of table: StaticString) -> some Sequence<UnsafeRawBufferPointer> {
    var rest = UnsafeRawBufferPointer(start: table.utf8Start, count: table.utf8CodeUnitCount)
    return AnyIterator {
      while let start = rest.baseAddress, let end = memchr(start, Int32(UInt8(ascii: "\n")), rest.count) {
        let line = UnsafeRawBufferPointer(start: start, count: UnsafeRawPointer(end) - start)
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(line.count + 1))
        if !line.isEmpty { return line }
      }
      return nil
    }
  }
}

extension StringProtocol {
  /// All pieces, empty ones too. Works on the bytes, as the separators are ASCII.
  func pieces(separatedBy separator: Unicode.Scalar) -> [Substring] {
    let text = Substring(self)
    return text.utf8.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: false).map { Substring($0) }
  }
}
