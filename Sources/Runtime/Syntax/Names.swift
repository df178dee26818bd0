/// The number of an interned string in a `NameTable`.
struct Name: Hashable, Sendable {
  let number: Int32
}

/// The interned strings of one compilation.
///
/// Which strings are interned decides how a literal is stored in the code (a literal equal to an
/// interned string becomes a name, others become objects), so the order of interning is part of the
/// compiler's output. All text lives in one buffer; a lookup costs one hash and one comparison.
struct NameTable: Sendable {
  /// The longest string that a name can hold: its length is stored in one byte on a board.
  static let longestNameBytes = 255

  private var text: [UInt8] = []
  private var ends: [Int32] = []
  private var hashes: [UInt32] = []
  /// Open addressing: name number + 1, or 0 for a free slot. The size is a power of two.
  private var slots = [Int32](repeating: 0, count: 512)

  var count: Int { ends.count }

  subscript(name: Name) -> ArraySlice<UInt8> {
    let index = Int(name.number)
    return text[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
  }

  func bytes(_ name: Name) -> [UInt8] { Array(self[name]) }

  func find(_ bytes: [UInt8]) -> Name? {
    let number = slots[slot(of: bytes, hash: NameTable.hash(bytes))]
    return number == 0 ? nil : Name(number: number - 1)
  }

  mutating func intern(_ bytes: [UInt8]) -> Name {
    let hash = NameTable.hash(bytes)
    let free = slot(of: bytes, hash: hash)
    if slots[free] != 0 { return Name(number: slots[free] - 1) }
    text.append(contentsOf: bytes)
    ends.append(Int32(text.count))
    hashes.append(hash)
    slots[free] = Int32(ends.count)
    if ends.count * 2 > slots.count { grow() }
    return Name(number: Int32(ends.count - 1))
  }

  /// The slot that holds `bytes`, or the free slot where they belong.
  private func slot(of bytes: [UInt8], hash: UInt32) -> Int {
    let mask = slots.count - 1
    var slot = Int(hash) & mask
    while slots[slot] != 0 {
      let number = Int(slots[slot] - 1)
      if hashes[number] == hash && self[Name(number: Int32(number))].elementsEqual(bytes) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func grow() {
    let mask = slots.count * 2 - 1
    var larger = [Int32](repeating: 0, count: slots.count * 2)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & mask
      while larger[slot] != 0 { slot = (slot + 1) & mask }
      larger[slot] = Int32(number + 1)
    }
    slots = larger
  }

  private static func hash(_ bytes: [UInt8]) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return hash ^ (hash >> 15)
  }
}

/// Names that the compiler itself uses, interned before any source is read.
///
/// Those of more than ten bytes are among both dialects' built-in strings, so that interning them
/// here changes no literal. The keywords come before all of these (see `Keyword`).
enum WellKnownName: Int32, CaseIterable {
  case empty, star, module, lambda, listComprehension, dictComprehension, setComprehension, generatorExpression
  case classCell, moduleAttribute, qualifiedName, nameAttribute, superFunction, rangeFunction, constFunction
  case assertionError, baseException, stopAsyncIteration
  case awaitMethod, aiter, anext, aenter, aexit, micropython, replPrint

  var text: StaticString {
    switch self {
    case .empty: ""
    case .star: "*"
    case .module: "<module>"
    case .lambda: "<lambda>"
    case .listComprehension: "<listcomp>"
    case .dictComprehension: "<dictcomp>"
    case .setComprehension: "<setcomp>"
    case .generatorExpression: "<genexpr>"
    case .classCell: "__class__"
    case .moduleAttribute: "__module__"
    case .qualifiedName: "__qualname__"
    case .nameAttribute: "__name__"
    case .superFunction: "super"
    case .rangeFunction: "range"
    case .constFunction: "const"
    case .assertionError: "AssertionError"
    case .baseException: "BaseException"
    case .stopAsyncIteration: "StopAsyncIteration"
    case .awaitMethod: "__await__"
    case .aiter: "__aiter__"
    case .anext: "__anext__"
    case .aenter: "__aenter__"
    case .aexit: "__aexit__"
    case .micropython: "micropython"
    case .replPrint: "__repl_print__"
    }
  }

  var name: Name { Name(number: Int32(Keyword.count) + rawValue) }
}

extension NameTable {
  private static let circuitpython = NameTable(builtInLongStrings: circuitpythonLongStrings)
  private static let micropython = NameTable(builtInLongStrings: micropythonLongStrings)

  private init(builtInLongStrings: [StaticString]) {
    let texts = Keyword.all + WellKnownName.allCases.map(\.text) + builtInLongStrings
    for text in texts { _ = intern(text.withUTF8Buffer { Array($0) }) }
  }

  /// A table that holds the keywords, the well-known names, the dialect's built-in strings and the source's name.
  init(dialect: Dialect, sourceName: [UInt8]) {
    self = dialect == .circuitpython ? NameTable.circuitpython : NameTable.micropython
    _ = intern(sourceName)
  }
}
