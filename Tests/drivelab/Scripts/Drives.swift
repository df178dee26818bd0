import FlashFS
import Glibc

/// Drives that scripts run on: small, so that a cut is cheap.
enum Drives {
  /// 128 sectors of FAT12, the smallest that the board's formatter makes.
  static let small = CutDrive.journaled(ImageLayout(volumeBytes: 64 << 10, ringBlocks: 12))
  /// A ring that is half full after a few requests and goes round in a script.
  static let smallRing = CutDrive.journaled(ImageLayout(volumeBytes: 64 << 10, scratchBlocks: 4, ringBlocks: 4))
  static let medium = CutDrive.journaled(ImageLayout(volumeBytes: 256 << 10, ringBlocks: 24))

  /// FAT16 by the board's formatter.
  static let fat16 = CutDrive.journaled(ImageLayout(volumeBytes: 12 << 20, ringBlocks: 16))

  /// As `mkfs.fat` makes it, with two tables.
  static func foreign(kind: Int, volumeBytes: Int, tables: Int = 2) throws -> CutDrive {
    let image = try ForeignTools.format(kind: kind, volumeBytes: volumeBytes, tables: tables)
    var drive = CutDrive.journaled(ImageLayout(volumeBytes: volumeBytes, ringBlocks: 16))
    drive.create = { flash in
      // What is erased flash already need not be written: an image is nearly empty.
      let size = FlashGeometry.eraseBytes
      for block in 0..<volumeBytes / size {
        let content = image[block * size..<(block + 1) * size]
        try content.withUnsafeBufferPointer { (bytes) throws(FlashError) in
          try flash.program(block * size, UnsafeRawBufferPointer(bytes))
        }
      }
      try BlockStore.create(on: flash, layout: ImageLayout(volumeBytes: volumeBytes, ringBlocks: 16))
    }
    drive.format = { _ in }
    return drive
  }

  /// Blank flash that the first mount formats and fills, as the daemon does.
  static let blank: CutDrive = {
    var drive = small
    drive.format = nil
    drive.afterOpen = { storage in
      if try storage.isBlank() { try Volume.formatFresh(storage, volumeID: 0x1234_5678, now: CutDrive.now) }
    }
    return drive
  }()

  /// A broken drive, to see that the explorer sees: the board's own storage, without a journal.
  static let unjournaled: CutDrive = {
    let volumeBytes = 64 << 10
    return CutDrive(
      geometry: FlashGeometry(sizeBytes: volumeBytes), volumeBytes: volumeBytes, create: { _ in },
      open: { try FaithfulStorage(device: $0, volumeBytes: volumeBytes, chip: .externalFlash) })
  }()
}
