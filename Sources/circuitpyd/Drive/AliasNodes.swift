import CFuse
import FlashFS

/// A node as the kernel numbers it. FAT names match in any case, but the kernel knows one spelling per inode: were `A.TXT` and
/// `a.txt` the same inode, `mv a.txt A.TXT` would never reach this program. So a file looked up by a name other than its stored
/// one, or below such a folder, gets a second inode with this bit set, which the kernel caches nothing of.
struct FuseNode: Hashable, Sendable {
  let inode: UInt64
  private static let aliasBit: UInt64 = 1 << 62

  init(_ inode: UInt64) { self.inode = inode }
  init(_ node: NodeID, isAlias: Bool) { inode = isAlias ? node.rawValue | Self.aliasBit : node.rawValue }

  var isAlias: Bool { inode & Self.aliasBit != 0 }
  var id: NodeID { NodeID(inode & ~Self.aliasBit) }
}

extension FuseServer {
  /// A name that goes away, in the spelling under which the kernel caches it.
  struct CachedName {
    var parent: NodeID
    var storedName: [UInt8]
    var node: NodeID
  }

  /// What the kernel has cached under another spelling of `name`; nil when it asks by the stored one.
  func cachedUnderAnotherSpelling(_ parent: FuseNode, _ name: [UInt8]) -> CachedName? {
    // Such a name was looked up before, so most drives never come further.
    guard hasAliases.load(ordering: .relaxed), let found = try? volume.lookup(parent.id, name) else { return nil }
    volume.forget(found.attributes.node, count: 1)
    guard parent.isAlias || found.storedName != name else { return nil }
    return CachedName(parent: parent.id, storedName: found.storedName, node: found.attributes.node)
  }

  /// Before the reply: the kernel asks for the attributes again, and learns that the node is gone. Takes no folder's lock.
  func invalidateAttributes(_ node: NodeID) {
    guard let session = session.withLock({ $0 }) else { return }
    fuse_lowlevel_notify_inval_inode(session.raw, node.rawValue, -1, 0)
  }

  /// After the reply: the notifier drops the other spelling.
  func dropCached(_ cached: CachedName?) {
    guard let cached else { return }
    notifier.send(.entry(cached.parent, cached.storedName))
  }

  /// After a change of a folder's content by way of an alias of the folder.
  func folderChanged(_ folder: FuseNode) {
    if folder.isAlias { notifier.send(.attributes(folder.id)) }
  }
}
