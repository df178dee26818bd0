import Glibc

/// One file or folder of the yardstick: no FAT, no journal, no flash, just memory.
final class MemoryNode {
  let number: UInt64
  let isDirectory: Bool
  var content: UnsafeMutableRawPointer?
  var capacityBytes = 0
  var sizeBytes = 0
  var modifiedSeconds = time(nil)
  var children: [[UInt8]: MemoryNode] = [:]
  var lookupCount: UInt64 = 0
  var isUnlinked = false

  init(number: UInt64, isDirectory: Bool) {
    self.number = number
    self.isDirectory = isDirectory
  }

  deinit { free(content) }

  func resize(_ bytes: Int) {
    if bytes > capacityBytes {
      capacityBytes = max(bytes, 2 * capacityBytes)
      content = realloc(content, capacityBytes)
    }
    if bytes > sizeBytes { memset(content! + sizeBytes, 0, bytes - sizeBytes) }
    sizeBytes = bytes
  }

  var status: stat {
    var status = stat()
    status.st_ino = UInt(number)
    status.st_mode = isDirectory ? S_IFDIR | 0o755 : S_IFREG | 0o644
    status.st_nlink = 1
    status.st_uid = getuid()
    status.st_gid = getgid()
    status.st_size = sizeBytes
    status.st_blocks = (sizeBytes + 511) / 512
    status.st_blksize = 65536
    status.st_mtim.tv_sec = modifiedSeconds
    return status
  }
}

/// All nodes; one lock guards the whole (`MemoryDrive`).
final class MemoryTree {
  private(set) var nodes: [UInt64: MemoryNode] = [:]
  private var nextNumber: UInt64 = 1

  init() { nodes[1] = MemoryNode(number: newNumber(), isDirectory: true) }

  private func newNumber() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  subscript(number: UInt64) -> MemoryNode? { nodes[number] }

  func make(_ parent: MemoryNode, _ name: [UInt8], isDirectory: Bool) -> MemoryNode? {
    if parent.children[name] != nil { return nil }
    let node = MemoryNode(number: newNumber(), isDirectory: isDirectory)
    nodes[node.number] = node
    parent.children[name] = node
    return node
  }

  func remove(_ parent: MemoryNode, _ name: [UInt8]) -> Bool {
    guard let node = parent.children.removeValue(forKey: name) else { return false }
    node.isUnlinked = true
    if node.lookupCount == 0 { nodes[node.number] = nil }
    return true
  }

  func rename(_ parent: MemoryNode, _ name: [UInt8], _ newParent: MemoryNode, _ newName: [UInt8]) -> Bool {
    guard let node = parent.children.removeValue(forKey: name) else { return false }
    _ = remove(newParent, newName)
    newParent.children[newName] = node
    return true
  }

  func forget(_ number: UInt64, _ count: UInt64) {
    guard let node = nodes[number] else { return }
    node.lookupCount -= min(count, node.lookupCount)
    if node.isUnlinked, node.lookupCount == 0 { nodes[number] = nil }
  }
}
