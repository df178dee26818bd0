import CFuse
import FlashFS
import Glibc

extension FuseServer {
  /// The bytes of a name; whether they are UTF-8 is the volume's question.
  static func bytes(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    guard let name else { return [] }
    return Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
  }

  /// What a look-up or a creation answers.
  func entry(_ attributes: NodeAttributes, isAlias: Bool) -> fuse_entry_param {
    var entry = fuse_entry_param()
    entry.ino = FuseNode(attributes.node, isAlias: isAlias).inode
    entry.attr = status(attributes)
    if isAlias {
      hasAliases.store(true, ordering: .relaxed)
    } else {
      entry.attr_timeout = Self.cacheSeconds
      entry.entry_timeout = Self.cacheSeconds
    }
    return entry
  }

  /// Answers with a node that the volume has counted one reference of.
  func replyEntry(_ request: fuse_req_t?, _ attributes: NodeAttributes, isAlias: Bool) {
    var entry = entry(attributes, isAlias: isAlias)
    // The caller was interrupted and the kernel never heard of the node.
    if fuse_reply_entry(request, &entry) == -ENOENT { volume.forget(attributes.node, count: 1) }
  }

  func lookUp(_ request: fuse_req_t?, _ parent: FuseNode, _ name: UnsafePointer<CChar>?) {
    let name = Self.bytes(name)
    do throws(VolumeError) {
      let found = try volume.lookup(parent.id, name)
      replyEntry(request, found.attributes, isAlias: parent.isAlias || found.storedName != name)
    } catch {
      // A name that cannot exist does not exist.
      fuse_reply_err(request, error.errno == EINVAL ? ENOENT : error.errno)
    }
  }

  func forget(_ request: fuse_req_t?, _ list: UnsafeMutablePointer<fuse_forget_data>?, _ count: Int) {
    for item in UnsafeBufferPointer(start: list, count: count) {
      volume.forget(FuseNode(item.ino).id, count: item.nlookup)
    }
    fuse_reply_none(request)
  }
}
