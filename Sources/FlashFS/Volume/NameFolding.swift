/// When two names are the same. Never by `String`: its equality is canonical equivalence, FAT's is by UTF-16 unit.
enum NameFolding {
  /// Unicode's simple upper-case mapping of one UTF-16 unit; surrogates stay.
  static func upper(_ unit: UInt16) -> UInt16 {
    if unit < 0x80 { return unit >= 0x61 && unit <= 0x7A ? unit - 0x20 : unit }
    switch unit {
    // Greek letters with iota below: the full mapping, which the library knows, gives two characters.
    case 0x1F80...0x1F87, 0x1F90...0x1F97, 0x1FA0...0x1FA7: return unit + 8
    case 0x1FB3, 0x1FC3, 0x1FF3: return unit + 9
    default: break
    }
    guard let scalar = Unicode.Scalar(unit) else { return unit }
    let mapped = scalar.properties.uppercaseMapping.utf16
    return mapped.count == 1 ? mapped.first ?? unit : unit
  }

  static func folded(_ units: [UInt16]) -> [UInt16] { units.map(upper) }

  /// Equal but for the case of ASCII letters: the boards' own look-up.
  static func isEqualASCII(_ left: [UInt16], _ right: [UInt16]) -> Bool {
    func upperASCII(_ unit: UInt16) -> UInt16 { unit >= 0x61 && unit <= 0x7A ? unit - 0x20 : unit }
    return left.count == right.count && zip(left, right).allSatisfy { upperASCII($0) == upperASCII($1) }
  }
}
