import Synchronization

@testable import circuitpyd

/// A console end in memory.
final class MemoryEnd: ConsoleEnd {
  private let bytes = Mutex<[UInt8]>([])
  private let connection: Mutex<Bool>
  init(isConnected: Bool = true) { connection = Mutex(isConnected) }
  var isConnected: Bool {
    get { connection.withLock { $0 } }
    set { connection.withLock { $0 = newValue } }
  }
  func write(_ more: UnsafeRawBufferPointer) { bytes.withLock { $0 += more } }
  var output: [UInt8] { bytes.withLock { $0 } }
  func clear() { bytes.withLock { $0 = [] } }
}
