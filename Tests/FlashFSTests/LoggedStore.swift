import Synchronization

@testable import FlashFS

/// A chip in memory that remembers each write, so that every earlier state can be had again.
///
/// Unchecked: a session and its store live on one thread; only the protocol asks for Sendable.
final class LoggedStore: FlashStore, @unchecked Sendable {
  private struct Write {
    var offset: Int
    var start: Int
    var count: Int
  }
  private let memory: UnsafeMutableRawBufferPointer
  private var base: [UInt8]
  private var writes: [Write] = []
  private var written: [UInt8] = []
  private let isLogging: Bool
  /// Called by `sync`; the log begins anew there when set.
  var onSync: (() -> Void)?
  /// The host crashes in the sync after so many others.
  var syncsBeforeCrash = Int.max

  init(_ bytes: [UInt8], isLogging: Bool = false) {
    base = isLogging ? bytes : []
    self.isLogging = isLogging
    memory = .allocate(byteCount: bytes.count, alignment: 16)
    memory.copyBytes(from: bytes)
  }

  deinit { memory.deallocate() }

  var sizeBytes: Int { memory.count }
  var writeCount: Int { writes.count }
  var bytes: [UInt8] { bytes(0, memory.count) }

  func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(rebasing: memory[offset..<offset + count]))
  }

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= memory.count else { throw .outOfRange }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + buffer.count]))
  }

  func write(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + bytes.count <= memory.count else { throw .outOfRange }
    UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + bytes.count]).copyMemory(from: bytes)
    if !isLogging { return }
    writes.append(Write(offset: offset, start: written.count, count: bytes.count))
    written.append(contentsOf: bytes)
  }

  func sync() throws(FlashError) {
    guard let onSync else { return }
    guard syncsBeforeCrash > 0 else { throw .powerLost }
    syncsBeforeCrash -= 1
    base = bytes
    writes.removeAll()
    written.removeAll()
    onSync()
  }
  func close() {}

  /// What a crash of the host may leave of an unsynced file: each block as at some moment since the last sync.
  func afterHostCrash(_ random: inout SplitMix64) -> [UInt8] {
    var bytes = base
    for block in 0..<bytes.count / FlashGeometry.eraseBytes {
      let touching = writes.filter { $0.offset / FlashGeometry.eraseBytes == block }
      let count = [0, touching.count, Int.random(in: 0...touching.count, using: &random)].randomElement(using: &random)
      for write in touching.prefix(count ?? 0) {
        bytes.replaceSubrange(
          write.offset..<write.offset + write.count, with: written[write.start..<write.start + write.count])
      }
    }
    return bytes
  }

  /// The bytes of write `index`.
  func payload(ofWrite index: Int) -> ArraySlice<UInt8> {
    written[writes[index].start..<writes[index].start + writes[index].count]
  }

  /// All bytes before write `count`.
  func bytes(beforeWrite count: Int) -> [UInt8] {
    var bytes = base
    bytes.withUnsafeMutableBytes { target in
      written.withUnsafeBytes { source in
        for write in writes[..<count] {
          UnsafeMutableRawBufferPointer(rebasing: target[write.offset..<write.offset + write.count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[write.start..<write.start + write.count]))
        }
      }
    }
    return bytes
  }
}

/// A large chip of which few blocks are used.
final class SparseStore: FlashStore {
  let sizeBytes: Int
  private let blocks = Mutex<[Int: [UInt8]]>([:])
  private static let blank = [UInt8](repeating: 0xFF, count: FlashGeometry.eraseBytes)
  init(sizeBytes: Int) { self.sizeBytes = sizeBytes }

  /// Calls `body` for the part of each block that a range touches: block, range in it, where it begins in the range.
  private func forEachBlock(_ offset: Int, _ count: Int, _ body: (Int, Range<Int>, Int) -> Void) {
    var done = 0
    while done < count {
      let start = (offset + done) % FlashGeometry.eraseBytes
      let length = min(FlashGeometry.eraseBytes - start, count - done)
      body((offset + done) / FlashGeometry.eraseBytes, start..<start + length, done)
      done += length
    }
  }

  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    blocks.withLock { blocks in
      forEachBlock(offset, buffer.count) { block, range, at in
        UnsafeMutableRawBufferPointer(rebasing: buffer[at...]).copyBytes(from: (blocks[block] ?? Self.blank)[range])
      }
    }
  }

  func write(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    blocks.withLock { blocks in
      forEachBlock(offset, bytes.count) { block, range, at in
        blocks[block, default: Self.blank].replaceSubrange(range, with: bytes[at..<at + range.count])
      }
    }
  }

  func sync() throws(FlashError) {}
  func close() {}
}

/// Array's own == goes byte by byte in a debug build.
func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  a.withUnsafeBytes { a in b.withUnsafeBytes { equalBytes(a, $0) } }
}
