/// `import`: loaded modules, builtin ones, then files on `sys.path` (`circuitpython-behaviour` §1.7).
extension VM {
  /// `__import__`: with an empty from-list the top package, else the leaf.
  package func importModule(_ name: Value, globals: Value, fromList: Value, level: Int) throws(PyError) -> Value {
    var full = name
    if level > 0 { full = try resolveRelative(name, globals: globals, level: level) }
    if StrLayout.length(full.pointer) == 0 { throw valueError("cannot perform relative import") }
    let wantsLeaf = !fromList.isNone && !(fromList.has(.tuple) && TupleLayout.count(fromList.pointer) == 0)
    let parts = text(full).split(separator: 0x2E, omittingEmptySubsequences: false).map(Array.init)
    var path: [UInt8] = []
    var parent = Value.empty
    var top = Value.empty
    for part in parts {
      path += path.isEmpty ? part : [0x2E] + part
      let module = try importOne(intern(path), last: intern(part), parent: parent)
      if top.isEmpty { top = module }
      parent = module
    }
    return wantsLeaf || level > 0 ? parent : top
  }

  private func resolveRelative(_ name: Value, globals: Value, level: Int) throws(PyError) -> Value {
    let names = interpreter.names
    let current = dictFindInterned(globals, names.dunderName)
    guard current.has(.str) else { throw error(.importError, "can't perform relative import") }
    var parts = text(current).split(separator: 0x2E).map(Array.init)
    let isPackage = !dictFindInterned(globals, names.dunderPath).isEmpty
    let up = isPackage ? level - 1 : level
    if up > parts.count || (parts.count == up && !(isPackage && up == 0)) {
      throw error(.importError, "can't perform relative import")
    }
    parts.removeLast(up)
    let tail = text(name)
    if !tail.isEmpty { parts.append(tail) }
    return intern(Array(parts.joined(separator: [0x2E])))
  }

  /// One component: already loaded, builtin, or a file next to its parent.
  private func importOne(_ full: Value, last: Value, parent: Value) throws(PyError) -> Value {
    let loaded = dictFindInterned(interpreter.modules, full)
    if !loaded.isEmpty { return loaded }
    let name = string(full)
    if parent.isEmpty, let native = interpreter.nativeModules[name], !native.isReplaceable {
      return try buildNative(native, full)
    }
    for directory in try searchPath(parent) {
      if let module = try importFile(full, last: last, in: directory) {
        if !parent.isEmpty { try setAttribute(parent, last, module) }
        return module
      }
    }
    if parent.isEmpty, let native = interpreter.nativeModules[name] { return try buildNative(native, full) }
    // Submodules of native modules (`os.path` there is none; `adafruit_bus_device.i2c_device` there is).
    if !parent.isEmpty, let native = interpreter.nativeModules[name] {
      let module = try buildNative(native, full)
      try dictStore(parent.pointer.value(ModuleLayout.globals), last, module)
      return module
    }
    throw error(.importError, "no module named '\(name)'")
  }

  private func searchPath(_ parent: Value) throws(PyError) -> [[UInt8]] {
    if parent.isEmpty {
      guard let path = interpreter.systemPath, path.has(.list) else { return [] }
      return (0..<ListLayout.count(path.pointer)).compactMap { i in
        let entry = ListLayout.item(path.pointer, i)
        return entry.has(.str) ? text(entry) : nil
      }
    }
    let path = dictFindInterned(parent.pointer.value(ModuleLayout.globals), interpreter.names.dunderPath)
    return path.has(.str) ? [text(path)] : []
  }

  /// Makes a builtin module and enters it in `sys.modules`.
  private func buildNative(_ native: NativeModule, _ name: Value) throws(PyError) -> Value {
    let module = try makeModule(name)
    let globals = module.pointer.value(ModuleLayout.globals)
    // Before the build: it may need to be found by what it imports itself.
    try dictStore(interpreter.modules, name, module)
    do throws(PyError) {
      try asFirmware { () throws(PyError) in try native.build(self, globals) }
    } catch {
      _ = try? dictRemove(interpreter.modules, name)
      throw error
    }
    return module
  }

