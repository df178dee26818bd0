import FlashFS
import Glibc

/// One damaged image, used and mended.
struct FuzzCase {
  var damage: FuzzDamage
  let usesFsck: Bool
  private let kind: Int

  init(seed: UInt64, index: Int, usesFsck: Bool) {
    var random = SplitMix64(seed: seed &* 0x1_0001 &+ UInt64(index))
    kind = Int.random(in: 0..<20, using: &random)
    damage = FuzzDamage(random: random)
    self.usesFsck = usesFsck
  }

  mutating func run(_ bases: [FuzzBase], _ tally: inout FuzzTally) throws {
    tally.cases += 1
    let base = bases[damage.number(0..<bases.count)]
    if kind < 4 {
      try runJournal(base, &tally)
    } else {
      var bytes = base.bytes
      damage.apply(to: &bytes, of: base)
      try runVolume(bytes, base.name, &tally)
    }
  }

  /// Uses the volume as it is, then mends it and uses it again.
  private mutating func runVolume(_ bytes: [UInt8], _ name: String, _ tally: inout FuzzTally) throws {
    let findings = try VolumeCheck.run(MemoryVolumeStorage(bytes))
    for finding in findings where finding.description.utf8.contains(0x0A) {
      throw LabFailure("\(name): a finding of several lines: \(finding)")
    }
    let storage = MemoryVolumeStorage(bytes)
    switch try use(storage) {
    case nil:
      tally.refused += 1
      if findings.isEmpty { throw LabFailure("\(name): refused without a finding") }
    case .some(let volume):
      if volume.isReadOnly { tally.readOnly += 1 } else { tally.writable += 1 }
      if findings.contains(where: { $0.severity >= .danger }) != volume.isReadOnly {
        throw LabFailure("\(name): mounted \(volume.isReadOnly ? "read-only" : "writable"): \(findings)")
      }
      if volume.isReadOnly && storage.bytes != bytes { throw LabFailure("\(name): a read-only volume was written") }
      if findings.isEmpty { try requireClean(storage, volume, "\(name), used undamaged") }
    }
    try mend(MemoryVolumeStorage(bytes), name, &tally)
  }

  /// nil when it cannot be mounted.
  private mutating func use(_ storage: any VolumeStorage) throws -> Volume? {
    nonisolated(unsafe) let sent = storage
    let volume: Volume
    do throws(VolumeMountError) { volume = try Volume(storage: sent, clock: { FuzzBase.now }) } catch {
      if error.description.utf8.contains(0x0A) { throw LabFailure("a mount error of several lines: \(error)") }
      return nil
    }
    _ = volume.checkInvariants()
    var tree = FuzzTree(volume, random: damage.random)
    if let trouble = tree.use() { throw LabFailure(trouble) }
    _ = damage.number(0..<2)
    return volume
  }

  private func requireClean(_ storage: any VolumeStorage, _ volume: Volume, _ context: String) throws {
    if let finding = try VolumeCheck.run(storage).first(where: { $0.severity > .note }) {
      throw LabFailure("\(context): \(finding)")
    }
    if let line = volume.checkInvariants().first { throw LabFailure("\(context): invariant: \(line)") }
  }

  private mutating func mend(_ storage: MemoryVolumeStorage, _ name: String, _ tally: inout FuzzTally) throws {
    let repair = try VolumeRepair(storage)
    if repair.remaining.contains(where: { $0.severity == .fatal }) {
      tally.hopeless += 1
      return
    }
    if let left = repair.remaining.first {
      throw LabFailure("\(name): \(left) is left after \(repair.actions.suffix(6).joined(separator: " | "))")
    }
    try repair.commit(to: storage)
    tally.mended += 1
    if let finding = try VolumeCheck.run(storage).first { throw LabFailure("\(name): mended, but \(finding)") }
    if usesFsck {
      tally.fsck += 1
      try FsckJudge.expectClean(storage.bytes, "\(name), mended")
    }
    nonisolated(unsafe) let sent: any VolumeStorage = storage
    let volume = try Volume(storage: sent, clock: { FuzzBase.now })
    if let line = volume.checkInvariants().first { throw LabFailure("\(name): mended, but invariant: \(line)") }
    if volume.isReadOnly { throw LabFailure("\(name): mended, but read-only") }
    guard let used = try use(storage) else { throw LabFailure("\(name): mended, but refused") }
    try requireClean(storage, used, "\(name), mended and used")
    if usesFsck { try FsckJudge.expectClean(storage.bytes, "\(name), mended and used") }
  }

