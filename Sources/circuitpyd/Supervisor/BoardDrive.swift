import CircuitPython
import FlashFS
import Runtime

/// The drive as the supervisor needs it. Called on the board's thread; what the host does to it meanwhile is the drive's affair.
protocol BoardDrive: AnyObject, Sendable {
  /// Returns when no save is in progress, or after some seconds when that does not come: a program must not start on half a file.
  func waitUntilSettled()
  /// The files for one VM; what it leaves open is closed when the store goes.
  func makeFileStore() -> any Runtime.FileStore
  /// A file's content; nil when there is no such file.
  func readFile(_ path: String) -> [UInt8]?
  func isFile(_ path: String) -> Bool
  /// Creates a file or replaces its content, whatever the write protection.
  func writeFile(_ path: String, _ bytes: [UInt8]) throws(VolumeError)
  /// Write protection as after a hard reset; while booting, code may write whatever it says.
  func resetProtection()
  func setBooting(_ isBooting: Bool)
  var isWritableByCode: Bool { get }
  var isWritableByHost: Bool { get }
  func remount(readOnlyForCode: Bool, disableConcurrentWriteProtection: Bool)
  func setUSBDriveEnabled(_ isEnabled: Bool)
  var label: [UInt8] { get }
  func setLabel(_ label: [UInt8]) throws(VolumeError)
  func flushCache()
  /// Leaves the content of a new board.
  func erase() throws(VolumeError)
}

extension BoardDrive {
  /// Brings what a board's cache holds to the flash; a drive without one has nothing to do.
  func flushCache() {}
}

/// `microcontroller.nvm`
protocol NonvolatileMemory: AnyObject, Sendable {
  func read(_ offset: Int, count: Int) -> [UInt8]
  func write(_ offset: Int, _ bytes: [UInt8])
}

/// The texts that tell one board from another.
struct BoardIdentity: Sendable {
  var name: String
  var id: String
  var mcu: String
  /// Upper-case hex.
  var uid: String
  /// `XX:XX:XX:XX:XX:XX` on boards with Wi-Fi.
  var mac: String?

  /// `Adafruit CircuitPython 10.3.0 on 2026-…; BOARD with MCU`
  var fullVersion: String { CircuitPythonVersion.full(board: name, mcu: mcu) }
}

/// Why the board started into safe mode.
enum SafeModeCause: Sendable, Equatable {
  case user, noDrive, programmatic, safeModeProgramFailed, flashWriteFailed

  /// As `supervisor.runtime.safe_mode_reason` tells it; one without a name of its own is none.
  var reason: SafeModeReason {
    switch self {
    case .user: .user
    case .noDrive: .noCircuitpy
    case .programmatic: .programmatic
    case .safeModeProgramFailed: .none
    case .flashWriteFailed: .flashWriteFail
    }
  }

  /// What follows "You are in safe mode because:".
  var text: String {
    switch self {
    case .user: "You pressed the reset button during boot."
    case .noDrive: "CIRCUITPY drive could not be found or created."
    case .programmatic: "The `microcontroller` module was used to boot into safe mode."
    case .safeModeProgramFailed: "Error in safemode.py."
    case .flashWriteFailed:
      """
      CircuitPython core code crashed hard. Whoops!\r
      Failed to write internal flash.\r
      Please file an issue with your program at github.com/adafruit/circuitpython/issues.
      """
    }
  }
}
