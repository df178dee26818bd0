/// RAM copies of the volume's erase blocks that differ from the flash, and since which frame they do.
struct BlockCopies: ~Copyable {
  let blockCount: Int
  private let copies: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Sequence number of the first frame since the last checkpoint that changed the block; 0: none did.
  private let dirtySince: UnsafeMutablePointer<UInt64>
  private(set) var copyCount = 0
  /// Blocks that became dirty and that no checkpoint has on its list yet.
  private var newlyDirty: [Int] = []

  init(blockCount: Int) {
    self.blockCount = blockCount
    copies = .allocate(capacity: blockCount)
    copies.initialize(repeating: nil, count: blockCount)
    dirtySince = .allocate(capacity: blockCount)
    dirtySince.initialize(repeating: 0, count: blockCount)
  }

  deinit {
    for block in 0..<blockCount { copies[block]?.deallocate() }
    copies.deallocate()
    dirtySince.deallocate()
  }

  /// The copy of a block, if it has one.
  subscript(block: Int) -> UnsafeMutableRawPointer? { copies[block] }

  /// Makes a copy without content; the caller fills all of it.
  mutating func add(_ block: Int) -> UnsafeMutableRawPointer {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: FlashGeometry.eraseBytes, alignment: 16)
    copies[block] = copy
    copyCount += 1
    return copy
  }

  mutating func remove(_ block: Int) {
    guard let copy = copies[block] else { return }
    copy.deallocate()
    copies[block] = nil
    copyCount -= 1
  }

  // MARK: Dirt

  func isDirty(_ block: Int) -> Bool { dirtySince[block] != 0 }
  func dirtySince(_ block: Int) -> UInt64 { dirtySince[block] }
  var hasNewlyDirty: Bool { !newlyDirty.isEmpty }

  mutating func markDirty(_ block: Int, sequence: UInt64) {
    if dirtySince[block] == 0 {
      dirtySince[block] = sequence
      newlyDirty.append(block)
    }
  }

  /// The block's content is frozen for a checkpoint batch: a later change counts anew.
  mutating func markFrozen(_ block: Int) { dirtySince[block] = 0 }

  /// The list of a new checkpoint; the blocks stay dirty until each is frozen.
  mutating func takeNewlyDirty() -> [Int] {
    defer { newlyDirty.removeAll(keepingCapacity: true) }
    return newlyDirty.sorted()
  }
}
