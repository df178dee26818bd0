/// The 8.3 name of a directory entry: eleven bytes, upper case, padded with blanks.
struct ShortName: Hashable {
  var bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  static let dot = ShortName(bytes: Array(".          ".utf8))
  static let dotDot = ShortName(bytes: Array("..         ".utf8))

  /// Bits of the entry's byte 12: the part was written in lower case (Windows NT).
  static let lowerBase: UInt8 = 0x08
  static let lowerExtension: UInt8 = 0x10

  /// The checksum that ties long name slots to their short entry.
  var checksum: UInt8 { bytes.reduce(0) { ($0 >> 1 | $0 << 7) &+ $1 } }

  /// How the entry is shown when it has no long name. Bytes that no name may hold become `_`.
  func units(caseFlags: UInt8) -> [UInt16] {
    func part(_ range: Range<Int>, isLower: Bool) -> [UInt16] {
      var units: [UInt16] = []
      for index in range {
        // 05 stands for E5, which would say "deleted".
        let byte = index == 0 && bytes[0] == 0x05 ? 0xE5 : bytes[index]
        var unit = CodePage437.unit(of: byte)
        if !FileName.isAllowed(unit) || unit == 0x2E { unit = 0x5F }
        if isLower && unit >= 0x41 && unit <= 0x5A { unit += 0x20 }
        units.append(unit)
      }
      while units.last == 0x20 { units.removeLast() }
      return units
    }
    let base = part(0..<8, isLower: caseFlags & Self.lowerBase != 0)
    let suffix = part(8..<11, isLower: caseFlags & Self.lowerExtension != 0)
    if base.isEmpty && suffix.isEmpty { return [0x5F] }
    return suffix.isEmpty ? base : base + [0x2E] + suffix
  }
}

/// What a long name becomes in 8.3 form.
struct ShortNameForm {
  var name: ShortName
  var caseFlags: UInt8 = 0
  /// The 8.3 form cannot give the name back: long name slots are needed.
  var needsLongName = false
  /// Characters were lost: the alias must be numbered.
  var isLossy = false

  init(_ units: [UInt16]) {
    let blanks = units.prefix { $0 == 0x20 }.count
    let lastDot = units.lastIndex(of: 0x2E)
    var base = Part(limit: 8)
    var suffix = Part(limit: 3)
    if blanks > 0 || units[blanks] == 0x2E { isLossy = true }
    for index in blanks..<units.count where index != lastDot {
      if let lastDot, index > lastDot { suffix.add(units[index]) } else { base.add(units[index]) }
    }
    isLossy = isLossy || base.isLossy || suffix.isLossy
    needsLongName =
      isLossy || base.isForeign || suffix.isForeign || (base.hasLower && base.hasUpper)
      || (suffix.hasLower && suffix.hasUpper)
    var bytes = [UInt8](repeating: 0x20, count: 11)
    bytes.replaceSubrange(0..<base.bytes.count, with: base.bytes)
    bytes.replaceSubrange(8..<8 + suffix.bytes.count, with: suffix.bytes)
    if bytes[0] == 0xE5 { bytes[0] = 0x05 }
    name = ShortName(bytes: bytes)
    if !needsLongName {
      if base.hasLower { caseFlags |= ShortName.lowerBase }
      if suffix.hasLower { caseFlags |= ShortName.lowerExtension }
    }
  }

  private struct Part {
    let limit: Int
    var bytes: [UInt8] = []
    var hasLower = false
    var hasUpper = false
    var isForeign = false
    var isLossy = false

    mutating func add(_ unit: UInt16) {
      guard unit != 0x20, unit != 0x2E, bytes.count < limit else {
        isLossy = true
        return
      }
      if unit >= 0x80 { isForeign = true }
      guard let byte = CodePage437.byte(of: unit), !"+,;=[]\u{7F}".utf8.contains(byte) else {
        isLossy = true
        bytes.append(0x5F)
        return
      }
      if byte >= 0x61 && byte <= 0x7A { hasLower = true }
      if byte >= 0x41 && byte <= 0x5A { hasUpper = true }
      bytes.append(CodePage437.capital(of: byte))
    }
  }

  /// The alias with number `number`: a few in order, then a hash of the long name, as oofatfs spreads them.
  func numbered(_ number: Int, longName: [UInt16]) -> ShortName {
    var value = UInt32(number)
    if number > 5 {
      for unit in longName {
        for bit in 0..<16 {
          value = value << 1 + UInt32(unit >> UInt16(bit) & 1)
          if value & 0x10000 != 0 { value ^= 0x11021 }
        }
      }
    }
    let tail = [0x7E] + Array(String(value, radix: 16, uppercase: true).utf8)
    var base = Array(name.bytes[0..<8].prefix { $0 != 0x20 }.prefix(8 - tail.count)) + tail
    base += [UInt8](repeating: 0x20, count: 8 - base.count)
    return ShortName(bytes: base + name.bytes[8..<11])
  }
}
