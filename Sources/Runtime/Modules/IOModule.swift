/// io: files, StringIO, BytesIO, and the console as a file
enum IOModule {
  static var module: NativeModule {
    NativeModule("io") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "StringIO", try IOModule.memoryType(vm, isText: true))
      try vm.define(globals, constant: "BytesIO", try IOModule.memoryType(vm, isText: false))
      try vm.define(globals, constant: "TextIOWrapper", try IOModule.fileType(vm, isText: true))
      try vm.define(globals, constant: "FileIO", try IOModule.fileType(vm, isText: false))
      try vm.define(
        globals,
        functions: [
          NativeDefinition("open", 1, 2, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in try IOModule.open(vm, a) }
          }
        ])
    }
  }

  // An open file. Fields: handle (-1 closed, -2 -3 -4 stdin stdout stderr), position, mode bits.
  private static let closed = -1
  private static let console = -2

  static func makeConsoleFile(_ vm: VM, _ fd: Int) throws(PyError) -> Value {
    try makeFile(vm, handle: console - fd, mode: fd == 0 ? .read : .write, isText: true)
  }

  private static func makeFile(_ vm: VM, handle: Int, mode: FileOpenMode, isText: Bool) throws(PyError) -> Value {
    let file = try vm.makeObject(try IOModule.fileType(vm, isText: isText), fields: 3)
    ObjectLayout.set(file.pointer, 0, Value(small: handle))
    ObjectLayout.set(file.pointer, 1, Value(small: 0))
    ObjectLayout.set(file.pointer, 2, Value(small: Int(mode.rawValue)))
    if handle >= 0 { vm.needsFinaliser(file) }
    return file
  }

  static func open(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let files = try OSModule.files(vm)
    var modeValue = a.optional(1)
    if modeValue.isEmpty { modeValue = a.keyword(vm.intern("mode")) }
    let path = try OSModule.path(vm, a[0])
    var shown = a[0]
    // A relative name is told as it was typed, unless the board searches the mounts for it, as it does in the root.
    if vm.text(shown).first == 0x2F || vm.interpreter.currentDirectory == [0x2F],
      let inside = files.pathInsideMount(path)
    {
      shown = try vm.makeStr(inside)
    }
    vm.push(shown)
    defer { vm.pop() }
    return try vm.openFile(mode: modeValue, shownPath: shown) { (mode) throws(FileError) in try files.open(path, mode) }
  }

  /// Opens a file by `body`, whose handle is one of the interpreter's `files`.
  fileprivate static func open(
    _ vm: VM, _ modeValue: Value, _ shownPath: Value, _ body: (FileOpenMode) throws(FileError) -> Int
  ) throws(PyError) -> Value {
    if !modeValue.isEmpty && !modeValue.has(.str) { throw vm.cannotConvert(modeValue, to: "str") }
    let (mode, isText) = try parseMode(vm, modeValue.isEmpty ? [0x72] : vm.text(modeValue))
    let files = try OSModule.files(vm)
    let handle: Int
    do throws(FileError) {
      handle = try body(mode)
    } catch {
      if error == .raised || error.errno == 30 { throw vm.raise(error) }
      // A directory reads as missing and writes as forbidden, as FatFs has it.
      let number = error.errno == 21 ? (mode.contains(.write) ? 13 : 2) : error.errno == 20 ? 2 : error.errno
      throw vm.osError(number, path: shownPath)
    }
    let file = try makeFile(vm, handle: handle, mode: mode, isText: isText)
    if mode.contains(.append) {
      vm.push(file)
      defer { vm.pop() }
      let size = try OSModule.run(vm) { () throws(FileError) in try files.size(handle) }
      ObjectLayout.set(file.pointer, 1, Value(small: size))
    }
    return file
  }

  private static func parseMode(_ vm: VM, _ text: [UInt8]) throws(PyError) -> (FileOpenMode, Bool) {
    var mode: FileOpenMode = []
    var isText = true
    var kinds = 0
    var extras = 0
    for c in text {
      switch c {
      case 0x72:
        mode.insert(.read)
        kinds += 1
      case 0x77:
        mode.formUnion([.write, .create, .truncate])
        kinds += 1
      case 0x61:
        mode.formUnion([.write, .create, .append])
        kinds += 1
      case 0x78:
        mode.formUnion([.write, .create, .exclusive])
        kinds += 1
      case 0x2B:
        mode.formUnion([.read, .write])
        extras += 1
      case 0x62:
        isText = false
        extras += 1
      case 0x74: extras += 1
      default: kinds = 99
      }
    }
    if kinds != 1 || extras > 2 || (text.contains(0x62) && text.contains(0x74)) { throw vm.valueError("Invalid mode") }
    return (mode, isText)
  }

  /// The bytes of a file for a method: raises when it is closed or not open for that.
  private static func handle(_ vm: VM, _ file: Value, _ wanted: FileOpenMode) throws(PyError) -> Int {
    let handle = ObjectLayout.field(file.pointer, 0).small
    if handle == closed { throw vm.osError(22) }
    let mode = FileOpenMode(rawValue: UInt8(truncatingIfNeeded: ObjectLayout.field(file.pointer, 2).small))
    if !mode.isSuperset(of: wanted) { throw vm.osError(handle <= console ? 1 : 13) }
    return handle
  }

  /// Whether a value is stdin, stdout or stderr.
  static func isConsole(_ vm: VM, _ value: Value) -> Bool {
    guard value.has(.object), let type = vm.interpreter.nativeTypes["io.text"], value.pointer.value(8) == type else {
      return false
    }
    return ObjectLayout.field(value.pointer, 0).small <= console
  }

  private static func isText(_ vm: VM, _ file: Value) -> Bool {
    file.pointer.value(8) == vm.interpreter.nativeTypes["io.text"]
  }

  /// Reads up to `count` bytes (nil: to the end), or to the end of a line.
  private static func read(_ vm: VM, _ file: Value, count: Int?, line: Bool = false) throws(PyError) -> [UInt8] {
    let handle = try IOModule.handle(vm, file, .read)
    if handle <= console { return try readConsole(vm, count: count, line: line) }
    let files = try OSModule.files(vm)
    var position = ObjectLayout.field(file.pointer, 1).small
    var bytes: [UInt8] = []
    let most = count ?? Int.max
    let chunkBytes = line ? 128 : min(most, 4096)
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(chunkBytes, 1), alignment: 1)
    defer { room.deallocate() }
    while bytes.count < most {
      let part = UnsafeMutableRawBufferPointer(rebasing: room[..<min(chunkBytes, most - bytes.count)])
      let at = position
      let n = try OSModule.run(vm) { () throws(FileError) in try files.read(handle, at: at, into: part) }
      if n == 0 { break }
      if line, let end = room[..<n].firstIndex(of: 0x0A) {
        bytes += room[...end]
        position += end + 1
        break
      }
      bytes += room[..<n]
      position += n
    }
    ObjectLayout.set(file.pointer, 1, Value(small: position))
    return bytes
  }

  /// Console input: blocks, no echo, CR becomes LF.
  static func readConsole(_ vm: VM, count: Int?, line: Bool) throws(PyError) -> [UInt8] {
    let host = vm.interpreter.host
    var bytes: [UInt8] = []
    while bytes.count < count ?? Int.max {
      try vm.serveInterrupts()
      guard let byte = host.readConsole() else {
        if host.isConsoleAtEnd { break }
        host.waitForConsole(nanoseconds: VM.consoleWaitNanoseconds)
        continue
      }
      bytes.append(byte == 0x0D ? 0x0A : byte)
      if (line || count == nil) && bytes.last == 0x0A { break }
    }
    return bytes
  }

  private static func write(_ vm: VM, _ file: Value, _ bytes: UnsafeBufferPointer<UInt8>) throws(PyError) -> Int {
    let handle = try IOModule.handle(vm, file, .write)
    if handle <= console {
      vm.writeConsole(bytes)
      return bytes.count
    }
    let files = try OSModule.files(vm)
    var position = ObjectLayout.field(file.pointer, 1).small
    let mode = FileOpenMode(rawValue: UInt8(truncatingIfNeeded: ObjectLayout.field(file.pointer, 2).small))
    if mode.contains(.append) { position = try OSModule.run(vm) { () throws(FileError) in try files.size(handle) } }
    let at = position
    let n = try OSModule.run(vm) { () throws(FileError) in
      try files.write(handle, at: at, UnsafeRawBufferPointer(bytes))
    }
    ObjectLayout.set(file.pointer, 1, Value(small: position + n))
    if n < bytes.count { throw vm.osError(28) }
    return n
  }

  /// Bytes as the file's kind of text.
  private static func wrap(_ vm: VM, _ file: Value, _ bytes: [UInt8]) throws(PyError) -> Value {
    IOModule.isText(vm, file) ? try vm.makeStrChecked(bytes) : try vm.makeBytes(bytes)
  }

  private static func fileType(_ vm: VM, isText: Bool) throws(PyError) -> Value {
    try vm.nativeType(isText ? "io.text" : "io.raw") { vm throws(PyError) in
      var slots = TypeSlots()
      slots.iterate = { _, v in v }
      slots.next = { vm, v in
        operation(vm) { vm throws(PyError) in
          let bytes = try IOModule.read(vm, Value(bits: v), count: nil, line: true)
          return bytes.isEmpty ? .stop : try IOModule.wrap(vm, Value(bits: v), bytes)
        }
      }
      slots.print = { vm, v, _, out in
        TextBuffer(out).append(
          "<io.\(VM(vm).string(VM(vm).typeName(Value(bits: v)))) \(VM(vm).hexAddress(Value(bits: v)))>")
        return Value.none.bits
      }
      slots.finalise = { vm, v in
        let handle = ObjectLayout.field(Value(bits: v).pointer, 0).small
        if handle >= 0 { VM(vm).interpreter.files?.close(handle) }
      }
      return try vm.makeType(isText ? "TextIOWrapper" : "FileIO", methods: fileMethods, slots: slots)
    }
  }

  /// Closes; what was written is flushed first, and its error is raised, but the file is closed then all the same.
  private static func close(_ vm: VM, _ file: Value) throws(PyError) {
    let handle = ObjectLayout.field(file.pointer, 0).small
    if handle < 0 { return }
    ObjectLayout.set(file.pointer, 0, Value(small: closed))
    defer { vm.interpreter.files?.close(handle) }
    let mode = FileOpenMode(rawValue: UInt8(truncatingIfNeeded: ObjectLayout.field(file.pointer, 2).small))
    guard mode.contains(.write) else { return }
    let files = try OSModule.files(vm)
    try OSModule.run(vm) { () throws(FileError) in try files.flush(handle) }
  }

  private static var fileMethods: [NativeDefinition] {
    [
      NativeDefinition("read", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          var count: Int? = a.count > 1 && !a[1].isNone ? try vm.intArgument(a[1]) : nil
          if let n = count, n < 0 { count = nil }
          var bytes = try IOModule.read(vm, a[0], count: count)
          // A text read counts characters: complete the one that was cut.
          if IOModule.isText(vm, a[0]), count != nil {
            var missing = count! - bytes.reduce(0) { $1 & 0xC0 != 0x80 ? $0 + 1 : $0 }
            while missing > 0 || !vm.isValidUTF8(bytes) {
              let more = try IOModule.read(vm, a[0], count: 1)
              if more.isEmpty { break }
              bytes += more
              if more[0] & 0xC0 != 0x80 { missing -= 1 }
            }
          }
          return try IOModule.wrap(vm, a[0], bytes)
        }
      },
      NativeDefinition("readline", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try IOModule.wrap(vm, a[0], try IOModule.read(vm, a[0], count: nil, line: true))
        }
      },
      NativeDefinition("readlines", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let list = try vm.makeList()
          // Reading may run Python code: that of a block device.
          vm.push(list)
          defer { vm.pop() }
          while true {
            let bytes = try IOModule.read(vm, a[0], count: nil, line: true)
            if bytes.isEmpty { return list }
            try vm.append(list, try IOModule.wrap(vm, a[0], bytes))
          }
        }
      },
      NativeDefinition("readinto", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let bytes = try IOModule.read(vm, a[0], count: try vm.buffer(a[1], writable: true).sizeBytes)
          // Asked for anew: reading may have run Python code that made it shorter.
          let view = try vm.buffer(a[1], writable: true)
          let count = min(bytes.count, view.sizeBytes)
          if let start = view.start {
            bytes.withUnsafeBytes {
              start.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: count)
            }
          }
          return Value(small: count)
        }
      },
      NativeDefinition("write", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if IOModule.isText(vm, a[0]) {
            guard a[1].has(.str) else { throw vm.cannotConvert(a[1], to: "str") }
            return Value(small: try IOModule.write(vm, a[0], StrLayout.buffer(a[1].pointer)))
          }
          return Value(small: try IOModule.write(vm, a[0], try vm.bufferView(a[1])))
        }
      },
      NativeDefinition("flush", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let handle = ObjectLayout.field(a[0].pointer, 0).small
          if handle == IOModule.closed { throw vm.osError(22) }
          if handle >= 0 {
            let files = try OSModule.files(vm)
            try OSModule.run(vm) { () throws(FileError) in try files.flush(handle) }
          }
          return .none
        }
      },
      NativeDefinition("seek", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let handle = try IOModule.handle(vm, a[0], [])
          let files = try OSModule.files(vm)
          let whence = a.count > 2 ? try vm.intArgument(a[2]) : 0
          let from =
            whence == 0
            ? 0
            : whence == 1
              ? ObjectLayout.field(a[0].pointer, 1).small
              : try OSModule.run(vm) { () throws(FileError) in try files.size(handle) }
          let target = from + (try vm.intArgument(a[1]))
          if target < 0 { throw vm.osError(22) }
          ObjectLayout.set(a[0].pointer, 1, Value(small: target))
          return Value(small: target)
        }
      },
      NativeDefinition("tell", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try IOModule.handle(vm, a[0], [])
          return ObjectLayout.field(a[0].pointer, 1)
        }
      },
      NativeDefinition("close", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try IOModule.close(vm, a[0])
          return .none
        }
      },
      NativeDefinition("__enter__", 1, 1) { _, args, _ in args.value(0).bits },
      NativeDefinition("__exit__", 4, 4) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try IOModule.close(vm, a[0])
          return .none
        }
      },
    ]
  }
}

extension VM {
  /// An open file as Python has it. `mode` is Python's ("rb"; `.empty` for the standard one), `shownPath` is what errors show, and `open`
  /// gives a handle of the interpreter's `files`.
  package func openFile(
    mode: Value, shownPath: Value, _ open: (FileOpenMode) throws(FileError) -> Int
  ) throws(PyError) -> Value {
    try IOModule.open(self, mode, shownPath, open)
  }
}
