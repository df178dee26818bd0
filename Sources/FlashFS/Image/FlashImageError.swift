import Glibc

/// Why an image file cannot be opened. Each text is one line: what, where, how to mend.
package enum FlashImageError: Error, Equatable, Sendable {
  case missing(path: String)
  case notRegularFile(path: String)
  /// A system call failed; `action` is what it was to do.
  case system(action: String, path: String, errno: Int32)
  /// Another process has the image open; nil: which one cannot be told.
  case locked(path: String, pid: Int32?)
  case notAnImage(path: String, reason: String)
  case truncated(path: String, neededBytes: Int, fileBytes: Int)
  case damagedTrailer(path: String, reason: String)
  /// No volume of that size can be made.
  case impossibleSize(path: String, volumeBytes: Int)
  case flash(path: String, FlashError)

  package var lockedByPID: Int32? {
    guard case .locked(_, let pid) = self else { return nil }
    return pid
  }
}

extension FlashImageError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let path):
      "no image at \(path); check the path"
    case .notRegularFile(let path):
      "\(path) is not a regular file; give an image file"
    case .system(let action, let path, let code):
      "cannot \(action) \(path): \(String(cString: strerror(code)))"
    case .locked(let path, let pid?):
      "image \(path) is in use by pid \(pid); stop that process first"
    case .locked(let path, nil):
      "image \(path) is in use by another process; stop it first (find it with: fuser \(path))"
    case .notAnImage(let path, let reason):
      "\(path) is not a flash image: \(reason)"
    case .truncated(let path, let needed, let size):
      "image \(path) is truncated: \(size) bytes, \(needed) needed; restore a complete copy"
    case .damagedTrailer(let path, let reason):
      "image \(path) has a damaged trailer: \(reason); restore a copy, or keep what the last checkpoint left:"
        + " circuitpyd flash recover --give-up-journal"
    case .impossibleSize(let path, let bytes):
      "cannot make image \(path) with a volume of \(bytes) bytes; give 65536 bytes or more"
    case .flash(let path, let error):
      "cannot use image \(path): \(error.reason)"
    }
  }
}
