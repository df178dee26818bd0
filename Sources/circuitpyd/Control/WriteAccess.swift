import FlashFS

/// Who may write the drive at the moment, and why; for `circuitpyd status`.
enum WriteAccess: Equatable {
  case computer
  /// boot.py took the drive from the computer.
  case code
  /// boot.py hid the drive.
  case codeAlone
  /// `--shared-write`
  case bothShared
  case bothWhileBooting
  /// boot.py gave up the protection.
  case bothUnprotected
  /// The image can no longer be written.
  case nobody

  init(_ protection: WriteProtection, isShared: Bool, isOffered: Bool = true, hasFailed: Bool) {
    self =
      if hasFailed {
        .nobody
      } else if !isOffered {
        .codeAlone
      } else if isShared {
        .bothShared
      } else if protection.isIgnored {
        .bothWhileBooting
      } else if !protection.isConcurrentProtected {
        .bothUnprotected
      } else {
        protection.mayHostWrite ? .computer : .code
      }
  }

  var text: String {
    switch self {
    case .computer:
      "the computer (code may not: the drive is mounted there; storage.remount(\"/\", readonly=False) in boot.py changes it)"
    case .code: "code (storage.remount in boot.py; the computer may only read)"
    case .codeAlone: "code alone (storage.disable_usb_drive: the computer sees no files)"
    case .bothShared: "both, the computer and code (--shared-write)"
    case .bothWhileBooting: "both, the computer and code (boot.py is running)"
    case .bothUnprotected: "both, the computer and code (boot.py switched the protection off)"
    case .nobody: "nobody (the image can no longer be written; the daemon's log says why: mend that and mount again)"
    }
  }
}
