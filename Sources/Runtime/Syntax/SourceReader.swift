/// The source as a stream of characters (bytes) with two of look-ahead, into which the expansion of
/// f-strings can be inserted.
///
/// CR and CR LF arrive as LF, and the last line always ends in LF.
struct SourceReader {
  static let endOfInput: Int32 = -1
  private static let lineFeed = Int32(UInt8(ascii: "\n"))
  private static let tabWidthColumns = 8

  private(set) var current = SourceReader.endOfInput
  private(set) var next = SourceReader.endOfInput
  private(set) var afterNext = SourceReader.endOfInput
  /// Line and column of `current`, counted from 1.
  private(set) var line: Int32 = 1
  private(set) var column = 1

  private var input: [UInt8]
  private var position = 0
  /// What inserted text interrupted, innermost last.
  private var interrupted: [(input: [UInt8], position: Int)] = []
  /// CircuitPython's f-string arguments while they are read: one buffer that may grow meanwhile.
  private(set) var argumentBuffer: [UInt8] = []
  private var argumentPosition = 0
  private var setAside: (Int32, Int32, Int32) = (0, 0, 0)

  init(source: [UInt8], dialect: Dialect) {
    input = SourceReader.normalised(source, dialect: dialect)
    current = fetch()
    next = fetch()
    afterNext = fetch()
  }

  private static func normalised(_ source: [UInt8], dialect: Dialect) -> [UInt8] {
    let cr = UInt8(ascii: "\r"), lf = UInt8(ascii: "\n")
    var text: [UInt8] = []
    text.reserveCapacity(source.count + 1)
    var previous: UInt8 = 0
    for byte in source {
      if byte == cr {
        text.append(lf)
      } else if byte == 0 && dialect == .micropython {
        text.append(1)
      } else if byte != lf || previous != cr {
        text.append(byte)
      }
      previous = byte
    }
    if let last = text.last, last != lf { text.append(lf) }
    return text
  }

  var isAtEnd: Bool { current == SourceReader.endOfInput }

  func isAt(_ character: Unicode.Scalar) -> Bool { current == Int32(bitPattern: character.value) }
  func isNext(_ character: Unicode.Scalar) -> Bool { next == Int32(bitPattern: character.value) }
  func isAfterNext(_ character: Unicode.Scalar) -> Bool { afterNext == Int32(bitPattern: character.value) }

  mutating func advance() {
    if current == SourceReader.lineFeed {
      line += 1
      column = 1
    } else if current == 9 {
      column =
        (column - 1 + SourceReader.tabWidthColumns) / SourceReader.tabWidthColumns
        * SourceReader.tabWidthColumns + 1
    } else {
      column += 1
    }
    current = next
    next = afterNext
    afterNext = fetch()
    if argumentPosition > 0 && current == 0 { leaveArguments() }
  }

  private mutating func fetch() -> Int32 {
    if argumentPosition > 0 {
      guard argumentPosition < argumentBuffer.count else { return 0 }
      argumentPosition += 1
      return Int32(argumentBuffer[argumentPosition - 1])
    }
    while position == input.count {
      guard let outer = interrupted.popLast() else { return SourceReader.endOfInput }
      (input, position) = outer
    }
    position += 1
    return Int32(input[position - 1])
  }

  /// Puts `text` in front of `current` (MicroPython: expansions nest).
  mutating func insert(_ text: [UInt8]) {
    var inserted = text
    for character in [current, next, afterNext] where character != SourceReader.endOfInput {
      inserted.append(UInt8(character))
    }
    interrupted.append((input, position))
    input = inserted
    position = 0
    current = fetch()
    next = fetch()
    afterNext = fetch()
  }

  // MARK: CircuitPython's single argument buffer

  var isReadingArguments: Bool { argumentPosition > 0 }

  mutating func appendToArguments(_ text: [UInt8]) { argumentBuffer.append(contentsOf: text) }

  /// Begins to read the collected arguments, if there are any and they are not being read already.
  mutating func enterArguments() {
    guard !argumentBuffer.isEmpty && argumentPosition == 0 else { return }
    argumentBuffer.append(UInt8(ascii: ")"))
    setAside = (current, next, afterNext)
    // Never empty: the buffer begins with ".format(".
    (current, next, afterNext) = (Int32(argumentBuffer[0]), Int32(argumentBuffer[1]), Int32(argumentBuffer[2]))
    argumentPosition = 3
  }

  private mutating func leaveArguments() {
    (current, next, afterNext) = setAside
    argumentBuffer.removeAll(keepingCapacity: true)
    argumentPosition = 0
  }
}
