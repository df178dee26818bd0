import Synchronization

/// Things that happen outside Python and that Python code waits for: pin interrupts. Any thread posts a number; the VM's thread
/// hands it to the embedder at a safepoint or in a sleep, one after the other, as MicroPython's scheduler does.
final class EventQueue {
  /// What does not fit is lost, as on the board.
  static let capacity = 8

  let waiting = Mutex<[Int]>([])
  /// Used on the VM's thread only.
  var handler: ((VM, Int) throws(PyError) -> Void)?
  var isHeld = false
  var isServing = false
}

extension Interpreter {
  /// What runs for each event; its errors are printed and go no further.
  package func onEvent(_ handler: @escaping (VM, Int) throws(PyError) -> Void) { events.handler = handler }

  /// Keeps events waiting (`machine.disable_irq`).
  package var holdsEvents: Bool {
    get { events.isHeld }
    set {
      events.isHeld = newValue
      if !newValue { vm.setPending(Pending.event) }
    }
  }

  /// Leaves an event for the VM; from any thread.
  package func post(event: Int) {
    events.waiting.withLock { if $0.count < EventQueue.capacity { $0.append(event) } }
    vm.setPending(Pending.event)
    host.wake()
  }
}

extension VM {
  /// Runs the handlers of waiting events. All live values must be on the VM stack.
  package func serveEvents() throws(PyError) {
    guard s.pointee.pending & Pending.event != 0 else { return }
    clearPending(Pending.event)
    let events = interpreter.events
    guard let handler = events.handler, !events.isHeld, !events.isServing else { return }
    events.isServing = true
    defer { events.isServing = false }
    while let event = events.waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      do throws(PyError) {
        try handler(self, event)
      } catch {
        for kind in [ExceptionKind.systemExit, .keyboardInterrupt, .reloadException] where exceptionIs(kind) {
          throw error
        }
        interpreter.printUncaught(takeException())
      }
    }
  }
}
