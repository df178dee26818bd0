import Glibc

/// Folding while parsing: every method gets the pieces of a node that has just become complete and
/// returns the node, or the constant that replaces it.
extension Parser {
  /// The value of a constant branch, nil for all others.
  func constantValue(_ branch: Branch) -> ConstantValue? {
    switch branch {
    case .integer(let value): return .int(value)
    case .string(let name): return .str(lexer.names.bytes(name))
    case .token(.none): return ConstantValue.none
    case .token(.true): return .true
    case .token(.false): return .false
    case .token(.ellipsis): return .ellipsis
    case .node(let node):
      switch tree[node].kind {
      case .constant: return tree.constant(node)
      case .parentheses where tree[node].count == 0: return .tuple([])
      default: return nil
      }
    default: return nil
    }
  }

  /// Whether a statement that is only this has no effect. (An empty tuple is still built and dropped.)
  func isConstant(_ branch: Branch) -> Bool {
    tree.node(branch, .parentheses) == nil && constantValue(branch) != nil
  }

  func isSmall(_ value: Int) -> Bool {
    let limit = 1 << (options.smallIntBits - 1)
    return value >= -limit && value < limit
  }

  /// The branch for a number or named constant: a leaf for a small int, else a node.
  mutating func branch(for value: ConstantValue, line: Int32) -> Branch {
    if case .int(let int) = value, isSmall(int) { return .integer(int) }
    return tree.addConstant(value, line: line)
  }

  // MARK: Logic

  /// Folds `or` (decided by a true operand) or `and` (by a false one) of the stack's entries from `base`.
  mutating func foldLogical(_ kind: NodeKind, decidedBy: Bool, line: Int32, from base: Int) -> Branch {
    var kept = base
    for index in base..<stack.count {
      let operand = stack[index]
      let truth = constantValue(operand)?.isTrue
      if truth == !decidedBy && index < stack.count - 1 { continue }
      stack[kept] = operand
      kept += 1
      if truth == decidedBy { break }
    }
    stack.removeLast(stack.count - kept)
    return collapse(kind, line: line, from: base)
  }

  // MARK: Tuples

  /// Makes a list of that kind one constant if all its elements are constants.
  mutating func foldTuple(_ list: Branch, _ kind: NodeKind) -> Branch {
    guard let node = tree.node(list, kind) else { return list }
    var elements: [ConstantValue] = []
    for child in tree.children(node) {
      guard let value = constantValue(child) else { return list }
      elements.append(value)
    }
    return tree.addConstant(.tuple(elements), line: tree[node].line)
  }

  // MARK: Numbers