  /// Runs what makes things that stand in flash on a board: they are not charged, now or at collections.
  private func asFirmware(_ body: () throws(PyError) -> Void) throws(PyError) {
    let interpreter = self.interpreter
    // The bootstrap has an account of its own.
    guard interpreter.isRunning else {
      try body()
      return
    }
    let (charged, collections) = (s.pointee.chargedBlocks, interpreter.collections)
    interpreter.isRunning = false
    defer {
      interpreter.isRunning = true
      if interpreter.collections == collections {
        interpreter.firmwareBlocks += s.pointee.chargedBlocks - charged
        s.pointee.chargedBlocks = charged
      }
    }
    try body()
  }

  package func makeModule(_ name: Value) throws(PyError) -> Value {
    let p = try allocate(.module, leaf: false, payload: ModuleLayout.payload, charge: 16)
    p.set(ModuleLayout.name, name)
    let globals = try makeDict(1)
    p.set(ModuleLayout.globals, globals)
    try dictStore(globals, interpreter.names.dunderName, name)
    return Value(p)
  }

  /// Tries `directory/last`: package, `.py`, `.mpy`, plain directory. nil when there is none of them.
  private func importFile(_ full: Value, last: Value, in directory: [UInt8]) throws(PyError) -> Value? {
    let shown = join(directory, text(last))
    let absolute = absolutePath(shown)
    let isDirectory = try fileStatus(absolute)?.isDirectory == true
    if isDirectory {
      for suffix in ["/__init__.py", "/__init__.mpy"] {
        let path = absolute + Array(suffix.utf8)
        if try fileStatus(path)?.isDirectory == false {
          return try runFile(full, shown: shown + Array(suffix.utf8), path: path, packagePath: shown)
        }
      }
    }
    for suffix in [".py", ".mpy"] {
      let path = absolute + Array(suffix.utf8)
      if try fileStatus(path)?.isDirectory == false {
        return try runFile(full, shown: shown + Array(suffix.utf8), path: path, packagePath: nil)
      }
    }
    guard isDirectory else { return nil }
    let module = try makeModule(full)
    try dictStore(
      module.pointer.value(ModuleLayout.globals), interpreter.names.dunderPath, intern(shown))
    try dictStore(interpreter.modules, full, module)
    return module
  }

  private func join(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
    if directory.isEmpty { return name }
    return directory.last == 0x2F ? directory + name : directory + [0x2F] + name
  }

  /// Loads a file as a module and runs its body.
  private func runFile(_ full: Value, shown: [UInt8], path: [UInt8], packagePath: [UInt8]?) throws(PyError) -> Value {
    let module = try makeModule(full)
    let globals = module.pointer.value(ModuleLayout.globals)
    let names = interpreter.names
    try dictStore(globals, names.dunderFile, try makeStr(shown))
    if let packagePath { try dictStore(globals, names.dunderPath, intern(packagePath)) }
    try dictStore(interpreter.modules, full, module)
    push(module)
    defer { pop() }
    do throws(PyError) {
      let bytes = try readFile(path, shown: shown)
      let code = try codeModule(bytes, fileName: shown, isBinary: path.suffix(4).elementsEqual(".mpy".utf8))
      _ = try runModule(code, globals: globals)
    } catch {
      let exception = takeException()
      _ = try dictRemove(interpreter.modules, full)
      throw raise(exception)
    }
    return module
  }

