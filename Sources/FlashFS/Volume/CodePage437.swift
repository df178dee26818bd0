/// The OEM code page of the boards' build: short names and labels are stored in it.
enum CodePage437 {
  private static let upperHalf: [UInt16] = Array(
    ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
      + "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").utf16)

  /// Capitals of 80…A7 as oofatfs has them: a letter whose accented capital is missing loses its accent.
  private static let capitals: [UInt8] = [
    0x80, 0x9A, 0x45, 0x41, 0x8E, 0x41, 0x8F, 0x80, 0x45, 0x45, 0x45, 0x49, 0x49, 0x49, 0x8E, 0x8F, 0x90, 0x92, 0x92,
    0x4F, 0x99, 0x4F, 0x55, 0x55, 0x59, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0x41, 0x49, 0x4F, 0x55, 0xA5, 0xA5,
    0xA6, 0xA7,
  ]

  private static let bytesByUnit: [UInt16: UInt8] = {
    var table: [UInt16: UInt8] = [:]
    for (index, unit) in upperHalf.enumerated() { table[unit] = UInt8(0x80 + index) }
    return table
  }()

  static func unit(of byte: UInt8) -> UInt16 { byte < 0x80 ? UInt16(byte) : upperHalf[Int(byte) - 0x80] }
  static func byte(of unit: UInt16) -> UInt8? { unit < 0x80 ? UInt8(unit) : bytesByUnit[unit] }
  static func capital(of byte: UInt8) -> UInt8 {
    if byte >= 0x61 && byte <= 0x7A { return byte - 0x20 }
    let index = Int(byte) - 0x80
    return capitals.indices.contains(index) ? capitals[index] : byte
  }
}
