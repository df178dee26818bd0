/// zlib: decompress
enum ZlibModule {
  static var module: NativeModule {
    NativeModule("zlib") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("decompress", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let source = try vm.bufferView(a[0])
              let windowBits = a.count > 1 ? try vm.intArgument(a[1]) : 0
              let container: Inflater.Container = windowBits < 0 ? .none : windowBits >= 16 ? .gzip : .zlib
              var inflater = Inflater(source, mostBytes: vm.s.pointee.chargeLimitBlocks * blockBytes)
              do throws(Inflater.Failure) {
                try inflater.inflate(container)
              } catch {
                if error == .tooLong { throw vm.memoryError(bytes: inflater.output.count * 2) }
                throw vm.error(.valueError, args: Value(small: error.rawValue))
              }
              try vm.ensureRoom(inflater.output.count + 1)
              return try vm.makeBytes(inflater.output)
            }
          }
        ])
    }
  }
}

/// Decompresses DEFLATE data (RFC 1951), bare or in a zlib (RFC 1950) or gzip (RFC 1952) container, whose checksum is checked.
struct Inflater {
  enum Container { case none, zlib, gzip }
  /// The numbers are those that the board's ValueError shows.
  enum Failure: Int, Error { case damaged = -3, checksum = -4, dictionary = -5, tooLong = -6 }

  private let source: UnsafeBufferPointer<UInt8>
  private let mostBytes: Int
  private var at = 0
  private var bits: UInt64 = 0
  private var bitCount = 0
  private(set) var output: [UInt8] = []

  private static let lengthBases: [Int] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthExtraBits: [Int] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let codeLengthOrder: [Int] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  init(_ source: UnsafeBufferPointer<UInt8>, mostBytes: Int) {
    self.source = source
    self.mostBytes = mostBytes
  }

  mutating func inflate(_ container: Container) throws(Failure) {
    switch container {
    case .none: break
    case .zlib:
      guard source.count >= 2, source[0] & 15 == 8, (Int(source[0]) << 8 | Int(source[1])) % 31 == 0 else {
        throw .damaged
      }
      if source[1] & 0x20 != 0 { throw .dictionary }
      at = 2
    case .gzip: try skipGzipHeader()
    }
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1:
        var lengths = [UInt8](repeating: 8, count: 288)
        for i in 144..<256 { lengths[i] = 9 }
        for i in 256..<280 { lengths[i] = 7 }
        try expand(try Code(lengths), try Code([UInt8](repeating: 5, count: 30)))
      case 2: try expandWithOwnCodes()
      default: throw .damaged
      }
    }
    bitCount -= bitCount % 8
    try checkSum(container)
  }

  private mutating func skipGzipHeader() throws(Failure) {
    guard source.count >= 10, source[0] == 0x1F, source[1] == 0x8B, source[2] == 8 else { throw .damaged }
    let flags = source[3]
    at = 10
    if flags & 4 != 0 {
      guard at + 2 <= source.count else { throw .damaged }
      at += 2 + Int(source[at]) + Int(source[at + 1]) << 8
    }
    // File name and comment end in a zero byte.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      while at < source.count && source[at] != 0 { at += 1 }
      at += 1
    }
    if flags & 2 != 0 { at += 2 }
    if at > source.count { throw .damaged }
  }

  private mutating func checkSum(_ container: Container) throws(Failure) {
    switch container {
    case .none: return
    case .zlib:
      var (low, high) = (UInt32(1), UInt32(0))
      for b in output {
        low = (low + UInt32(b)) % 65521
        high = (high + low) % 65521
      }
      var wanted: UInt32 = 0
      for _ in 0..<4 { wanted = wanted << 8 | UInt32(try take(8)) }
      if wanted != high << 16 | low { throw .checksum }
    case .gzip:
      let wanted = UInt32(try take(16)) | UInt32(try take(16)) << 16
      if output.withUnsafeBufferPointer({ BinasciiModule.crc32($0, 0) }) != wanted { throw .checksum }
    }
  }

  /// The next `n` bits, first bit lowest.
  private mutating func take(_ n: Int) throws(Failure) -> Int {
    while bitCount < n {
      guard at < source.count else { throw .damaged }
      bits |= UInt64(source[at]) << UInt64(bitCount)
      at += 1
      bitCount += 8
    }
    let value = Int(bits & (1 << UInt64(n) - 1))
    bits >>= UInt64(n)
    bitCount -= n
    return value
  }

  private mutating func append(_ byte: UInt8) throws(Failure) {
    if output.count >= mostBytes { throw .tooLong }
    output.append(byte)
  }

  private mutating func copyStored() throws(Failure) {
    _ = try take(bitCount % 8)
    let count = try take(16)
    guard try take(16) == count ^ 0xFFFF else { throw .damaged }
    for _ in 0..<count { try append(UInt8(try take(8))) }
  }

  private mutating func expandWithOwnCodes() throws(Failure) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let codeCount = try take(4) + 4
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for i in 0..<codeCount { codeLengths[Inflater.codeLengthOrder[i]] = UInt8(try take(3)) }
    let lengthCode = try Code(codeLengths)
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      switch try decode(lengthCode) {
      case let length where length < 16: lengths.append(UInt8(length))
      case 16:
        guard let last = lengths.last else { throw .damaged }
        lengths += [UInt8](repeating: last, count: 3 + (try take(2)))
      case 17: lengths += [UInt8](repeating: 0, count: 3 + (try take(3)))
      default: lengths += [UInt8](repeating: 0, count: 11 + (try take(7)))
      }
    }
    guard lengths.count == literalCount + distanceCount else { throw .damaged }
    try expand(try Code(Array(lengths[..<literalCount])), try Code(Array(lengths[literalCount...])))
  }

  /// A block's literals and copies, to its end mark.
  private mutating func expand(_ literals: Code, _ distances: Code) throws(Failure) {
    while true {
      let symbol = try decode(literals)
      if symbol < 256 {
        try append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol - 257 < Inflater.lengthBases.count else { throw .damaged }
      let length = Inflater.lengthBases[symbol - 257] + (try take(Inflater.lengthExtraBits[symbol - 257]))
      let code = try decode(distances)
      guard code < 30 else { throw .damaged }
      let extra = max(0, code / 2 - 1)
      // Two codes for each power of two.
      let distance = (code < 2 ? code : (2 + code % 2) << extra) + 1 + (try take(extra))
      guard distance <= output.count else { throw .damaged }
      for _ in 0..<length { try append(output[output.count - distance]) }
    }
  }

  /// A canonical prefix code: how many symbols have each length, and the symbols in order.
  private struct Code {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [UInt8]) throws(Failure) {
      for length in lengths where length > 0 { counts[Int(length)] += 1 }
      var room = 1
      for count in counts.dropFirst() {
        room = room * 2 - count
        if room < 0 { throw .damaged }
      }
      for wanted in 1...15 {
        for (symbol, length) in lengths.enumerated() where length == wanted { symbols.append(symbol) }
      }
    }
  }

  private mutating func decode(_ code: Code) throws(Failure) -> Int {
    var value = 0
    var first = 0
    var index = 0
    for length in 1...15 {
      value = value << 1 | (try take(1))
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
    }
    throw .damaged
  }
}
