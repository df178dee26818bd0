import Synchronization

/// Nonvolatile memory that lives as long as the daemon; erased bytes read 255.
final class MemoryNVM: NonvolatileMemory {
  private let bytes: Mutex<[UInt8]>
  init(sizeBytes: Int) { bytes = Mutex([UInt8](repeating: 0xFF, count: sizeBytes)) }

  func read(_ offset: Int, count: Int) -> [UInt8] {
    bytes.withLock { bytes in
      guard offset >= 0, count >= 0, offset + count <= bytes.count else { return [] }
      return Array(bytes[offset..<offset + count])
    }
  }

  func write(_ offset: Int, _ more: [UInt8]) {
    bytes.withLock { bytes in
      guard offset >= 0, offset + more.count <= bytes.count else { return }
      bytes.replaceSubrange(offset..<offset + more.count, with: more)
    }
  }
}
