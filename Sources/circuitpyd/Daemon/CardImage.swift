import CircuitPython
import DriverBundle
import FlashFS
import Glibc

/// The image of an SD card: a file, or memory that goes with the process.
/// `@unchecked Sendable`: only a descriptor, which `pread` and `pwrite` take from any thread.
final class CardImage: CardContent, VolumeStorage, @unchecked Sendable {
  /// What a card says of its size counts in units of this, and in 16 bits.
  static let sizeUnitBytes = SDCardPart.sizeUnitSectors * sectorBytes
  static let maximumBytes = sizeUnitBytes << 16
  static let standardBytes = 64 << 20
  private static let sectorBytes = 512

  private let descriptor: Int32
  let sectorCount: Int

  /// Opens a card's image; a new one gets an empty file system.
  init(path: String, newBytes: Int = standardBytes) throws(CommandError) {
    let shown = BoardPaths.shown(path)
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw CommandError("\(shown): \(String(cString: strerror(errno)))") }
    do {
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 { throw CommandError("\(shown): another board has this card") }
      var info = stat()
      guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
        throw CommandError("\(shown): a card's image is a plain file")
      }
      sectorCount = try Self.sectors(info.st_size == 0 ? newBytes : info.st_size, shown)
      self.descriptor = descriptor
      if info.st_size == 0 { try format(shown) }
    } catch {
      Glibc.close(descriptor)
      throw error as? CommandError ?? CommandError("\(shown): \(error)")
    }
  }

  /// An empty card in memory.
  init(bytes: Int) throws(CommandError) {
    sectorCount = try Self.sectors(bytes, "--sd")
    guard let file = tmpfile() else { throw CommandError("no temporary file: \(String(cString: strerror(errno)))") }
    descriptor = dup(fileno(file))
    fclose(file)
    try format("--sd")
  }

  deinit { Glibc.close(descriptor) }

  private static func sectors(_ bytes: Int, _ shown: String) throws(CommandError) -> Int {
    guard bytes >= sizeUnitBytes, bytes <= maximumBytes else {
      throw CommandError(
        "\(shown): a card has from \(sizeUnitBytes >> 10)K to \(maximumBytes >> 20)M, not \(bytes) bytes")
    }
    return bytes / sizeUnitBytes * SDCardPart.sizeUnitSectors
  }

  private func format(_ shown: String) throws(CommandError) {
    guard ftruncate(descriptor, volumeBytes) == 0 else {
      throw CommandError("\(shown): \(String(cString: strerror(errno)))")
    }
    do throws(FlashError) {
      try Volume.format(
        self, volumeID: UInt32.random(in: 1...UInt32.max), now: LocalTime.now,
        isLabelled: false)
    } catch {
      throw CommandError("\(shown): \(error)")
    }
  }

  // MARK: CardContent

  func read(_ sector: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: Self.sectorBytes)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, sector * Self.sectorBytes) }
    return count == Self.sectorBytes ? bytes : nil
  }

  func write(_ sector: Int, _ bytes: [UInt8]) -> Bool {
    sector < sectorCount && bytes.withUnsafeBytes { put($0, at: sector * Self.sectorBytes) }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    pwrite(descriptor, bytes.baseAddress, bytes.count, offset) == bytes.count
  }

  // MARK: VolumeStorage, for the formatter

  var volumeBytes: Int { sectorCount * Self.sectorBytes }
  var maximumTransactionBytes: Int { Int.max }

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    if pread(descriptor, buffer.baseAddress, buffer.count, offset) != buffer.count { throw .io(errno: errno) }
  }

  func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    try transaction.forEachChange(within: volumeBytes) { (change) throws(FlashError) in
      var bytes = [UInt8](repeating: 0, count: change.count)
      bytes.withUnsafeMutableBytes { change.write(from: 0, to: $0) }
      if !bytes.withUnsafeBytes({ put($0, at: change.offset) }) { throw .io(errno: errno) }
    }
  }

  func sync() throws(FlashError) {}
}
