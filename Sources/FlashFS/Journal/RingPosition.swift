/// A page of the journal ring. Blocks follow one another round the ring and each time get the next epoch, so block and
/// epoch together name a place that never comes again.
struct RingPosition: Sendable, Equatable {
  var block: Int
  var epoch: UInt64
  /// 1...16: page 0 is the block's header, 16 is its end.
  var page: Int

  /// The same place in the stream of frame pages: the end of a block is page 1 of the next.
  func normalized(ringBlocks: Int) -> RingPosition {
    guard page == FlashGeometry.pagesPerBlock else { return self }
    return RingPosition(block: (block + 1) % ringBlocks, epoch: epoch + 1, page: 1)
  }

  /// The epoch of the block in which a frame of `pages` that starts here ends.
  func lastEpoch(ofFramePages pages: Int, ringBlocks: Int) -> UInt64 {
    let start = normalized(ringBlocks: ringBlocks)
    let room = FlashGeometry.pagesPerBlock - start.page
    if pages <= room { return start.epoch }
    let perBlock = ImageLayout.framePagesPerBlock
    return start.epoch + UInt64((pages - room + perBlock - 1) / perBlock)
  }
}

/// Page 0 of a ring block.
struct RingBlockHeader: Equatable {
  var epoch: UInt64

  func write(to page: UnsafeMutableRawBufferPointer) {
    var writer = LittleEndianWriter(page)
    writer.put("CPRB")
    writer.put(epoch)
    writer.putChecksum()
    writer.fillRest()
  }

  /// Nil when the page is no header.
  init?(_ page: UnsafeRawBufferPointer) {
    var reader = LittleEndianReader(page)
    guard reader.takes("CPRB") else { return nil }
    epoch = reader.take()
    guard reader.takesChecksum() else { return nil }
  }

  init(epoch: UInt64) { self.epoch = epoch }
}
