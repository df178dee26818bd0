/// The table that turns an instruction's offset into its source line.
package struct LineTable: Sendable {
  /// After `bytes` more bytes of code the line is `lines` higher.
  package struct Entry: Equatable, Sendable {
    package var bytes: Int
    package var lines: Int
  }

  package let entries: [Entry]
  private let instructionStart: Int

  /// - Throws: `badLineTable` when the last entry is cut short.
  package init(_ code: [UInt8], _ prelude: Prelude, path: [Int] = []) throws(BytecodeError) {
    var cursor = CodeCursor(code, from: prelude.lineTable.lowerBound, to: prelude.lineTable.upperBound, path: path)
    var entries: [Entry] = []
    while cursor.bytesLeft > 0 {
      let first = Int(try cursor.byte())
      if first & 0x80 == 0 {
        entries.append(Entry(bytes: first & 0x1F, lines: first >> 5))
      } else {
        guard cursor.bytesLeft > 0 else { throw cursor.failure(.badLineTable) }
        entries.append(Entry(bytes: first & 0xF, lines: (first & 0x70) << 4 | Int(try cursor.byte())))
      }
    }
    self.entries = entries
    instructionStart = prelude.instructionStart
  }

  /// The source line of the instruction at `offset`, counted from the start of the code bytes.
  package func line(at offset: Int) -> Int {
    var bytesLeft = offset - instructionStart
    var line = 1
    for entry in entries {
      guard bytesLeft >= entry.bytes else { break }
      bytesLeft -= entry.bytes
      line += entry.lines
    }
    return line
  }
}
