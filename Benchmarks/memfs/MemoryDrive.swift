import CFuse
import Glibc
import Synchronization

/// Carries what a request took from the tree out of the lock: the request's own thread is the only one to see it.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// Serves a `MemoryTree` with the daemon's own FUSE settings: what no flash, journal or FAT could be faster than.
final class MemoryDrive: Sendable {
  // Touched only inside `withTree`.
  nonisolated(unsafe) private let tree = MemoryTree()
  private let lock = Mutex(())
  private static let cacheSeconds = 3600.0
  private static let maximumTransferBytes: UInt32 = 131_072

  func withTree<Result>(_ body: (MemoryTree) -> Result) -> Result {
    // The mutex does not own the tree: callers' buffers, which are not Sendable, must be reachable together with it.
    lock.withLock { _ in Unchecked(body(tree)) }.value
  }

  static func of(_ request: fuse_req_t?) -> MemoryDrive {
    Unmanaged<MemoryDrive>.fromOpaque(fuse_req_userdata(request)!).takeUnretainedValue()
  }

  static func bytes(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: name, count: strlen(name!)))
  }

  private static func entry(_ node: MemoryNode) -> fuse_entry_param {
    var entry = fuse_entry_param()
    entry.ino = node.number
    entry.attr = node.status
    entry.attr_timeout = cacheSeconds
    entry.entry_timeout = cacheSeconds
    node.lookupCount += 1
    return entry
  }

  private static func connect(_ connection: UnsafeMutablePointer<fuse_conn_info>) {
    let unwanted =
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_WRITEBACK_CACHE
      | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_HANDLE_KILLPRIV
    let wanted = FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS_AUTO
    connection.pointee.want &= ~UInt32(unwanted)
    connection.pointee.want |= UInt32(wanted) & connection.pointee.capable
    connection.pointee.max_write = maximumTransferBytes
    connection.pointee.max_read = maximumTransferBytes
  }

  private func reply(_ request: fuse_req_t?, _ entry: fuse_entry_param?, _ failure: Int32) {
    guard var entry else { return _ = fuse_reply_err(request, failure) }
    fuse_reply_entry(request, &entry)
  }

  private static func prepare(_ info: UnsafeMutablePointer<fuse_file_info>) {
    info.pointee.keep_cache = 1
    info.pointee.noflush = 1
  }

  static func makeOperations() -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    operations.`init` = { _, connection in MemoryDrive.connect(connection!) }
    operations.lookup = { request, parent, name in
      let drive = MemoryDrive.of(request)
      let found = drive.withTree { $0[parent]?.children[MemoryDrive.bytes(name)].map(MemoryDrive.entry) }
      drive.reply(request, found, ENOENT)
    }
    operations.forget = { request, number, count in
      MemoryDrive.of(request).withTree { $0.forget(number, count) }
      fuse_reply_none(request)
    }
    operations.forget_multi = { request, count, list in
      MemoryDrive.of(request).withTree { tree in
        for item in UnsafeBufferPointer(start: list, count: count) { tree.forget(item.ino, item.nlookup) }
      }
      fuse_reply_none(request)
    }
    operations.getattr = { request, number, _ in
      guard var status = MemoryDrive.of(request).withTree({ $0[number]?.status }) else {
        return _ = fuse_reply_err(request, ESTALE)
      }
      fuse_reply_attr(request, &status, MemoryDrive.cacheSeconds)
    }
    operations.setattr = { request, number, wanted, fields, _ in
      let status = MemoryDrive.of(request).withTree { tree -> stat? in
        guard let node = tree[number], let wanted else { return nil }
        if fields & FUSE_SET_ATTR_SIZE != 0 { node.resize(wanted.pointee.st_size) }
        if fields & FUSE_SET_ATTR_MTIME != 0 { node.modifiedSeconds = wanted.pointee.st_mtim.tv_sec }
        return node.status
      }
      guard var status else { return _ = fuse_reply_err(request, ESTALE) }
      fuse_reply_attr(request, &status, MemoryDrive.cacheSeconds)
    }
    operations.statfs = { request, _ in
      var result = statvfs()
      result.f_bsize = 4096
      result.f_frsize = 4096
      result.f_blocks = 1 << 20
      result.f_bfree = 1 << 20
      result.f_bavail = 1 << 20
      result.f_namemax = 255
      fuse_reply_statfs(request, &result)
    }
    addNameOperations(&operations)
    addFileOperations(&operations)
    addFolderOperations(&operations)
    return operations
  }

  private static func addNameOperations(_ operations: inout fuse_lowlevel_ops) {
    operations.mkdir = { request, parent, name, _ in
      let drive = MemoryDrive.of(request)
      let made = drive.withTree { tree in
        tree[parent].flatMap { tree.make($0, MemoryDrive.bytes(name), isDirectory: true) }.map(MemoryDrive.entry)
      }
      drive.reply(request, made, EEXIST)
    }
    operations.unlink = { request, parent, name in
      let isDone = MemoryDrive.of(request).withTree { tree in
        tree[parent].map { tree.remove($0, MemoryDrive.bytes(name)) } ?? false
      }
      fuse_reply_err(request, isDone ? 0 : ENOENT)
    }
    operations.rmdir = operations.unlink
    operations.rename = { request, parent, name, newParent, newName, _ in
      let isDone = MemoryDrive.of(request).withTree { tree in
        guard let from = tree[parent], let to = tree[newParent] else { return false }
        return tree.rename(from, MemoryDrive.bytes(name), to, MemoryDrive.bytes(newName))
      }
      fuse_reply_err(request, isDone ? 0 : ENOENT)
    }
    operations.create = { request, parent, name, _, info in
      let drive = MemoryDrive.of(request)
      let made = drive.withTree { tree in
        tree[parent].flatMap { tree.make($0, MemoryDrive.bytes(name), isDirectory: false) }.map(MemoryDrive.entry)
      }
      guard var made else { return _ = fuse_reply_err(request, EEXIST) }
      MemoryDrive.prepare(info!)
      fuse_reply_create(request, &made, info)
    }
  }

  private static func addFileOperations(_ operations: inout fuse_lowlevel_ops) {
    operations.open = { request, number, info in
      if info!.pointee.flags & O_TRUNC != 0 {
        MemoryDrive.of(request).withTree { $0[number]?.resize(0) }
      }
      MemoryDrive.prepare(info!)
      fuse_reply_open(request, info)
    }
    operations.read = { request, number, size, offset, _ in
      withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
        let count = MemoryDrive.of(request).withTree { tree in
          guard let node = tree[number], let content = node.content, offset < node.sizeBytes else { return 0 }
          let count = min(size, node.sizeBytes - offset)
          buffer.baseAddress!.copyMemory(from: content + offset, byteCount: count)
          return count
        }
        fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count)
      }
    }
    operations.write = { request, number, bytes, size, offset, _ in
      MemoryDrive.of(request).withTree { tree in
        guard let node = tree[number] else { return }
        if offset + size > node.sizeBytes { node.resize(offset + size) }
        (node.content! + offset).copyMemory(from: bytes!, byteCount: size)
        node.modifiedSeconds = time(nil)
      }
      fuse_reply_write(request, size)
    }
    operations.flush = { request, _, _ in fuse_reply_err(request, 0) }
    operations.release = { request, _, _ in fuse_reply_err(request, 0) }
    operations.fsync = { request, _, _, _ in fuse_reply_err(request, 0) }
  }

  private static func addFolderOperations(_ operations: inout fuse_lowlevel_ops) {
    operations.readdir = { request, number, size, offset, _ in
      MemoryDrive.fill(request, number, size, offset) { request, rest, name, node, next in
        var status = node.status
        return fuse_add_direntry(request, rest.baseAddress, rest.count, name, &status, next)
      }
    }
    operations.readdirplus = { request, number, size, offset, _ in
      MemoryDrive.fill(request, number, size, offset) { request, rest, name, node, next in
        var entry = MemoryDrive.entry(node)
        let needed = fuse_add_direntry_plus(request, rest.baseAddress, rest.count, name, &entry, next)
        if needed > rest.count { node.lookupCount -= 1 }
        return needed
      }
    }
  }

  private static func fill(
    _ request: fuse_req_t?, _ number: UInt64, _ size: Int, _ offset: Int,
    _ add: (fuse_req_t?, UnsafeMutableBufferPointer<CChar>, UnsafePointer<CChar>, MemoryNode, Int) -> Int
  ) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
      let used = MemoryDrive.of(request).withTree { tree in
        var used = 0
        guard let node = tree[number] else { return 0 }
        for (index, child) in node.children.dropFirst(offset).enumerated() {
          let rest = UnsafeMutableBufferPointer(rebasing: buffer[used...])
          let count = (child.key + [0]).withUnsafeBufferPointer { name in
            name.withMemoryRebound(to: CChar.self) {
              add(request, rest, $0.baseAddress!, child.value, offset + index + 1)
            }
          }
          if count > rest.count { break }
          used += count
        }
        return used
      }
      fuse_reply_buf(request, buffer.baseAddress, used)
    }
  }
}
