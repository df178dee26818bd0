/// What a board's Python asks of the daemon around it: life cycle, write protection, storage that outlives a VM.
/// `circuitpyd` implements it twice: the mounted board's supervisor, and a small one for `circuitpyd run`.
/// Called on the VM's thread.
package protocol BoardServices: AnyObject {
  var runReason: RunReason { get }
  var isUSBConnected: Bool { get }
  var isSerialConnected: Bool { get }
  var isAutoreloadEnabled: Bool { get set }
  /// Why the chip last started.
  var resetReason: ResetReason { get }
  /// Why the board is in safe mode.
  var safeModeReason: SafeModeReason { get }
  /// `supervisor.status_bar.console`: whether the terminal's title shows the board's state.
  var isConsoleStatusBarEnabled: Bool { get set }
  /// Text of the last run's uncaught exception, with the board's line ends; nil after a clean run.
  var previousTraceback: [UInt8]? { get }
  /// `supervisor.reload()`: the caller raises ReloadException after it.
  func requestReload()
  /// `microcontroller.reset()`: ends the VM; boot.py runs again. Does not return to Python.
  func requestHardReset()
  /// What the next `microcontroller.reset()` starts into.
  func setNextResetMode(_ mode: ResetMode)
  /// `supervisor.set_next_code_file`; nil file clears it. Errors: errno 2 when the file, 20 when the folder is missing.
  func setNextCodeFile(_ setting: NextCodeFile?)
  /// Whether boot.py runs now: USB and storage settings can still be changed.
  var isBooting: Bool { get }
  /// `storage.remount("/", readonly: …)` as seen by Python.
  func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool) throws(StorageError)
  /// Whether Python may write the drive now.
  var isDriveWritableByCode: Bool { get }
  func setUSBDriveEnabled(_ isEnabled: Bool) throws(StorageError)
  /// Formats the drive anew and resets. Does not return to Python.
  func eraseFilesystem()
  /// Whether there is a drive to erase: `circuitpyd run` has somebody's folder instead, and leaves it alone.
  var hasErasableDrive: Bool { get }
  var volumeLabel: [UInt8] { get }
  func setVolumeLabel(_ label: [UInt8]) throws(StorageError)
  /// `microcontroller.nvm`: survives everything.
  func readNVM(_ offset: Int, count: Int) -> [UInt8]
  func writeNVM(_ offset: Int, _ bytes: [UInt8])
}

/// What a daemon without these says.
extension BoardServices {
  package var hasErasableDrive: Bool { true }
  package var resetReason: ResetReason { .powerOn }
  package var safeModeReason: SafeModeReason { .none }
  package var isConsoleStatusBarEnabled: Bool {
    get { false }
    set { _ = newValue }
  }
}

/// `microcontroller.ResetReason`, in its order.
package enum ResetReason: Int, Sendable {
  case powerOn, brownout, software, deepSleepAlarm, resetPin, watchdog, unknown, rescueDebug
}

/// `supervisor.SafeModeReason`, in its order.
package enum SafeModeReason: Int, Sendable {
  case none, brownout, flashWriteFail, gcAllocOutsideVM, hardFault, interruptError, nlrJumpFail, noCircuitpy, noHeap
  case programmatic, sdkFatalError, stackOverflow, usbBootDeviceNotInterfaceZero, usbTooManyEndpoints
  case usbTooManyInterfaceNames, user, watchdog
}

/// `supervisor.RunReason`
package enum RunReason: Int, Sendable { case startup, autoReload, supervisorReload, replReload }

/// `microcontroller.RunMode`
package enum ResetMode: Int, Sendable { case normal, safeMode, uf2, bootloader }

/// `supervisor.set_next_code_file`'s arguments.
package struct NextCodeFile: Sendable, Equatable {
  package var filename: [UInt8]?
  package var workingDirectory: [UInt8]?
  package var reloadOnSuccess = false
  package var reloadOnError = false
  package var stickyOnSuccess = false
  package var stickyOnError = false
  package var stickyOnReload = false
  package init(filename: [UInt8]?) { self.filename = filename }
}

package enum StorageError: Error, Equatable, Sendable {
  /// "Cannot remount path when visible via USB."
  case visibleViaUSB
  /// "Cannot change USB devices now"
  case tooLate
  case errno(Int32)
}
