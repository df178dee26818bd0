/// The services of a board without a daemon (`circuitpyd run`): the drive is writable, nothing reloads, NVM is forgotten at the end.
package final class StandaloneServices: BoardServices {
  private var nvm: [UInt8]
  private var label = Array("CIRCUITPY".utf8)
  /// What the program asked for before it ended, for the caller to report or obey.
  package private(set) var wantsReload = false
  package private(set) var wantsHardReset = false

  package init(nvmBytes: Int) { nvm = [UInt8](repeating: 0xFF, count: nvmBytes) }

  package var runReason: RunReason { .startup }
  package var isUSBConnected: Bool { false }
  package var isSerialConnected: Bool { true }
  package var isAutoreloadEnabled = false
  package var previousTraceback: [UInt8]? { nil }
  package func requestReload() { wantsReload = true }
  package func requestHardReset() { wantsHardReset = true }
  package func setNextResetMode(_ mode: ResetMode) {}
  package func setNextCodeFile(_ setting: NextCodeFile?) {}
  package var isBooting: Bool { false }
  package func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool) throws(StorageError) {
    isDriveWritableByCode = !readOnlyForCode || disableConcurrentWriteProtection
  }
  package private(set) var isDriveWritableByCode = true
  package func setUSBDriveEnabled(_ isEnabled: Bool) throws(StorageError) { throw .tooLate }
  package func eraseFilesystem() {}
  package var hasErasableDrive: Bool { false }
  package var volumeLabel: [UInt8] { label }
  package func setVolumeLabel(_ label: [UInt8]) throws(StorageError) { self.label = label }
  package func readNVM(_ offset: Int, count: Int) -> [UInt8] { Array(nvm[offset..<offset + count]) }
  package func writeNVM(_ offset: Int, _ bytes: [UInt8]) {
    nvm.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}
