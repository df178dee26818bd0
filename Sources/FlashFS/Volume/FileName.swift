import Glibc

/// A name as asked for, checked and in the form that is stored (`flashfs.md` §7).
struct FileName {
  var units: [UInt16]
  static let maximumUnits = 255

  /// `EINVAL` for what no name may hold, `ENAMETOOLONG`, `ENOENT` when nothing is left.
  init(_ bytes: [UInt8], origin: Origin) throws(VolumeError) {
    guard var units = UTF16Text.units(utf8: bytes) else { throw VolumeError(EINVAL) }
    for unit in units where !Self.isAllowed(unit) || (origin == .runtime && unit == 0x7F) { throw VolumeError(EINVAL) }
    while let last = units.last, last == 0x2E || (origin == .runtime && last == 0x20) { units.removeLast() }
    guard let last = units.last else { throw VolumeError(ENOENT) }
    guard last != 0x20 else { throw VolumeError(EINVAL) }
    guard units.count <= Self.maximumUnits else { throw VolumeError(ENAMETOOLONG) }
    self.units = units
  }

  static func isAllowed(_ unit: UInt16) -> Bool {
    switch unit {
    case 0..<0x20: false
    case 0x22, 0x2A, 0x2F, 0x3A, 0x3C, 0x3E, 0x3F, 0x5C, 0x7C: false
    default: true
    }
  }
}

/// UTF-8 to UTF-16 units and back without repairing anything.
enum UTF16Text {
  /// nil when the bytes are not UTF-8.
  static func units(utf8 bytes: [UInt8]) -> [UInt16]? {
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): units.append(contentsOf: UTF16.encode(scalar) ?? .init())
      case .emptyInput: return units
      case .error: return nil
      }
    }
  }

  /// nil when a surrogate stands alone.
  static func utf8(units: [UInt16]) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(units.count)
    var decoder = UTF16()
    var iterator = units.makeIterator()
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): bytes.append(contentsOf: UTF8.encode(scalar) ?? .init())
      case .emptyInput: return bytes
      case .error: return nil
      }
    }
  }
}
