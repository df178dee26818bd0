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
    for record in transaction.records {
      switch record {
      case .patch(let offset, _, let count), .fill(let offset, let count, _):
        guard offset >= 0, offset + count <= bytes.count else { throw .outOfRange }
      }
    }
    for record in transaction.records {
      switch record {
      case .patch(let offset, let start, let count):
        bytes.replaceSubrange(offset..<offset + count, with: transaction.payload[start..<start + count])
      case .fill(let offset, let count, let byte):
        bytes.withUnsafeMutableBytes { raw in
          for index in offset..<offset + count { raw[index] = byte }
        }
      }
    }
    commitCount += 1
  }

  package func sync() throws(FlashError) {}
}
