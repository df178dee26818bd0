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

  /// A mount point as an argument, made absolute.
  private static func mountPath(_ vm: VM, _ value: Value) throws(PyError) -> [UInt8] {
    guard value.has(.str) else { throw vm.cannotConvert(value, to: "str") }
    return vm.absolutePath(vm.text(value))
  }

  static func run(_ vm: VM, _ body: () throws(StorageError) -> Void) throws(PyError) {
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
    let fileSystem = try mounted(vm, path)
    if !fileSystem.isDrive {
      try fileSystem.setProtection(vm, isReadOnlyForCode: isReadOnly, isConcurrentProtected: !disablesProtection)
      return .none
    }
    try run(vm) { () throws(StorageError) in
      try vm.boardState.services.remount(
        readOnlyForCode: isReadOnly, disableConcurrentWriteProtection: disablesProtection)
    }
    return .none
  }

  /// What is mounted exactly there; OSError 22 when nothing is.
  private static func mounted(_ vm: VM, _ path: [UInt8]) throws(PyError) -> FileSystem {
    guard let found = try VfsFat.mounts(vm).mounted(at: path) else { throw vm.osError(22) }
    return found
  }

  private static func mount(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var reader = ArgumentReader(vm, a)
    let object = try reader.required("filesystem")
    let path = try mountPath(vm, try reader.required("mount_path"))
    reader.keywordsOnly()
    let isReadOnly = try reader.bool("readonly", false)
    try reader.finish()
    if vm.unwrap(object, .vfsFat) == nil { throw vm.wrongType("filesystem", "VfsFat", object) }
    if path != [0x2F], try vm.fileStatus(path)?.isDirectory != true {
      throw vm.runtimeError("Mount point directory missing")
    }
    let mounts = try VfsFat.mounts(vm)
    if mounts.isOccupied(path) { throw vm.osError(1) }
    // A subclass may have a `mount` of its own.
    var call = try CallBuilder(vm, object, "mount")
    call.add(Value(isReadOnly))
    call.add(.false)
    _ = try call.call()
    let fileSystem = try VfsFat.fileSystem(vm, object)
    if fileSystem.isDrive { throw vm.osError(1) }
    try fileSystem.setProtection(vm, isReadOnlyForCode: isReadOnly, isConcurrentProtected: true)
    fileSystem.object = object
    mounts.add(fileSystem, at: path)
    return .none
  }

  /// Takes a path or the object. The drive itself stays.
  private static func unmount(_ vm: VM, _ value: Value) throws(PyError) -> Value {
    let fileSystem = value.has(.str) ? try mounted(vm, try mountPath(vm, value)) : try VfsFat.fileSystem(vm, value)
    let object = fileSystem.object
    if try !VfsFat.mounts(vm).remove(fileSystem) { throw vm.osError(22) }
    vm.push(object)
    defer { vm.pop() }
    _ = try CallBuilder(vm, object, "umount").call()
    return .none
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("remount", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try StorageModule.remount(vm, a) }
      },
      NativeDefinition("getmount", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let fileSystem = try StorageModule.mounted(vm, try StorageModule.mountPath(vm, a[0]))
          return fileSystem.isDrive ? try VfsFat.driveObject(vm) : fileSystem.object
        }
      },
      NativeDefinition("mount", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try StorageModule.mount(vm, a) }
      },
      NativeDefinition("umount", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try StorageModule.unmount(vm, a[0]) }
      },
      NativeDefinition("erase_filesystem", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          var reader = ArgumentReader(vm, a)
          reader.keywordsOnly()
          let isExtended = try reader.bool("extended", false)
          try reader.finish()
          if isExtended { throw vm.error(.notImplementedError, "extended=True") }
          let services = vm.boardState.services
          if !services.hasErasableDrive {
            vm.interpreter.host.note(
              "storage.erase_filesystem: a board would format its drive now; this folder stays as it is")
          }
          services.eraseFilesystem()
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
