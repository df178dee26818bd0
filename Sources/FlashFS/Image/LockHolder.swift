import Glibc

/// The process that holds a flock on the file, by /proc/locks; nil when it cannot be told.
func lockHolder(of file: stat) -> Int32? {
  guard let table = fopen("/proc/locks", "re") else { return nil }
  defer { fclose(table) }
  // A line: "1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF". Some file systems show another device than stat does.
  let number = UInt64(file.st_dev)
  // Linux packs device numbers like this; its C macros are not visible to Swift.
  let major = (number >> 8 & 0xFFF) | (number >> 32 & ~0xFFF)
  let minor = (number & 0xFF) | (number >> 12 & 0xFFFF_FF00)
  let device = "\(hex(major)):\(hex(minor))"
  var sameNumberElsewhere: Int32?
  var line = [CChar](repeating: 0, count: 512)
  while fgets(&line, Int32(line.count), table) != nil {
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ", omittingEmptySubsequences: true)
    guard fields.count >= 6, fields[1] == "FLOCK", fields[3] == "WRITE", let pid = Int32(fields[4]), pid > 0,
      let colon = fields[5].lastIndex(of: ":"), fields[5][fields[5].index(after: colon)...] == "\(file.st_ino)"
    else { continue }
    if fields[5][..<colon] == device { return pid }
    sameNumberElsewhere = pid
  }
  return sameNumberElsewhere
}

/// Two digits at least, as /proc/locks writes them.
private func hex(_ number: UInt64) -> String {
  let digits = String(number, radix: 16)
  return digits.count < 2 ? "0" + digits : digits
}
