/// CircuitPython's write protection flags of the drive (`flashfs.md` §10).
package struct WriteProtection: Sendable, Equatable {
  /// The host may write; Python code then may not.
  package var isUSBWritable = true
  /// Only one of the two may write at a time.
  package var isConcurrentProtected = true
  /// Both may write: set while boot.py runs.
  package var isIgnored = false
  package init() {}

  package var mayHostWrite: Bool { !isConcurrentProtected || isUSBWritable || isIgnored }
  package var mayCodeWrite: Bool { !isConcurrentProtected || !isUSBWritable || isIgnored }
}
