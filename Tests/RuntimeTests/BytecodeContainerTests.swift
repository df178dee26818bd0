import Testing

@testable import Runtime

/// The example of the format's description, as mpy-cross writes it.
let exampleFile = bytes(
  hex: """
    4d06001f 0903 0a65782e707900 0f 086d61746800 026200 026600 143c6c697374636f6d703e00 8177 026100 0b
    050f61206c6f6e67657220737472696e6700 070d31303939353131363237373736
    0811332e313431353932363533353839373933
    825c 2006 01 264b 80511b021602 532c00811003 62 33001604 1106 1104 81 82 83 2b02 82 3502 2300 2301 3403 59 51 63 01
    8144 a988c0c040 09 040703 40 00 b0200001 b23401 2302 2b01 f2 63 01
    8130 4a 08 050808 40 2b00 b1 5f 4b09 c2 b2 2500 f4 2f14 4235 63
    """)

private func read(
  _ bytes: [UInt8], as dialect: Dialect = .circuitpython, strict: Bool = false
) throws(BytecodeError) -> CodeModule {
  try decodeMPY(bytes, dialect: dialect, strict: strict).module
}

private func error(_ bytes: [UInt8], as dialect: Dialect = .micropython, strict: Bool = true) -> BytecodeError? {
  do throws(BytecodeError) {
    _ = try decodeMPY(bytes, dialect: dialect, strict: strict)
    return nil
  } catch {
    return error
  }
}

private func fault(_ bytes: [UInt8]) -> CodeFault? {
  if case .incompatibleFile(let fault, _)? = error(bytes) { return fault }
  return nil
}

/// A file with these bytes after its header.
private func file(_ body: [UInt8]) -> [UInt8] { [0x4d, 6, 0, 31] + body }

/// The smallest raw code: returns None.
private let smallRaw: [UInt8] = [0x28, 0x00, 0x02, 0x00, 0x51, 0x63]

/// A file with one name and one constant.
private func file(constant: [UInt8]) -> [UInt8] { file([1, 1, 0x0f] + constant + smallRaw) }

@Suite struct BytecodeContainerTests {
  @Test func exampleIsRead() throws {
    let (module, wasMicroPython) = try decodeMPY(exampleFile, dialect: .circuitpython, strict: false)
    #expect(wasMicroPython)
    let names = ["ex.py", "<module>", "math", "b", "f", "<listcomp>", "print", "a", "*"]
    #expect(module.names == names.map { Array($0.utf8) })
    let texts = ["a longer string", "1099511627776", "3.141592653589793"].map { Array($0.utf8) }
    #expect(module.constants == [.str(texts[0]), .int(texts[1]), .float(texts[2])])
    #expect(module.root.bytes.count == 43)
    #expect(module.root.children[0].children[0].bytes.count == 22)
    #expect(encodeMPY(module, dialect: .micropython) == exampleFile)
    #expect(encodeMPY(module, dialect: .circuitpython) == [0x43] + Array(exampleFile.dropFirst()))
    _ = try verify(module, dialect: .micropython)
  }

  @Test func preludeOfTheExample() throws {
    let module = try read(exampleFile)
    let f = try Prelude.decode(module.root.children[0].bytes)
    #expect((f.stateSlots, f.positional, f.keywordOnly) == (6, 1, 1))
    #expect(f.flags == [.variableKeywords, .variablePositional, .keywordDefaults])
    #expect((f.name, f.argumentNames, f.cells) == (4, [7, 3], [0]))
    let lines = try LineTable(module.root.bytes, try Prelude.decode(module.root.bytes))
    let start = try Prelude.decode(module.root.bytes).instructionStart
    #expect([0, 5, 6, 16, 17, 40].map { lines.line(at: start + $0) } == [1, 1, 2, 2, 4, 4])
  }

