import Glibc

/// A thread of the system, with a stack of a size that is known.
/// `@unchecked Sendable`: the handle is written by `init` only.
final class NativeThread: @unchecked Sendable {
  /// Enough for poll loops and file operations, debug builds included.
  static let stackBytes = 1 << 20
  private let handle: pthread_t

  private final class Box {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts `body`. The thread must be joined once. Nil when the system gives no thread.
  init?(stackBytes: Int = NativeThread.stackBytes, _ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    defer { pthread_attr_destroy(&attributes) }
    let box = Unmanaged.passRetained(Box(body))
    var handle = pthread_t()
    let result = pthread_create(
      &handle, &attributes,
      { raw in
        Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      box.release()
      return nil
    }
    self.handle = handle
  }

  /// Starts a thread that nobody waits for, and without which the program cannot go on.
  static func detached(stackBytes: Int = NativeThread.stackBytes, _ body: @escaping @Sendable () -> Void) {
    guard let thread = NativeThread(stackBytes: stackBytes, body) else {
      preconditionFailure("circuitpyd: the system refused a thread (ulimit -u, ulimit -v)")
    }
    pthread_detach(thread.handle)
  }

  func join() { pthread_join(handle, nil) }

  /// Interrupts a system call the thread is blocked in (a handler for the signal must be installed).
  func interrupt(_ signal: Int32) { pthread_kill(handle, signal) }
}
