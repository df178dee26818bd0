/// The volume as the check reads it and the repair would have it: bytes from outside under an overlay of changed sectors.
final class CheckedBytes {
  static let sectorBytes = 512
  typealias Read = (Int, UnsafeMutableRawBufferPointer) throws(FlashError) -> Void

  let count: Int
  private let readOutside: Read
  /// By sector number.
  private(set) var changed: [Int: [UInt8]] = [:]

  init(count: Int, read: @escaping Read) {
    self.count = count
    readOutside = read
  }

  /// Bytes beyond the end are zeros: nothing that a volume claims can make this trap.
  func read(_ offset: Int, _ wanted: Int) throws(FlashError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, wanted))
    let end = min(offset.addingReportingOverflow(wanted).partialValue, count)
    guard offset >= 0, wanted > 0, end > offset else { return bytes }
    var failure: FlashError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(FlashError) {
        try readOutside(offset, UnsafeMutableRawBufferPointer(rebasing: buffer[..<(end - offset)]))
      } catch { failure = error }
    }
    if let failure { throw failure }
    if !changed.isEmpty {
      for sector in offset / Self.sectorBytes...(end - 1) / Self.sectorBytes {
        guard let content = changed[sector] else { continue }
        let start = sector * Self.sectorBytes
        for position in max(offset, start)..<min(end, start + Self.sectorBytes) {
          bytes[position - offset] = content[position - start]
        }
      }
    }
    return bytes
  }

  func write(_ offset: Int, _ bytes: [UInt8]) throws(FlashError) {
    guard offset >= 0, offset + bytes.count <= count else { return }
    var done = 0
    while done < bytes.count {
      let sector = (offset + done) / Self.sectorBytes
      let start = (offset + done) % Self.sectorBytes
      let part = min(Self.sectorBytes - start, bytes.count - done)
      var content: [UInt8]
      if let present = changed[sector] {
        content = present
      } else {
        content = try read(sector * Self.sectorBytes, Self.sectorBytes)
      }
      content.replaceSubrange(start..<start + part, with: bytes[done..<done + part])
      changed[sector] = content
      done += part
    }
  }
}

/// Numbers in on-disk order; the check's own reading.
extension Array where Element == UInt8 {
  func number16(_ at: Int) -> Int { Int(self[at]) + Int(self[at + 1]) * 256 }
  func number32(_ at: Int) -> UInt32 { UInt32(number16(at)) + UInt32(number16(at + 2)) << 16 }
}

func bytes16(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
func bytes32(_ value: UInt32) -> [UInt8] { bytes16(Int(value & 0xFFFF)) + bytes16(Int(value >> 16)) }
