import Runtime

/// `storage.VfsFat`: the board's volume, without fields. File operations are those of `os` and `open`.
enum VfsFat {
  /// A label has at most as many characters as the volume's root entry.
  private static let maximumLabelBytes = 11

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.vfsFat) { vm throws(PyError) in
      let type = try vm.makeType("VfsFat", methods: methods)
      try vm.define(
        type, property: "label",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in try vm.makeStrChecked(vm.boardState.services.volumeLabel) }
        },
        set: {
          native($0, $1, $2) { vm, a throws(PyError) in
            guard a[1].has(.str) else { throw vm.cannotConvert(a[1], to: "str") }
            let label = vm.text(a[1])
            if label.count > VfsFat.maximumLabelBytes { throw vm.osError(22) }
            let services = vm.boardState.services
            if !services.isDriveWritableByCode { throw vm.osError(30) }
            try VfsFat.setLabel(vm, label)
            return .none
          }
        })
      try vm.define(
        type, property: "readonly",
        get: {
          native($0, $1, $2) { vm, _ throws(PyError) in Value(!vm.boardState.services.isDriveWritableByCode) }
        })
      return type
    }
  }

  private static func setLabel(_ vm: VM, _ label: [UInt8]) throws(PyError) {
    do throws(StorageError) { try vm.boardState.services.setVolumeLabel(label) } catch {
      if case .errno(let number) = error { throw vm.osError(number) }
      throw vm.osError(30)
    }
  }

  /// The object that `storage.getmount("/")` gives each time.
  static func object(_ vm: VM) throws(PyError) -> Value {
    let state = vm.boardState
    if state.volumeObject.isEmpty {
      state.volumeObject = try vm.makeObject(try makeType(vm), fields: 0)
      vm.addRoot(state.volumeObject)
    }
    return state.volumeObject
  }

  /// Calls a function of `os` with the same arguments.
  private static func forward(_ vm: VM, _ a: Arguments, _ name: StaticString) throws(PyError) -> Value {
    let os = try vm.importModule(vm.intern("os"), globals: .empty, fromList: .none, level: 0)
    var call = try CallBuilder(vm, os, name)
    for i in 1..<a.count { call.add(a[i]) }
    return try call.call()
  }

  /// (name, type, 0) or (name, type, 0, size) of each entry; type as in `os.stat`.
  private static func list(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    guard let files = vm.interpreter.host.files else { throw vm.osError(19) }
    let path = a.count > 1 ? try vm.describe(a[1]) : ""
    let target = vm.absolutePath(Array(path.utf8))
    let entries: [(name: [UInt8], status: FileStatus)]
    do throws(FileError) { entries = try files.list(target) } catch { throw vm.osError(error.errno) }
    let list = try vm.makeList()
    for entry in entries {
      let kind = Value(small: entry.status.isDirectory ? 0x4000 : 0x8000)
      let size = Value(small: entry.status.isDirectory ? 0 : entry.status.sizeBytes)
      try vm.append(list, try vm.makeTuple(try vm.makeStr(entry.name), kind, Value(small: 0), size))
    }
    return try vm.iterator(list)
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("open", 2, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let io = try vm.importModule(vm.intern("io"), globals: .empty, fromList: .none, level: 0)
          var call = try CallBuilder(vm, io, "open")
          for i in 1..<a.count { call.add(a[i]) }
          return try call.call()
        }
      },
      NativeDefinition("ilistdir", 1, 2) { native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.list(vm, a) } },
      NativeDefinition("mkdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "mkdir") }
      },
      NativeDefinition("rmdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "rmdir") }
      },
      NativeDefinition("chdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "chdir") }
      },
      NativeDefinition("getcwd", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "getcwd") }
      },
      NativeDefinition("remove", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "remove") }
      },
      NativeDefinition("rename", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "rename") }
      },
      NativeDefinition("stat", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "stat") }
      },
      NativeDefinition("statvfs", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "statvfs") }
      },
      NativeDefinition("utime", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.forward(vm, a, "utime") }
      },
    ]
  }
}
