/// Names as the check reads them: its own folding, code page and rules.
enum CheckedName {
  static let maximumUnits = 255
  private static let upperHalf: [UInt16] = Array(
    ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
      + "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").utf16)

  /// Two names with the same key are one name to some driver.
  static func key(_ units: [UInt16]) -> [UInt16] { units.map(folded) }

  private static func folded(_ unit: UInt16) -> UInt16 {
    if unit < 0x80 { return unit >= 0x61 && unit <= 0x7A ? unit - 32 : unit }
    // Greek with iota below has a simple capital that the full mapping does not give.
    if (0x1F80...0x1FAF).contains(unit) { return unit | 8 }
    if [0x1FB3, 0x1FC3, 0x1FF3].contains(unit) { return unit + 9 }
    guard let scalar = Unicode.Scalar(unit) else { return unit }
    let upper = Array(scalar.properties.uppercaseMapping.utf16)
    return upper.count == 1 ? upper[0] : unit
  }

  /// What a short name shows.
  static func shown(_ raw: [UInt8], caseFlags: UInt8) -> [UInt16] {
    func part(_ range: Range<Int>, _ isLower: Bool) -> [UInt16] {
      var units: [UInt16] = range.map { index in
        let byte = index == 0 && raw[0] == 0x05 ? 0xE5 : raw[index]
        let isLetter = byte >= 0x41 && byte <= 0x5A
        return byte >= 0x80 ? upperHalf[Int(byte) - 0x80] : UInt16(byte) + (isLower && isLetter ? 32 : 0)
      }
      while units.last == 0x20 { units.removeLast() }
      return units
    }
    let base = part(0..<8, caseFlags & 0x08 != 0)
    let suffix = part(8..<11, caseFlags & 0x10 != 0)
    return suffix.isEmpty ? base : base + [0x2E] + suffix
  }

  private static let illegalInShort = Set("*?<>|\"\\/:.".utf8)
  static func isLegalShort(_ raw: [UInt8]) -> Bool {
    guard raw[0] != 0x20 else { return false }
    return raw.enumerated().allSatisfy { index, byte in
      (byte >= 0x20 || (index == 0 && byte == 0x05)) && byte != 0x7F && !illegalInShort.contains(byte)
    }
  }

  private static let illegalInLabel = Set("*?.,;:/\\|+=<>[]\"".utf8)
  static func isLegalLabel(_ raw: [UInt8]) -> Bool {
    guard raw[0] != 0x20 else { return false }
    return raw.enumerated().allSatisfy { index, byte in
      (byte >= 0x20 || (index == 0 && byte == 0x05)) && byte != 0x7F && !illegalInLabel.contains(byte)
    }
  }

  private static let illegalInLong = Set("\"*/:<>?\\|".utf16)
  static func isLegalLong(_ units: [UInt16]) -> Bool {
    guard let last = units.last, last != 0x2E, last != 0x20, units.count <= maximumUnits else { return false }
    var isHighPending = false
    for unit in units {
      if unit < 0x20 || illegalInLong.contains(unit) { return false }
      let isLow = unit & 0xFC00 == 0xDC00
      if isLow != isHighPending { return false }
      isHighPending = unit & 0xFC00 == 0xD800
    }
    return !isHighPending
  }

  static func checksum(_ raw: [UInt8]) -> UInt8 {
    var sum = 0
    for byte in raw { sum = ((sum & 1) << 7 + sum >> 1 + Int(byte)) & 0xFF }
    return UInt8(sum)
  }

  /// `raw` with what is illegal taken out and `~number` at the end of its base.
  static func numbered(_ raw: [UInt8], _ number: Int) -> [UInt8] {
    func clean(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
      bytes.filter { $0 > 0x20 && $0 < 0x7F && !illegalInShort.contains($0) }
        .map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 32 : $0 }
    }
    let tail = Array("~\(number)".utf8)
    let base: [UInt8] = Array(clean(raw[0..<8]).prefix(8 - tail.count)) + tail
    let suffix = clean(raw[8..<11])
    var alias = [UInt8](repeating: 0x20, count: 11)
    alias.replaceSubrange(0..<base.count, with: base)
    alias.replaceSubrange(8..<8 + suffix.count, with: suffix)
    return alias
  }

  /// A date or time field with each part in its range; a date of 0 says "not set".
  static func possibleDate(_ date: Int) -> Int {
    if date == 0 { return 0 }
    return date & 0xFE00 | min(max(date >> 5 & 15, 1), 12) << 5 | max(date & 31, 1)
  }
  static func possibleTime(_ time: Int) -> Int {
    min(time >> 11, 23) << 11 | min(time >> 5 & 63, 59) << 5 | min(time & 31, 29)
  }
}
