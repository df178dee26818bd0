import CFuse
import FlashFS
import Glibc

extension FuseServer {
  func makeNode(_ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?, _ mode: mode_t) {
    // No devices, pipes or sockets on FAT.
    guard mode & S_IFMT == S_IFREG || mode & S_IFMT == 0 else { return _ = fuse_reply_err(request, EPERM) }
    add(request, parent, Self.bytes(name)) { (folder, name) throws(VolumeError) in
      try volume.create(folder, name, origin: .host)
    }
  }

  func makeDirectory(_ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?) {
    add(request, parent, Self.bytes(name)) { (folder, name) throws(VolumeError) in
      try volume.makeDirectory(folder, name, origin: .host)
    }
  }

  private func add(
    _ request: fuse_req_t?, _ parent: FuseNode, _ name: [UInt8],
    _ make: (NodeID, [UInt8]) throws(VolumeError) -> LookupResult
  ) {
    do throws(VolumeError) {
      let made = try make(parent.id, name)
      replyEntry(request, made.attributes, isAlias: parent.isAlias || made.storedName != name)
      folderChanged(parent)
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  func unlink(_ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?) {
    remove(request, parent, Self.bytes(name)) { (folder, name) throws(VolumeError) in
      try volume.unlink(folder, name, origin: .host)
    }
  }

  func removeDirectory(_ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?) {
    remove(request, parent, Self.bytes(name)) { (folder, name) throws(VolumeError) in
      try volume.removeDirectory(folder, name, origin: .host)
    }
  }

  private func remove(
    _ request: fuse_req_t?, _ parent: FuseNode, _ name: [UInt8],
    _ remove: (NodeID, [UInt8]) throws(VolumeError) -> Void
  ) {
    let cached = cachedUnderAnotherSpelling(parent, name)
    do throws(VolumeError) {
      try remove(parent.id, name)
      if let cached { invalidateAttributes(cached.node) }
      fuse_reply_err(request, 0)
      dropCached(cached)
      folderChanged(parent)
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }

  /// RENAME_NOREPLACE, which Glibc's module hides.
  private static let renameNoReplace: UInt32 = 1

  func rename(
    _ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?, _ newParent: FuseNode,
    _ newName: UnsafePointer<CChar>?, _ flags: UInt32
  ) {
    // EXCHANGE would need two names changed in one step of a kind that FAT has not; WHITEOUT is for overlays.
    guard flags & ~Self.renameNoReplace == 0 else { return _ = fuse_reply_err(request, EINVAL) }
    let name = Self.bytes(name)
    let newName = Self.bytes(newName)
    let source = cachedUnderAnotherSpelling(parent, name)
    let target = cachedUnderAnotherSpelling(newParent, newName)
    do throws(VolumeError) {
      try volume.rename(
        parent.id, name, to: newParent.id, newName, mayReplace: flags & Self.renameNoReplace == 0, origin: .host)
      if let source { invalidateAttributes(source.node) }
      if let target { invalidateAttributes(target.node) }
      fuse_reply_err(request, 0)
      dropCached(source)
      dropCached(target)
      folderChanged(parent)
      if newParent != parent { folderChanged(newParent) }
    } catch {
      fuse_reply_err(request, error.errno)
    }
  }
}
