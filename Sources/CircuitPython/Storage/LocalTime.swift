import Glibc

/// FAT keeps local times.
package enum LocalTime {
  /// What the host's clock is ahead of UTC.
  package static var utcOffsetSeconds: Int {
    var now = time(nil)
    var local = tm()
    return localtime_r(&now, &local) == nil ? 0 : local.tm_gmtoff
  }
}
