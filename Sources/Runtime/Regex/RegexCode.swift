/// What a compiled pattern is made of: an opcode byte and its operands. Jumps are relative to the byte behind their operand.
enum RegexOp {
  /// A byte that must be equal (operand: the byte).
  static let byte: UInt8 = 0
  static let any: UInt8 = 1
  /// A byte of a set (operand: 256 bits).
  static let set: UInt8 = 2
  /// (operand: Int16 distance)
  static let jump: UInt8 = 3
  /// Goes on here, and at the target if that fails.
  static let preferNext: UInt8 = 4
  /// Goes on at the target, and here if that fails.
  static let preferTarget: UInt8 = 5
  /// Notes the place (operand: slot, two for each group).
  static let save: UInt8 = 6
  static let atStart: UInt8 = 7
  static let atEnd: UInt8 = 8
  static let matched: UInt8 = 9
}

/// A pattern that cannot be used, as the board words it.
enum RegexError: Error {
  case tooComplex, unbalanced
  case tooDeep
}

/// A compiled pattern.
struct RegexCode {
  var bytes: [UInt8]
  /// Capturing groups, the whole match not counted.
  var groupCount: Int
  /// What the compiled pattern takes on the board.
  var boardBytes: Int
}

/// Compiles the board's dialect: `.` `[…]` `[^…]` `\d \w \s \D \W \S`, groups with and without capture, `|`, `^`, `$` and `? * +`, each
/// lazy with a `?` behind it. Any other escape is the character itself; braces are plain characters. All works on bytes.
///
/// The board keeps distances and counts in one signed byte; patterns that do not fit are "too complex" here as well, so the size that
/// each piece has there (`boardBytes`) is counted along.
struct RegexCompiler {
  /// Groups inside one another; a board's stack would be full.
  private static let maximumDepth = 100
  /// What fits the board's signed byte.
  private static let largest = 127

  private let pattern: ArraySlice<UInt8>
  private var at: Int
  private var groupCount = 0

  static func compile(_ pattern: [UInt8]) throws(RegexError) -> RegexCode {
    // A pattern ends at its first NUL, as C text does.
    var compiler = RegexCompiler(pattern.prefix { $0 != 0 })
    let body = try compiler.alternatives(0)
    if compiler.at < compiler.pattern.endIndex { throw .unbalanced }
    return RegexCode(
      bytes: [RegexOp.save, 0] + body.bytes + [RegexOp.save, 1, RegexOp.matched], groupCount: compiler.groupCount,
      // Five bytes of code for `search`, two saves, the end; and the object's header.
      boardBytes: body.boardBytes + 10 + 16)
  }

  private init(_ pattern: ArraySlice<UInt8>) {
    self.pattern = pattern
    at = pattern.startIndex
  }

  /// Code that can stand anywhere, and its size on the board.
  private struct Piece {
    var bytes: [UInt8] = []
    var boardBytes = 0

    mutating func append(_ other: Piece) {
      bytes += other.bytes
      boardBytes += other.boardBytes
    }
  }

  private var next: UInt8? { at < pattern.endIndex ? pattern[at] : nil }
  private func peek(_ distance: Int) -> UInt8? {
    at + distance < pattern.endIndex ? pattern[at + distance] : nil
  }

