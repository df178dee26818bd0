import FlashFS
import Runtime

/// A volume's files as one VM sees them. What it leaves open is closed when the store goes.
final class VolumeFileStore: FileStore {
  private let volume: Volume
  private var handles: [Int: VolumeHandle] = [:]
  private var nextHandle = 1

  init(_ volume: Volume) { self.volume = volume }

  deinit { for handle in handles.values { volume.close(handle) } }

  func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    let handle = try Self.attempt { () throws(VolumeError) in
      do throws(VolumeError) {
        let found = try volume.resolve(path, origin: .runtime, forWriting: mode.contains(.write))
        if mode.contains(.exclusive) { throw VolumeError(17) }
        return try openNode(found.attributes.node, mode)
      } catch {
        guard error.errno == 2, mode.contains(.create) else { throw error }
        let (parent, name) = try split(path)
        let made = try volume.create(parent, name, origin: .runtime)
        // The handle keeps the node; the reference was for the look-up.
        defer { volume.forget(made.attributes.node, count: 1) }
        return try openNode(made.attributes.node, mode)
      }
    }
    defer { nextHandle += 1 }
    handles[nextHandle] = handle
    return nextHandle
  }

  private func openNode(_ node: NodeID, _ mode: FileOpenMode) throws(VolumeError) -> VolumeHandle {
    try volume.open(
      node, forWriting: mode.contains(.write), truncate: mode.contains(.truncate), origin: .runtime)
  }

  func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let file = try opened(handle)
    return try Self.attempt { () throws(VolumeError) in try volume.read(file, at: offset, into: buffer) }
  }

  func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
    let file = try opened(handle)
    return try Self.attempt { () throws(VolumeError) in try volume.write(file, at: offset, bytes) }
  }

  func size(_ handle: Int) throws(FileError) -> Int {
    let file = try opened(handle)
    return try Self.attempt { () throws(VolumeError) in try volume.attributes(file).sizeBytes }
  }

  /// Every write is in the journal already.
  func flush(_ handle: Int) throws(FileError) { _ = try opened(handle) }

  func close(_ handle: Int) {
    if let file = handles.removeValue(forKey: handle) { volume.close(file) }
  }

  func status(_ path: [UInt8]) throws(FileError) -> FileStatus {
    try Self.attempt { () throws(VolumeError) in
      Self.status(try volume.resolve(path, origin: .runtime).attributes)
    }
  }

  func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)] {
    let entries = try Self.attempt { () throws(VolumeError) in
      try volume.list(try volume.resolve(path, origin: .runtime).attributes.node)
    }
    return entries.map { ($0.storedName, Self.status($0.attributes)) }
  }

  func makeDirectory(_ path: [UInt8]) throws(FileError) {
    try Self.attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      let made = try volume.makeDirectory(parent, name, origin: .runtime)
      volume.forget(made.attributes.node, count: 1)
    }
  }

  func removeDirectory(_ path: [UInt8]) throws(FileError) {
    try Self.attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      try volume.removeDirectory(parent, name, origin: .runtime)
    }
  }

  func remove(_ path: [UInt8]) throws(FileError) {
    try Self.attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      try volume.unlink(parent, name, origin: .runtime)
    }
  }

  func rename(_ from: [UInt8], to: [UInt8]) throws(FileError) {
    try Self.attempt { () throws(VolumeError) in
      let (oldParent, oldName) = try split(from)
      let (newParent, newName) = try split(to)
      try volume.rename(oldParent, oldName, to: newParent, newName, origin: .runtime)
    }
  }

  func setModified(_ path: [UInt8], seconds: Int64) throws(FileError) {
    try Self.attempt { () throws(VolumeError) in
      let node = try volume.resolve(path, origin: .runtime).attributes.node
      _ = try volume.setAttributes(node, modifiedSeconds: seconds, origin: .runtime)
    }
  }

  func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus {
    _ = try status(path)
    let sizes = volume.statistics
    return FileStoreStatus(
      clusterBytes: sizes.clusterBytes, totalClusters: sizes.totalClusters, freeClusters: sizes.freeClusters)
  }

  func sync() throws(FileError) {
    try Self.attempt { () throws(VolumeError) in try volume.sync() }
  }

  // MARK: Helpers

  private func opened(_ handle: Int) throws(FileError) -> VolumeHandle {
    guard let file = handles[handle] else { throw FileError(22) }
    return file
  }

  /// The node of the folder that holds `path`, and the last name.
  private func split(_ path: [UInt8]) throws(VolumeError) -> (NodeID, [UInt8]) {
    guard let slash = path.lastIndex(of: 0x2F), slash + 1 < path.count else { throw VolumeError(22) }
    let folder = try volume.resolve(slash == 0 ? [0x2F] : Array(path[..<slash]), origin: .runtime)
    guard folder.attributes.isDirectory else { throw VolumeError(2) }
    return (folder.attributes.node, Array(path[(slash + 1)...]))
  }

  private static func status(_ attributes: NodeAttributes) -> FileStatus {
    FileStatus(
      isDirectory: attributes.isDirectory, sizeBytes: attributes.sizeBytes,
      modifiedSeconds: attributes.modifiedSeconds)
  }

  /// Volume errors are Linux's; a board reports what FatFs has (`circuitpython-behaviour` §3.3).
  private static func attempt<T>(_ body: () throws(VolumeError) -> T) throws(FileError) -> T {
    do throws(VolumeError) { return try body() } catch {
      switch error.errno {
      case 36: throw FileError(22)  // ENAMETOOLONG: an invalid name
      case 39: throw FileError(13)  // ENOTEMPTY: denied
      case 116: throw FileError(2)  // ESTALE: deleted meanwhile
      default: throw FileError(error.errno)
      }
    }
  }
}
