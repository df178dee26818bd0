/// Where the parts of an image lie: the volume at offset 0, then what the journal needs (`flashfs.md` §4).
package struct ImageLayout: Sendable, Equatable {
  /// Volume bytes, a multiple of the erase block.
  package let volumeBytes: Int
  /// Erase blocks that checkpoints double-write through: two halves of at most 8.
  package let scratchBlocks: Int
  /// Erase blocks of the journal ring.
  package let ringBlocks: Int

  package static let standardScratchBlocks = 16
  /// A ring holds half the volume's bytes, so that a burst of writes need not wait for checkpoints: 384 KiB at least, for the
  /// largest requests, and 4 MiB at most, which a recovery replays in well under a tenth of a second.
  static let ringBlockLimits = 96...1024

  /// `volumeBytes` is rounded up to whole erase blocks. Only tests give a scratch or ring size: even, 2...16 scratch blocks, at
  /// least 2 ring blocks; an image tells its own.
  package init(volumeBytes: Int, scratchBlocks: Int = Self.standardScratchBlocks, ringBlocks: Int? = nil) {
    let volumeBlocks = (volumeBytes + FlashGeometry.eraseBytes - 1) / FlashGeometry.eraseBytes
    self.volumeBytes = volumeBlocks * FlashGeometry.eraseBytes
    self.scratchBlocks = scratchBlocks
    let limits = Self.ringBlockLimits
    self.ringBlocks =
      ringBlocks ?? min(max(limits.lowerBound, volumeBlocks / 2), limits.upperBound)
  }

  /// Whether the numbers can be a layout at all; those from a file must be asked.
  var isPossible: Bool {
    volumeBytes > 0 && volumeBytes <= 1 << 40 && volumeBytes % FlashGeometry.eraseBytes == 0
      && scratchBlocks >= 2 && scratchBlocks <= 2 * AnchorPage.slotLimit && scratchBlocks % 2 == 0
      && ringBlocks >= 2 && ringBlocks <= 1 << 20
  }

  // MARK: Blocks of the flash

  package var volumeBlocks: Int { volumeBytes / FlashGeometry.eraseBytes }
  var firstAnchorBlock: Int { volumeBlocks }
  var firstScratchBlock: Int { volumeBlocks + 2 }
  var firstRingBlock: Int { firstScratchBlock + scratchBlocks }
  /// Slots of one scratch half: the most blocks of one checkpoint batch.
  var slotsPerHalf: Int { scratchBlocks / 2 }
  /// Erase blocks under flash rules. What lies behind them is bookkeeping of the image file.
  package var flashBlocks: Int { firstRingBlock + ringBlocks }
  package var flashBytes: Int { flashBlocks * FlashGeometry.eraseBytes }
  package var flashGeometry: FlashGeometry { FlashGeometry(sizeBytes: flashBytes) }

  // MARK: Journal limits

  /// Pages of a ring block that hold frames; the first is its header.
  static let framePagesPerBlock = FlashGeometry.pagesPerBlock - 1

  /// The longest frame: after a checkpoint one ring block is in use and all others are free, and half the ring is to
  /// hold the largest transaction.
  var maximumFramePages: Int {
    min((ringBlocks - 1) * Self.framePagesPerBlock, ringBlocks * FlashGeometry.pagesPerBlock / 2)
  }

  // MARK: Behind the flash

  /// Blocks of one copy of the wear table.
  var wearTableBlocks: Int {
    (WearTable.byteCount(blocks: flashBlocks) + FlashGeometry.eraseBytes - 1) / FlashGeometry.eraseBytes
  }
  func wearTableOffset(copy: Int) -> Int { flashBytes + copy * wearTableBlocks * FlashGeometry.eraseBytes }
  var trailerOffset: Int { wearTableOffset(copy: 2) }
  /// Length of the image file.
  package var imageBytes: Int { trailerOffset + FlashGeometry.eraseBytes }
}
