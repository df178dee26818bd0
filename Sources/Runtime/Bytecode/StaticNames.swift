/// The names that every runtime knows: files refer to them by number.
enum StaticNames {
  static let bytes = texts.map { Array($0.utf8) }
  private static let numbers = Dictionary(uniqueKeysWithValues: zip(bytes, 1...))

  static func name(number: Int) -> [UInt8]? {
    bytes.indices.contains(number - 1) ? bytes[number - 1] : nil
  }

  static func number(of name: [UInt8]) -> Int? { numbers[name] }
}
