import Runtime

/// The tree of files that one VM sees: the drive, and over some of its folders the file systems that the program mounted there.
final class MountTree: FileStore {
  private struct Mount {
    /// "/sd": absolute, without a slash at the end.
    let path: [UInt8]
    let fileSystem: FileSystem
  }
  private struct OpenFile {
    let files: any FileStore
    let handle: Int
    /// The `VfsFat` object that has to live as long; empty for the drive's.
    let object: Value
  }

  private let vm: VM
  private unowned let services: any BoardServices
  let drive: FileSystem
  private let driveFiles: any FileStore
  /// The newest first: it is searched first.
  private var mounts: [Mount] = []
  private var open: [Int: OpenFile] = [:]
  private var nextHandle = 1

  init(_ vm: VM, drive files: any FileStore, services: any BoardServices) {
    self.vm = vm
    self.services = services
    driveFiles = files
    drive = FileSystem(drive: files)
  }

  // MARK: Mounting

  /// The file system that is mounted exactly at `path`.
  func mounted(at path: [UInt8]) -> FileSystem? {
    path == [0x2F] ? drive : mounts.first { $0.path == path }?.fileSystem
  }

  /// Whether a mount at `path` would hide another one: below the drive's root there is one level of them.
  func isOccupied(_ path: [UInt8]) -> Bool { path == [0x2F] || find(path) != nil }

  func add(_ fileSystem: FileSystem, at path: [UInt8]) {
    vm.addRoot(fileSystem.object)
    mounts.insert(Mount(path: path, fileSystem: fileSystem), at: 0)
  }

  /// Files that are open stay so. False when it was not mounted.
  func remove(_ fileSystem: FileSystem) -> Bool {
    guard let index = mounts.firstIndex(where: { $0.fileSystem === fileSystem }) else { return false }
    let isCurrent = find(vm.interpreter.currentDirectory)?.fileSystem === fileSystem
    mounts.remove(at: index)
    if isCurrent { vm.interpreter.currentDirectory = [0x2F] }
    vm.removeRoot(fileSystem.object)
    return true
  }

  /// The path at which the file system is mounted; nil when it is not.
  func mountPath(of fileSystem: FileSystem) -> [UInt8]? {
    fileSystem === drive ? [] : mounts.first { $0.fileSystem === fileSystem }?.path
  }

  /// Python's current directory within the file system; nil when it is elsewhere.
  func currentDirectory(in fileSystem: FileSystem) -> [UInt8]? {
    let current = vm.interpreter.currentDirectory
    guard let mount = find(current) else { return fileSystem === drive ? current : nil }
    return mount.fileSystem === fileSystem ? Self.inside(mount, current) : nil
  }

  private func find(_ path: [UInt8]) -> Mount? {
    if mounts.isEmpty { return nil }
    return mounts.first { mount in
      path.starts(with: mount.path) && (path.count == mount.path.count || path[mount.path.count] == 0x2F)
    }
  }

  private static func inside(_ mount: Mount, _ path: [UInt8]) -> [UInt8] {
    path.count == mount.path.count ? [0x2F] : Array(path[mount.path.count...])
  }

  /// Who has the files of a path, and what the path is there.
  /// - Throws: 30 for a change of what code may not write, whether or not the path is there, as FatFs does.
  private func route(_ path: [UInt8], changes: Bool = false) throws(FileError) -> (files: any FileStore, path: [UInt8])
  {
    let mount = find(path)
    if changes { try requireWritable(mount?.fileSystem ?? drive) }
    guard let mount else { return (driveFiles, path) }
    return (try mount.fileSystem.files(), Self.inside(mount, path))
  }

  private func requireWritable(_ fileSystem: FileSystem) throws(FileError) {
    let isWritable = fileSystem.isDrive ? services.isDriveWritableByCode : fileSystem.isWritableByCode
    if !isWritable { throw FileError(30) }
  }

  // MARK: Open files

  func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    guard let mount = find(path) else { return try open(drive, path, mode) }
    return try open(mount.fileSystem, Self.inside(mount, path), mode)
  }

  /// Opens a file by its path within a file system, wherever that is mounted.
  func open(_ fileSystem: FileSystem, _ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    let files = try fileSystem.files()
    if mode.contains(.write) { try requireWritable(fileSystem) }
    let handle = try files.open(path, mode)
    let object = fileSystem.isDrive ? Value.empty : fileSystem.object
    if !object.isEmpty { vm.addRoot(object) }
    defer { nextHandle += 1 }
    open[nextHandle] = OpenFile(files: files, handle: handle, object: object)
    return nextHandle
  }

  private func file(_ handle: Int) throws(FileError) -> OpenFile {
    guard let file = open[handle] else { throw FileError(22) }
    return file
  }

  func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let file = try file(handle)
    return try file.files.read(file.handle, at: offset, into: buffer)
  }
  func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
    let file = try file(handle)
    return try file.files.write(file.handle, at: offset, bytes)
  }
  func size(_ handle: Int) throws(FileError) -> Int {
    let file = try file(handle)
    return try file.files.size(file.handle)
  }
  func flush(_ handle: Int) throws(FileError) {
    let file = try file(handle)
    try file.files.flush(file.handle)
  }
  func close(_ handle: Int) {
    guard let file = open.removeValue(forKey: handle) else { return }
    file.files.close(file.handle)
    if !file.object.isEmpty { vm.removeRoot(file.object) }
  }

  // MARK: Names

  func status(_ path: [UInt8]) throws(FileError) -> FileStatus {
    let (files, path) = try route(path)
    return try files.status(path)
  }

  /// The root shows each mount by its path, the newest first, and then the drive's own entries, hidden folders among them: as boards do.
  func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)] {
    let (files, inner) = try route(path)
    let entries = try files.list(inner)
    guard path == [0x2F] else { return entries }
    let folder = FileStatus(isDirectory: true, sizeBytes: 0, modifiedSeconds: 0)
    return mounts.map { (Array($0.path.dropFirst()), folder) } + entries
  }
  func makeDirectory(_ path: [UInt8]) throws(FileError) {
    let (files, path) = try route(path, changes: true)
    try files.makeDirectory(path)
  }
  func removeDirectory(_ path: [UInt8]) throws(FileError) {
    let (files, path) = try route(path, changes: true)
    try files.removeDirectory(path)
  }
  func remove(_ path: [UInt8]) throws(FileError) {
    let (files, path) = try route(path, changes: true)
    try files.remove(path)
  }
  /// Between file systems nothing moves: 1.
  func rename(_ from: [UInt8], to: [UInt8]) throws(FileError) {
    let (files, oldPath) = try route(from, changes: true)
    let (target, newPath) = try route(to, changes: true)
    guard files === target else { throw FileError(1) }
    try files.rename(oldPath, to: newPath)
  }
  func setModified(_ path: [UInt8], seconds: Int64) throws(FileError) {
    let (files, path) = try route(path, changes: true)
    try files.setModified(path, seconds: seconds)
  }
  func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus {
    let (files, path) = try route(path)
    return try files.storeStatus(path)
  }
  func sync() throws(FileError) {
    try driveFiles.sync()
    for mount in mounts { try mount.fileSystem.files().sync() }
  }
  func pathInsideMount(_ path: [UInt8]) -> [UInt8]? { find(path).map { Self.inside($0, path) } }
}
