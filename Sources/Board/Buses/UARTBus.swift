/// What is at the other end of a UART. Called under the board's lock.
package protocol UARTPeer: AnyObject {
  /// Bytes the board sent. The answer comes with `UARTBus.deliver`.
  func receive(_ bytes: [UInt8], from bus: UARTBus)
}

/// The two wires of a UART and the chip's receive buffer. `@unchecked Sendable`: as `Pin`.
package final class UARTBus: @unchecked Sendable {
  package let tx: Pin?
  package let rx: Pin?
  private let lock: BoardLock
  private var received: [UInt8] = []
  private var capacityBytes = 64
  private var rate = 9600
  private var isLooped = false
  private var peer: (any UARTPeer)?

  init(tx: Pin?, rx: Pin?, lock: BoardLock) {
    self.tx = tx
    self.rx = rx
    self.lock = lock
  }

  package var baudRate: Int {
    get { lock.withLock { rate } }
    set { lock.withLock { rate = max(newValue, 1) } }
  }

  /// Size of the receive buffer; bytes that do not fit are lost, as on the chip.
  package var receiverBufferBytes: Int {
    get { lock.withLock { capacityBytes } }
    set { lock.withLock { capacityBytes = max(newValue, 1) } }
  }

  /// A wire from TX to RX: what is sent comes back.
  package var isLoopback: Bool {
    get { lock.withLock { isLooped } }
    set { lock.withLock { isLooped = newValue } }
  }

  package func attach(_ peer: any UARTPeer) { lock.withLock { self.peer = peer } }
  package func detachPeer() { lock.withLock { peer = nil } }

  /// Sends bytes of 8 data bits, start and stop. Returns how long the wire was busy.
  package func transmit(_ bytes: [UInt8]) -> UInt64 {
    lock.withLock {
      if isLooped { deliver(bytes) }
      peer?.receive(bytes, from: self)
      return UInt64(bytes.count * 10) * 1_000_000_000 / UInt64(rate)
    }
  }

  /// Bytes arriving at the board. Any thread.
  package func deliver(_ bytes: [UInt8]) {
    lock.withLock {
      guard rx != nil else { return }
      received += bytes.prefix(max(0, capacityBytes - received.count))
    }
  }

  package var availableBytes: Int { lock.withLock { received.count } }

  /// Takes up to `count` bytes out of the buffer; does not wait.
  package func read(_ count: Int) -> [UInt8] {
    lock.withLock {
      let taken = Array(received.prefix(count))
      received.removeFirst(taken.count)
      return taken
    }
  }

  package func clearReceived() { lock.withLock { received.removeAll() } }
}
