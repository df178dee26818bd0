/// A FAT time stamp: local time in steps of two seconds, 1980 to 2107.
struct FATTime: Equatable {
  var date: UInt16
  var time: UInt16

  /// 1980-01-01 00:00:00 and 2107-12-31 23:59:59 as seconds since 1970.
  static let earliestSeconds: Int64 = 315_532_800
  static let latestSeconds: Int64 = 4_354_819_199

  init(date: UInt16, time: UInt16) {
    self.date = date
    self.time = time
  }

  /// `localSeconds` since 1970-01-01 of the local calendar; clamped into the range.
  init(localSeconds: Int64) {
    let seconds = min(max(localSeconds, Self.earliestSeconds), Self.latestSeconds)
    let secondOfDay = seconds % 86400
    // Civil date from a day count (era of 400 years that begins on 1 March).
    let shifted = seconds / 86400 + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    date = UInt16((year - 1980) << 9 | month << 5 | day)
    time = UInt16((secondOfDay / 3600) << 11 | (secondOfDay / 60 % 60) << 5 | secondOfDay % 60 / 2)
  }

  /// Seconds since 1970 of the local calendar. Impossible fields of a damaged volume are pulled into their range.
  var localSeconds: Int64 {
    let month = min(max(Int64(date >> 5 & 15), 1), 12)
    let day = max(Int64(date & 31), 1)
    let year = 1980 + Int64(date >> 9) - (month <= 2 ? 1 : 0)
    let era = year / 400
    let yearOfEra = year % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let hour = min(Int64(time >> 11), 23)
    let minute = min(Int64(time >> 5 & 63), 59)
    let second = min(Int64(time & 31) * 2, 58)
    return days * 86400 + hour * 3600 + minute * 60 + second
  }
}
