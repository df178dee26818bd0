/// A value known while compiling. Equal values share one entry of the constant table.
enum ConstantValue: Hashable, Sendable {
  case none, `false`, `true`, ellipsis
  case str([UInt8])
  case bytes([UInt8])
  case int(Int)
  /// Outside the range of `int`.
  case bigInt(BigInt)
  /// By bits, so that 0.0 and -0.0 differ; never a NaN.
  case float(UInt64)
  /// NaNs are equal only when they come from the same place.
  case nan(identity: Int)
  /// The imaginary part by bits.
  case complex(UInt64)
  indirect case tuple([ConstantValue])

  var isTrue: Bool {
    switch self {
    case .none, .false: false
    case .true, .ellipsis, .nan, .bigInt: true
    case .str(let bytes), .bytes(let bytes): !bytes.isEmpty
    case .int(let value): value != 0
    case .float(let bits), .complex(let bits): Double(bitPattern: bits) != 0
    case .tuple(let elements): !elements.isEmpty
    }
  }
}
