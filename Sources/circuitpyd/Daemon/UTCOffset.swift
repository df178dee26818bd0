import Glibc

/// FAT times are local times: seconds that local time is ahead of UTC.
func utcOffsetSeconds() -> Int {
  var now = time(nil)
  var local = tm()
  return localtime_r(&now, &local) == nil ? 0 : local.tm_gmtoff
}
