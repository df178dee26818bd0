import Glibc
import Synchronization

/// Nonvolatile memory in a file beside the drive, which exists only once code has written to it; erased bytes read 255. Without a
/// path it lives as long as the process.
final class FileNVM: NonvolatileMemory {
  private let path: String?
  private let content: Mutex<[UInt8]>

  init(path: String?, sizeBytes: Int) {
    self.path = path
    var bytes = path.flatMap { HostFile.read($0) } ?? []
    bytes.removeLast(max(0, bytes.count - sizeBytes))
    bytes += [UInt8](repeating: 0xFF, count: sizeBytes - bytes.count)
    content = Mutex(bytes)
  }

  func read(_ offset: Int, count: Int) -> [UInt8] {
    content.withLock { bytes in
      guard offset >= 0, count >= 0, offset + count <= bytes.count else { return [] }
      return Array(bytes[offset..<offset + count])
    }
  }

  func write(_ offset: Int, _ more: [UInt8]) {
    content.withLock { bytes in
      guard offset >= 0, offset + more.count <= bytes.count else { return }
      bytes.replaceSubrange(offset..<offset + more.count, with: more)
      if let path, !HostFile.write(bytes, to: path) {
        HostFile.writeError("circuitpyd: \(path): nvm was not kept: \(String(cString: strerror(errno)))")
      }
    }
  }
}
