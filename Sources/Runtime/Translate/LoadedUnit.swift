import Glibc

/// A module's code inside a VM: names interned, constants made, one `CodeBody` a function; register code is added when a function is
/// first called. Owned by an arena object (tag `unit`), so it goes when nothing refers to its code any more.
final class LoadedUnit {
  let interpreter: Interpreter
  let names: [Value]
  private(set) var raws: [RawCode] = []
  /// Unit-wide numbers of each function's children.
  private(set) var children: [[Int]] = []
  private var closedOver: [Int] = []
  private var bodies: [UnsafeMutablePointer<CodeBody>] = []
  private var codes: [FunctionCode?] = []
  private var translations: [Translation?] = []
  /// Constants, in a tuple that the unit object keeps alive.
  let constants: Value
  let fileName: Value
  /// Translate module-level code for a locals dict other than the globals (`exec` with two dicts, class bodies always have one).
  var hasSeparateLocals = false
  /// Where bodies point before they are translated; never run.
  private let stub: UnsafeMutablePointer<UInt64>

  /// Deepest nesting of functions in a unit.
  static let maximumNesting = 100

  init(_ module: CodeModule, _ interpreter: Interpreter) throws(PyError) {
    self.interpreter = interpreter
    let vm = interpreter.vm
    var names: [Value] = []
    for name in module.names { names.append(vm.intern(name)) }
    self.names = names
    fileName = names.first ?? interpreter.names.empty
    constants = try vm.makeTuple(count: module.constants.count)
    stub = .allocate(capacity: 1)
    stub.pointee = UInt64(Op.count - 1)
    for (i, constant) in module.constants.enumerated() {
      TupleLayout.set(constants.pointer, i, try vm.makeConstant(constant))
    }
    do throws(FlowError) {
      try add(module.root, closedOver: 0, depth: 0)
    } catch {
      throw vm.incompatible(error, in: fileName)
    }
  }

  deinit {
    for body in bodies {
      body.pointee.argumentNames.deallocate()
      body.pointee.cells.deallocate()
      body.deallocate()
    }
    for translation in translations { translation?.code.deallocate() }
    stub.deallocate()
  }

  /// The unit of its arena object.
  static func of(_ value: Value) -> LoadedUnit {
    Unmanaged<LoadedUnit>.fromOpaque(value.pointer.raw(8)).takeUnretainedValue()
  }

  @discardableResult
  private func add(_ raw: RawCode, closedOver cells: Int, depth: Int) throws(FlowError) -> Int {
    if depth > LoadedUnit.maximumNesting { throw FlowError(reason: "nested too deeply") }
    let index = raws.count
    raws.append(raw)
    children.append([])
    closedOver.append(cells)
    translations.append(nil)
    let code = try FunctionCode(
      raw.bytes, names: names.count, constants: TupleLayout.count(constants.pointer), children: raw.children.count,
      closedOver: cells)
    codes.append(code)
    bodies.append(makeBody(code, index))
    // All makers of a child pass the same number of cells; a child without a maker never runs.
    var passed = [Int](repeating: -1, count: raw.children.count)
    for instruction in code.instructions {
      let isClosure = instruction.op == BC.makeClosure || instruction.op == BC.makeClosureDefargs
      guard isClosure || instruction.op == BC.makeFunction || instruction.op == BC.makeFunctionDefargs else { continue }
      let count = isClosure ? instruction.extra : 0
      let known = passed[instruction.operand]
      if known >= 0 && known != count { throw FlowError(reason: "makers disagree") }
      passed[instruction.operand] = count
    }
    for (i, child) in raw.children.enumerated() {
      children[index].append(try add(child, closedOver: max(passed[i], 0), depth: depth + 1))
    }
    return index
  }

