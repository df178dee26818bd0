import Glibc

/// A volume in a plain byte buffer, for tests and for building images. Can be told to fail a commit.
package final class MemoryVolumeStorage: VolumeStorage {
  package private(set) var bytes: [UInt8]
  package let maximumTransactionBytes: Int
  /// Commits that have succeeded.
  package private(set) var commitCount = 0
  /// The commit with this number (from 0) and all after it throw; nothing of them is applied.
  package var failingCommit: Int?

  package init(_ bytes: [UInt8], maximumTransactionBytes: Int = 1 << 20) {
    self.bytes = bytes
    self.maximumTransactionBytes = maximumTransactionBytes
  }

  package var volumeBytes: Int { bytes.count }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= bytes.count else { throw .outOfRange }
    bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + buffer.count])) }
  }

  package func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    if let failingCommit, commitCount >= failingCommit { throw .powerLost }
    guard transaction.bodyBytes <= maximumTransactionBytes else { throw .outOfRange }
    try transaction.forEachChange(within: bytes.count) { (change) throws(FlashError) in
      bytes.withUnsafeMutableBytes {
        change.write(from: 0, to: .init(rebasing: $0[change.offset..<change.offset + change.count]))
      }
    }
    commitCount += 1
  }

  package func sync() throws(FlashError) {}
}
