import Glibc

/// FAT keeps local times.
package enum LocalTime {
  /// What the host's clock is ahead of UTC.
  package static var utcOffsetSeconds: Int {
    var now = time(nil)
    var local = tm()
    return localtime_r(&now, &local) == nil ? 0 : local.tm_gmtoff
  }
  /// Now, in local seconds since 1970.
  package static var now: Int64 { Int64(time(nil)) + Int64(utcOffsetSeconds) }
}
