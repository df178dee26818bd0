import Glibc

/// complex: +8 real · +16 imaginary, each rounded to the board's float width
extension VM {
  package func makeComplex(_ real: Double, _ imaginary: Double) throws(PyError) -> Value {
    let p = try allocate(.complex, leaf: true, payload: 16, charge: 16)
    p.storeBytes(of: s.pointee.floatMode.round(real), toByteOffset: 8, as: Double.self)
    p.storeBytes(of: s.pointee.floatMode.round(imaginary), toByteOffset: 16, as: Double.self)
    return Value(p)
  }

  package func asComplex(_ v: Value) -> (Double, Double)? {
    if v.has(.complex) {
      return (v.pointer.load(fromByteOffset: 8, as: Double.self), v.pointer.load(fromByteOffset: 16, as: Double.self))
    }
    return asNumber(v).map { ($0, 0) }
  }

  func complexBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value {
    guard let (ar, ai) = asComplex(a), let (br, bi) = asComplex(b) else { return .unsupported }
    switch op {
    case .add: return try makeComplex(ar + br, ai + bi)
    case .subtract: return try makeComplex(ar - br, ai - bi)
    case .multiply: return try makeComplex(ar * br - ai * bi, ar * bi + ai * br)
    case .trueDivide:
      let d = br * br + bi * bi
      if d == 0 { throw error(.zeroDivisionError, "complex division by zero") }
      return try makeComplex((ar * br + ai * bi) / d, (ai * br - ar * bi) / d)
    case .power: return try complexPower(ar, ai, br, bi)
    case .equal: return Value(ar == br && ai == bi)
    case .floorDivide, .modulo: throw typeError("can't truncate-divide a complex number")
    default: return .unsupported
    }
  }

  func complexPower(_ ar: Double, _ ai: Double, _ br: Double, _ bi: Double) throws(PyError) -> Value {
    let magnitude = hypot(ar, ai)
    if magnitude == 0 {
      if bi == 0 && br >= 0 { return try makeComplex(br == 0 ? 1 : 0, 0) }
      throw error(.zeroDivisionError, "0.0 to a complex power")
    }
    let angle = atan2(ai, ar)
    let l = log(magnitude)
    let scale = exp(br * l - bi * angle)
    let turn = bi * l + br * angle
    return try makeComplex(scale * cos(turn), scale * sin(turn))
  }

  func installComplex() throws(PyError) {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        if a.count < 2 { return try vm.makeComplex(0, 0) }
        if a.count == 2 && a[1].has(.str) { return try vm.parseComplex(vm.text(a[1])) }
        guard let (ar, ai) = vm.asComplex(a[1]) else { throw vm.cannotConvert(a[1], to: "complex") }
        if a.count < 3 { return try vm.makeComplex(ar, ai) }
        guard let (br, bi) = vm.asComplex(a[2]) else { throw vm.cannotConvert(a[2], to: "complex") }
        return try vm.makeComplex(ar - bi, ai + br)
      }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        let value = Value(bits: v)
        let (r, i) = vm.asComplex(value) ?? (0, 0)
        switch UnaryOperation(rawValue: op) {
        case .positive: return value
        case .negative: return try vm.makeComplex(-r, -i)
        case .absolute: return try vm.makeFloat(hypot(r, i))
        case .bool: return Value(r != 0 || i != 0)
        case .hash: return Value(small: Int(Int32(truncatingIfNeeded: r.bitPattern ^ i.bitPattern >> 7)))
        default: return .unsupported
        }
      }
    }
    slots.binary = { vm, op, a, b in
      operation(vm) { vm throws(PyError) in
        try vm.numberBinary(BinaryOperation(rawValue: op).unsafelyUnwrapped, Value(bits: a), Value(bits: b))
      }
    }
    slots.print = { vm, v, _, out in
      let (r, i) = VM(vm).asComplex(Value(bits: v)) ?? (0, 0)
      let out = TextBuffer(out)
      if r == 0 && r.sign == .plus {
        VM(vm).printFloat(i, out, isPart: true)
        out.append("j")
      } else {
        out.append("(")
        VM(vm).printFloat(r, out, isPart: true)
        if i >= 0 || i.isNaN { out.append("+") }
        VM(vm).printFloat(i, out, isPart: true)
        out.append("j)")
      }
      return Value.none.bits
    }
    slots.loadAttribute = { vm, v, name in
      operation(vm) { vm throws(PyError) in
        let (r, i) = vm.asComplex(Value(bits: v)) ?? (0, 0)
        switch vm.string(Value(bits: name)) {
        case "real": return try vm.makeFloat(r)
        case "imag": return try vm.makeFloat(i)
        default: return .unsupported
        }
      }
    }
    install(try makeType("complex", tag: .complex, slots: slots), for: .complex)
  }

  private func parseComplex(_ text: [UInt8]) throws(PyError) -> Value {
    guard text.last == 0x6A || text.last == 0x4A else { return try makeComplex(try parseFloat(text), 0) }
    let body = text.dropLast()
    // The sign that begins the imaginary part: the last one that is not an exponent's.
    var split = body.startIndex
    for i in body.indices.dropFirst() where (body[i] == 0x2B || body[i] == 0x2D) && body[i - 1] | 0x20 != 0x65 {
      split = i
    }
    let real = split == body.startIndex ? 0 : try parseFloat(Array(body[..<split]))
    let imaginary = Array(body[split...])
    if imaginary.isEmpty || imaginary == [0x2B] { return try makeComplex(real, 1) }
    if imaginary == [0x2D] { return try makeComplex(real, -1) }
    return try makeComplex(real, try parseFloat(imaginary))
  }
}