  func readFile(_ path: [UInt8], shown: [UInt8]) throws(PyError) -> [UInt8] {
    guard let files = interpreter.files else { throw osError(2) }
    do throws(FileError) {
      let handle = try files.open(path, .read)
      defer { files.close(handle) }
      let size = try files.size(handle)
      var bytes = [UInt8](repeating: 0, count: size)
      var at = 0
      while at < size {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size - at, alignment: 1)
        defer { room.deallocate() }
        let n = try files.read(handle, at: at, into: room)
        bytes.replaceSubrange(at..<at + n, with: room[0..<n])
        if n == 0 { break }
        at += n
      }
      bytes.removeLast(size - at)
      return bytes
    } catch {
      throw raise(error)
    }
  }

  /// Source or `.mpy` bytes as code.
  func codeModule(_ bytes: [UInt8], fileName: [UInt8], isBinary: Bool) throws(PyError) -> CodeModule {
    if isBinary { return try decodeBinary(bytes, fileName: fileName) }
    return try compileSource(bytes, fileName: fileName, mode: .file)
  }

  /// Runs a module body in its globals.
  package func runModule(_ module: CodeModule, globals: Value, locals: Value = .empty) throws(PyError) -> Value {
    let isSeparate = !locals.isEmpty && locals != globals
    let unit = try load(module, separateLocals: isSeparate)
    push(unit)
    defer { pop() }
    let function = try makeFunction(unit: unit, index: 0, globals: globals)
    return try callBody(function, locals: isSeparate ? locals : globals)
  }

  /// Calls a module or class body, which keeps its names in `locals`.
  func callBody(_ function: Value, locals: Value) throws(PyError) -> Value {
    push(locals)
    push(function)
    let base = s.pointee.top
    defer { s.pointee.top = base - 16 }
    try bindArguments(function, base, 0, into: base)
    let body = function.pointer.body
    if body.pointee.localsDictRegister >= 0 { base.set(body.pointee.localsDictRegister, locals) }
    if body.pointee.flags & CodeBody.isGenerator != 0 { throw valueError("incompatible .mpy file") }
    return try execute(base)
  }

  func importFrom(_ module: Value, _ name: Value) throws(PyError) -> Value {
    let found = try findAttribute(module, name)
    if !found.isEmpty { return found }
    if module.has(.module) {
      let globals = module.pointer.value(ModuleLayout.globals)
      if !dictFindInterned(globals, interpreter.names.dunderPath).isEmpty
        || interpreter.nativeModules[string(module.pointer.value(ModuleLayout.name)) + "." + string(name)] != nil
      {
        let full = text(module.pointer.value(ModuleLayout.name)) + [0x2E] + text(name)
        do throws(PyError) {
          return try importOne(intern(full), last: name, parent: module)
        } catch {
          if !exceptionIs(.importError) { throw error }
          // A missing submodule is told as a missing name; an ImportError from inside it stays.
          let missing = "no module named '\(String(decoding: full, as: UTF8.self))'"
          let args = s.pointee.exception.pointer.value(ExceptionLayout.args)
          guard TupleLayout.count(args.pointer) > 0, TupleLayout.item(args.pointer, 0).has(.str),
            string(TupleLayout.item(args.pointer, 0)) == missing
          else { throw error }
          s.pointee.exception = .empty
        }
      }
    }
    throw error(.importError, "can't import name \(string(name))")
  }

  func importStar(_ module: Value, into target: Value) throws(PyError) {
    guard module.has(.module) else { throw valueError("incompatible .mpy file") }
    let globals = module.pointer.value(ModuleLayout.globals)
    let all = dictFindInterned(globals, interpreter.names.dunderAll)
    if !all.isEmpty {
      let listed = try list(from: all)
      push(listed)
      defer { pop() }
      for i in 0..<ListLayout.count(listed.pointer) {
        let name = ListLayout.item(listed.pointer, i)
        guard name.has(.str) else {
          throw typeError("can't convert '\(string(typeName(name)))' object to str implicitly")
        }
        try dictStore(target, interned(name), try getAttribute(module, interned(name)))
      }
      return
    }
    var at = 0
    while let (slot, key, value) = dictNext(globals, from: at) {
      at = slot + 1
      guard key.has(.str), StrLayout.length(key.pointer) > 0, StrLayout.bytes(key.pointer)[0] != 0x5F else { continue }
      try dictStore(target, key, value)
    }
  }

  /// A path as the file store wants it: from the root, without empty, `.` and `..` parts. A relative one does not leave the file
  /// system of the current directory.
  package func absolutePath(_ path: [UInt8]) -> [UInt8] {
    var parts: [ArraySlice<UInt8>] = []
    let start = path.first == 0x2F ? [] : interpreter.currentDirectory
    var mountDepth = 0
    if !start.isEmpty, let inside = interpreter.files?.pathInsideMount(start) {
      mountDepth = start.split(separator: 0x2F).count - inside.split(separator: 0x2F).count
    }
    for part in (start + [0x2F] + path).split(separator: 0x2F) {
      if part.elementsEqual(".".utf8) { continue }
      if part.elementsEqual("..".utf8) {
        if parts.count > mountDepth { parts.removeLast() }
      } else {
        parts.append(part)
      }
    }
    return [0x2F] + Array(parts.joined(separator: [0x2F]))
  }
}
