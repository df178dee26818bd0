import FlashFS
import Runtime

/// One file system of a VM: the drive itself, or a FAT volume on a block device of the program's own. A `VfsFat` object stands for it.
final class FileSystem {
  /// The `VfsFat` object; empty for the drive before anyone asked for it.
  var object: Value
  /// Where `VfsFat.chdir` led while the file system was mounted nowhere or Python was elsewhere.
  var currentDirectory: [UInt8] = [0x2F]
  /// The drive's files; nil for a block device.
  private let driveFiles: (any FileStore)?
  private let device: BlockDevice?
  /// nil where there is no file system.
  private(set) var disk: VolumeFileStore?
  /// The board's flags of a block device (`circuitpython-behaviour` §3.1).
  private var protection = WriteProtection()

  /// The drive.
  init(drive files: any FileStore) {
    driveFiles = files
    device = nil
    object = .empty
  }

  /// A block device, which need not hold a file system yet.
  init(_ vm: VM, _ device: BlockDevice, object: Value) throws(PyError) {
    driveFiles = nil
    self.device = device
    self.object = object
    try open(vm)
  }

  var isDrive: Bool { driveFiles != nil }

  /// - Throws: 19 when there is no file system on the device.
  func files() throws(FileError) -> any FileStore {
    if let files = driveFiles ?? disk { return files }
    throw FileError(19)
  }

  // MARK: The volume on the device

  /// Looks for a volume: from the first sector on, else in the partitions.
  private func open(_ vm: VM) throws(PyError) {
    guard let device else { return }
    disk = nil
    for sectors in try Self.candidates(device) {
      let storage = BlockDeviceStorage(device, firstSector: sectors.lowerBound, sectorCount: sectors.count)
      // Only this VM's thread ever uses the volume.
      nonisolated(unsafe) let (bytes, host) = (storage as any VolumeStorage, vm.interpreter.host)
      do throws(VolumeMountError) {
        let volume = try Volume(
          storage: bytes, utcOffsetSeconds: LocalTime.utcOffsetSeconds, clock: { host.rtcSeconds })
        disk = VolumeFileStore(volume, on: storage)
        break
      } catch {
        if storage.takeRaised() { throw PyError() }
      }
    }
    try setProtection(vm, isReadOnlyForCode: false, isConcurrentProtected: false)
  }

  /// Where on a device a volume may lie.
  private static func candidates(_ device: BlockDevice) throws(PyError) -> [Range<Int>] {
    guard device.sectorCount > 0 else { return [] }
    var sector = [UInt8](repeating: 0, count: BlockDevice.sectorBytes)
    var failure: PyError?
    sector.withUnsafeMutableBytes { buffer in
      do throws(PyError) { try device.read(0, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    guard sector[510] == 0x55, sector[511] == 0xAA else { return [] }
    var found = [0..<device.sectorCount]
    for entry in stride(from: 446, to: 510, by: 16) where sector[entry + 4] != 0 {
      func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(sector[entry + at + $1]) << (8 * $1) } }
      let first = word(8)
      let end = min(first + word(12), device.sectorCount)
      if first > 0, first < end { found.append(first..<end) }
    }
    return found
  }

  /// Makes an empty file system that fills the device. OSError 5 when it is too small.
  static func format(_ vm: VM, _ device: BlockDevice) throws(PyError) {
    let storage = BlockDeviceStorage(device, firstSector: 0, sectorCount: device.sectorCount)
    var volumeID = UInt32(0)
    withUnsafeMutableBytes(of: &volumeID) { vm.interpreter.host.random(into: $0) }
    do throws(FlashError) {
      try Volume.format(
        storage, volumeID: volumeID, now: vm.interpreter.host.rtcSeconds + Int64(LocalTime.utcOffsetSeconds),
        isLabelled: false)
    } catch {
      throw vm.osError(5)
    }
    try storage.flush(syncs: true)
  }

  /// `VfsFat.mount`: a device without a file system is given one when `makes` says so, else it is OSError 19.
  func mount(_ vm: VM, isReadOnly: Bool, makes: Bool) throws(PyError) {
    if disk == nil, let device {
      guard makes else { throw vm.osError(19) }
      try Self.format(vm, device)
      try open(vm)
    }
    try setProtection(vm, isReadOnlyForCode: isReadOnly, isConcurrentProtected: true)
  }

  // MARK: Write protection

  var isWritableByCode: Bool { protection.mayCodeWrite }

  /// A device that cannot be written stays read-only.
  func setProtection(_ vm: VM, isReadOnlyForCode: Bool, isConcurrentProtected: Bool) throws(PyError) {
    let isWritable = device?.isWritable ?? true
    var wanted = WriteProtection()
    wanted.isUSBWritable = isReadOnlyForCode || !isWritable
    wanted.isConcurrentProtected = isConcurrentProtected || !isWritable
    do throws(FileError) { try disk?.setProtection(wanted) } catch { throw vm.raise(error) }
    protection = wanted
  }
}
