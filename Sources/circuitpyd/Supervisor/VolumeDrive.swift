import FlashFS
import Runtime
import Synchronization

/// A volume as the supervisor's drive: its files for the VMs, and who may write them (`flashfs.md` §10).
final class VolumeDrive: BoardDrive {
  let volume: Volume
  /// Computer and code may both write, whatever boot.py says.
  private let isShared: Bool
  /// What holds outside boot.py; inside it code may write.
  private let settled: Mutex<WriteProtection>

  /// How the mounted drive says that no save is in progress; without one, none ever is.
  private let settle = Mutex<(@Sendable () -> Void)?>(nil)

  init(volume: Volume, isShared: Bool) {
    self.volume = volume
    self.isShared = isShared
    settled = Mutex(Self.initial(isShared: isShared))
    volume.protection = Self.initial(isShared: isShared)
  }

  private static func initial(isShared: Bool) -> WriteProtection {
    var protection = WriteProtection()
    protection.isConcurrentProtected = !isShared
    return protection
  }

  func setSettling(_ settle: @escaping @Sendable () -> Void) { self.settle.withLock { $0 = settle } }
  func waitUntilSettled() { settle.withLock { $0 }?() }

  func makeFileStore() -> any FileStore { VolumeFileStore(volume) }

  func readFile(_ path: String) -> [UInt8]? { try? volume.readFile(Array(path.utf8), origin: .runtime) }

  func isFile(_ path: String) -> Bool {
    (try? volume.resolve(Array(path.utf8), origin: .runtime))?.attributes.isDirectory == false
  }

  func writeFile(_ path: String, _ bytes: [UInt8]) throws(VolumeError) {
    try volume.writeFile(Array(path.utf8), bytes, origin: .tool)
  }

  /// A flush that fails is told by the thread that looks after the storage, and by the next write.
  func flushCache() { try? volume.flushCache() }

  // MARK: Write protection

  func resetProtection() {
    settled.withLock {
      $0 = Self.initial(isShared: isShared)
      volume.protection = $0
    }
  }

  func setBooting(_ isBooting: Bool) {
    settled.withLock {
      $0.isIgnored = isBooting
      volume.protection = $0
    }
  }

  var isWritableByCode: Bool { volume.protection.mayCodeWrite }
  var isWritableByHost: Bool { volume.protection.mayHostWrite }

  func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool) {
    settled.withLock {
      $0.isUSBWritable = readOnlyForCode
      $0.isConcurrentProtected = !disableConcurrentWriteProtection && !isShared
      volume.protection = $0
    }
  }

  func setUSBDriveEnabled(_ isEnabled: Bool) {
    remount(readOnlyForCode: isEnabled, disableConcurrentWriteProtection: false)
  }

  // MARK: The volume

  var label: [UInt8] { volume.label }
  func setLabel(_ label: [UInt8]) throws(VolumeError) { try volume.setLabel(label, origin: .runtime) }

  /// Deletes everything and puts the fresh content back. The volume stays the same one, since the mount stands on it.
  func erase() throws(VolumeError) {
    try removeContent(of: .root)
    try volume.fillFresh()
  }

  private func removeContent(of folder: NodeID) throws(VolumeError) {
    for entry in try volume.list(folder) {
      let found = try volume.lookup(folder, entry.storedName, origin: .tool)
      defer { volume.forget(found.attributes.node, count: 1) }
      if found.attributes.isDirectory {
        try removeContent(of: found.attributes.node)
        try volume.removeDirectory(folder, entry.storedName, origin: .tool)
      } else {
        try volume.unlink(folder, entry.storedName, origin: .tool)
      }
    }
  }
}
