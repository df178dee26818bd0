import Glibc
import Runtime

/// A host folder as a drive: nothing above it can be reached. Paths are walked part by part with O_NOFOLLOW, so neither `..`
/// (the runtime never passes it on) nor a symbolic link leads out.
final class FolderFileStore: FileStore {
  private let root: Int32
  /// UTIME_OMIT of <sys/stat.h>, a macro that Swift does not import.
  private static let omitTime = (1 << 30) - 2
  private var handles: [Int: Int32] = [:]
  private var next = 1

  /// nil when the folder cannot be opened; errno says why.
  init?(_ path: String) {
    root = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if root < 0 { return nil }
  }

  deinit {
    for (_, fd) in handles { Glibc.close(fd) }
    Glibc.close(root)
  }

  /// errno as the board numbers it (Linux uses the same numbers); symbolic links look like missing files.
  private func failure() -> FileError { FileError(errno == ELOOP ? ENOENT : errno == ENOTEMPTY ? EACCES : errno) }

  /// Opens the folder that holds the last part of `path`; the caller closes it unless it is the root.
  private func parent(_ path: [UInt8]) throws(FileError) -> (folder: Int32, name: String) {
    let parts = path.split(separator: 0x2F).map { String(decoding: $0, as: UTF8.self) }
    if parts.contains("..") || path.contains(0) { throw FileError(EINVAL) }
    guard let last = parts.last else { return (root, ".") }
    var folder = root
    for part in parts.dropLast() {
      let inner = openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      let failed = failure()
      if folder != root { Glibc.close(folder) }
      if inner < 0 { throw failed.errno == ENOTDIR ? FileError(ENOENT) : failed }
      folder = inner
    }
    return (folder, last)
  }

  private func at<T>(_ path: [UInt8], _ body: (Int32, String) throws(FileError) -> T) throws(FileError) -> T {
    let (folder, name) = try parent(path)
    defer { if folder != root { Glibc.close(folder) } }
    return try body(folder, name)
  }

  func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    var flags = mode.contains(.write) ? (mode.contains(.read) ? O_RDWR : O_WRONLY) : O_RDONLY
    if mode.contains(.create) { flags |= O_CREAT }
    if mode.contains(.truncate) { flags |= O_TRUNC }
    if mode.contains(.exclusive) { flags |= O_EXCL }
    let fd = try at(path) { folder, name throws(FileError) in
      var info = stat()
      if fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 {
        if info.st_mode & S_IFMT == S_IFDIR { throw FileError(EISDIR) }
        if info.st_mode & S_IFMT != S_IFREG { throw FileError(ENOENT) }
      }
      let fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o666)
      if fd < 0 { throw failure() }
      return fd
    }
    let handle = next
    next += 1
    handles[handle] = fd
    return handle
  }

  private func fd(_ handle: Int) throws(FileError) -> Int32 {
    guard let fd = handles[handle] else { throw FileError(EINVAL) }
    return fd
  }

  func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let n = pread(try fd(handle), buffer.baseAddress, buffer.count, offset)
    if n < 0 { throw failure() }
    return n
  }

  func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
    let n = pwrite(try fd(handle), bytes.baseAddress, bytes.count, offset)
    if n < 0 { throw failure() }
    return n
  }

  func size(_ handle: Int) throws(FileError) -> Int {
    var info = stat()
    if fstat(try fd(handle), &info) != 0 { throw failure() }
    return Int(info.st_size)
  }

  func flush(_ handle: Int) throws(FileError) { _ = try fd(handle) }

  func close(_ handle: Int) {
    if let fd = handles.removeValue(forKey: handle) { Glibc.close(fd) }
  }

  private func status(_ info: stat) -> FileStatus {
    FileStatus(
      isDirectory: info.st_mode & S_IFMT == S_IFDIR, sizeBytes: Int(info.st_size),
      modifiedSeconds: Int64(info.st_mtim.tv_sec) & ~1)
  }

  func status(_ path: [UInt8]) throws(FileError) -> FileStatus {
    try at(path) { folder, name throws(FileError) in
      var info = stat()
      if fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 { throw failure() }
      let kind = info.st_mode & S_IFMT
      if kind != S_IFREG && kind != S_IFDIR { throw FileError(ENOENT) }
      return status(info)
    }
  }

  func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)] {
    let folder = try at(path) { folder, name throws(FileError) in
      let fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      if fd < 0 { throw failure() }
      return fd
    }
    guard let stream = fdopendir(folder) else { throw failure() }
    defer { closedir(stream) }
    var found: [(name: [UInt8], status: FileStatus)] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      var info = stat()
      guard fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      let kind = info.st_mode & S_IFMT
      if kind == S_IFREG || kind == S_IFDIR { found.append((Array(name.utf8), status(info))) }
    }
    // A folder has no creation order to show; sorted is at least the same every time.
    return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  func makeDirectory(_ path: [UInt8]) throws(FileError) {
    try at(path) { folder, name throws(FileError) in if mkdirat(folder, name, 0o777) != 0 { throw failure() } }
  }
  func removeDirectory(_ path: [UInt8]) throws(FileError) {
    try at(path) { folder, name throws(FileError) in if unlinkat(folder, name, AT_REMOVEDIR) != 0 { throw failure() } }
  }
  func remove(_ path: [UInt8]) throws(FileError) {
    try at(path) { folder, name throws(FileError) in if unlinkat(folder, name, 0) != 0 { throw failure() } }
  }

  func rename(_ from: [UInt8], to: [UInt8]) throws(FileError) {
    try at(from) { oldFolder, oldName throws(FileError) in
      try at(to) { newFolder, newName throws(FileError) in
        if renameat(oldFolder, oldName, newFolder, newName) != 0 { throw failure() }
      }
    }
  }

  func setModified(_ path: [UInt8], seconds: Int64) throws(FileError) {
    try at(path) { folder, name throws(FileError) in
      let times = [timespec(tv_sec: 0, tv_nsec: FolderFileStore.omitTime), timespec(tv_sec: Int(seconds), tv_nsec: 0)]
      if utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) != 0 { throw failure() }
    }
  }

  func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus {
    var info = statvfs()
    if fstatvfs(root, &info) != 0 { throw failure() }
    return FileStoreStatus(
      clusterBytes: Int(info.f_frsize), totalClusters: Int(info.f_blocks), freeClusters: Int(info.f_bavail))
  }

  func sync() throws(FileError) {}
}
