/// A file or directory while somebody knows it: given out by look-ups, kept until forgotten, never reused in a session.
package struct NodeID: Hashable, Sendable {
  package let rawValue: UInt64
  package init(_ rawValue: UInt64) { self.rawValue = rawValue }
  /// The root directory; the same number that FUSE gives it.
  package static let root = NodeID(1)
}

/// An open file. Directories are listed by node and have no handles.
package struct VolumeHandle: Hashable, Sendable {
  package let rawValue: UInt64
  package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Who asks: decides write protection, name rules (`flashfs.md` §7) and whether the request may cause a reload.
package enum Origin: UInt8, Sendable {
  /// The mounted drive.
  case host
  /// Python code on the board.
  case runtime
  /// The daemon itself (boot_out.txt, `circuitpyd install`): write protection does not hold it.
  case tool
}

/// What a volume operation can fail with, by its Linux errno.
package struct VolumeError: Error, Equatable, Sendable {
  package let errno: Int32
  package init(_ errno: Int32) { self.errno = errno }
}

package struct NodeAttributes: Sendable, Equatable {
  package var node: NodeID
  package var isDirectory: Bool
  package var sizeBytes: Int
  /// Clusters allocated, in bytes.
  package var allocatedBytes: Int
  /// Seconds since 1970 of the FAT's local time taken as UTC offset applied; even.
  package var modifiedSeconds: Int64
  package var createdSeconds: Int64
  /// The FAT attribute: a file that nobody may write.
  package var isReadOnly: Bool
  package init(
    node: NodeID, isDirectory: Bool, sizeBytes: Int, allocatedBytes: Int, modifiedSeconds: Int64, createdSeconds: Int64,
    isReadOnly: Bool
  ) {
    self.node = node
    self.isDirectory = isDirectory
    self.sizeBytes = sizeBytes
    self.allocatedBytes = allocatedBytes
    self.modifiedSeconds = modifiedSeconds
    self.createdSeconds = createdSeconds
    self.isReadOnly = isReadOnly
  }
}

/// A found name.
package struct LookupResult: Sendable, Equatable {
  package var attributes: NodeAttributes
  /// The name as stored, UTF-8. Equal to the asked one byte for byte when that was canonical.
  package var storedName: [UInt8]
  package init(attributes: NodeAttributes, storedName: [UInt8]) {
    self.attributes = attributes
    self.storedName = storedName
  }
}

/// Sizes of a volume, in clusters.
package struct VolumeStatistics: Sendable, Equatable {
  package var clusterBytes: Int
  package var totalClusters: Int
  package var freeClusters: Int
  package init(clusterBytes: Int, totalClusters: Int, freeClusters: Int) {
    self.clusterBytes = clusterBytes
    self.totalClusters = totalClusters
    self.freeClusters = freeClusters
  }
}

/// Told after a committed change, outside the volume's lock, in commit order.
package struct VolumeEvent: Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    case created, written, resized, timesSet, unlinked, renamed, directoryMade, directoryRemoved
    /// The last handle open for writing was closed; `didWrite` says whether anything was written since it was opened.
    case closed
  }
  /// Counts up by one from 1.
  package var sequence: UInt64
  package var origin: Origin
  package var kind: Kind
  /// From the root with a leading slash, UTF-8. For `renamed` the new path.
  package var path: [UInt8]
  /// `renamed`: where it was.
  package var oldPath: [UInt8]?
  package var node: NodeID
  package var parent: NodeID
  /// `renamed`: the directory it left.
  package var oldParent: NodeID?
  /// `created` with a name that was there a moment before never is; `renamed` over an existing file is.
  package var replacedExisting: Bool
  /// Handles open for writing on the node after the operation.
  package var writersOpen: Int
  /// `closed`: whether a write or a change of size happened while it was open.
  package var didWrite: Bool
  package init(
    sequence: UInt64, origin: Origin, kind: Kind, path: [UInt8], oldPath: [UInt8]? = nil, node: NodeID, parent: NodeID,
    oldParent: NodeID? = nil, replacedExisting: Bool = false, writersOpen: Int = 0, didWrite: Bool = false
  ) {
    self.sequence = sequence
    self.origin = origin
    self.kind = kind
    self.path = path
    self.oldPath = oldPath
    self.node = node
    self.parent = parent
    self.oldParent = oldParent
    self.replacedExisting = replacedExisting
    self.writersOpen = writersOpen
    self.didWrite = didWrite
  }
}