  private func number(_ branch: Branch) -> FoldedNumber? {
    switch branch {
    case .integer(let value): return .int(value)
    case .node(let node) where tree[node].kind == .constant:
      switch tree.constant(node) {
      case .int(let value): return .int(value)
      case .bigInt(let value): return .bigInt(value)
      case .float(let bits): return .float(Double(bitPattern: bits))
      case .nan: return .float(.nan)
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func folded(_ number: FoldedNumber) -> Branch {
    switch number {
    case .int(let value): branch(for: .int(value), line: 0)
    case .bigInt(let value): tree.addConstant(.bigInt(value), line: 0)
    case .float(let value): tree.addConstant(floatConstant(value), line: 0)
    }
  }

  mutating func floatConstant(_ value: Double) -> ConstantValue {
    guard value.isNaN else { return .float(value.bitPattern) }
    nanCount += 1
    return .nan(identity: nanCount)
  }

  /// Folds operands and operators that stand on the stack from `base`, if all operands are numbers.
  mutating func foldBinary(_ kind: NodeKind, line: Int32, from base: Int) -> Branch {
    guard var result = number(stack[base]) else { return reduce(kind, line: line, from: base) }
    for index in stride(from: base + 1, to: stack.count, by: 2) {
      guard case .token(let symbol) = stack[index], let right = number(stack[index + 1]),
        let next = result.applying(symbol, right)?.rounded(options.floatMode)
      else { return reduce(kind, line: line, from: base) }
      result = next
    }
    stack.removeLast(stack.count - base)
    return folded(result)
  }

  mutating func foldPower(line: Int32, from base: Int) -> Branch {
    guard let left = number(stack[base]), let right = number(stack[base + 1]),
      let result = left.applying(.doubleStar, right)?.rounded(options.floatMode)
    else { return reduce(.power, line: line, from: base) }
    stack.removeLast(2)
    return folded(result)
  }

  mutating func foldUnary(line: Int32, from base: Int) -> Branch {
    guard case .token(let symbol) = stack[base], let operand = number(stack[base + 1]),
      let result = operand.applying(symbol)
    else { return reduce(.unary, line: line, from: base) }
    stack.removeLast(2)
    return folded(result)
  }

  // MARK: Constants of the math module

  /// The value of `math.pi` and the like, when exactly that is on the stack from `base`.
  mutating func moduleConstant(from base: Int) -> Branch? {
    guard stack.count == base + 2, case .name(let module) = stack[base], lexer.names[module].elementsEqual("math".utf8),
      let attribute = tree.node(stack[base + 1], .attribute), case .name(let name) = tree.child(attribute, 0)
    else { return nil }
    let value: ConstantValue
    switch String(decoding: lexer.names[name], as: UTF8.self) {
    case "e": value = .float(M_E.bitPattern)
    case "pi": value = .float(Double.pi.bitPattern)
    case "tau": value = .float((2 * Double.pi).bitPattern)
    case "inf": value = .float(Double.infinity.bitPattern)
    case "nan": value = .nan(identity: 0)
    default: return nil
    }
    stack.removeLast(2)
    return tree.addConstant(value, line: 0)
  }

  // MARK: Literals

  func integerLiteral(_ text: [UInt8], line: Int32) throws(CompileError) -> ConstantValue {
    var radix = 10
    var digits = text[...]
    if text.count > 1, text[0] == UInt8(ascii: "0") {
      switch text[1] | 0x20 {
      case UInt8(ascii: "x"): radix = 16
      case UInt8(ascii: "o"): radix = 8
      case UInt8(ascii: "b"): radix = 2
      default: radix = text.allSatisfy { $0 == UInt8(ascii: "0") } ? 10 : 0
      }
      if radix != 10 && radix != 0 { digits = text[2...] }
    }
    guard radix != 0, !digits.isEmpty, digits.allSatisfy({ (digitValue($0) ?? 99) < radix }) else {
      throw syntaxError(
        "invalid syntax for integer with base \(radix): '\(String(decoding: digits, as: UTF8.self))'", line: line)
    }
    var value = 0
    for digit in digits {
      let (scaled, overflowed) = value.multipliedReportingOverflow(by: radix)
      let (sum, carried) = scaled.addingReportingOverflow(digitValue(digit) ?? 0)
      if (overflowed || carried), let large = BigInt(text: Array(digits), base: radix) { return .bigInt(large) }
      value = sum
    }
    return .int(value)
  }

  func floatLiteral(_ text: [UInt8], line: Int32) throws(CompileError) -> ConstantValue {
    let isImaginary = text.last.map { $0 | 0x20 == UInt8(ascii: "j") } ?? false
    let digits = isImaginary ? text.dropLast() : text[...]
    guard var value = FloatText.parse(digits) else {
      throw syntaxError("invalid syntax for number", line: line)
    }
    if options.floatMode != .double { value = options.floatMode.round(Double(SingleDecimal.parse(digits))) }
    return isImaginary ? .complex(value.bitPattern) : .float(value.bitPattern)
  }
}

/// The value of a digit in any base up to 36.
func digitValue(_ character: UInt8) -> Int? {
  switch character {
  case 48...57: Int(character) - 48
  case 65...90: Int(character) - 55
  case 97...122: Int(character) - 87
  default: nil
  }
}
