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
