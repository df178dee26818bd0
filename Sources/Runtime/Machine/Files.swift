/// The tree of files as the interpreter itself and native modules reach it.
extension VM {
  /// - Throws: errno 19 when there is no drive.
  package func fileStore() throws(PyError) -> any FileStore {
    guard let files = interpreter.files else { throw osError(19) }
    return files
  }

  /// A store's error as an exception: what Python code raised below goes on as it is.
  package func raise(_ error: FileError) -> PyError { error == .raised ? PyError() : osError(error.errno) }

  /// What is at an absolute path; nil when nothing can be found there.
  package func fileStatus(_ path: [UInt8]) throws(PyError) -> FileStatus? {
    guard let files = interpreter.files else { return nil }
    do throws(FileError) { return try files.status(path) } catch {
      if error == .raised { throw PyError() }
      return nil
    }
  }

  /// `os.stat`'s tuple. The root of a file system has no time.
  package func makeStatus(_ status: FileStatus, isRoot: Bool) throws(PyError) -> Value {
    let time = Value(small: isRoot ? 0 : Int(status.modifiedSeconds))
    let zero = Value(small: 0)
    return try makeTuple(
      Value(small: status.isDirectory ? 0x4000 : 0x8000), zero, zero, zero, zero, zero,
      Value(small: status.isDirectory ? 0 : status.sizeBytes), time, time, time)
  }

  /// `os.statvfs`'s tuple.
  package func makeStoreStatus(_ status: FileStoreStatus) throws(PyError) -> Value {
    let (zero, cluster, free) = (Value(small: 0), Value(small: status.clusterBytes), Value(small: status.freeClusters))
    return try makeTuple(
      cluster, cluster, Value(small: status.totalClusters), free, free, zero, zero, zero, zero, Value(small: 255))
  }

  /// An iterator over (name, mode bits, 0, size).
  package func makeDirectoryIterator(_ entries: [(name: [UInt8], status: FileStatus)]) throws(PyError) -> Value {
    let list = try makeList()
    for entry in entries {
      let mode = Value(small: entry.status.isDirectory ? 0x4000 : 0x8000)
      let size = Value(small: entry.status.isDirectory ? 0 : entry.status.sizeBytes)
      try append(list, try makeTuple(try makeStr(entry.name), mode, Value(small: 0), size))
    }
    return try iterator(list)
  }

  /// The modification time in `os.utime`'s `times`.
  package func modifiedSeconds(_ times: Value) throws(PyError) -> Int64 {
    guard times.has(.tuple), TupleLayout.count(times.pointer) == 2 else {
      throw typeError("times must be a tuple of 2")
    }
    return Int64(try intArgument(TupleLayout.item(times.pointer, 1)))
  }
}
