import CFuse
import FlashFS
import Glibc
import Synchronization

/// An open folder. Its names stay as they were at the first read (or the last rewind): `rm -r` deletes while it reads.
final class DirectorySnapshot: Sendable {
  struct Names: Sendable {
    var parent: NodeID
    var entries: [LookupResult]
  }

  let node: FuseNode
  /// Nil before the first read.
  let names = Mutex<Names?>(nil)

  init(_ node: FuseNode) { self.node = node }

  static func of(_ info: UnsafeMutablePointer<fuse_file_info>) -> Unmanaged<DirectorySnapshot> {
    // `openDirectory` put it there, `closeDirectory` is the last to see it.
    Unmanaged.fromOpaque(UnsafeRawPointer(bitPattern: UInt(info.pointee.fh))!)
  }
}

extension FuseServer {
  private func names(_ snapshot: DirectorySnapshot, isFirst: Bool) throws(VolumeError) -> DirectorySnapshot.Names {
    if !isFirst, let names = snapshot.names.withLock({ $0 }) { return names }
    let folder = snapshot.node.id
    let names = DirectorySnapshot.Names(parent: try volume.parent(of: folder), entries: try volume.list(folder))
    snapshot.names.withLock { $0 = names }
    return names
  }

  func openDirectory(_ request: fuse_req_t?, _ node: FuseNode, _ info: UnsafeMutablePointer<fuse_file_info>) {
    do throws(VolumeError) {
      guard try volume.attributes(node.id).isDirectory else { throw VolumeError(ENOTDIR) }
      let snapshot = Unmanaged.passRetained(DirectorySnapshot(node))
      info.pointee.fh = UInt64(UInt(bitPattern: snapshot.toOpaque()))
      if fuse_reply_open(request, info) == -ENOENT { snapshot.release() }
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  static func closeDirectory(_ info: UnsafeMutablePointer<fuse_file_info>) { DirectorySnapshot.of(info).release() }

  func readDirectory(
    _ request: fuse_req_t?, _ size: Int, _ offset: Int, _ info: UnsafeMutablePointer<fuse_file_info>
  ) {
    fill(request, size, offset, info) { (name, attributes, next, rest) in
      var status = stat()
      status.st_ino = UInt(attributes.node.rawValue)
      status.st_mode = attributes.isDirectory ? S_IFDIR : S_IFREG
      return fuse_add_direntry(request, rest.baseAddress, rest.count, name, &status, next)
    }
  }

  func readDirectoryPlus(
    _ request: fuse_req_t?, _ size: Int, _ offset: Int, _ info: UnsafeMutablePointer<fuse_file_info>
  ) {
    let node = DirectorySnapshot.of(info).takeUnretainedValue().node
    var counted: [NodeID] = []
    let answer = fill(request, size, offset, info) { (name, attributes, next, rest) in
      // Without an inode number the kernel takes the name alone.
      var entry = fuse_entry_param()
      entry.attr = status(attributes)
      let needed = fuse_add_direntry_plus(request, nil, 0, name, nil, next)
      // Not the two dots: the kernel wants no reference to them.
      if next > 2, needed <= rest.count, let found = try? volume.lookup(node.id, Self.bytes(name)) {
        counted.append(found.attributes.node)
        entry = self.entry(found.attributes, isAlias: node.isAlias)
      }
      return fuse_add_direntry_plus(request, rest.baseAddress, rest.count, name, &entry, next)
    }
    if answer == -ENOENT { for node in counted { volume.forget(node, count: 1) } }
  }

  /// Answers with as many names from `offset` on as fit; `add` writes one and tells the space it takes (more than there is when
  /// it does not fit).
  @discardableResult private func fill(
    _ request: fuse_req_t?, _ size: Int, _ offset: Int, _ info: UnsafeMutablePointer<fuse_file_info>,
    _ add: (UnsafePointer<CChar>, NodeAttributes, _ next: Int, _ rest: UnsafeMutableBufferPointer<CChar>) -> Int
  ) -> Int32 {
    let snapshot = DirectorySnapshot.of(info).takeUnretainedValue()
    let names: DirectorySnapshot.Names
    do throws(VolumeError) {
      names = try self.names(snapshot, isFirst: offset == 0)
    } catch {
      return fuse_reply_err(request, error.errno)
    }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
      var used = 0
      var position = offset
      while position < names.entries.count + 2 {
        let rest = UnsafeMutableBufferPointer(rebasing: buffer[used...])
        let count = Self.withEntry(names, snapshot.node, position) { add($0, $1, position + 1, rest) }
        if count > rest.count { break }
        used += count
        position += 1
      }
      return fuse_reply_buf(request, buffer.baseAddress, used)
    }
  }

  /// The entry at `position`: first the two dots, then the names in the order of the volume.
  private static func withEntry(
    _ names: DirectorySnapshot.Names, _ node: FuseNode, _ position: Int,
    _ body: (UnsafePointer<CChar>, NodeAttributes) -> Int
  ) -> Int {
    guard position >= 2 else {
      let attributes = NodeAttributes(
        node: position == 0 ? node.id : names.parent, isDirectory: true, sizeBytes: 0, allocatedBytes: 0,
        modifiedSeconds: 0, createdSeconds: 0, isReadOnly: false)
      return body(position == 0 ? "." : "..", attributes)
    }
    let entry = names.entries[position - 2]
    // libfuse wants a C string.
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: entry.storedName.count + 1) { name in
      for (index, byte) in entry.storedName.enumerated() { name[index] = CChar(bitPattern: byte) }
      name[entry.storedName.count] = 0
      return body(name.baseAddress!, entry.attributes)
    }
  }
}
