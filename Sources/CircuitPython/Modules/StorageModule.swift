import Board
import Runtime

/// storage: write protection, the USB drive, and the mounted volume as an object.
enum StorageModule {
  static func module(_ definition: BoardDefinition) -> NativeModule {
    NativeModule("storage") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "VfsFat", try VfsFat.makeType(vm))
      try vm.define(globals, functions: functions)
    }
  }

  /// The path argument of a mount point.
  private static func mountPath(_ vm: VM, _ value: Value) throws(PyError) -> [UInt8] {
    guard value.has(.str) else { throw vm.cannotConvert(value, to: "str") }
    return vm.text(value)
  }

  private static func run(_ vm: VM, _ body: () throws(StorageError) -> Void) throws(PyError) {
    do throws(StorageError) { try body() } catch {
      switch error {
      case .visibleViaUSB: throw vm.runtimeError("Cannot remount path when visible via USB.")
      case .tooLate: throw vm.runtimeError("Cannot change USB devices now")
      case .errno(let number): throw vm.osError(number)
      }
    }
  }

  private static func setUSBDrive(_ vm: VM, _ isEnabled: Bool) throws(PyError) -> Value {
    let state = vm.boardState
    guard state.board.definition.usb.isNative else { throw vm.runtimeError("Cannot change USB devices now") }
    try run(vm) { () throws(StorageError) in try state.services.setUSBDriveEnabled(isEnabled) }
    return .none
  }

  private static func remount(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var reader = ArgumentReader(vm, a)
    let path = try mountPath(vm, try reader.required("mount_path"))
    let isReadOnly = try reader.bool("readonly", false)
    reader.keywordsOnly()
    let disablesProtection = try reader.bool("disable_concurrent_write_protection", false)
    try reader.finish()
    if path != [0x2F] { throw vm.osError(22) }
    try run(vm) { () throws(StorageError) in
      try vm.boardState.services.remount(
        readOnlyForCode: isReadOnly, disableConcurrentWriteProtection: disablesProtection)
    }
    return .none
  }

  /// There is one volume and it is mounted: nothing else can be.
  private static func mount(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var reader = ArgumentReader(vm, a)
    let fileSystem = try reader.required("filesystem")
    let path = try mountPath(vm, try reader.required("mount_path"))
    reader.keywordsOnly()
    _ = try reader.bool("readonly", false)
    try reader.finish()
    if !vm.isNative(fileSystem, .vfsFat) { throw vm.wrongType("filesystem", "VfsFat", fileSystem) }
    if path != [0x2F] {
      let status = try? vm.interpreter.host.files?.status(vm.absolutePath(path))
      if status?.isDirectory != true { throw vm.runtimeError("Mount point directory missing") }
    }
    throw vm.osError(1)
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("remount", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try StorageModule.remount(vm, a) }
      },
      NativeDefinition("getmount", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if try StorageModule.mountPath(vm, a[0]) != [0x2F] { throw vm.osError(22) }
          return try VfsFat.object(vm)
        }
      },
      NativeDefinition("mount", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try StorageModule.mount(vm, a) }
      },
      NativeDefinition("umount", 1, 1) {
        // The root cannot be unmounted, and nothing else is mounted.
        native($0, $1, $2) { vm, _ throws(PyError) in throw vm.osError(22) }
      },
      NativeDefinition("erase_filesystem", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          var reader = ArgumentReader(vm, a)
          reader.keywordsOnly()
          let isExtended = try reader.bool("extended", false)
          try reader.finish()
          if isExtended { throw vm.error(.notImplementedError, "extended=True") }
          vm.boardState.services.eraseFilesystem()
          return try MicrocontrollerModule.leave(vm)
        }
      },
      NativeDefinition("disable_usb_drive", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          if !vm.boardState.services.isBooting { throw vm.runtimeError("Cannot change USB devices now") }
          return try StorageModule.setUSBDrive(vm, false)
        }
      },
      NativeDefinition("unsafe_disable_usb_drive", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try StorageModule.setUSBDrive(vm, false) }
      },
      NativeDefinition("enable_usb_drive", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try StorageModule.setUSBDrive(vm, true) }
      },
    ]
  }
}

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
