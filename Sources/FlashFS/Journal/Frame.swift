import Glibc

/// The bytes of one frame (`flashfs.md` §4), built for a commit or read back by a recovery: memory that is used again for
/// each frame. Header 24 bytes, records, trailer 16 bytes, then FF up to the page.
///
/// A record: kind u8 (1 patch, 2 fill), fill byte u8, two zero bytes, length u32, volume offset u32 (u64 in a wide
/// frame), then the payload of a patch.
final class Frame {
  static let headerBytes = 24
  static let trailerBytes = 16
  static let recordLimit = Int(UInt16.max)
  static let wideFlag: UInt16 = 1
  static let patchKind: UInt8 = 1
  static let fillKind: UInt8 = 2

  /// One page more than `memory`, in front.
  private var allocation: UnsafeMutableRawBufferPointer
  private(set) var bodyBytes = 0
  private(set) var isWide = false

  init() { allocation = .allocate(byteCount: 64 * 1024, alignment: 16) }
  deinit { allocation.deallocate() }

  /// Where the frame's bytes are.
  var memory: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: allocation[FlashGeometry.pageBytes...])
  }

  static func pages(bodyBytes: Int) -> Int {
    (headerBytes + bodyBytes + trailerBytes + FlashGeometry.pageBytes - 1) / FlashGeometry.pageBytes
  }

  var pages: Int { Self.pages(bodyBytes: bodyBytes) }

  /// All bytes of the frame, whole pages.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory[0..<pages * FlashGeometry.pageBytes])
  }

  /// The changes, in order.
  var records: FrameRecords {
    let body = memory[Self.headerBytes..<Self.headerBytes + bodyBytes]
    return FrameRecords(body: UnsafeRawBufferPointer(rebasing: body), isWide: isWide)
  }

  /// Makes room for `byteCount` bytes; what was in the memory is kept.
  func reserve(_ byteCount: Int) {
    let needed = byteCount + FlashGeometry.pageBytes
    if needed <= allocation.count { return }
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, 2 * allocation.count), alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(allocation))
    allocation.deallocate()
    allocation = larger
  }

  /// Lends `body` the frame's bytes `start ..< start + count` with a ring block's header page in front, so that both are
  /// programmed at once.
  func withHeaderPage(
    _ header: RingBlockHeader, before start: Int, count: Int,
    _ body: (UnsafeRawBufferPointer) throws(FlashError) -> Void
  ) throws(FlashError) {
    let pageBytes = FlashGeometry.pageBytes
    // The page that lies there is put back: it is the spare one, or the frame's page before.
    let page = UnsafeMutableRawBufferPointer(rebasing: allocation[start..<start + pageBytes])
    try withUnsafeTemporaryAllocation(byteCount: pageBytes, alignment: 16) { (saved) throws(FlashError) in
      saved.copyMemory(from: UnsafeRawBufferPointer(page))
      defer { page.copyMemory(from: UnsafeRawBufferPointer(saved)) }
      header.write(to: page)
      try body(UnsafeRawBufferPointer(rebasing: allocation[start..<start + pageBytes + count]))
    }
  }

  /// Body bytes of a transaction in a frame.
  static func bodyBytes(of transaction: borrowing Transaction, isWide: Bool) -> Int {
    transaction.bodyBytes + (isWide ? transaction.records.count * 4 : 0)
  }

  /// Becomes the frame of `transaction`.
  func build(_ transaction: borrowing Transaction, sequence: UInt64, isWide: Bool) {
    self.isWide = isWide
    bodyBytes = Self.bodyBytes(of: transaction, isWide: isWide)
    reserve(pages * FlashGeometry.pageBytes)
    writeRecords(transaction)
    var header = LittleEndianWriter(memory)
    header.put("CPFR")
    header.put(sequence)
    header.put(isWide ? Self.wideFlag : 0)
    header.put(UInt16(transaction.records.count))
    header.put(UInt32(bodyBytes))
    header.putChecksum()
    let end = Self.headerBytes + bodyBytes
    let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: memory[0..<end]))
    var trailer = LittleEndianWriter(
      UnsafeMutableRawBufferPointer(rebasing: memory[end..<pages * FlashGeometry.pageBytes]))
    trailer.put("CPFE")
    trailer.put(sequence)
    trailer.put(checksum)
    trailer.fillRest()
  }

  private func writeRecords(_ transaction: borrowing Transaction) {
    let isWide = isWide
    var at = memory.baseAddress! + Self.headerBytes
    func putHeader(_ kind: UInt8, _ byte: UInt8, count: Int, offset: Int) {
      at.storeBytes(of: (UInt32(kind) | UInt32(byte) << 8).littleEndian, as: UInt32.self)
      at.storeBytes(of: UInt32(count).littleEndian, toByteOffset: 4, as: UInt32.self)
      if isWide {
        at.storeBytes(of: UInt64(offset).littleEndian, toByteOffset: 8, as: UInt64.self)
      } else {
        at.storeBytes(of: UInt32(offset).littleEndian, toByteOffset: 8, as: UInt32.self)
      }
      at += isWide ? 16 : 12
    }
    transaction.payload.withUnsafeBytes { payload in
      for record in transaction.records {
        switch record {
        case .patch(let offset, let start, let count):
          putHeader(Self.patchKind, 0, count: count, offset: offset)
          at.copyMemory(from: payload.baseAddress! + start, byteCount: count)
          at += count
        case .fill(let offset, let count, let byte):
          putHeader(Self.fillKind, byte, count: count, offset: offset)
        }
      }
    }
  }

  // MARK: Reading back

  /// Takes the header, which must be at the start of the memory. False when it is none, or not that of `sequence`.
  func acceptHeader(sequence: UInt64) -> Bool {
    var reader = LittleEndianReader(UnsafeRawBufferPointer(memory))
    guard reader.takes("CPFR"), reader.take(UInt64.self) == sequence else { return false }
    isWide = reader.take(UInt16.self) & Self.wideFlag != 0
    reader.skip(2)
    bodyBytes = Int(reader.take(UInt32.self))
    return reader.takesChecksum()
  }

  /// Whether the bytes behind the header are the rest of that frame.
  func acceptRest(sequence: UInt64) -> Bool {
    let end = Self.headerBytes + bodyBytes
    var reader = LittleEndianReader(UnsafeRawBufferPointer(rebasing: memory[end..<end + Self.trailerBytes]))
    guard reader.takes("CPFE"), reader.take(UInt64.self) == sequence else { return false }
    return reader.take(UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: memory[0..<end]))
  }
}

