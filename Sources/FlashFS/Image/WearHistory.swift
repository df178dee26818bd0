/// What wore a chip so far. Kept behind the wear table, in the rest of its last block: magic, table's generation, four
/// numbers, checksum. An earlier version that saves the table leaves an old generation here, and the history is void.
package struct WearHistory: Sendable, Equatable {
  /// When counting began, in seconds since 1970: the image's creation, or its first use by a version that counts.
  package var sinceSeconds: UInt64
  /// Page programs.
  package var programs: UInt64 = 0
  /// Bytes that those wrote.
  package var programmedBytes: UInt64 = 0
  /// Bytes of files that computer and code wrote.
  package var fileBytes: UInt64 = 0

  init(sinceSeconds: UInt64) { self.sinceSeconds = sinceSeconds }

  private static let magic: StaticString = "CPWH"
  static let byteCount = 4 + 8 + 4 * 8 + 4

  init?(_ bytes: UnsafeRawBufferPointer, generation: UInt64) {
    var reader = LittleEndianReader(bytes)
    guard reader.takes(Self.magic), reader.take(UInt64.self) == generation else { return nil }
    sinceSeconds = reader.take()
    programs = reader.take()
    programmedBytes = reader.take()
    fileBytes = reader.take()
    guard reader.takesChecksum() else { return nil }
  }

  func write(to bytes: UnsafeMutableRawBufferPointer, generation: UInt64) {
    var writer = LittleEndianWriter(bytes)
    writer.put(Self.magic)
    writer.put(generation)
    writer.put(sinceSeconds)
    writer.put(programs)
    writer.put(programmedBytes)
    writer.put(fileBytes)
    writer.putChecksum()
  }

  func adding(_ counters: FlashCounters, since before: FlashCounters, fileBytes: UInt64) -> WearHistory {
    var sum = self
    sum.programs &+= counters.programs - before.programs
    sum.programmedBytes &+= counters.programmedBytes - before.programmedBytes
    sum.fileBytes &+= fileBytes
    return sum
  }
}
