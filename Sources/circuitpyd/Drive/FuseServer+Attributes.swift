import CFuse
import FlashFS
import Glibc

extension FuseServer {
  /// What programs see of a node. FAT keeps one time and one permission bit.
  func status(_ attributes: NodeAttributes) -> stat {
    var status = stat()
    status.st_ino = UInt(attributes.node.rawValue)
    if attributes.isDirectory {
      // The attribute means nothing on folders, and the volume keeps none there.
      status.st_mode = S_IFDIR | 0o755
    } else {
      status.st_mode = S_IFREG | (attributes.isReadOnly ? 0o444 : 0o644)
    }
    status.st_nlink = 1
    status.st_uid = settings.uid
    status.st_gid = settings.gid
    status.st_size = attributes.sizeBytes
    status.st_blocks = attributes.allocatedBytes / 512
    // What buffered writers take as their block: a program's whole save is one request, and so one transaction.
    status.st_blksize = 65536
    status.st_mtim.tv_sec = Int(attributes.modifiedSeconds)
    status.st_atim = status.st_mtim
    status.st_ctim = status.st_mtim
    return status
  }

  private func currentAttributes(
    _ node: FuseNode, _ info: UnsafeMutablePointer<fuse_file_info>?
  ) throws(VolumeError) -> NodeAttributes {
    guard let info else { return try volume.attributes(node.id) }
    return try volume.attributes(VolumeHandle(info.pointee.fh))
  }

  private func reply(_ request: fuse_req_t?, _ node: FuseNode, _ attributes: NodeAttributes) {
    var status = status(attributes)
    fuse_reply_attr(request, &status, node.isAlias ? 0 : Self.cacheSeconds)
  }

  func attributes(_ request: fuse_req_t?, _ node: FuseNode, _ info: UnsafeMutablePointer<fuse_file_info>?) {
    do throws(VolumeError) {
      reply(request, node, try currentAttributes(node, info))
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  func setAttributes(
    _ request: fuse_req_t?, _ node: FuseNode, _ wanted: UnsafePointer<stat>?, _ fields: Int32,
    _ info: UnsafeMutablePointer<fuse_file_info>?
  ) {
    guard let wanted = wanted?.pointee else { return _ = fuse_reply_err(request, EINVAL) }
    do throws(VolumeError) {
      var attributes = try currentAttributes(node, info)
      if fields & FUSE_SET_ATTR_UID != 0, wanted.st_uid != settings.uid { throw VolumeError(EPERM) }
      if fields & FUSE_SET_ATTR_GID != 0, wanted.st_gid != settings.gid { throw VolumeError(EPERM) }
      var isReadOnly: Bool?
      if fields & FUSE_SET_ATTR_MODE != 0 {
        // Set-user-id and its like cannot be kept; to drop the others in silence is what FAT drivers do.
        if wanted.st_mode & 0o7000 != 0 { throw VolumeError(EPERM) }
        isReadOnly = wanted.st_mode & 0o222 == 0
        if isReadOnly == attributes.isReadOnly { isReadOnly = nil }
      }
      var sizeBytes: Int?
      if fields & FUSE_SET_ATTR_SIZE != 0 {
        if attributes.isDirectory { throw VolumeError(EISDIR) }
        sizeBytes = wanted.st_size
      }
      var modifiedSeconds: Int64?
      if fields & FUSE_SET_ATTR_MTIME_NOW != 0 {
        modifiedSeconds = Int64(time(nil))
      } else if fields & FUSE_SET_ATTR_MTIME != 0 {
        modifiedSeconds = Int64(wanted.st_mtim.tv_sec)
      }
      if sizeBytes != nil || modifiedSeconds != nil || isReadOnly != nil {
        attributes = try volume.setAttributes(
          node.id, sizeBytes: sizeBytes, modifiedSeconds: modifiedSeconds, isReadOnly: isReadOnly, origin: .host)
        if node.isAlias { invalidateAttributes(node.id) }
      }
      reply(request, node, attributes)
      if node.isAlias, sizeBytes != nil { notifier.send(.pages(node.id)) }
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  func statistics(_ request: fuse_req_t?) {
    let statistics = volume.statistics
    var result = statvfs()
    result.f_bsize = UInt(statistics.clusterBytes)
    result.f_frsize = UInt(statistics.clusterBytes)
    result.f_blocks = UInt(statistics.totalClusters)
    result.f_bfree = UInt(statistics.freeClusters)
    result.f_bavail = result.f_bfree
    result.f_namemax = 255
    fuse_reply_statfs(request, &result)
  }

  func sync(_ request: fuse_req_t?) {
    do throws(VolumeError) {
      try volume.sync()
      fuse_reply_err(request, 0)
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }
}
