import Glibc

/// A thread of the drive that is started once and waited for once.
/// `@unchecked`: the handle is written by `init` and used by the one call of `join`.
final class DriveThread: @unchecked Sendable {
  private let handle: pthread_t

  /// Nil when the system gives no thread.
  init?(_ body: @escaping @Sendable () -> Void) {
    final class Box {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body))
    var handle = pthread_t()
    let result = pthread_create(
      &handle, nil,
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

  func join() { pthread_join(handle, nil) }

  /// Interrupts a system call the thread is blocked in (a handler for the signal must be installed).
  func interrupt(_ signal: Int32) { pthread_kill(handle, signal) }
}