  private func jump(_ op: UInt8, _ distance: Int) -> [UInt8] {
    let word = UInt16(bitPattern: Int16(truncatingIfNeeded: distance))
    return [op, UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
  }
  private static let jumpBytes = 3
  private static let boardJumpBytes = 2

  private func check(_ size: Int) throws(RegexError) { if size > RegexCompiler.largest { throw .tooComplex } }

  /// Everything up to a closing parenthesis or the end.
  private mutating func alternatives(_ depth: Int) throws(RegexError) -> Piece {
    if depth > RegexCompiler.maximumDepth { throw .tooDeep }
    /// The alternatives before the current one, up to and without their jump to the end.
    var earlier: Piece?
    var branch = Piece()
    /// What a repetition would repeat; empty when there is nothing.
    var last = Piece()
    func close(_ right: Piece) throws(RegexError) -> Piece {
      guard let earlier else { return right }
      try check(earlier.boardBytes + RegexCompiler.boardJumpBytes)
      try check(right.boardBytes)
      var whole = Piece()
      whole.bytes =
        jump(RegexOp.preferNext, earlier.bytes.count + RegexCompiler.jumpBytes) + earlier.bytes
        + jump(RegexOp.jump, right.bytes.count) + right.bytes
      whole.boardBytes = earlier.boardBytes + right.boardBytes + 2 * RegexCompiler.boardJumpBytes
      return whole
    }
    while let c = next, c != 0x29 {
      switch c {
      case 0x2A, 0x2B, 0x3F:  // * + ?
        if last.bytes.isEmpty { throw .tooComplex }
        at += 1
        let isLazy = next == 0x3F
        if isLazy { at += 1 }
        branch.append(try repeated(last, c, isLazy))
        last = Piece()
      case 0x7C:  // |
        at += 1
        branch.append(last)
        last = Piece()
        earlier = try close(branch)
        branch = Piece()
      case 0x5E, 0x24:  // ^ $
        at += 1
        branch.append(last)
        last = Piece()
        branch.append(Piece(bytes: [c == 0x5E ? RegexOp.atStart : RegexOp.atEnd], boardBytes: 1))
      default:
        branch.append(last)
        last = try item(c, depth)
      }
    }
    branch.append(last)
    return try close(branch)
  }

  private func repeated(_ piece: Piece, _ kind: UInt8, _ isLazy: Bool) throws(RegexError) -> Piece {
    let size = piece.bytes.count
    switch kind {
    case 0x3F:
      try check(piece.boardBytes)
      return Piece(
        bytes: jump(isLazy ? RegexOp.preferTarget : RegexOp.preferNext, size) + piece.bytes,
        boardBytes: piece.boardBytes + 2)
    case 0x2A:
      // The jump back counts from behind itself, and -128 still fits.
      try check(piece.boardBytes + 3)
      return Piece(
        bytes: jump(isLazy ? RegexOp.preferTarget : RegexOp.preferNext, size + RegexCompiler.jumpBytes) + piece.bytes
          + jump(RegexOp.jump, -size - 2 * RegexCompiler.jumpBytes),
        boardBytes: piece.boardBytes + 4)
    default:
      try check(piece.boardBytes + 1)
      return Piece(
        bytes: piece.bytes
          + jump(isLazy ? RegexOp.preferNext : RegexOp.preferTarget, -size - RegexCompiler.jumpBytes),
        boardBytes: piece.boardBytes + 2)
    }
  }

  /// A character, a class, a set or a group.
  private mutating func item(_ c: UInt8, _ depth: Int) throws(RegexError) -> Piece {
    at += 1
    switch c {
    case 0x2E: return Piece(bytes: [RegexOp.any], boardBytes: 1)
    case 0x5B: return try set()
    case 0x28: return try group(depth)
    case 0x5C:
      guard let escaped = next else { throw .tooComplex }
      at += 1
      if let named = ByteSet(named: escaped) { return Piece(bytes: [RegexOp.set] + named.bytes, boardBytes: 2) }
      return Piece(bytes: [RegexOp.byte, escaped], boardBytes: 2)
    default: return Piece(bytes: [RegexOp.byte, c], boardBytes: 2)
    }
  }

  private mutating func group(_ depth: Int) throws(RegexError) -> Piece {
    let isCapturing = !(next == 0x3F && peek(1) == 0x3A)
    var whole = Piece()
    var number = 0
    if isCapturing {
      groupCount += 1
      number = groupCount
      try check(2 * number + 1)
      whole.append(Piece(bytes: [RegexOp.save, UInt8(2 * number)], boardBytes: 2))
    } else {
      at += 2
    }
    whole.append(try alternatives(depth + 1))
    guard next == 0x29 else { throw .tooComplex }
    at += 1
    if isCapturing { whole.append(Piece(bytes: [RegexOp.save, UInt8(2 * number + 1)], boardBytes: 2)) }
    return whole
  }

  /// A set, behind its bracket. A bracket closes it wherever it stands; a range may begin and end with anything.
  private mutating func set() throws(RegexError) -> Piece {
    let isNegated = next == 0x5E
    if isNegated { at += 1 }
    var set = ByteSet()
    var count = 0
    while let first = next, first != 0x5D {
      at += 1
      var low = first
      count += 1
      if first == 0x5C {
        guard let escaped = next else { throw .tooComplex }
        at += 1
        if let named = ByteSet(named: escaped) {
          set.formUnion(named)
          continue
        }
        low = escaped
      }
      var high = low
      if next == 0x2D, let end = peek(1), end != 0x5D {
        high = end
        at += 2
      }
      if low <= high { for b in low...high { set.insert(b) } }
    }
    guard next == 0x5D else { throw .tooComplex }
    at += 1
    try check(count)
    if isNegated { set.invert() }
    return Piece(bytes: [RegexOp.set] + set.bytes, boardBytes: 2 + 2 * count)
  }
}

/// 256 bits, one a byte value.
private struct ByteSet {
  private(set) var bytes = [UInt8](repeating: 0, count: 32)

  init() {}

  /// The class that `\d`, `\W` … stand for; nil for other characters.
  init?(named name: UInt8) {
    switch name | 0x20 {
    case 0x64: for b in 0x30...0x39 as ClosedRange<UInt8> { insert(b) }
    case 0x73:
      insert(0x20)
      for b in 0x09...0x0D as ClosedRange<UInt8> { insert(b) }
    case 0x77:
      for b in 0x30...0x39 as ClosedRange<UInt8> { insert(b) }
      for b in 0x61...0x7A as ClosedRange<UInt8> {
        insert(b)
        insert(b - 0x20)
      }
      insert(0x5F)
    default: return nil
    }
    switch name {
    case 0x64, 0x73, 0x77: break
    case 0x44, 0x53, 0x57: invert()
    default: return nil
    }
  }

  mutating func insert(_ b: UInt8) { bytes[Int(b >> 3)] |= 1 << (b & 7) }
  mutating func invert() { for i in 0..<32 { bytes[i] = ~bytes[i] } }
  mutating func formUnion(_ other: ByteSet) { for i in 0..<32 { bytes[i] |= other.bytes[i] } }
}
