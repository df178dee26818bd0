/// os, and the path side of `open`
enum OSModule {
  static var module: NativeModule {
    NativeModule("os") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "sep", vm.intern("/"))
      try vm.define(globals, functions: functions)
      // MicroPython's; `mpremote fs` asks for it.
      if vm.options.dialect == .micropython || !vm.options.strict {
        try vm.define(globals, functions: [directoryIterator])
      }
    }
  }

  /// `ilistdir`: (name, mode bits, 0, size) of each entry.
  private static var directoryIterator: NativeDefinition {
    NativeDefinition("ilistdir", 0, 1) {
      native($0, $1, $2) { vm, a throws(PyError) in
        let target = a.count > 0 ? try OSModule.path(vm, a[0]) : vm.interpreter.currentDirectory
        let files = try OSModule.files(vm)
        let entries = try OSModule.run(vm) { () throws(FileError) in try files.list(target) }
        return try vm.makeDirectoryIterator(entries)
      }
    }
  }

  static func files(_ vm: VM) throws(PyError) -> any FileStore { try vm.fileStore() }

  /// A path argument as the store wants it.
  static func path(_ vm: VM, _ value: Value) throws(PyError) -> [UInt8] {
    guard value.has(.str) || value.has(.bytes) else { throw vm.cannotConvert(value, to: "str") }
    return vm.absolutePath(vm.text(value))
  }

  /// Runs a file operation; its errno becomes OSError without a name.
  static func run<T>(_ vm: VM, _ body: () throws(FileError) -> T) throws(PyError) -> T {
    do throws(FileError) { return try body() } catch { throw vm.raise(error) }
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("getcwd", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in try vm.makeStr(vm.interpreter.currentDirectory) }
      },
      NativeDefinition("chdir", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let target = try OSModule.path(vm, a[0])
          let files = try OSModule.files(vm)
          let status = try OSModule.run(vm) { () throws(FileError) in try files.status(target) }
          if !status.isDirectory { throw vm.osError(2) }
          vm.interpreter.currentDirectory = target
          return .none
        }
      },
      NativeDefinition("listdir", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let target = a.count > 0 ? try OSModule.path(vm, a[0]) : vm.interpreter.currentDirectory
          let files = try OSModule.files(vm)
          let entries: [(name: [UInt8], status: FileStatus)]
          do throws(FileError) { entries = try files.list(target) } catch {
            throw error.errno == 20 ? vm.osError(2) : vm.raise(error)
          }
          let list = try vm.makeList()
          for entry in entries { try vm.append(list, try vm.makeStr(entry.name)) }
          return list
        }
      },
      NativeDefinition("mkdir", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          try OSModule.run(vm) { () throws(FileError) in try files.makeDirectory(target) }
          return .none
        }
      },
      NativeDefinition("remove", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          try OSModule.run(vm) { () throws(FileError) in try files.remove(target) }
          return .none
        }
      },
      NativeDefinition("unlink", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          try OSModule.run(vm) { () throws(FileError) in try files.remove(target) }
          return .none
        }
      },
      NativeDefinition("rmdir", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          try OSModule.run(vm) { () throws(FileError) in try files.removeDirectory(target) }
          return .none
        }
      },
      NativeDefinition("rename", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, from, to) = (try OSModule.files(vm), try OSModule.path(vm, a[0]), try OSModule.path(vm, a[1]))
          try OSModule.run(vm) { () throws(FileError) in try files.rename(from, to: to) }
          return .none
        }
      },
      NativeDefinition("stat", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          let status = try OSModule.run(vm) { () throws(FileError) in try files.status(target) }
          return try vm.makeStatus(status, isRoot: (files.pathInsideMount(target) ?? target) == [0x2F])
        }
      },
      NativeDefinition("statvfs", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          let status = try OSModule.run(vm) { () throws(FileError) in try files.storeStatus(target) }
          return try vm.makeStoreStatus(status)
        }
      },
      NativeDefinition("utime", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (files, target) = (try OSModule.files(vm), try OSModule.path(vm, a[0]))
          let seconds = try vm.modifiedSeconds(a[1])
          try OSModule.run(vm) { () throws(FileError) in try files.setModified(target, seconds: seconds) }
          return .none
        }
      },
      NativeDefinition("sync", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let files = try OSModule.files(vm)
          try OSModule.run(vm) { () throws(FileError) in try files.sync() }
          return .none
        }
      },
      NativeDefinition("urandom", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let n = try vm.intArgument(a[0])
          if n < 0 { throw vm.valueError("negative count") }
          try vm.ensureRoom(n)
          let (bytes, start) = try vm.makeBytesUninitialised(count: n)
          vm.interpreter.host.random(into: UnsafeMutableRawBufferPointer(start: start, count: n))
          vm.finishBytes(bytes)
          return bytes
        }
      },
      NativeDefinition("uname", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let options = vm.options
          let type = try vm.nativeType("os.uname") { vm throws(PyError) in
            try CollectionsModule.makeNamedTuple(
              vm, "uname_result", ["sysname", "nodename", "release", "version", "machine"])
          }
          let mcu = try vm.makeStr(options.mcuName)
          return try CollectionsModule.makeInstance(
            vm, type,
            [
              mcu, mcu, try vm.makeStr(CircuitPythonVersion.tag),
              try vm.makeStr("\(CircuitPythonVersion.tag) on \(CircuitPythonVersion.date)"),
              try vm.makeStr("\(options.boardName) with \(options.mcuName)"),
            ])
        }
      },
      NativeDefinition("getenv", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[0].has(.str) else { throw vm.cannotConvert(a[0], to: "str") }
          switch try vm.setting(vm.text(a[0])) {
          case .text(let value), .bare(let value): return try vm.makeStrChecked(value)
          case .missing, .malformed: return a.count > 1 ? a[1] : .none
          }
        }
      },
    ]
  }

  /// Adds `open` to the builtins.
  static func installOpen(_ vm: VM) throws(PyError) {
    try vm.define(
      vm.s.pointee.builtins,
      functions: [
        NativeDefinition("open", 1, 2, keywords: true) {
          native($0, $1, $2) { vm, a throws(PyError) in try IOModule.open(vm, a) }
        }
      ])
  }
}
