import FlashFS
import Runtime

/// A volume's files as one VM sees them. What it leaves open is closed when the store goes.
package final class VolumeFileStore: FileStore {
  private let volume: Volume
  /// What the volume stands on when that is a block device of the program's own: its Python code runs inside the calls here.
  private let device: BlockDeviceStorage?
  private var handles: [Int: VolumeHandle] = [:]
  private var nextHandle = 1
  /// Files that were closed (by the collector) while the device's code ran under the volume's lock.
  private var closedWhileBusy: [VolumeHandle] = []

  package convenience init(_ volume: Volume) { self.init(volume, on: nil) }

  init(_ volume: Volume, on device: BlockDeviceStorage?) {
    self.volume = volume
    self.device = device
  }

  deinit { for handle in handles.values { volume.close(handle) } }

  package func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int {
    let handle = try attempt { () throws(VolumeError) in
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

  package func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
  {
    let file = try opened(handle)
    return try attempt { () throws(VolumeError) in try volume.read(file, at: offset, into: buffer) }
  }

  package func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int {
    let file = try opened(handle)
    guard device != nil else {
      return try attempt { () throws(VolumeError) in try volume.write(file, at: offset, bytes) }
    }
    // A device's code may take the memory away.
    let copy = Array(bytes)
    return try attempt(syncs: false) { () throws(VolumeError) in
      var written = Result<Int, VolumeError>.success(0)
      copy.withUnsafeBytes { buffer in
        do throws(VolumeError) { written = .success(try volume.write(file, at: offset, buffer)) } catch {
          written = .failure(error)
        }
      }
      return try written.get()
    }
  }

  package func size(_ handle: Int) throws(FileError) -> Int {
    let file = try opened(handle)
    return try attempt { () throws(VolumeError) in try volume.attributes(file).sizeBytes }
  }

  /// Every write is in the journal already, if there is one. A board's own file system flushes its cache here and behind each change
  /// of a directory; a device of the program's own may keep some back until it is told.
  package func flush(_ handle: Int) throws(FileError) {
    _ = try opened(handle)
    try attempt { () throws(VolumeError) in try volume.flushCache() }
  }

  package func close(_ handle: Int) {
    guard let file = handles.removeValue(forKey: handle) else { return }
    if device?.isBusy == true { return closedWhileBusy.append(file) }
    volume.close(file)
    if device == nil { try? volume.flushCache() }
  }

  package func status(_ path: [UInt8]) throws(FileError) -> FileStatus {
    try attempt { () throws(VolumeError) in
      Self.status(try volume.resolve(path, origin: .runtime).attributes)
    }
  }

  package func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)] {
    let entries = try attempt { () throws(VolumeError) in
      try volume.list(try volume.resolve(path, origin: .runtime).attributes.node)
    }
    return entries.map { ($0.storedName, Self.status($0.attributes)) }
  }

  package func makeDirectory(_ path: [UInt8]) throws(FileError) {
    try attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      let made = try volume.makeDirectory(parent, name, origin: .runtime)
      volume.forget(made.attributes.node, count: 1)
      try volume.flushCache()
    }
  }

  package func removeDirectory(_ path: [UInt8]) throws(FileError) {
    try attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      try volume.removeDirectory(parent, name, origin: .runtime)
      try volume.flushCache()
    }
  }

  package func remove(_ path: [UInt8]) throws(FileError) {
    try attempt { () throws(VolumeError) in
      let (parent, name) = try split(path)
      try volume.unlink(parent, name, origin: .runtime)
      try volume.flushCache()
    }
  }

  package func rename(_ from: [UInt8], to: [UInt8]) throws(FileError) {
    try attempt { () throws(VolumeError) in
      let (oldParent, oldName) = try split(from)
      let (newParent, newName) = try split(to)
      try volume.rename(oldParent, oldName, to: newParent, newName, origin: .runtime)
      try volume.flushCache()
    }
  }

  package func setModified(_ path: [UInt8], seconds: Int64) throws(FileError) {
    try attempt { () throws(VolumeError) in
      let node = try volume.resolve(path, origin: .runtime).attributes.node
      _ = try volume.setAttributes(node, modifiedSeconds: seconds, origin: .runtime)
    }
  }

  package func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus {
    _ = try status(path)
    let sizes = volume.statistics
    return FileStoreStatus(
      clusterBytes: sizes.clusterBytes, totalClusters: sizes.totalClusters, freeClusters: sizes.freeClusters)
  }

  package func sync() throws(FileError) {
    try attempt { () throws(VolumeError) in
      try volume.flushCache()
      try volume.sync()
    }
  }

  func label() throws(FileError) -> [UInt8] { try attempt { () throws(VolumeError) in volume.label } }

  func setProtection(_ protection: WriteProtection) throws(FileError) {
    try attempt { () throws(VolumeError) in volume.protection = protection }
  }

  func setLabel(_ label: [UInt8]) throws(FileError) {
    try attempt { () throws(VolumeError) in try volume.setLabel(label, origin: .runtime) }
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

  /// Runs an operation of the volume. Volume errors are Linux's; a board reports what FatFs has (`circuitpython-behaviour` §3.3).
  /// - Parameter syncs: whether the device is told to keep nothing back of what it was given, as FatFs does after all but writes.
  private func attempt<T>(syncs: Bool = true, _ body: () throws(VolumeError) -> T) throws(FileError) -> T {
    try device?.begin()
    defer {
      device?.end()
      for file in closedWhileBusy { volume.close(file) }
      closedWhileBusy = []
    }
    let result: T
    do throws(VolumeError) { result = try body() } catch {
      if device?.takeRaised() == true { throw .raised }
      switch error.errno {
      case 36: throw FileError(22)  // ENAMETOOLONG: an invalid name
      case 39: throw FileError(13)  // ENOTEMPTY: denied
      case 116: throw FileError(2)  // ESTALE: deleted meanwhile
      default: throw FileError(error.errno)
      }
    }
    if device?.takeRaised() == true { throw .raised }
    do throws(PyError) { try device?.flush(syncs: syncs) } catch { throw .raised }
    return result
  }
}
