/// RAM copies of the volume's erase blocks that differ from the flash, and since which frame they do.
struct BlockCopies: ~Copyable {
  let blockCount: Int
  private let copies: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Sequence number of the first frame since the last checkpoint that changed the block; 0: none did.
  private let dirtySince: UnsafeMutablePointer<UInt64>
  /// A bit for each 512 bytes of the block that one record wholly replaced since the last checkpoint began.
  private let coverage: UnsafeMutablePointer<UInt8>
  private static let unitBytes = FlashGeometry.eraseBytes / UInt8.bitWidth
  private(set) var copyCount = 0
  /// Blocks that became dirty and that no checkpoint has on its list yet.
  private var newlyDirty: [Int] = []

  init(blockCount: Int) {
    self.blockCount = blockCount
    copies = .allocate(capacity: blockCount)
    copies.initialize(repeating: nil, count: blockCount)
    dirtySince = .allocate(capacity: blockCount)
    dirtySince.initialize(repeating: 0, count: blockCount)
    coverage = .allocate(capacity: blockCount)
    coverage.initialize(repeating: 0, count: blockCount)
  }

  deinit {
    for block in 0..<blockCount { copies[block]?.deallocate() }
    copies.deallocate()
    dirtySince.deallocate()
    coverage.deallocate()
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

  /// `bytes` of the block were replaced by one record of the frame `sequence`.
  mutating func markDirty(_ block: Int, sequence: UInt64, bytes: Range<Int>) {
    let first = (bytes.lowerBound + Self.unitBytes - 1) / Self.unitBytes
    let end = bytes.upperBound / Self.unitBytes
    if first < end {
      let units = UInt8(truncatingIfNeeded: (1 << end) - (1 << first))
      // Not `|=`: Swift 6.3 makes a broken module of it under ThreadSanitizer ("Invalid bitcast").
      coverage[block] = coverage[block] | units
    }
    if dirtySince[block] == 0 {
      dirtySince[block] = sequence
      newlyDirty.append(block)
    }
  }

  /// The block's content is frozen for a checkpoint batch: a later change counts anew.
  mutating func markFrozen(_ block: Int) { dirtySince[block] = 0 }

  /// The lists of a new checkpoint; the blocks stay dirty until each is frozen. Of a covered block every byte was replaced by
  /// frames since the last checkpoint began, which are in the ring until the new one ends.
  mutating func takeNewlyDirty() -> (part: [Int], covered: [Int]) {
    defer {
      newlyDirty.removeAll(keepingCapacity: true)
      coverage.update(repeating: 0, count: blockCount)
    }
    newlyDirty.sort()
    let isCovered = { [coverage] (block: Int) in coverage[block] == .max }
    return (newlyDirty.filter { !isCovered($0) }, newlyDirty.filter(isCovered))
  }
}