  private func makeBody(_ code: FunctionCode, _ index: Int) -> UnsafeMutablePointer<CodeBody> {
    let prelude = code.prelude
    let arguments = UnsafeMutablePointer<Value>.allocate(capacity: max(1, prelude.argumentNames.count))
    for (i, name) in prelude.argumentNames.enumerated() { arguments[i] = names[name] }
    let cells = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, prelude.cells.count))
    for (i, cell) in prelude.cells.enumerated() { cells[i] = Int32(cell) }
    let body = UnsafeMutablePointer<CodeBody>.allocate(capacity: 1)
    body.initialize(
      to: CodeBody(entry: stub, argumentNames: arguments, cells: cells, unit: Unmanaged.passUnretained(self)))
    body.pointee.positional = prelude.positional
    body.pointee.keywordOnly = prelude.keywordOnly
    body.pointee.positionalDefaults = prelude.positionalDefaults
    body.pointee.flags = prelude.flags
    body.pointee.localCount = prelude.stateSlots
    body.pointee.name = names[prelude.name]
    body.pointee.cellCount = prelude.cells.count
    body.pointee.index = index
    body.pointee.simpleArity = CodeBody.untranslated
    body.pointee.frameBytes = Frame.locals + prelude.stateSlots * 8
    // The board's Python stack takes 24 + 4 · state slots + 12 · exception slots bytes a call, in multiples of 8.
    body.pointee.pystackBytes = (24 + 4 * prelude.stateSlots + 12 * prelude.exceptionSlots + 7) / 8 * 8
    return body
  }

  func body(_ index: Int) -> UnsafeMutablePointer<CodeBody> { bodies[index] }

  /// Translates a function; its frame size and entry are final from then on.
  func translate(_ index: Int) throws(FlowError) {
    guard translations[index] == nil, let code = codes[index] else { return }
    var translator = try Translator(self, index, code)
    let translation = try translator.run()
    translations[index] = translation
    let body = bodies[index]
    body.pointee.entry = translation.code
    body.pointee.frameBytes = translation.frameBytes
    body.pointee.localsDictRegister = translation.localsDictRegister
    let prelude = code.prelude
    let isSimple =
      prelude.flags == 0 && prelude.keywordOnly == 0 && prelude.cells.isEmpty && code.closedOver == 0
      && translation.localsDictRegister < 0
    body.pointee.simpleArity = isSimple ? prelude.positional : -1
  }

  // MARK: Looking up where an instruction came from

  /// An instruction as tracebacks and handlers see it.
  struct Place {
    let instruction: Int
    let line: Int
    /// END_FINALLY and bare raise pass an exception on without an entry of their own.
    let keepsTraceback: Bool
  }

  func place(_ function: Int, _ word: Int) -> Place {
    guard let translation = translations[function], let code = codes[function] else {
      return Place(instruction: 0, line: 1, keepsTraceback: false)
    }
    let index = translation.instruction(word)
    let instruction = code.instructions[index]
    return Place(
      instruction: index, line: code.line(instruction.offset),
      keepsTraceback: instruction.op == BC.endFinally || instruction.op == BC.raiseLast)
  }

  struct HandlerTarget {
    let target: Int
    let exceptionRegister: Int
    let savedRegister: Int
    let isFinally: Bool
  }

  func handler(_ function: Int, _ place: Place) -> HandlerTarget? {
    guard let translation = translations[function] else { return nil }
    var node = translation.nodeOfInstruction[place.instruction]
    while node >= 0 {
      let entry = translation.nodes[node]
      if entry.handler > place.instruction { return translation.targets[node] }
      node = entry.parent
    }
    return nil
  }

  /// Register of the exception being handled where `place` is, if it lies in a handler.
  func activeException(_ function: Int, _ place: Place) -> Int? {
    guard let translation = translations[function] else { return nil }
    var node = translation.nodeOfInstruction[place.instruction]
    while node >= 0 {
      let entry = translation.nodes[node]
      if entry.handler <= place.instruction { return translation.targets[node].savedRegister }
      node = entry.parent
    }
    return nil
  }

  /// Names that a function stores as attributes.
  func storedNames(_ function: Int) -> [Value] {
    guard let code = codes[function] else { return [] }
    return code.instructions.filter { $0.op == BC.storeAttr }.map { names[$0.operand] }
  }

  /// Forgets what inline caches hold, after a class was freed whose shapes they may name.
  func clearCaches() {
    for translation in translations { translation?.clearCaches() }
  }
}

extension VM {
  /// Loads code into the VM: an object that owns it.
  package func load(_ module: CodeModule, separateLocals: Bool = false) throws(PyError) -> Value {
    let unit = try LoadedUnit(module, interpreter)
    unit.hasSeparateLocals = separateLocals
    // On the board each function takes its bytecode and a descriptor of 32 bytes.
    let charge = unit.raws.reduce(0) { $0 + ($1.bytes.count + 15) / 16 * 16 + 32 }
    let p = try allocate(.unit, leaf: false, payload: 16, charge: charge)
    p.set(8, word: Int(bitPattern: Unmanaged.passRetained(unit).toOpaque()))
    p.set(16, unit.constants)
    let value = Value(p)
    interpreter.unitObjects.append(value)
    return value
  }

  /// Code that the verifier refused: the board's text, the reason on the daemon's log.
  func incompatible(_ error: FlowError, in file: Value) -> PyError {
    interpreter.host.note("\(string(file)): code refused: \(error.reason)")
    return valueError("incompatible .mpy file")
  }

  func makeConstant(_ constant: Constant) throws(PyError) -> Value {
    switch constant {
    case .none: return .none
    case .false: return .false
    case .true: return .true
    case .ellipsis: return .ellipsis
    case .str(let bytes): return try makeStrChecked(bytes)
    case .bytes(let bytes): return try makeBytes(bytes)
    case .int(let text): return try parseInt(text, base: 10)
    case .float(let text):
      if text.contains(0x78) { return try makeFloat(strtod(String(decoding: text, as: UTF8.self), nil)) }
      return try makeFloat(try parseFloat(text))
    case .complex(let text): return try makeComplex(0, try parseFloat(Array(text.dropLast())))
    case .tuple(let items):
      let tuple = try makeTuple(count: items.count)
      for (i, item) in items.enumerated() { TupleLayout.set(tuple.pointer, i, try makeConstant(item)) }
      return tuple
    }
  }
}
