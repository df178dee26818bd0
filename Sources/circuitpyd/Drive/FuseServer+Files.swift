import CFuse
import FlashFS
import Glibc

extension FuseServer {
  /// What the kernel may cache of an open file: everything of a canonical one, since the notifier tells it of changes.
  private func prepare(_ info: UnsafeMutablePointer<fuse_file_info>, _ handle: VolumeHandle, isAlias: Bool) {
    info.pointee.fh = handle.rawValue
    info.pointee.keep_cache = isAlias ? 0 : 1
    info.pointee.direct_io = isAlias ? 1 : 0
    // Spares a request for each close().
    info.pointee.noflush = 1
  }

  func open(_ request: fuse_req_t?, _ node: FuseNode, _ info: UnsafeMutablePointer<fuse_file_info>) {
    let flags = info.pointee.flags
    let truncates = flags & O_TRUNC != 0
    do throws(VolumeError) {
      let handle = try volume.open(
        node.id, forWriting: flags & O_ACCMODE != O_RDONLY, truncate: truncates, origin: .host)
      prepare(info, handle, isAlias: node.isAlias)
      if node.isAlias, truncates { invalidateAttributes(node.id) }
      if fuse_reply_open(request, info) == -ENOENT { volume.close(handle) }
      if node.isAlias, truncates { notifier.send(.pages(node.id)) }
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  func create(
    _ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?,
    _ info: UnsafeMutablePointer<fuse_file_info>
  ) {
    let name = Self.bytes(name)
    do throws(VolumeError) {
      let (found, handle) = try createAndOpen(parent, name, info.pointee.flags)
      let isAlias = parent.isAlias || found.storedName != name
      prepare(info, handle, isAlias: isAlias)
      var entry = entry(found.attributes, isAlias: isAlias)
      if fuse_reply_create(request, &entry, info) == -ENOENT {
        volume.close(handle)
        volume.forget(found.attributes.node, count: 1)
      }
      folderChanged(parent)
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  private func createAndOpen(
    _ parent: FuseNode, _ name: [UInt8], _ flags: Int32
  ) throws(VolumeError) -> (LookupResult, VolumeHandle) {
    var found: LookupResult
    var isNew = true
    do throws(VolumeError) {
      found = try volume.create(parent.id, name, origin: .host)
    } catch {
      // The program on the board made the file since the kernel looked.
      guard error.errno == EEXIST, flags & O_EXCL == 0 else { throw error }
      found = try volume.lookup(parent.id, name)
      isNew = false
    }
    do throws(VolumeError) {
      let handle = try volume.open(
        found.attributes.node, forWriting: flags & O_ACCMODE != O_RDONLY, truncate: flags & O_TRUNC != 0,
        origin: .host)
      if isNew, flags & O_ACCMODE != O_RDONLY { onCreated(found.attributes.node) }
      found.attributes = try volume.attributes(handle)
      return (found, handle)
    } catch {
      volume.forget(found.attributes.node, count: 1)
      throw error
    }
  }

  func read(_ request: fuse_req_t?, _ size: Int, _ offset: Int, _ info: UnsafeMutablePointer<fuse_file_info>) {
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
      do throws(VolumeError) {
        let count = try volume.read(VolumeHandle(info.pointee.fh), at: offset, into: buffer)
        fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), count)
      } catch {
        fuse_reply_err(request, error.errno)
      }
    }
  }

  func write(
    _ request: fuse_req_t?, _ node: FuseNode, _ bytes: UnsafePointer<CChar>?, _ size: Int, _ offset: Int,
    _ info: UnsafeMutablePointer<fuse_file_info>
  ) {
    let handle = VolumeHandle(info.pointee.fh)
    do throws(VolumeError) {
      var start = offset
      if info.pointee.flags & O_APPEND != 0, info.pointee.writepage == 0 {
        // The kernel may not have heard yet that the program on the board made the file longer.
        start = try volume.attributes(handle).sizeBytes
      }
      let count = try volume.write(handle, at: start, UnsafeRawBufferPointer(start: bytes, count: size))
      if node.isAlias { invalidateAttributes(node.id) }
      fuse_reply_write(request, count)
      if node.isAlias || start != offset { notifier.send(.pages(node.id)) }
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  func allocate(
    _ request: fuse_req_t?, _ node: FuseNode, _ mode: Int32, _ offset: Int, _ count: Int,
    _ info: UnsafeMutablePointer<fuse_file_info>
  ) {
    // FAT has no space beyond the end of a file and no holes in it.
    guard mode == 0 else { return _ = fuse_reply_err(request, EOPNOTSUPP) }
    do throws(VolumeError) {
      try volume.allocate(VolumeHandle(info.pointee.fh), at: offset, count: count)
      if node.isAlias { invalidateAttributes(node.id) }
      fuse_reply_err(request, 0)
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }
}
