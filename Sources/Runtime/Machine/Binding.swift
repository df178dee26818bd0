/// Argument binding: positional and keyword values into a new frame window (`docs/bytecode.md`, call entry).
extension VM {
  /// Fills the window at `base`: header's function, all locals, cells. The values at `args` may lie directly below `base`.
  func bindArguments(
    _ function: Value, _ args: UnsafeMutableRawPointer, _ counts: Int, into base: UnsafeMutableRawPointer
  )
    throws(PyError)
  {
    let body = function.pointer.body
    if body.pointee.simpleArity == CodeBody.untranslated { try translate(function) }
    if base > s.pointee.stackLimit { throw pystackExhausted() }
    let locals = base + Frame.locals
    let savedTop = s.pointee.top
    s.pointee.top = base + body.pointee.frameBytes
    defer { s.pointee.top = savedTop }
    base.initializeMemory(as: UInt64.self, repeating: 0, count: body.pointee.frameBytes / 8)
    base.set(Frame.function, function)
    let cells = function.pointer.value(FunctionLayout.cells)
    let cellCount = cells.isEmpty ? 0 : TupleLayout.count(cells.pointer)
    for i in 0..<cellCount { locals.set(i * 8, TupleLayout.item(cells.pointer, i)) }

    let given = (counts & 0xFFFF) + cellCount
    let keywords = counts &>> 16
    let positional = body.pointee.positional
    let flags = body.pointee.flags
    let direct = min(given, positional) - cellCount
    if direct < 0 { throw wrongCount(positional, given) }
    for i in 0..<direct { locals.set((cellCount + i) * 8, args.value(i * 8)) }
    var next = positional + body.pointee.keywordOnly
    if flags & CodeBody.hasVarArgs != 0 {
      let extra = given - positional
      locals.set(
        next * 8, extra > 0 ? try makeTuple(from: args + direct * 8, count: extra) : try makeTuple())
      next += 1
    } else if given > positional {
      throw wrongCount(positional, given)
    }
    var keywordDict = Value.empty
    if flags & CodeBody.hasKeywords != 0 {
      keywordDict = try makeDict(keywords, ordered: true)
      locals.set(next * 8, keywordDict)
    }
    if keywords == 0 && flags & CodeBody.hasKeywordDefaults == 0 {
      if given < positional {
        if given < positional - body.pointee.positionalDefaults {
          throw wrongCount(positional - body.pointee.positionalDefaults, given)
        }
        fillDefaults(function, body, locals, from: given)
      }
      if body.pointee.keywordOnly > 0 { throw typeError("function missing keyword-only argument") }
    } else {
      try bindKeywords(body, args + (counts & 0xFFFF) * 8, keywords, locals, keywordDict)
      fillDefaults(function, body, locals, from: max(0, positional - body.pointee.positionalDefaults))
      for i in 0..<positional where locals.value(i * 8).isEmpty {
        throw typeError("function missing required positional argument #\(i)")
      }
      try fillKeywordDefaults(function, body, locals)
    }
    if body.pointee.localsDictRegister >= 0 {
      // Class bodies get their own dict instead; a function that uses names without being one falls back to its globals.
      base.set(body.pointee.localsDictRegister, function.pointer.value(FunctionLayout.globals))
    }
    for i in 0..<body.pointee.cellCount {
      let at = Int(body.pointee.cells[i]) * 8
      let cell = try allocate(.cell, leaf: false, payload: CellLayout.payload, charge: 4)
      cell.set(CellLayout.value, locals.value(at))
      locals.set(at, Value(cell))
    }
  }

  private func translate(_ function: Value) throws(PyError) {
    do throws(FlowError) {
      try LoadedUnit.of(function.pointer.value(FunctionLayout.unit)).translate(function.pointer.body.pointee.index)
    } catch {
      throw incompatible(error, in: LoadedUnit.of(function.pointer.value(FunctionLayout.unit)).fileName)
    }
  }

  private func wrongCount(_ wanted: Int, _ given: Int) -> PyError {
    typeError("function takes \(wanted) positional arguments but \(given) were given")
  }

  private func fillDefaults(
    _ function: Value, _ body: UnsafeMutablePointer<CodeBody>, _ locals: UnsafeMutableRawPointer, from: Int
  ) {
    let defaults = function.pointer.value(FunctionLayout.defaults)
    if defaults.isEmpty { return }
    let first = body.pointee.positional - body.pointee.positionalDefaults
    for i in max(from, first)..<max(body.pointee.positional, max(from, first)) where locals.value(i * 8).isEmpty {
      locals.set(i * 8, TupleLayout.item(defaults.pointer, i - first))
    }
  }

  private func bindKeywords(
    _ body: UnsafeMutablePointer<CodeBody>, _ pairs: UnsafeMutableRawPointer, _ count: Int,
    _ locals: UnsafeMutableRawPointer, _ keywordDict: Value
  ) throws(PyError) {
    let named = body.pointee.positional + body.pointee.keywordOnly
    next: for k in 0..<count {
      let name = pairs.value(k * 16)
      let value = pairs.value(k * 16 + 8)
      for i in 0..<named where body.pointee.argumentNames[i] == name {
        if !locals.value(i * 8).isEmpty {
          throw typeError("function got multiple values for argument '\(string(name))'")
        }
        locals.set(i * 8, value)
        continue next
      }
      if keywordDict.isEmpty { throw typeError("unexpected keyword argument '\(string(name))'") }
      if try !dictFind(keywordDict, name).isEmpty {
        throw typeError("function got multiple values for argument '\(string(name))'")
      }
      try dictStore(keywordDict, name, value)
    }
  }

  private func fillKeywordDefaults(
    _ function: Value, _ body: UnsafeMutablePointer<CodeBody>, _ locals: UnsafeMutableRawPointer
  ) throws(PyError) {
    let defaults = function.pointer.value(FunctionLayout.keywordDefaults)
    for i in body.pointee.positional..<body.pointee.positional + body.pointee.keywordOnly
    where locals.value(i * 8).isEmpty {
      let name = body.pointee.argumentNames[i]
      let value = defaults.isEmpty ? .empty : try dictFind(defaults, name)
      if value.isEmpty {
        throw typeError("function missing required keyword argument '\(string(name))'")
      }
      locals.set(i * 8, value)
    }
  }
}
