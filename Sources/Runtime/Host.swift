/// What Python needs from outside. Runtime declares it and is handed one: FlashFS on a mounted board,
/// a confined folder under `circuitpyd run`, memory in tests. Nothing here is on the interpreter's hot path.
package protocol Host: AnyObject {
  /// Files, with paths absolute inside the drive ("/lib/foo.py"). `nil` when there is no drive.
  var files: (any FileStore)? { get }
  /// Writes console output, already with CR LF line ends. Never blocks for long.
  func writeConsole(_ bytes: UnsafeRawBufferPointer)
  /// Bytes waiting on the console.
  var consoleAvailable: Int { get }
  /// Next console byte, or `nil` when none is waiting.
  func readConsole() -> UInt8?
  /// Blocks until a console byte may be waiting, the interrupt flag is set, or `nanoseconds` have passed.
  func waitForConsole(nanoseconds: UInt64)
  /// Nanoseconds since power-up; never goes back. With a virtual clock it moves only in `sleep`.
  var monotonicNanoseconds: UInt64 { get }
  /// Waits for `nanoseconds`, or less when `wake` is called from another thread (ctrl-c, reload).
  func sleep(nanoseconds: UInt64)
  /// Makes a `sleep` or `waitForConsole` on another thread return at once.
  func wake()
  /// Seconds since 1970 of the board's real-time clock.
  var rtcSeconds: Int64 { get set }
  /// Fills with random bytes (seeded under a virtual clock).
  func random(into: UnsafeMutableRawBufferPointer)
  /// One line for the daemon's own log (not the serial console): leniency notes and the like.
  func note(_ line: String)
  /// Whether the console delivers whole lines ended by LF that its terminal edited and echoed (stdin of `circuitpyd run`).
  /// A board's serial console does not: `input()` edits and echoes itself, and CR ends a line.
  var isConsoleLineBuffered: Bool { get }
  /// Whether no console byte will ever come again.
  var isConsoleAtEnd: Bool { get }
}

extension Host {
  package var isConsoleLineBuffered: Bool { false }
  package var isConsoleAtEnd: Bool { false }
}

/// An error of a file operation: a POSIX errno as the board numbers it (2 ENOENT, 30 EROFS …).
package struct FileError: Error, Equatable {
  package let errno: Int32
  package init(_ errno: Int32) { self.errno = errno }
  /// The store asked Python code (a block device of the program's own) and that raised: the exception is the VM's current one.
  package static let raised = FileError(-1)
}

/// Attributes of a file or directory.
package struct FileStatus: Sendable, Equatable {
  package var isDirectory: Bool
  package var sizeBytes: Int
  /// Modification time, seconds since 1970 (2 s granularity on FAT).
  package var modifiedSeconds: Int64
  package init(isDirectory: Bool, sizeBytes: Int, modifiedSeconds: Int64) {
    self.isDirectory = isDirectory
    self.sizeBytes = sizeBytes
    self.modifiedSeconds = modifiedSeconds
  }
}

/// Sizes of a file system, in clusters.
package struct FileStoreStatus: Sendable, Equatable {
  package var clusterBytes: Int
  package var totalClusters: Int
  package var freeClusters: Int
  package init(clusterBytes: Int, totalClusters: Int, freeClusters: Int) {
    self.clusterBytes = clusterBytes
    self.totalClusters = totalClusters
    self.freeClusters = freeClusters
  }
}

/// How to open a file.
package struct FileOpenMode: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let read = FileOpenMode(rawValue: 1)
  package static let write = FileOpenMode(rawValue: 2)
  package static let create = FileOpenMode(rawValue: 4)
  package static let truncate = FileOpenMode(rawValue: 8)
  package static let append = FileOpenMode(rawValue: 16)
  /// With `create`: EEXIST when the file is there.
  package static let exclusive = FileOpenMode(rawValue: 32)
}

/// A tree of files as Python sees it. Paths are absolute, `/`-separated UTF-8 without `.` or `..` parts; "/" is the root.
/// Implementations confine: no path leads outside the drive. Write refusals throw errno 30.
package protocol FileStore: AnyObject {
  /// Opens and returns a handle. A directory gives EISDIR (21).
  func open(_ path: [UInt8], _ mode: FileOpenMode) throws(FileError) -> Int
  func read(_ handle: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int
  func write(_ handle: Int, at offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int
  func size(_ handle: Int) throws(FileError) -> Int
  func flush(_ handle: Int) throws(FileError)
  func close(_ handle: Int)
  func status(_ path: [UInt8]) throws(FileError) -> FileStatus
  /// Names in on-disk order, without "." and "..".
  func list(_ path: [UInt8]) throws(FileError) -> [(name: [UInt8], status: FileStatus)]
  func makeDirectory(_ path: [UInt8]) throws(FileError)
  func removeDirectory(_ path: [UInt8]) throws(FileError)
  func remove(_ path: [UInt8]) throws(FileError)
  func rename(_ from: [UInt8], to: [UInt8]) throws(FileError)
  func setModified(_ path: [UInt8], seconds: Int64) throws(FileError)
  func storeStatus(_ path: [UInt8]) throws(FileError) -> FileStoreStatus
  func sync() throws(FileError)
  /// The part of a path inside the file system that is mounted on the way there ("/x" of "/sd/x"): what errors show. nil for the
  /// root's own files.
  func pathInsideMount(_ path: [UInt8]) -> [UInt8]?
}

extension FileStore {
  package func pathInsideMount(_ path: [UInt8]) -> [UInt8]? { nil }
}

/// How a program came to its end.
package enum RunEnd: Sendable, Equatable {
  case completed
  /// `sys.exit`; the code is the exit status for `circuitpyd run` (0 for None, the int, 1 for another object, which was printed).
  case systemExit(code: Int32)
  /// An uncaught exception, already printed as a traceback. `line` and `file` are the innermost frame's.
  case exception(typeName: String, line: Int, file: String)
  case keyboardInterrupt
  case reload
  case deepSleep
}

/// What another thread may ask of a running program; honoured at the next backward jump, call or wait.
package enum InterruptRequest: UInt8, Sendable { case keyboardInterrupt = 1, reload = 2, stop = 4 }
