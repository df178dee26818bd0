import Testing

@testable import Runtime

/// A line of a function written by hand.
enum Line {
  case op(Opcode, Int = 0)
  case small(Int)
  case unary(UnaryOperator)
  case binary(BinaryOperator)
  /// Always the two-byte offset.
  case jump(Opcode, String)
  case unwind(String, Int)
  case closure(Opcode, child: Int, cells: Int)
  case label(String)
  case raw([UInt8])
}

/// Makes raw code from lines. Names and constants of the module: `HandMade.names`, `HandMade.constants`.
struct HandMade {
  static let names = ["t.py", "BaseException", "a"].map { Array($0.utf8) }
  static let constants: [Constant] = [.ellipsis]

  var prelude = Prelude(
    stateSlots: 16, exceptionSlots: 4, flags: [], positional: 0, keywordOnly: 0, positionalDefaults: 0, name: 2,
    argumentNames: [], lineTable: 0..<0, cells: [], instructionStart: 0)
  var lineTable: [UInt8] = []
  var lines: [Line]
  var children: [RawCode] = []

  init(_ lines: Line...) { self.lines = lines }

  /// A changed copy, so that a test says only what is special.
  func with(_ change: (inout HandMade) -> Void) -> HandMade {
    var copy = self
    change(&copy)
    return copy
  }

  var code: RawCode { RawCode(bytes: prelude.encoded(lineTable: lineTable) + instructionBytes, children: children) }

  var module: CodeModule { CodeModule(names: HandMade.names, constants: HandMade.constants, root: code) }

  /// As child 0 of a module body that makes it with `maker`, after pushing what that takes.
  func made(by maker: Line = .op(.makeFunction, 0), pushing pushes: [Line] = []) -> CodeModule {
    var parent = HandMade()
    parent.lines = pushes + [maker, .op(.returnValue)]
    parent.prelude.cells = [0, 1]
    parent.children = [code]
    return parent.module
  }

  private var instructionBytes: [UInt8] {
    var bytes: [UInt8] = []
    var labels: [String: Int] = [:]
    var jumps: [(at: Int, label: String, isSigned: Bool)] = []
    for line in lines {
      switch line {
      case .op(let opcode, let operand):
        bytes.append(opcode.rawValue)
        switch opcode.format {
        case .none: break
        case .signed: CodeBytes.append(signed: operand, to: &bytes)
        default: CodeBytes.append(unsigned: operand, to: &bytes)
        }
      case .small(let value): bytes.append(UInt8(0x80 + value))
      case .unary(let unary): bytes.append(Opcode.unary.rawValue + UInt8(unary.rawValue))
      case .binary(let binary): bytes.append(Opcode.binary.rawValue + UInt8(binary.rawValue))
      case .jump(let opcode, let label):
        bytes.append(opcode.rawValue)
        jumps.append((bytes.count, label, opcode.rawValue <= Opcode.popJumpIfFalse.rawValue))
        bytes += [0, 0]
      case .unwind(let label, let count):
        bytes.append(Opcode.unwindJump.rawValue)
        jumps.append((bytes.count, label, true))
        bytes += [0, 0, UInt8(count)]
      case .closure(let opcode, let child, let cells): bytes += [opcode.rawValue, UInt8(child), UInt8(cells)]
      case .label(let name): labels[name] = bytes.count
      case .raw(let some): bytes += some
      }
    }
    for jump in jumps {
      let distance = labels[jump.label, default: 0] - (jump.at + 2) + (jump.isSigned ? 0x4000 : 0)
      bytes[jump.at] = UInt8(distance & 0x7F) | 0x80
      bytes[jump.at + 1] = UInt8(distance >> 7)
    }
    return bytes
  }
}

/// The rule that a module breaks; nil when it is accepted.
func faultOf(_ module: CodeModule, dialect: Dialect = .circuitpython) -> CodeFault? {
  do throws(BytecodeError) {
    _ = try verify(module, dialect: dialect)
    return nil
  } catch {
    if case .incompatibleFile(let fault, _) = error { return fault }
    return nil
  }
}

func faultOf(_ lines: Line...) -> CodeFault? {
  var function = HandMade()
  function.lines = lines
  function.prelude.flags = .generator
  return faultOf(function.made())
}

func bytes(hex: String) -> [UInt8] {
  let digits = hex.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