  @Test func preludesAreWrittenAsTheyWereRead() throws {
    func check(_ code: RawCode) throws {
      let prelude = try Prelude.decode(code.bytes)
      #expect(
        prelude.encoded(lineTable: Array(code.bytes[prelude.lineTable]))
          == Array(code.bytes.prefix(prelude.instructionStart)))
      for child in code.children { try check(child) }
    }
    try check(try read(exampleFile).root)
    for (state, exceptions, positional, keywordOnly) in [(1, 0, 0, 0), (5000, 200, 40, 9), (17, 2, 3, 0)] {
      var prelude = HandMade().prelude
      prelude.stateSlots = state
      prelude.exceptionSlots = exceptions
      prelude.positional = positional
      prelude.keywordOnly = keywordOnly
      prelude.positionalDefaults = positional / 2
      prelude.flags = [.generator, .async]
      prelude.argumentNames = Array(repeating: 1, count: positional + keywordOnly)
      prelude.cells = [0, 1].filter { $0 < state }
      let bytes = prelude.encoded(lineTable: [0x21, 0x95, 7])
      var read = try Prelude.decode(bytes)
      #expect(read.instructionStart == bytes.count)
      #expect(Array(bytes[read.lineTable]) == [0x21, 0x95, 7])
      read.lineTable = 0..<0
      read.instructionStart = 0
      #expect(read == prelude)
    }
  }

  @Test func numbersAreShortest() throws {
    for value in [0, 1, 127, 128, 16_383, 16_384, (1 << 31) - 1] {
      var bytes: [UInt8] = []
      CodeBytes.append(unsigned: value, to: &bytes)
      var cursor = CodeCursor(bytes)
      #expect(try cursor.unsigned() == value)
    }
    for value in [0, 63, 64, -64, -65, 8191, -8192, 1 << 40, -1 << 61, (1 << 62) - 1] {
      var bytes: [UInt8] = []
      CodeBytes.append(signed: value, to: &bytes)
      var cursor = CodeCursor(bytes)
      #expect(try cursor.signed() == value)
      #expect(cursor.bytesLeft == 0)
    }
    var bytes: [UInt8] = []
    for value in [63, 64, -64, -65] { CodeBytes.append(signed: value, to: &bytes) }
    #expect(bytes == [0x3f, 0x80, 0x40, 0x40, 0xff, 0x3f])
  }

  @Test func headersAreJudgedInTheBoardsOrder() {
    #expect(
      error(exampleFile, as: .circuitpython)?.pythonMessage == "MicroPython .mpy file; use CircuitPython mpy-cross")
    #expect(error(exampleFile, as: .circuitpython, strict: false) == nil)
    let other = encodeMPY(HandMade(.op(.raiseLast)).module, dialect: .circuitpython)
    #expect(error(other)?.pythonMessage == "incompatible .mpy file")
    #expect(error(other, strict: false) == nil)
    #expect(fault([0x50, 6, 0, 31]) == .wrongLetter)
    #expect(fault([0x4d, 5, 0, 31]) == .wrongVersion)
    #expect(fault([0x4d, 6, 0x08, 31]) == .wrongSubVersion)
    #expect(fault([0x4d, 6, 0x80, 31]) == .wrongSubVersion)
    #expect(fault([0x4d, 6, 0x0b, 64]) == .wideSmallIntegers)
    #expect(fault([0x4d, 6, 0, 63]) == .wideSmallIntegers)
    #expect(error([0x4d, 6, 0, 63] + exampleFile.dropFirst(4), strict: false) == nil)
    #expect(error([0x4d, 6, 0x0b, 31])?.pythonMessage == "native code in .mpy unsupported")
    #expect(fault([0x4d, 6, 0x40, 31]) == .architectureFlags)
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<exampleFile.count {
      #expect(error(Array(exampleFile.prefix(length)))?.pythonMessage == "incompatible .mpy file")
    }
  }

  @Test func containerRules() {
    #expect(fault(file(constant: [4])) == nil)
    #expect(fault(exampleFile + [0]) == .trailingBytes)
    #expect(fault(file([0x80, 1])) == .numberNotShortest)
    #expect(fault(file([0x90, 0x80, 0x80, 0x80, 0])) == .numberTooLarge)
    #expect(fault(file([0x81, 0x80, 0x80, 0x80, 0x80, 0])) == .numberTooLarge)
    #expect(fault(file([0x7f, 0, 1])) == .countTooLarge)
    #expect(fault(file([0, 0] + smallRaw)) == .noNames)
    #expect(fault(file([1, 0, 1] + smallRaw)) == .unknownStaticName)
    #expect(fault(file([1, 0, 0x82, 0x4d] + smallRaw)) == .unknownStaticName)
    #expect(fault(file([1, 0, 2, 0x61, 1] + smallRaw)) == .missingZeroByte)
    #expect(fault(file(constant: [0])) == .unknownConstantType)
    #expect(fault(file(constant: [11])) == .unknownConstantType)
    #expect(
      fault(file(constant: Array(repeating: [10, 1] as [UInt8], count: 101).flatMap(\.self) + [4])) == .nestedTooDeeply)
    #expect(fault(file([1, 0, 0x0f, 0x29] + smallRaw.dropFirst())) == .nativeKind)
    #expect(fault(file([1, 0, 0x0f, 0x2c] + smallRaw.dropFirst() + [0])) == .noChildren)
    let nested = Array(repeating: [0x2c, 0x00, 0x02, 0x00, 0x51, 0x63, 1] as [UInt8], count: 101).flatMap(\.self)
    #expect(fault(file([1, 0, 0x0f] + nested + smallRaw)) == .nestedTooDeeply)
  }

  @Test func numberTexts() {
    func isTaken(_ type: UInt8, _ text: String) -> Bool {
      fault(file(constant: [type, UInt8(text.utf8.count)] + Array(text.utf8))) == nil
    }
    for text in ["0", "-12", "007"] { #expect(isTaken(7, text)) }
    for text in ["", "-", "+1", "1.5", "0x1", " 1"] { #expect(!isTaken(7, text)) }
    for text in ["0.5", "1e+20", "-2.", ".5", "inf", "-inf", "nan", "1E5"] { #expect(isTaken(8, text)) }
    for text in ["", ".", "1e", "e5", "1.5x", "infinite", "1e+", "--1"] { #expect(!isTaken(8, text)) }
    for text in ["2j", "1.5j", "1e+20j", "infj"] { #expect(isTaken(9, text)) }
    for text in ["2", "j", "1+2j"] { #expect(!isTaken(9, text)) }
  }

  @Test func constantsOfEveryKindComeBack() throws {
    let text = Array("x\u{e9}\0".utf8)
    let constants: [Constant] = [
      .none, .false, .true, .ellipsis, .str(text), .bytes([0xff, 0]), .bytes([]), .int(Array("-5".utf8)),
      .float(Array("inf".utf8)), .complex(Array("2j".utf8)), .tuple([.tuple([]), .none]),
    ]
    var module = HandMade(.op(.raiseLast)).module
    module.constants = constants
    module.names.append([0xff, 0xfe])
    for dialect in [Dialect.circuitpython, .micropython] {
      let (again, wasMicroPython) = try decodeMPY(encodeMPY(module, dialect: dialect), dialect: dialect, strict: true)
      #expect(again == module)
      #expect(wasMicroPython == (dialect == .micropython))
    }
  }

  @Test func staticNamesAreNumbered() {
    #expect(StaticNames.texts.count == 165)
    #expect(StaticNames.number(of: Array("<module>".utf8)) == 7)
    #expect(StaticNames.name(number: 123) == Array("print".utf8))
    #expect(StaticNames.name(number: 0) == nil)
    #expect(StaticNames.name(number: 166) == nil)
  }

  @Test func listingShowsOperandsAndLines() throws {
    let text = disassemble(try read(exampleFile))
    #expect(text.contains("     2       6  LOAD_NULL\n"))
    #expect(text.contains("CALL_FUNCTION_VAR_KW  2 positional, 0 keyword"))
    #expect(text.contains("function 0.0 \"<listcomp>\": 22 bytes"))
    #expect(text.contains("FOR_ITER              to 15"))
    #expect(text.contains("constant 0: \"a longer string\""))
  }
}
