import Glibc

/// Threads beside the VM's: small stacks, detached or joined.
enum HelperThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }
  /// Enough for poll loops and file operations, debug builds included.
  static let stackBytes = 1 << 20

  /// Starts `body` on a new thread; `stackBytes` for one that runs Python.
  @discardableResult
  static func start(
    stackBytes: Int = HelperThread.stackBytes, isDetached: Bool = true, _ body: @escaping @Sendable () -> Void
  ) -> pthread_t {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    if isDetached { pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Body(body)).toOpaque()
    let result = pthread_create(
      &thread, &attributes,
      { raw in
        Unmanaged<Body>.fromOpaque(raw!).takeRetainedValue().run()
        return nil
      }, box)
    pthread_attr_destroy(&attributes)
    precondition(result == 0, "circuitpyd: the system refused a thread (ulimit -u, ulimit -v)")
    return thread
  }
}
