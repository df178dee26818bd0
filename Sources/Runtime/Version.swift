/// The CircuitPython version that we claim, everywhere: banner, `boot_out.txt`, `sys`, `os.uname`.
package enum CircuitPythonVersion {
  package static let tag = "10.3.0"
  package static let major = 10, minor = 3, micro = 0
  package static let date = "2026-10-05"
  /// `sys.implementation._mpy`: bytecode version 6, sub-version 3, no native code.
  package static let mpy = 6 | 3 << 8

  /// `Adafruit CircuitPython TAG on DATE; BOARD with MCU`
  package static func full(board: String, mcu: String) -> String {
    "Adafruit CircuitPython \(tag) on \(date); \(board) with \(mcu)"
  }
}