/// One change: `payload` or `fillByte` goes to `offset ..< offset + count`.
package struct FrameRecord {
  package var offset: Int
  package var count: Int
  /// Nil: a fill.
  package var payload: UnsafeRawPointer?
  var fillByte: UInt8

  /// Writes the part of the change that begins `done` bytes into it.
  package func write(from done: Int, to target: UnsafeMutableRawBufferPointer) {
    if let payload {
      target.baseAddress!.copyMemory(from: payload + done, byteCount: target.count)
    } else {
      memset(target.baseAddress!, Int32(fillByte), target.count)
    }
  }

  /// Calls `body` with the parts of the change that lie in one unit of `unitBytes` each: the unit, where in it the part begins,
  /// how many bytes of the change come before it, and its length.
  package func forEachPart<Failure: Error>(
    unitBytes: Int, _ body: (_ unit: Int, _ start: Int, _ done: Int, _ count: Int) throws(Failure) -> Void
  ) throws(Failure) {
    var done = 0
    while done < count {
      let (unit, start) = (offset + done).quotientAndRemainder(dividingBy: unitBytes)
      let length = min(unitBytes - start, count - done)
      try body(unit, start, done, length)
      done += length
    }
  }
}

/// Goes through the records of a frame.
struct FrameRecords: Sequence, IteratorProtocol {
  private let body: UnsafeRawBufferPointer
  private let isWide: Bool
  private var at = 0

  init(body: UnsafeRawBufferPointer, isWide: Bool) {
    self.body = body
    self.isWide = isWide
  }

  /// Whether all bytes were records.
  var isAtEnd: Bool { at == body.count }

  /// Nil at the end and at bytes that are no record.
  mutating func next() -> FrameRecord? {
    let headerBytes = isWide ? 16 : 12
    guard at + headerBytes <= body.count, let start = body.baseAddress.map({ $0 + at }) else { return nil }
    let kind = start.load(as: UInt8.self)
    let count = Int(UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    let rawOffset =
      isWide
      ? UInt64(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      : UInt64(UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    guard let offset = Int(exactly: rawOffset) else { return nil }
    let fillByte = start.load(fromByteOffset: 1, as: UInt8.self)
    switch kind {
    case Frame.patchKind:
      guard count <= body.count - at - headerBytes else { return nil }
      at += headerBytes + count
      return FrameRecord(offset: offset, count: count, payload: start + headerBytes, fillByte: 0)
    case Frame.fillKind:
      at += headerBytes
      return FrameRecord(offset: offset, count: count, payload: nil, fillByte: fillByte)
    default:
      return nil
    }
  }

  /// Whether every byte is a record that lies in a volume of `volumeBytes`.
  func areValid(volumeBytes: Int) -> Bool {
    var records = self
    while let record = records.next() {
      guard record.offset <= volumeBytes - record.count else { return false }
    }
    return records.isAtEnd
  }
}
