/// A listing of a module's tables and of all its functions, one line an instruction. Code that can't be decoded is
/// listed up to the fault.
package func disassemble(_ module: CodeModule) -> String {
  var listing = Listing(module: module)
  listing.appendTables()
  listing.append(module.root, path: [])
  return listing.text
}

private struct Listing {
  let module: CodeModule
  var text = ""

  init(module: CodeModule) { self.module = module }

  mutating func line(_ content: String) { text += content + "\n" }

  mutating func appendTables() {
    for (number, name) in module.names.enumerated() { line("name \(number): \(quoted(name))") }
    for (number, constant) in module.constants.enumerated() { line("constant \(number): \(shown(constant))") }
  }

  mutating func append(_ code: RawCode, path: [Int]) {
    line("")
    let title = path.isEmpty ? "module body" : "function " + path.map(String.init).joined(separator: ".")
    do throws(BytecodeError) {
      let prelude = try Prelude.decode(code.bytes, path: path)
      let lines = try LineTable(code.bytes, prelude, path: path)
      line("\(title) \(nameText(prelude.name)): \(code.bytes.count) bytes")
      appendPrelude(prelude)
      try appendInstructions(code, prelude, lines, path)
    } catch {
      line("\(title): \(error)")
    }
    for (number, child) in code.children.enumerated() where path.count < CodeLimits.nesting {
      append(child, path: path + [number])
    }
  }

  private mutating func appendPrelude(_ prelude: Prelude) {
    line("  slots \(prelude.stateSlots), exception slots \(prelude.exceptionSlots), flags \(shown(prelude.flags))")
    let counts = "\(prelude.positional) positional, \(prelude.keywordOnly) keyword-only"
    let names = prelude.argumentNames.map(nameText).joined(separator: " ")
    line("  arguments: \(counts), \(prelude.positionalDefaults) defaults" + (names.isEmpty ? "" : ": " + names))
    if !prelude.cells.isEmpty { line("  cells: " + prelude.cells.map(String.init).joined(separator: " ")) }
  }

  private mutating func appendInstructions(
    _ code: RawCode, _ prelude: Prelude, _ lines: LineTable, _ path: [Int]
  ) throws(BytecodeError) {
    let start = prelude.instructionStart
    var targets: Set<Int> = []
    var scan = InstructionDecoder(code.bytes, from: start, path: path)
    while let instruction = try? scan.next() { targets.insert(instruction.jumpTarget) }
    var decoder = InstructionDecoder(code.bytes, from: start, path: path)
    var lastLine = 0
    while let instruction = try decoder.next() {
      let source = lines.line(at: instruction.offset)
      let margin = padded(source == lastLine ? "" : "\(source)", to: 6)
      let address = padded("\(instruction.offset - start)", to: 6)
      let mark = targets.contains(instruction.offset) ? ">" : " "
      let operand = operandText(instruction, start: start)
      let name = instruction.opcode.listingName
      line("\(margin) \(mark)\(address)  \(operand.isEmpty ? name : leftAligned(name, in: 22) + operand)")
      lastLine = source
    }
  }

  private func operandText(_ instruction: DecodedInstruction, start: Int) -> String {
    let n = instruction.operand
    switch instruction.opcode {
    case .unary: return UnaryOperator(rawValue: n).map { "\($0)" } ?? "?"
    case .binary: return BinaryOperator(rawValue: n).map { "\($0)" } ?? "?"
    case .callFunction, .callFunctionVarKw, .callMethod, .callMethodVarKw:
      return "\(n & 0xFF) positional, \(n >> 8) keyword"
    case .unpackEx: return "\(n & 0xFF) before, \(n >> 8) after"
    case .storeComp: return ["list", "dict", "set", "?"][n & 3] + " \(n >> 2) below"
    default: break
    }
    switch instruction.opcode.format {
    case .none: return ""
    case .name: return nameText(n)
    case .constant: return module.constants.indices.contains(n) ? shown(module.constants[n]) : "?\(n)"
    case .childAndCount: return "\(n), \(instruction.extra) cells"
    case .unsigned, .local, .child, .signed: return "\(n)"
    case .jumpForward, .jumpEitherWay: return "to \(instruction.jumpTarget - start)"
    case .jumpEitherWayAndCount:
      let flag = instruction.extra & 0x80 == 0 ? "" : " and the iterator"
      return "to \(instruction.jumpTarget - start), leaving \(instruction.extra & 0x7F)\(flag)"
    }
  }

  private func nameText(_ number: Int) -> String {
    module.names.indices.contains(number) ? quoted(module.names[number]) : "?\(number)"
  }

  private func shown(_ flags: CodeFlags) -> String {
    let names: [(CodeFlags, String)] = [
      (.generator, "generator"), (.variableKeywords, "**"), (.variablePositional, "*"),
      (.keywordDefaults, "keyword-defaults"), (.async, "async"),
    ]
    let set = names.filter { flags.contains($0.0) }.map(\.1)
    return set.isEmpty ? "none" : set.joined(separator: " ")
  }

  private func shown(_ constant: Constant) -> String {
    switch constant {
    case .none: "None"
    case .false: "False"
    case .true: "True"
    case .ellipsis: "..."
    case .str(let text): quoted(text)
    case .bytes(let data): "b" + quoted(data)
    case .int(let text), .float(let text), .complex(let text): String(decoding: text, as: UTF8.self)
    case .tuple(let items): "(" + items.map { shown($0) + "," }.joined(separator: " ") + ")"
    }
  }

  /// Printable ASCII as it is, everything else as `\xNN`: names are copied unchecked from files.
  private func quoted(_ bytes: [UInt8]) -> String {
    var result = "\""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
      case UInt8(ascii: "\n"): result += "\\n"
      case 0x20..<0x7F: result += String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result + "\""
  }

  private func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  private func leftAligned(_ text: String, in width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.utf8.count))
  }
}