  // MARK: - Journals

  /// A volume with frames in its journal; the tail is damaged, sometimes the volume too.
  private mutating func runJournal(_ base: FuzzBase, _ tally: inout FuzzTally) throws {
    tally.journals += 1
    let layout = ImageLayout(volumeBytes: base.bytes.count, scratchBlocks: 4, ringBlocks: 8)
    var bytes = base.bytes
    if damage.number(0..<3) == 0 { damage.apply(to: &bytes, of: base) }
    bytes += [UInt8](repeating: 0xFF, count: layout.imageBytes - bytes.count)
    let store = MemoryStore(bytes)
    let flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry)
    try BlockStore.create(on: flash, layout: layout)
    let blocks = try BlockStore(device: flash, layout: layout)
    _ = try use(blocks)
    if damage.number(0..<2) == 0 { _ = try? blocks.upkeepSlice(isDue: true) }
    var after = store.bytes
    let tail = layout.volumeBytes..<layout.flashBytes
    for _ in 0...damage.number(0..<6) { damageTail(&after, tail) }
    if damage.number(0..<4) == 0 {
      tally.files += 1
      try runFile(after, layout)
    } else {
      let again = SimulatedNORFlash(store: MemoryStore(after), geometry: layout.flashGeometry)
      do throws(JournalError) {
        let opened = try BlockStore(device: again, layout: layout)
        _ = try? opened.checkInvariants()
        try useAndMend(opened)
      } catch { if error.description.utf8.contains(0x0A) { throw LabFailure("several lines: \(error)") } }
    }
  }

  private mutating func useAndMend(_ blocks: BlockStore) throws(JournalError) {
    do {
      _ = try use(blocks)
      let repair = try VolumeRepair(blocks)
      try repair.commit(to: blocks)
      while try blocks.upkeepSlice(isDue: true) {}
      try blocks.close()
    } catch let error as FlashError { throw .flash(error) } catch {}
  }

  private mutating func damageTail(_ bytes: inout [UInt8], _ tail: Range<Int>) {
    let at = damage.number(tail)
    let block = at / 4096 * 4096
    switch damage.number(0..<7) {
    case 0: bytes[at] ^= UInt8(1 << damage.number(0..<8))
    case 1: for index in block..<block + 4096 { bytes[index] = 0xFF }
    case 2: for index in at..<min(at + 256, tail.upperBound) { bytes[index] = 0 }
    case 3:
      let from = damage.number(tail) / 4096 * 4096
      bytes.replaceSubrange(block..<block + 4096, with: bytes[from..<from + 4096])
    case 4:
      let page = damage.number(tail) / 256 * 256
      let other = damage.number(tail) / 256 * 256
      bytes.replaceSubrange(page..<page + 256, with: bytes[other..<other + 256])
    default:
      // What is in use lies at the beginning of each block.
      let position = block + damage.number(0..<512)
      bytes[position] = UInt8(damage.number(0..<256))
    }
  }

  /// As an image file, with trailer and wear table behind; these are damaged too.
  private mutating func runFile(_ bytes: [UInt8], _ layout: ImageLayout) throws {
    try ForeignTools.withFile { path, file in
      let descriptor = fileno(file)
      // A plain volume first: the opening lays out the standard tail; then that is damaged.
      _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress!, layout.volumeBytes, 0) }
      if let image = try? FlashImage.open(path: path) {
        openFile(image)
        let volumeBytes = image.layout.volumeBytes
        let end = image.layout.imageBytes
        for _ in 0...damage.number(0..<5) {
          let at = damage.number(0..<3) == 0 ? end - 1 - damage.number(0..<4096 * 3) : damage.number(volumeBytes..<end)
          var byte = UInt8(damage.number(0..<256))
          pwrite(descriptor, &byte, 1, at)
        }
        if damage.number(0..<8) == 0 { ftruncate(descriptor, damage.number(0..<end)) }
      }
      do throws(FlashImageError) { openFile(try FlashImage.open(path: path)) } catch {
        if error.description.utf8.contains(0x0A) { throw LabFailure("several lines: \(error)") }
      }
    }
  }

  private mutating func openFile(_ image: FlashImage) {
    defer { image.close() }
    guard let flash = try? image.makeFlash(), let blocks = try? image.openBlockStore(on: flash) else { return }
    try? useAndMend(blocks)
  }
}
