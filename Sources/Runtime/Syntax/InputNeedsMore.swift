/// Whether a prompt should ask for another line before it compiles what was typed: a triple quote or a bracket
/// is open, the last line ends in a backslash, or a compound statement has not been closed by an empty line.
package func inputNeedsMore(_ source: [UInt8]) -> Bool {
  let lf = UInt8(ascii: "\n"), backslash = UInt8(ascii: "\\")
  var depth = 0
  /// The quote of the string that is open, and whether it is tripled.
  var open: (quote: UInt8, isTriple: Bool)?
  var index = 0
  func isTriple(at index: Int, _ quote: UInt8) -> Bool {
    index + 2 < source.count && source[index + 1] == quote && source[index + 2] == quote
  }
  while index < source.count {
    let byte = source[index]
    if let string = open {
      if byte == backslash && index + 1 < source.count {
        index += 1
      } else if byte == string.quote && (!string.isTriple || isTriple(at: index, byte)) {
        open = nil
        if string.isTriple { index += 2 }
      } else if byte == lf && !string.isTriple {
        open = nil
      }
    } else {
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        open = (byte, isTriple(at: index, byte))
        if isTriple(at: index, byte) { index += 2 }
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    index += 1
  }
  if open?.isTriple ?? false { return true }
  // An unclosed one-line string is an error that more lines can't mend.
  if depth > 0 && open == nil { return true }
  if source.last == backslash { return true }
  return startsCompoundStatement(source) && source.last != lf
}

private func startsCompoundStatement(_ source: [UInt8]) -> Bool {
  if source.first == UInt8(ascii: "@") { return true }
  let word = source.prefix { Lexer.isNameStart(Int32($0)) || Lexer.isDigit(Int32($0)) }
  return ["if", "while", "for", "try", "with", "def", "class", "async"].contains { word.elementsEqual($0.utf8) }
}
