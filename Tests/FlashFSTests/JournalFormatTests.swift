import Testing

@testable import FlashFS

/// The bytes of `flashfs.md` §4, spelled out by hand.
@Suite struct JournalFormatTests {
  private func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> (8 * Value($0))) }
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C.checksum($0) } }

  private func page(_ fields: [UInt8], size: Int = FlashGeometry.pageBytes) -> [UInt8] {
    let sealed = fields + little(checksum(fields))
    return sealed + [UInt8](repeating: 0xFF, count: size - sealed.count)
  }

  private func written(size: Int = FlashGeometry.pageBytes, _ write: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0x55, count: size)
    bytes.withUnsafeMutableBytes { write($0) }
    return bytes
  }

  /// Check value of RFC 3720, and every length and alignment against the bitwise definition.
  @Test func checksums() {
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    var random = SplitMix64(seed: 5)
    let bytes = random.bytes(70)
    for start in 0..<9 {
      for end in start..<bytes.count {
        var crc = UInt32.max
        for byte in bytes[start..<end] {
          crc ^= UInt32(byte)
          for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
        }
        let found = bytes.withUnsafeBytes { CRC32C.checksum(.init(rebasing: $0[start..<end])) }
        #expect(found == ~crc)
      }
    }
    let head = checksum(Array(bytes[..<33]))
    #expect(bytes.withUnsafeBytes { CRC32C.checksum(.init(rebasing: $0[33...]), continuing: head) } == checksum(bytes))
  }

  @Test func anchorPage() throws {
    let layout = ImageLayout(volumeBytes: 1 << 20)
    let anchor = AnchorPage(
      sequence: 0x0102_0304_0506_0708, state: .checkpointing, checkpointSequence: 77,
      ringHead: RingPosition(block: 95, epoch: 0x1122_3344_5566, page: 15), scratchFirst: 8,
      slots: [.init(block: 3, checksum: 0xDEAD_BEEF), .init(block: 255, checksum: 9)])
    var fields = Array("CPAN".utf8) + little(UInt64(0x0102_0304_0506_0708)) + [2, 2] + little(UInt64(77))
    fields += little(UInt32(95)) + little(UInt64(0x1122_3344_5566)) + little(UInt32(15 * 256)) + [8]
    fields += little(UInt32(3)) + little(UInt32(0xDEAD_BEEF)) + little(UInt32(255)) + little(UInt32(9))
    fields += [UInt8](repeating: 0xFF, count: 6 * 8)
    let expected = page(fields)
    #expect(written { anchor.write(to: $0) } == expected)
    #expect(expected.withUnsafeBytes { AnchorPage($0, layout: layout) } == anchor)
    for bit in 0..<(fields.count + 4) * 8 {
      var broken = expected
      broken[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(broken.withUnsafeBytes { AnchorPage($0, layout: layout) } == nil)
    }
    // Right, but of another layout: the ring has fewer blocks.
    let small = ImageLayout(volumeBytes: 1 << 20, ringBlocks: 95)
    #expect(expected.withUnsafeBytes { AnchorPage($0, layout: small) } == nil)
  }

  @Test func ringBlockHeader() {
    let expected = page(Array("CPRB".utf8) + little(UInt64(0xA1B2_C3D4_E5F6)))
    #expect(written { RingBlockHeader(epoch: 0xA1B2_C3D4_E5F6).write(to: $0) } == expected)
    #expect(expected.withUnsafeBytes { RingBlockHeader($0)?.epoch } == 0xA1B2_C3D4_E5F6)
    #expect([UInt8](repeating: 0xFF, count: 256).withUnsafeBytes { RingBlockHeader($0) } == nil)
  }

  @Test(arguments: [false, true]) func frame(isWide: Bool) throws {
    var transaction = Transaction()
    transaction.patch(0x12345, [1, 2, 3, 4, 5])
    transaction.fill(0x2000, count: 0x10000, byte: 0xE5)
    let frame = Frame()
    frame.build(transaction, sequence: 42, isWide: isWide)
    func offset(_ value: UInt64) -> [UInt8] { isWide ? little(value) : little(UInt32(value)) }
    let body: [UInt8] =
      [1, 0, 0, 0] + little(UInt32(5)) + offset(0x12345) + [1, 2, 3, 4, 5]
      + [2, 0xE5, 0, 0] + little(UInt32(0x10000)) + offset(0x2000)
    var bytes = Array("CPFR".utf8) + little(UInt64(42)) + little(UInt16(isWide ? 1 : 0)) + little(UInt16(2))
    bytes += little(UInt32(body.count))
    bytes += little(checksum(bytes)) + body
    let end = Array("CPFE".utf8) + little(UInt64(42)) + little(checksum(bytes))
    bytes += end
    bytes += [UInt8](repeating: 0xFF, count: 256 - bytes.count)
    #expect(Array(frame.bytes) == bytes)
    let back = Frame()
    back.memory.copyBytes(from: bytes)
    #expect(!back.acceptHeader(sequence: 41))
    #expect(back.acceptHeader(sequence: 42) && back.acceptRest(sequence: 42))
    let records = Array(back.records)
    #expect(records.map(\.offset) == [0x12345, 0x2000])
    #expect(records.map(\.count) == [5, 0x10000])
    #expect(records.map { $0.payload == nil } == [false, true])
    #expect(back.records.areValid(volumeBytes: 0x12345 + 5))
    #expect(!back.records.areValid(volumeBytes: 0x12345 + 4))
  }

  @Test func trailerAndPlaces() {
    let layout = ImageLayout(volumeBytes: 7168 * 1024 - 100)
    #expect(layout.volumeBytes == 7168 * 1024)
    #expect(layout.firstScratchBlock * 4096 == layout.volumeBytes + 0x2000)
    #expect(layout.firstRingBlock * 4096 == layout.volumeBytes + 0x12000)
    #expect(layout.flashBlocks == 1792 + 2 + 16 + 896)
    #expect(layout.imageBytes == layout.flashBytes + 4096 * 3 * 2 + 4096)
    let trailer = ImageTrailer(layout: layout, volumeID: 0x1234_5678, createdSeconds: 1_700_000_000)
    var fields = Array("CPFLASH1".utf8) + little(UInt32(1)) + little(UInt64(7168 * 1024))
    fields += little(UInt32(16)) + little(UInt32(896)) + little(UInt32(3)) + little(UInt32(256)) + little(UInt32(4096))
    fields += little(UInt32(0x1234_5678)) + little(UInt64(1_700_000_000))
    let expected = page(fields, size: 4096)
    #expect(written(size: 4096) { trailer.write(to: $0) } == expected)
    #expect(expected.withUnsafeBytes { ImageTrailer.read($0) } == .trailer(trailer))
  }

  /// Volumes beyond 4 GiB write wide frames and still promise no more than fits.
  @Test func limits() {
    let standard = ImageLayout(volumeBytes: 1 << 20)
    #expect(standard.maximumFramePages == 1024)
    #expect(Frame.pages(bodyBytes: 128 * 1024 + 12) == 513)
    #expect(ImageLayout(volumeBytes: 1 << 20, ringBlocks: 2).maximumFramePages == 15)
  }
}
