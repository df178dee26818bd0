/// The line editor of a board's prompt and of `input()` (`circuitpython-behaviour` §4.4): bytes in, bytes out, no terminal of
/// its own. It holds one input, which may run over several physical lines; only the last of them can be edited.
package struct LineEditor {
  /// What a byte led to.
  package enum Outcome: Equatable, Sendable {
    case editing
    /// CR: the line is complete and echoed; `text` holds the whole input.
    case submitted
    /// ctrl-A … ctrl-E as 1 … 5: ctrl-C on any line, the others on an empty line only. Nothing was echoed.
    case control(UInt8)
  }

  /// Everything typed: earlier physical lines with their LF, then the line being edited.
  package private(set) var text: [UInt8] = []
  private var prompt: [UInt8] = []
  private var lineStart = 0
  /// Byte index into `text`.
  private var cursor = 0
  /// Places back in history; -1 is the line being typed.
  private var historyPlace = -1
  private var indentsAutomatically = true
  private var hasJustIndented = false
  private var escape = EscapeSequence.none
  /// The bytes of a UTF-8 character that is not complete yet.
  private var partialCharacter: [UInt8] = []

  private enum EscapeSequence: Equatable {
    case none, introduced
    /// ESC [ with the parameter bytes so far.
    case bracket([UInt8])
    /// ESC O
    case shifted
  }

  package init() {}

  /// Begins a new input.
  package mutating func begin(prompt: [UInt8], out: inout [UInt8]) {
    self = LineEditor()
    self.prompt = prompt
    out += prompt
  }

  /// Goes on to the next physical line of the same input, with the indent that it probably needs.
  package mutating func beginContinuation(prompt: [UInt8], out: inout [UInt8]) {
    text.append(0x0A)
    self.prompt = prompt
    lineStart = text.count
    cursor = text.count
    historyPlace = -1
    hasJustIndented = false
    out += prompt
    let spaces = indentsAutomatically ? automaticIndent : 0
    if spaces > 0 {
      insert([UInt8](repeating: 0x20, count: spaces), &out)
      hasJustIndented = true
    }
  }

  /// The line being edited up to the cursor: what completion looks at.
  private var lineBeforeCursor: ArraySlice<UInt8> { text[lineStart..<cursor] }
  private var isLineEmpty: Bool { text.count == lineStart }

  /// Takes one byte; what the terminal shall show for it is appended to `out`.
  package mutating func feed(
    _ byte: UInt8, history: inout LineHistory, complete: (ArraySlice<UInt8>) -> Completion, out: inout [UInt8]
  ) -> Outcome {
    if escape != .none {
      continueEscape(byte, history, &out)
      return .editing
    }
    let followsIndent = hasJustIndented
    hasJustIndented = false
    switch byte {
    case 0x03: return .control(byte)
    case 0x01...0x05 where isLineEmpty: return .control(byte)
    case 0x01: moveLeft(to: lineStart, &out)
    case 0x05: moveRight(to: text.count, &out)
    case 0x08, 0x7F: deleteLeft(&out)
    case 0x09: tabulate(followsIndent, complete, &out)
    case 0x0C: redrawScreen(&out)
    case 0x0D:
      out += [0x0D, 0x0A]
      history.push(Array(text[lineStart...]))
      return .submitted
    case 0x1B: escape = .introduced
    case 0x20 where followsIndent:
      // Text with its own indent is being pasted: the space counts for the four, of which it replaces three more.
      indentsAutomatically = false
      remove(cursor - 3..<cursor, &out)
    case 0x20...0x7E: insert([byte], &out)
    case 0x80...0xFF: takeCharacterByte(byte, &out)
    default: break
    }
    return .editing
  }

  // MARK: Keys

  private mutating func takeCharacterByte(_ byte: UInt8, _ out: inout [UInt8]) {
    if byte & 0xC0 != 0x80 { partialCharacter = [] }
    partialCharacter.append(byte)
    let length: Int
    switch partialCharacter[0] {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF: length = 3
    case 0xF0...0xF4: length = 4
    default:
      partialCharacter = []
      return
    }
    if partialCharacter.count == length {
      insert(partialCharacter, &out)
      partialCharacter = []
    }
  }

  private mutating func continueEscape(_ byte: UInt8, _ history: LineHistory, _ out: inout [UInt8]) {
    switch escape {
    case .introduced:
      escape = byte == 0x5B ? .bracket([]) : byte == 0x4F ? .shifted : .none
    case .shifted:
      escape = .none
      if byte == 0x48 { moveLeft(to: lineStart, &out) }
      if byte == 0x46 { moveRight(to: text.count, &out) }
    case .bracket(let parameters):
      if byte < 0x40 {
        // Longer than any key's sequence: not a key, and not worth keeping.
        escape = parameters.count < 16 ? .bracket(parameters + [byte]) : .none
        return
      }
      escape = .none
      runSequence(parameters, final: byte, history, &out)
    case .none: break
    }
  }

  private mutating func runSequence(
    _ parameters: [UInt8], final: UInt8, _ history: LineHistory, _ out: inout [UInt8]
  ) {
    switch (parameters, final) {
    case ([], 0x41): recall(historyPlace + 1, history, &out)
    case ([], 0x42): if historyPlace >= 0 { recall(historyPlace - 1, history, &out) }
    case ([], 0x43): if cursor < text.count { moveRight(to: characterEnd(cursor), &out) }
    case ([], 0x44): if cursor > lineStart { moveLeft(to: characterStart(cursor), &out) }
    case ([], 0x48), ([0x31], 0x7E), ([0x37], 0x7E): moveLeft(to: lineStart, &out)
    case ([], 0x46), ([0x34], 0x7E), ([0x38], 0x7E): moveRight(to: text.count, &out)
    case ([0x33], 0x7E): if cursor < text.count { remove(cursor..<characterEnd(cursor), &out) }
    default: break
    }
  }

  private mutating func deleteLeft(_ out: inout [UInt8]) {
    if cursor == lineStart { return }
    let before = lineBeforeCursor
    let isIndent = before.count >= 4 && before.allSatisfy { $0 == 0x20 }
    remove((isIndent ? cursor - 4 : characterStart(cursor))..<cursor, &out)
  }

  private mutating func tabulate(
    _ followsIndent: Bool, _ complete: (ArraySlice<UInt8>) -> Completion, _ out: inout [UInt8]
  ) {
    if followsIndent {
      indentsAutomatically = false
      return
    }
    if let last = lineBeforeCursor.last, last == 0x20 || last == 0x09, !Completion.follows(import: lineBeforeCursor) {
      insert([UInt8](repeating: 0x20, count: 4), &out)
      return
    }
    switch complete(lineBeforeCursor) {
    case .none: break
    case .insertion(let bytes): insert(bytes, &out)
    case .list(let shown):
      out += shown + prompt + text[lineStart...]
      moveBack(columns(text[cursor...]), &out)
    }
  }

  private mutating func redrawScreen(_ out: inout [UInt8]) {
    out += Array("\u{1B}[;H\u{1B}[2J".utf8) + prompt + text[lineStart...]
    moveBack(columns(text[cursor...]), &out)
  }

  private mutating func recall(_ place: Int, _ history: LineHistory, _ out: inout [UInt8]) {
    guard place < history.entries.count else { return }
    historyPlace = place
    let line = place < 0 ? [] : history.entries[place]
    moveLeft(to: lineStart, &out)
    if columns(line[...]) < columns(text[lineStart...]) { out += LineEditor.eraseToEnd }
    text.replaceSubrange(lineStart..., with: line)
    out += line
    cursor = text.count
  }

  // MARK: Changes and their echo

  private static let eraseToEnd = Array("\u{1B}[K".utf8)

  private mutating func insert(_ bytes: [UInt8], _ out: inout [UInt8]) {
    text.insert(contentsOf: bytes, at: cursor)
    out += text[cursor...]
    cursor += bytes.count
    moveBack(columns(text[cursor...]), &out)
  }

  private mutating func remove(_ range: Range<Int>, _ out: inout [UInt8]) {
    moveBack(columns(text[range.lowerBound..<cursor]), &out)
    text.removeSubrange(range)
    cursor = range.lowerBound
    out += LineEditor.eraseToEnd + text[cursor...]
    moveBack(columns(text[cursor...]), &out)
  }

  private mutating func moveLeft(to place: Int, _ out: inout [UInt8]) {
    moveBack(columns(text[place..<cursor]), &out)
    cursor = place
  }

  private mutating func moveRight(to place: Int, _ out: inout [UInt8]) {
    out += text[cursor..<place]
    cursor = place
  }

  private func moveBack(_ columns: Int, _ out: inout [UInt8]) {
    if columns <= 4 {
      out += [UInt8](repeating: 0x08, count: columns)
    } else {
      out += Array("\u{1B}[\(columns)D".utf8)
    }
  }

  private func columns(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 } }

  private func characterStart(_ end: Int) -> Int {
    var at = end - 1
    while at > lineStart && text[at] & 0xC0 == 0x80 { at -= 1 }
    return at
  }

  private func characterEnd(_ start: Int) -> Int {
    var at = start + 1
    while at < text.count && text[at] & 0xC0 == 0x80 { at += 1 }
    return at
  }

  /// Spaces before the next line: the last line's indent in whole steps of four, one step more after a colon, none after two
  /// lines of nothing but spaces.
  private var automaticIndent: Int {
    let lines = text.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
    guard let last = lines.last else { return 0 }
    func isBlank(_ line: ArraySlice<UInt8>) -> Bool { line.allSatisfy { $0 == 0x20 } }
    if lines.count > 1 && isBlank(last) && isBlank(lines[lines.count - 2]) { return 0 }
    let steps = last.prefix { $0 == 0x20 }.count / 4 + (last.last == 0x3A ? 1 : 0)
    return steps * 4
  }
}

/// The last lines typed, newest first. It lives as long as its VM.
package struct LineHistory: Sendable {
  static let maximumEntries = 8
  package private(set) var entries: [[UInt8]] = []
  package init() {}

  mutating func push(_ line: [UInt8]) {
    if line.isEmpty || line == entries.first { return }
    entries.insert(line, at: 0)
    if entries.count > LineHistory.maximumEntries { entries.removeLast() }
  }
}
