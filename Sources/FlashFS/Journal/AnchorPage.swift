/// One entry of the anchor log: what of the journal is in place and what a recovery has to redo.
struct AnchorPage: Sendable, Equatable {
  enum State: UInt8, Sendable {
    /// Unmounted: the volume at offset 0 is complete.
    case clean = 0
    case open = 1
    /// The blocks named by the slots may be torn in place; their content is in scratch.
    case checkpointing = 2
  }
  /// A volume block whose new content lies in a scratch block.
  struct Slot: Sendable, Equatable {
    var block: UInt32
    var checksum: UInt32
  }

  var sequence: UInt64
  var state: State
  /// All frames up to this one are in place.
  var checkpointSequence: UInt64
  /// Where the frame behind `checkpointSequence` starts or will start.
  var ringHead: RingPosition
  /// The scratch block of the first slot: 0 or half of the scratch blocks. Kept by anchors without slots.
  var scratchFirst: Int
  var slots: [Slot]

  static let slotLimit = 8
  private static let magic: StaticString = "CPAN"

  func write(to page: UnsafeMutableRawBufferPointer) {
    var writer = LittleEndianWriter(page)
    writer.put(Self.magic)
    writer.put(sequence)
    writer.put(state.rawValue)
    writer.put(UInt8(slots.count))
    writer.put(checkpointSequence)
    writer.put(UInt32(ringHead.block))
    writer.put(ringHead.epoch)
    writer.put(UInt32(ringHead.page * FlashGeometry.pageBytes))
    writer.put(UInt8(scratchFirst))
    for index in 0..<Self.slotLimit {
      writer.put(index < slots.count ? slots[index].block : .max)
      writer.put(index < slots.count ? slots[index].checksum : .max)
    }
    writer.putChecksum()
    writer.fillRest()
  }

  /// Nil when the page is no anchor, or one that no `BlockStore` of this layout wrote.
  init?(_ page: UnsafeRawBufferPointer, layout: ImageLayout) {
    var reader = LittleEndianReader(page)
    guard reader.takes(Self.magic) else { return nil }
    sequence = reader.take()
    let state = State(rawValue: reader.take())
    let slotCount = Int(reader.take(UInt8.self))
    checkpointSequence = reader.take()
    let headBlock = Int(reader.take(UInt32.self))
    let headEpoch = reader.take(UInt64.self)
    let headOffset = Int(reader.take(UInt32.self))
    scratchFirst = Int(reader.take(UInt8.self))
    let all = (0..<Self.slotLimit).map { _ in Slot(block: reader.take(), checksum: reader.take()) }
    guard reader.takesChecksum(), let state else { return nil }
    self.state = state
    slots = Array(all.prefix(slotCount))
    ringHead = RingPosition(block: headBlock, epoch: headEpoch, page: headOffset / FlashGeometry.pageBytes)
    let pages = 1..<FlashGeometry.pagesPerBlock
    guard slotCount <= layout.slotsPerHalf, slots.allSatisfy({ $0.block < layout.volumeBlocks }),
      headBlock < layout.ringBlocks, headOffset % FlashGeometry.pageBytes == 0, pages.contains(ringHead.page),
      scratchFirst == 0 || scratchFirst == layout.slotsPerHalf
    else { return nil }
  }

  init(
    sequence: UInt64, state: State, checkpointSequence: UInt64, ringHead: RingPosition, scratchFirst: Int, slots: [Slot]
  ) {
    self.sequence = sequence
    self.state = state
    self.checkpointSequence = checkpointSequence
    self.ringHead = ringHead
    self.scratchFirst = scratchFirst
    self.slots = slots
  }
}
