import Board
import Runtime

/// `storage.VfsFat`: a file system as an object. Fields: its number in `BoardState.fileSystems` (None before `__init__`), and the
/// block device, which lives as long. Paths are those within the file system, wherever it is mounted.
enum VfsFat {
  /// A label has at most as many characters as the volume's root entry.
  private static let maximumLabelBytes = 11
  private static let fieldCount = 2, numberField = 0, deviceField = 1

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.vfsFat) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: VfsFat.fieldCount)
          vm.push(object)
          defer { vm.pop() }
          try VfsFat.initialise(vm, object, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: VfsFat.fieldCount) }
      }
      slots.finalise = { vm, v in
        let number = ObjectLayout.field(Value(bits: v).pointer, VfsFat.numberField)
        if number.isSmallInt { VM(vm).boardState.fileSystems[number.small] = nil }
      }
      let type = try vm.makeType("VfsFat", methods: methods, slots: slots)
      try defineProperties(vm, type)
      return type
    }
  }

  private static func initialise(_ vm: VM, _ object: Value, _ a: Arguments) throws(PyError) {
    if a.keywordCount > 0 { throw vm.typeError("function doesn't take keyword arguments") }
    guard a.count == 2 else {
      throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
    }
    ObjectLayout.set(object.pointer, deviceField, a[1])
    enter(vm, object, try FileSystem(vm, try BlockDevice(vm, a[1]), object: object))
  }

  private static func enter(_ vm: VM, _ object: Value, _ fileSystem: FileSystem) {
    let state = vm.boardState
    ObjectLayout.set(object.pointer, numberField, Value(small: state.fileSystems.count))
    state.fileSystems.append(fileSystem)
    vm.needsFinaliser(object)
  }

  /// The object of the drive, the same each time.
  static func driveObject(_ vm: VM) throws(PyError) -> Value {
    let drive = try mounts(vm).drive
    if drive.object.isEmpty {
      drive.object = try vm.makeObject(try makeType(vm), fields: fieldCount)
      vm.addRoot(drive.object)
      enter(vm, drive.object, drive)
    }
    return drive.object
  }

  /// OSError 19 without a drive.
  static func mounts(_ vm: VM) throws(PyError) -> MountTree {
    guard let mounts = vm.boardState.mounts else { throw vm.osError(19) }
    return mounts
  }

  /// The file system behind a `VfsFat` object.
  static func fileSystem(_ vm: VM, _ value: Value) throws(PyError) -> FileSystem {
    let number = ObjectLayout.field(try vm.receiver(value, .vfsFat), numberField)
    guard number.isSmallInt, let found = vm.boardState.fileSystems[number.small] else { throw vm.notInitialised() }
    return found
  }

  // MARK: Paths

  /// A path argument, from the root of the file system.
  private static func path(_ vm: VM, _ fileSystem: FileSystem, _ value: Value) throws(PyError) -> [UInt8] {
    guard value.has(.str) || value.has(.bytes) else { throw vm.cannotConvert(value, to: "str") }
    let text = vm.text(value)
    if text.first == 0x2F { return vm.absolutePath(text) }
    let current = vm.boardState.mounts?.currentDirectory(in: fileSystem) ?? fileSystem.currentDirectory
    return vm.absolutePath(current + [0x2F] + text)
  }

  /// Runs an operation on the files of argument 0 and the path that is argument 1.
  private static func run<T>(
    _ vm: VM, _ a: Arguments, changes: Bool = false, _ body: (any FileStore, [UInt8]) throws(FileError) -> T
  ) throws(PyError) -> T {
    let fileSystem = try fileSystem(vm, a[0])
    if changes, isReadOnly(vm, fileSystem) { throw vm.osError(30) }
    let target = a.count > 1 ? try path(vm, fileSystem, a[1]) : try path(vm, fileSystem, vm.intern(""))
    do throws(FileError) { return try body(try fileSystem.files(), target) } catch { throw vm.raise(error) }
  }

  /// Whether code may not write it now.
  private static func isReadOnly(_ vm: VM, _ fileSystem: FileSystem) -> Bool {
    fileSystem.isDrive ? !vm.boardState.services.isDriveWritableByCode : !fileSystem.isWritableByCode
  }

  private static func changeDirectory(_ vm: VM, _ a: Arguments) throws(PyError) {
    let status = try run(vm, a) { (files, path) throws(FileError) in try files.status(path) }
    if !status.isDirectory { throw vm.osError(2) }
    let fileSystem = try fileSystem(vm, a[0])
    let target = try path(vm, fileSystem, a[1])
    let mounts = try mounts(vm)
    if mounts.currentDirectory(in: fileSystem) != nil, let mountPath = mounts.mountPath(of: fileSystem) {
      vm.interpreter.currentDirectory = vm.absolutePath(mountPath + target)
    } else {
      fileSystem.currentDirectory = target
    }
  }

  private static func open(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let fileSystem = try fileSystem(vm, a[0])
    let target = try path(vm, fileSystem, a[1])
    let mounts = try mounts(vm)
    return try vm.openFile(mode: a[2], shownPath: a[1]) { (mode) throws(FileError) in
      try mounts.open(fileSystem, target, mode)
    }
  }

  // MARK: Properties

  private static func defineProperties(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "label",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let fileSystem = try VfsFat.fileSystem(vm, a[0])
          if fileSystem.isDrive { return try vm.makeStrChecked(vm.boardState.services.volumeLabel) }
          guard let disk = fileSystem.disk else { throw vm.osError(19) }
          let label: [UInt8]
          do throws(FileError) { label = try disk.label() } catch { throw vm.raise(error) }
          return try vm.makeStrChecked(label)
        }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a[1].has(.str) else { throw vm.cannotConvert(a[1], to: "str") }
          let label = vm.text(a[1])
          if label.count > VfsFat.maximumLabelBytes { throw vm.osError(22) }
          try VfsFat.setLabel(vm, try VfsFat.fileSystem(vm, a[0]), label)
          return .none
        }
      })
    try vm.define(
      type, property: "readonly",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(VfsFat.isReadOnly(vm, try VfsFat.fileSystem(vm, a[0])))
        }
      })
  }

  private static func setLabel(_ vm: VM, _ fileSystem: FileSystem, _ label: [UInt8]) throws(PyError) {
    if fileSystem.isDrive {
      let services = vm.boardState.services
      if !services.isDriveWritableByCode { throw vm.osError(30) }
      return try StorageModule.run(vm) { () throws(StorageError) in try services.setVolumeLabel(label) }
    }
    guard let disk = fileSystem.disk else { throw vm.osError(19) }
    do throws(FileError) { try disk.setLabel(label) } catch { throw vm.raise(error) }
  }

  // MARK: Methods

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try VfsFat.initialise(vm, Value(try vm.receiver(a, .vfsFat)), a)
          return .none
        }
      },
      NativeDefinition("mkfs", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try FileSystem.format(vm, try BlockDevice(vm, a[0]))
          return .none
        }
      }.asStatic,
      NativeDefinition("mount", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let fileSystem = try VfsFat.fileSystem(vm, a[0])
          try fileSystem.mount(vm, isReadOnly: try vm.isTrue(a[1]), makes: try vm.isTrue(a[2]))
          return .none
        }
      },
      // What is mounted where is the affair of `storage.umount`.
      NativeDefinition("umount", 1, 1) { native($0, $1, $2) { _, _ throws(PyError) in .none } },
      NativeDefinition("open", 3, 3) { native($0, $1, $2) { vm, a throws(PyError) in try VfsFat.open(vm, a) } },
      NativeDefinition("ilistdir", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeDirectoryIterator(
            try VfsFat.run(vm, a) { (files, path) throws(FileError) in try files.list(path) })
        }
      },
      NativeDefinition("mkdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try VfsFat.run(vm, a, changes: true) { (files, path) throws(FileError) in try files.makeDirectory(path) }
          return .none
        }
      },
      NativeDefinition("rmdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try VfsFat.run(vm, a, changes: true) { (files, path) throws(FileError) in try files.removeDirectory(path) }
          return .none
        }
      },
      NativeDefinition("chdir", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try VfsFat.changeDirectory(vm, a)
          return .none
        }
      },
      NativeDefinition("getcwd", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let fileSystem = try VfsFat.fileSystem(vm, a[0])
          return try vm.makeStr(try VfsFat.path(vm, fileSystem, vm.intern("")))
        }
      },
      NativeDefinition("remove", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try VfsFat.run(vm, a, changes: true) { (files, path) throws(FileError) in try files.remove(path) }
          return .none
        }
      },
      NativeDefinition("rename", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let target = try VfsFat.path(vm, try VfsFat.fileSystem(vm, a[0]), a[2])
          try VfsFat.run(vm, a, changes: true) { (files, path) throws(FileError) in try files.rename(path, to: target) }
          return .none
        }
      },
      NativeDefinition("stat", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (status, isRoot) = try VfsFat.run(vm, a) { (files, path) throws(FileError) in
            (try files.status(path), path == [0x2F])
          }
          return try vm.makeStatus(status, isRoot: isRoot)
        }
      },
      NativeDefinition("statvfs", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // Of the file system, whatever the path.
          try vm.makeStoreStatus(
            try VfsFat.run(vm, a) { (files, _) throws(FileError) in try files.storeStatus([0x2F]) })
        }
      },
      NativeDefinition("utime", 3, 3) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let seconds = try vm.modifiedSeconds(a[2])
          try VfsFat.run(vm, a, changes: true) { (files, path) throws(FileError) in
            try files.setModified(path, seconds: seconds)
          }
          return .none
        }
      },
    ]
  }
}
