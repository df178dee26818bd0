import Synchronization

/// Bytes under changes of its own: what many short lives on one flash content share costs no copy.
package final class OverlayStore: FlashStore {
  private struct State: Sendable {
    var changed: [Int: [UInt8]] = [:]
  }
  /// Granularity of the changes.
  private static let partBytes = FlashGeometry.eraseBytes

  private let base: [UInt8]
  private let state = Mutex(State())

  /// `base` is a multiple of an erase block.
  package init(_ base: [UInt8]) { self.base = base }

  package var sizeBytes: Int { base.count }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, buffer.count <= base.count, offset <= base.count - buffer.count else { throw .outOfRange }
    state.withLock { state in
      forEachPart(offset, buffer.count) { part, start, done, count in
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
        if let bytes = state.changed[part] {
          bytes.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[start..<start + count])) }
        } else {
          let at = part * Self.partBytes + start
          base.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[at..<at + count])) }
        }
      }
    }
  }

  package func write(_ offset: Int, _ source: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, source.count <= base.count, offset <= base.count - source.count else { throw .outOfRange }
    state.withLock { state in
      forEachPart(offset, source.count) { part, start, done, count in
        let at = part * Self.partBytes
        let new = UnsafeRawBufferPointer(rebasing: source[done..<done + count])
        state.changed[part, default: Array(base[at..<min(at + Self.partBytes, base.count)])].withUnsafeMutableBytes {
          UnsafeMutableRawBufferPointer(rebasing: $0[start..<start + count]).copyMemory(from: new)
        }
      }
    }
  }

  private func forEachPart(
    _ offset: Int, _ count: Int, _ body: (_ part: Int, _ start: Int, _ done: Int, _ count: Int) -> Void
  ) {
    var done = 0
    while done < count {
      let (part, start) = (offset + done).quotientAndRemainder(dividingBy: Self.partBytes)
      let length = min(Self.partBytes - start, count - done)
      body(part, start, done, length)
      done += length
    }
  }

  package func sync() throws(FlashError) {}
  package func close() {}
}
