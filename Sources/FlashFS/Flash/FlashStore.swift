import Glibc
import Synchronization

/// The bytes under the flash, without flash rules.
package protocol FlashStore: AnyObject, Sendable {
  var sizeBytes: Int { get }
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError)
  func write(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError)
  func sync() throws(FlashError)
  /// Gives up the file and its lock. The store answers EBADF afterwards.
  func close()
}

/// A chip in memory, for tests and for building images.
package final class MemoryStore: FlashStore {
  private let content: Mutex<[UInt8]>
  package let sizeBytes: Int

  package init(_ bytes: [UInt8]) {
    content = Mutex(bytes)
    sizeBytes = bytes.count
  }
  /// A copy of all bytes.
  package var bytes: [UInt8] { content.withLock { $0 } }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= sizeBytes else { throw .outOfRange }
    content.withLock { bytes in
      bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + buffer.count])) }
    }
  }
  package func write(_ offset: Int, _ source: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + source.count <= sizeBytes else { throw .outOfRange }
    content.withLock { bytes in
      bytes.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + source.count]).copyMemory(from: source)
      }
    }
  }
  package func sync() throws(FlashError) {}
  package func close() {}
}

/// An image file, locked: pwrite, and a read-only map so that reads cost no system call.
package final class ImageFileStore: FlashStore {
  private struct Opened: Sendable {
    var descriptor: Int32
    /// Address of the map, as a number: a raw pointer is not Sendable.
    var address: UInt
  }
  private let opened: Mutex<Opened?>
  package let sizeBytes: Int

  /// Takes over `descriptor` (open for reading and writing); the file must keep its length.
  init(descriptor: Int32, sizeBytes: Int) throws(FlashError) {
    guard let map = mmap(nil, sizeBytes, PROT_READ, MAP_SHARED, descriptor, 0), map != MAP_FAILED else {
      throw .io(errno: errno)
    }
    self.sizeBytes = sizeBytes
    opened = Mutex(Opened(descriptor: descriptor, address: UInt(bitPattern: map)))
  }

  deinit { close() }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= sizeBytes else { throw .outOfRange }
    guard let target = buffer.baseAddress else { return }
    guard let file = opened.withLock({ $0 }), let map = UnsafeRawPointer(bitPattern: file.address) else {
      throw .io(errno: EBADF)
    }
    target.copyMemory(from: map + offset, byteCount: buffer.count)
  }

  package func write(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + bytes.count <= sizeBytes else { throw .outOfRange }
    guard let file = opened.withLock({ $0 }) else { throw .io(errno: EBADF) }
    var done = 0
    while done < bytes.count {
      let count = pwrite(file.descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
      if count > 0 {
        done += count
      } else if count < 0 && errno != EINTR {
        throw .io(errno: errno)
      }
    }
  }

  package func sync() throws(FlashError) {
    guard let file = opened.withLock({ $0 }) else { throw .io(errno: EBADF) }
    if fdatasync(file.descriptor) != 0 { throw .io(errno: errno) }
  }

  package func close() {
    let file = opened.withLock { file in
      defer { file = nil }
      return file
    }
    guard let file else { return }
    munmap(UnsafeMutableRawPointer(bitPattern: file.address), sizeBytes)
    Glibc.close(file.descriptor)
  }
}
