import FlashFS

typealias Step = CutScript.Step

/// Requests as the FUSE server makes them, by path.
extension Volume {
  func id(_ path: String) throws -> NodeID {
    path.isEmpty || path == "/"
      ? .root : try resolve(Array(path.utf8), origin: .tool).attributes.node
  }

  /// The folder that a path lies in, and its last part.
  func place(_ path: String) throws -> (folder: NodeID, name: [UInt8]) {
    let end = path.utf8.lastIndex(of: 0x2F) ?? path.utf8.startIndex
    return (try id(String(path[..<end])), Array(path.utf8[path.utf8.index(after: end)...]))
  }

  func write(_ handle: VolumeHandle, _ offset: Int, _ bytes: [UInt8]) throws -> Int {
    var count = 0
    try bytes.withUnsafeBytes { count = try write(handle, at: offset, $0) }
    return count
  }
}

// MARK: Steps; handles go by the path that they were opened with

func create(_ path: String) -> Step {
  Step { session in
    let (folder, name) = try session.volume.place(path)
    let made = try session.volume.create(folder, name, origin: .host)
    session.handles[path] = try session.volume.open(made.attributes.node, forWriting: true, origin: .host)
  }
}
func open(_ path: String, truncate: Bool = false) -> Step {
  Step { session in
    session.handles[path] = try session.volume.open(
      session.volume.id(path), forWriting: true, truncate: truncate, origin: .host)
  }
}
func write(_ path: String, _ bytes: [UInt8], at offset: Int = 0) -> Step {
  Step { session in
    guard let handle = session.handles[path] else { throw VolumeError(9) }
    _ = try session.volume.write(handle, offset, bytes)
  }
}
func release(_ path: String) -> Step {
  Step { session in
    if let handle = session.handles.removeValue(forKey: path) { session.volume.close(handle) }
  }
}
func fsync() -> Step { Step { try $0.volume.sync() } }
func setTimes(_ path: String) -> Step {
  Step { session in
    _ = try session.volume.setAttributes(
      session.volume.id(path), modifiedSeconds: CutDrive.now - 86_400, origin: .host)
  }
}
func setReadOnly(_ path: String, _ isReadOnly: Bool) -> Step {
  Step { session in
    _ = try session.volume.setAttributes(session.volume.id(path), isReadOnly: isReadOnly, origin: .host)
  }
}
func truncate(_ path: String, _ sizeBytes: Int) -> Step {
  Step { session in
    _ = try session.volume.setAttributes(session.volume.id(path), sizeBytes: sizeBytes, origin: .host)
  }
}
func unlink(_ path: String) -> Step {
  Step { session in
    let (folder, name) = try session.volume.place(path)
    try session.volume.unlink(folder, name, origin: .host)
  }
}
func rename(_ from: String, _ to: String) -> Step {
  Step { session in
    let (folder, name) = try session.volume.place(from)
    let (newFolder, newName) = try session.volume.place(to)
    try session.volume.rename(folder, name, to: newFolder, newName, origin: .host)
  }
}
func mkdir(_ path: String) -> Step {
  Step { session in
    let (folder, name) = try session.volume.place(path)
    let made = try session.volume.makeDirectory(folder, name, origin: .host)
    session.volume.forget(made.attributes.node, count: 1)
  }
}
func rmdir(_ path: String) -> Step {
  Step { session in
    let (folder, name) = try session.volume.place(path)
    try session.volume.removeDirectory(folder, name, origin: .host)
  }
}
/// A request that must be refused, and change nothing.
func refused(_ errno: Int32, _ step: Step) -> Step {
  Step { session in
    do {
      try step.run(session)
    } catch let error as VolumeError where error.errno == errno {
      return
    }
    throw VolumeError(0)
  }
}

/// All that the idle thread has to do.
let checkpoint = Step { session in
  try session.volume.withStorage { (storage) throws(FlashError) in while try storage.upkeepSlice(isDue: true) {} }
}
/// One step of a checkpoint, so that requests come in the middle of it.
let checkpointStep = Step { session in
  try session.volume.withStorage { (storage) throws(FlashError) in
    guard let blocks = storage as? BlockStore, let step = try blocks.nextCheckpointStep() else { return }
    _ = try blocks.finish(step)
  }
}
/// The daemon is killed and mounts the drive again.
let kill = Step { try $0.reopen() }

/// A new file, written and closed.
func put(_ path: String, _ bytes: [UInt8]) -> [Step] { [create(path), write(path, bytes), release(path)] }

/// Repeatable content that no run of equal bytes shortens.
func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}
