import CircuitPython
import FlashFS
import Runtime

/// What the `supervisor`, `microcontroller` and `storage` modules ask for.
extension Supervisor: BoardServices {
  private static let usbNoticeNanoseconds: UInt64 = 2_500_000_000
  /// Between the end of the USB drive and the formatting (`storage.erase_filesystem`).
  private static let eraseDelayNanoseconds: UInt64 = 1_000_000_000

  var runReason: RunReason { state.withLock { $0.runReason } }
  var resetReason: ResetReason { state.withLock { $0.resetReason } }
  var safeModeReason: SafeModeReason { state.withLock { $0.safeMode }?.reason ?? .none }
  var isConsoleStatusBarEnabled: Bool {
    get { isStatusBarEnabled }
    set { isStatusBarEnabled = newValue }
  }
  /// A mounted drive is a connected cable.
  var isUSBConnected: Bool { true }
  var isSerialConnected: Bool { console.isConnected }
  var isAutoreloadEnabled: Bool {
    get { state.withLock { $0.isAutoreloadEnabled } }
    set {
      state.withLock {
        $0.isAutoreloadEnabled = newValue
        if newValue { $0.isReloadPending = false }
      }
    }
  }
  var previousTraceback: [UInt8]? { state.withLock { $0.previousTraceback } }

  func requestReload() {
    state.withLock {
      $0.isReloadRequestedByCode = true
      $0.runReason = .supervisorReload
    }
  }

  func requestHardReset() {
    state.withLock {
      $0.isHardResetRequested = true
      $0.resetReason = .software
      $0.vm?.interpreter.request(.stop)
    }
    time.wake()
  }

  func setNextResetMode(_ mode: ResetMode) { state.withLock { $0.nextResetMode = mode } }

  func setNextCodeFile(_ setting: NextCodeFile?) {
    state.withLock {
      $0.nextCodeFile = setting
      $0.isNextCodeFileNew = setting != nil
    }
  }

  var isBooting: Bool { state.withLock { $0.phase == .booting } }

  func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool) throws(StorageError) {
    // The mounted drive claims the medium from the end of boot.py on, unless it is read-only for the host.
    if !isBooting && drive.isWritableByHost { throw .visibleViaUSB }
    drive.remount(
      readOnlyForCode: readOnlyForCode, disableConcurrentWriteProtection: disableConcurrentWriteProtection)
  }

  var isDriveWritableByCode: Bool { drive.isWritableByCode }

  func setUSBDriveEnabled(_ isEnabled: Bool) throws(StorageError) {
    if !isEnabled && !isBooting { throw .tooLate }
    drive.setUSBDriveEnabled(isEnabled)
    // A connected computer is given time to see that the medium came or went.
    if configuration.isLikeBoard && !isBooting { hold(nanoseconds: Supervisor.usbNoticeNanoseconds) }
  }

  func eraseFilesystem() {
    if configuration.isLikeBoard { hold(nanoseconds: Supervisor.eraseDelayNanoseconds) }
    do throws(VolumeError) { try drive.erase() } catch {
      configuration.log("the drive was not erased completely (errno \(error.errno))")
    }
    requestHardReset()
  }

  var volumeLabel: [UInt8] { drive.label }
  func setVolumeLabel(_ label: [UInt8]) throws(StorageError) {
    if !drive.isWritableByCode { throw .errno(30) }
    do throws(VolumeError) { try drive.setLabel(label) } catch { throw .errno(error.errno) }
  }

  func readNVM(_ offset: Int, count: Int) -> [UInt8] { nvm.read(offset, count: count) }
  func writeNVM(_ offset: Int, _ bytes: [UInt8]) { nvm.write(offset, bytes) }
}
