/// The code of one scope while it is compiled: fixed bytes, and marks for what depends on addresses.
///
/// Jumps have two sizes and lines are stored as distances, so both are kept as marks and laid out by
/// `assemble` in as many passes as the reference compiler needs, with its sizes in each.
struct Assembler {
  struct Label { let number: Int32 }

  private enum Mark {
    case line(Int32)
    case label(Int32)
    case jump(UInt8, target: Int32, extra: UInt8)
  }

  /// A jump's bytes before its size is known.
  static let longJumpBytes = 3
  static let maximumOffset = 0x7fff

  private var bytes: [UInt8] = []
  private var marks: [(position: Int32, mark: Mark)] = []
  private var labelCount: Int32 = 0
  /// Code that cannot be reached produces no bytes, but all else (depth, names, lines).
  private(set) var isSuppressed = false
  private var lastLine: Int32 = 1

  private(set) var depth = 0
  private(set) var highestDepth = 0
  private(set) var exceptionDepth = 0
  private(set) var highestExceptionDepth = 0

  mutating func newLabel() -> Label {
    labelCount += 1
    return Label(number: labelCount - 1)
  }

  mutating func adjustDepth(_ change: Int) {
    depth += change
    highestDepth = max(highestDepth, depth)
  }

  mutating func enterException() {
    exceptionDepth += 1
    highestExceptionDepth = max(highestExceptionDepth, exceptionDepth)
  }

  mutating func leaveException() { exceptionDepth -= 1 }

  mutating func line(_ line: Int32) {
    guard line > lastLine else { return }
    lastLine = line
    marks.append((Int32(bytes.count), .line(line)))
  }

  mutating func place(_ label: Label) {
    isSuppressed = false
    marks.append((Int32(bytes.count), .label(label.number)))
  }

  mutating func byte(_ byte: UInt8) { if !isSuppressed { bytes.append(byte) } }

  mutating func jump(_ opcode: Opcode, to label: Label, extra: UInt8 = 0) {
    if !isSuppressed {
      marks.append((Int32(bytes.count), .jump(opcode.rawValue, target: label.number, extra: extra)))
    }
  }

  mutating func suppress() { isSuppressed = true }

  /// The high groups first, seven bits a byte.
  mutating func unsigned(_ value: Int) {
    guard !isSuppressed else { return }
    appendUnsigned(value, to: &bytes)
  }

  mutating func signed(_ value: Int) {
    guard !isSuppressed else { return }
    var groups = [UInt8(value & 0x7f)]
    var rest = value >> 7
    while !(rest == 0 && groups[groups.count - 1] & 0x40 == 0) && !(rest == -1 && groups[groups.count - 1] & 0x40 != 0)
    {
      groups.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(contentsOf: groups.reversed())
  }

  // MARK: Layout

  /// The finished instructions and line table; nil when a jump is too long.
  func assemble() -> (code: [UInt8], lines: [UInt8])? {
    var addresses = [Int](repeating: 0, count: Int(labelCount))
    var layout = Layout(addresses: addresses, usesLongJumps: true)
    guard lay(&layout) else { return nil }
    var previous = (layout.code.count, layout.lines.count)
    while true {
      addresses = layout.addresses
      layout = Layout(addresses: addresses, usesLongJumps: false)
      guard lay(&layout) else { return nil }
      if (layout.code.count, layout.lines.count) == previous { return (layout.code, layout.lines) }
      previous = (layout.code.count, layout.lines.count)
    }
  }

  private struct Layout {
    var addresses: [Int]
    let usesLongJumps: Bool
    var code: [UInt8] = []
    var lines: [UInt8] = []
  }

  private func lay(_ layout: inout Layout) -> Bool {
    layout.code.reserveCapacity(bytes.count + marks.count * Assembler.longJumpBytes)
    var copied = 0
    var line: Int32 = 1
    var lineAddress = 0
    for (position, mark) in marks {
      layout.code.append(contentsOf: bytes[copied..<Int(position)])
      copied = Int(position)
      switch mark {
      case .line(let next):
        Assembler.appendLine(bytes: layout.code.count - lineAddress, lines: Int(next - line), to: &layout.lines)
        line = next
        lineAddress = layout.code.count
      case .label(let number): layout.addresses[Int(number)] = layout.code.count
      case .jump(let opcode, let target, let extra):
        guard Assembler.appendJump(opcode, to: layout.addresses[Int(target)], extra: extra, &layout) else {
          return false
        }
      }
    }
    layout.code.append(contentsOf: bytes[copied...])
    return true
  }

  private static func appendJump(_ opcode: UInt8, to target: Int, extra: UInt8, _ layout: inout Layout) -> Bool {
    let isSigned = opcode <= Opcode.popJumpIfFalse.rawValue
    let distance = target - layout.code.count - 2
    layout.code.append(opcode)
    if !layout.usesLongJumps && (isSigned ? -64...63 : 0...127).contains(distance) {
      layout.code.append(UInt8(isSigned ? distance + 0x40 : distance))
    } else {
      // In the first pass targets ahead are unknown and their offsets meaningless.
      let offset = layout.usesLongJumps ? 0 : distance - 1 + (isSigned ? 0x4000 : 0)
      guard (0...maximumOffset).contains(offset) else { return false }
      layout.code.append(UInt8(offset & 0x7f) | 0x80)
      layout.code.append(UInt8(offset >> 7))
    }
    if opcode == Opcode.unwindJump.rawValue { layout.code.append(extra) }
    return true
  }

  private static func appendLine(bytes: Int, lines: Int, to table: inout [UInt8]) {
    var bytes = bytes, lines = lines
    while bytes > 0 || lines > 0 {
      let byteStep: Int, lineStep: Int
      if lines <= 6 || bytes > 15 {
        byteStep = min(bytes, 31)
        lineStep = byteStep < bytes ? 0 : min(lines, 3)
        table.append(UInt8(byteStep | lineStep << 5))
      } else {
        byteStep = min(bytes, 15)
        lineStep = min(lines, 2047)
        table.append(UInt8(0x80 | byteStep | (lineStep >> 4) & 0x70))
        table.append(UInt8(lineStep & 0xff))
      }
      bytes -= byteStep
      lines -= lineStep
    }
  }
}

func appendUnsigned(_ value: Int, to bytes: inout [UInt8]) {
  var shift = 7
  while value >> shift != 0 { shift += 7 }
  while shift > 7 {
    shift -= 7
    bytes.append(UInt8((value >> shift) & 0x7f) | 0x80)
  }
  bytes.append(UInt8(value & 0x7f))
}
