import FlashFS
import Runtime

/// A block device under a volume. Reads ask it at once, under the volume's lock: the volume belongs to one VM, and the device's own code
/// is kept from using it (`begin`). What a transaction changes waits here until `flush` writes it, outside the lock; when the device
/// raises then, the rest goes on waiting, and volume and device agree again after the next `flush` that succeeds.
final class BlockDeviceStorage: VolumeStorage {
  /// A device is asked for at most as many sectors at once: a program's own buffers are small.
  private static let maximumTransferSectors = 8
  /// A program that appends line by line changes the same few sectors again and again: of the file, its folder, the table.
  private static let maximumRecentSectors = 8
  private static let sectorBytes = BlockDevice.sectorBytes

  let device: BlockDevice
  /// Where the volume begins on the device.
  private let firstSector: Int
  let volumeBytes: Int
  /// There is no journal that it would have to fit into.
  let maximumTransactionBytes = 1 << 30
  /// Whole sectors that the device does not have yet.
  private var changed: [Int: [UInt8]] = [:]
  /// Parts of sectors that nobody has read yet, in the order of their writing.
  private var patches: [Int: [(offset: Int, bytes: [UInt8])]] = [:]
  /// Sectors as the device has them, the newest last.
  private var recent: [(sector: Int, bytes: [UInt8])] = []
  private var hasRaised = false
  private(set) var isBusy = false
  /// The device was given something since it was synchronised.
  private var isSyncDue = false

  init(_ device: BlockDevice, firstSector: Int, sectorCount: Int) {
    self.device = device
    self.firstSector = firstSector
    volumeBytes = sectorCount * Self.sectorBytes
  }

  // MARK: Around an operation

  /// Its code may do what it likes meanwhile, but the device stays, and its volume cannot be used.
  /// - Throws: 16 when the device's own code asks for files of its volume.
  func begin() throws(FileError) {
    if isBusy { throw FileError(16) }
    isBusy = true
    device.vm.push(device.object)
  }

  func end() {
    device.vm.pop()
    isBusy = false
  }

  /// Whether the device raised since this was asked last.
  func takeRaised() -> Bool {
    defer { hasRaised = false }
    return hasRaised
  }

  // MARK: VolumeStorage

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= volumeBytes else { throw .outOfRange }
    if buffer.isEmpty { return }
    let first = offset / Self.sectorBytes
    let last = (offset + buffer.count - 1) / Self.sectorBytes
    var sector = first
    while sector <= last {
      let bytes: [UInt8]
      if let known = known(sector) {
        bytes = known
      } else {
        let limit = min(last, sector + Self.maximumTransferSectors - 1)
        let end = ((sector + 1)..<(limit + 1)).first { known($0) != nil } ?? limit + 1
        bytes = try fetch(sector..<max(end, sector + 1))
      }
      let start = sector * Self.sectorBytes
      let from = max(offset, start)
      let to = min(offset + buffer.count, start + bytes.count)
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: buffer[(from - offset)..<(to - offset)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[(from - start)..<(to - start)]))
      }
      sector += bytes.count / Self.sectorBytes
    }
  }

  /// A sector that need not be asked for.
  private func known(_ sector: Int) -> [UInt8]? {
    if let bytes = changed[sector] { return bytes }
    return recent.last { $0.sector == sector }?.bytes
  }

  private func remember(_ sector: Int, _ bytes: [UInt8]) {
    recent.removeAll { $0.sector == sector }
    if recent.count == Self.maximumRecentSectors { recent.removeFirst() }
    recent.append((sector, bytes))
  }

  private func fetch(_ sectors: Range<Int>) throws(FlashError) -> [UInt8] {
    do throws(PyError) { return try ask(sectors) } catch {
      hasRaised = true
      throw .io(errno: 5)
    }
  }

  /// What is, or will be, in sectors of which none has changed as a whole.
  private func ask(_ sectors: Range<Int>) throws(PyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sectors.count * Self.sectorBytes)
    var failure: PyError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(PyError) { try device.read(firstSector + sectors.lowerBound, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    for sector in sectors {
      let start = (sector - sectors.lowerBound) * Self.sectorBytes
      if patches[sector] == nil { remember(sector, Array(bytes[start..<start + Self.sectorBytes])) }
      for patch in patches[sector] ?? [] {
        bytes.replaceSubrange(start + patch.offset..<start + patch.offset + patch.bytes.count, with: patch.bytes)
      }
    }
    return bytes
  }

  func commit(_ transaction: borrowing Transaction) throws(FlashError) {
    try transaction.forEachChange(within: volumeBytes) { (change) throws(FlashError) in
      try change.forEachPart(unitBytes: Self.sectorBytes) { (sector, start, done, count) throws(FlashError) in
        var part = [UInt8](repeating: 0, count: count)
        part.withUnsafeMutableBytes { change.write(from: done, to: $0) }
        replace(sector, start, with: part)
      }
    }
  }

  /// Changes a sector from `start` on.
  private func replace(_ sector: Int, _ start: Int, with part: [UInt8]) {
    if part.count == Self.sectorBytes {
      changed[sector] = part
      patches[sector] = nil
    } else if var whole = known(sector) {
      whole.replaceSubrange(start..<start + part.count, with: part)
      changed[sector] = whole
      patches[sector] = nil
    } else {
      patches[sector, default: []].append((start, part))
    }
  }

  func sync() throws(FlashError) {
    do throws(PyError) { try device.sync() } catch {
      hasRaised = true
      throw .io(errno: 5)
    }
  }

  // MARK: Writing

  /// Hands the device what changed, and lets it finish what it was given so far when that `syncs`. Not under the volume's lock.
  func flush(syncs: Bool) throws(PyError) {
    try writeChanges()
    guard syncs, isSyncDue else { return }
    try device.sync()
    isSyncDue = false
  }

  private func writeChanges() throws(PyError) {
    // A device that cannot be written keeps what opening the volume has put right in memory only.
    guard device.isWritable, !(changed.isEmpty && patches.isEmpty) else { return }
    isSyncDue = true
    for sector in patches.keys.sorted() {
      changed[sector] = try ask(sector..<sector + 1)
      patches[sector] = nil
    }
    let sectors = changed.keys.sorted()
    var at = 0
    while at < sectors.count {
      var end = at + 1
      while end < sectors.count, sectors[end] == sectors[end - 1] + 1, end - at < Self.maximumTransferSectors {
        end += 1
      }
      let run = sectors[at..<end]
      try device.write(firstSector + sectors[at], run.flatMap { changed[$0] ?? [] })
      for sector in run {
        if let bytes = changed.removeValue(forKey: sector) { remember(sector, bytes) }
      }
      at = end
    }
  }
}
