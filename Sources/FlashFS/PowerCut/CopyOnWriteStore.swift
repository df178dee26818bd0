/// Erase blocks that live until the last state that shows them is gone.
///
/// Unchecked: only the store that owns it adds blocks, on one thread; others read what was frozen.
final class BlockArena: @unchecked Sendable {
  private var blocks: [UnsafeMutableRawPointer] = []

  func copy(_ source: UnsafeRawPointer) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: FlashGeometry.eraseBytes, alignment: 16)
    block.copyMemory(from: source, byteCount: FlashGeometry.eraseBytes)
    blocks.append(block)
    return block
  }

  deinit { for block in blocks { block.deallocate() } }
}

/// All bytes of a chip at one moment. Many states share the blocks in which they are equal.
///
/// Unchecked: what was frozen is never written again.
package struct FlashState: @unchecked Sendable {
  fileprivate let blocks: [UnsafeMutableRawPointer]
  fileprivate let arenas: [BlockArena]

  /// Whether the first `blockCount` erase blocks read the same.
  func isEqual(_ other: FlashState, blockCount: Int) -> Bool {
    for block in 0..<blockCount where blocks[block] != other.blocks[block] {
      let size = FlashGeometry.eraseBytes
      let mine = UnsafeRawBufferPointer(start: blocks[block], count: size)
      if !equalBytes(mine, UnsafeRawBufferPointer(start: other.blocks[block], count: size)) { return false }
    }
    return true
  }
}

/// A chip in memory whose state can be kept at any moment for the price of the blocks that change afterwards.
///
/// Unchecked: a store lives on one thread; only the protocol asks for Sendable.
package final class CopyOnWriteStore: FlashStore, @unchecked Sendable {
  /// One erased block, for all that are.
  private static let blank: FlashState = {
    let arena = BlockArena()
    let bytes = [UInt8](repeating: 0xFF, count: FlashGeometry.eraseBytes)
    return FlashState(blocks: [bytes.withUnsafeBytes { arena.copy($0.baseAddress!) }], arenas: [arena])
  }()

  private var table: [UnsafeMutableRawPointer]
  private var isOwn: [Bool]
  /// Those of which `isOwn` says true.
  private var ownBlocks: [Int] = []
  private let arena = BlockArena()
  private let parents: [BlockArena]
  /// Called once with the bytes of the next write.
  var onNextWrite: ((UnsafeRawBufferPointer) -> Void)?

  package init(_ state: FlashState) {
    table = state.blocks
    isOwn = [Bool](repeating: false, count: state.blocks.count)
    parents = state.arenas
  }

  /// An erased chip.
  package convenience init(blockCount: Int) {
    let blank = Self.blank
    self.init(
      FlashState(
        blocks: [UnsafeMutableRawPointer](repeating: blank.blocks[0], count: blockCount), arenas: blank.arenas))
  }

  package var sizeBytes: Int { table.count * FlashGeometry.eraseBytes }

  /// What the chip holds now.
  package func freeze() -> FlashState {
    for block in ownBlocks { isOwn[block] = false }
    ownBlocks.removeAll(keepingCapacity: true)
    return FlashState(blocks: table, arenas: parents + [arena])
  }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset <= sizeBytes - buffer.count else { throw .outOfRange }
    let size = FlashGeometry.eraseBytes
    var done = 0
    while done < buffer.count {
      let start = (offset + done) % size
      let count = min(size - start, buffer.count - done)
      (buffer.baseAddress! + done).copyMemory(from: table[(offset + done) / size] + start, byteCount: count)
      done += count
    }
  }

  package func bytes(_ offset: Int, _ count: Int) throws(FlashError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FlashError) in
      try read(offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  package func write(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset <= sizeBytes - bytes.count else { throw .outOfRange }
    if let told = onNextWrite {
      onNextWrite = nil
      told(bytes)
    }
    let size = FlashGeometry.eraseBytes
    var done = 0
    while done < bytes.count {
      let block = (offset + done) / size
      let start = (offset + done) % size
      let count = min(size - start, bytes.count - done)
      if !isOwn[block] {
        table[block] = arena.copy(table[block])
        isOwn[block] = true
        ownBlocks.append(block)
      }
      (table[block] + start).copyMemory(from: bytes.baseAddress! + done, byteCount: count)
      done += count
    }
  }

  package func sync() throws(FlashError) {}
  package func close() {}
}
