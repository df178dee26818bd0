import Glibc

/// Feeds the console from a descriptor that delivers input as it is typed (stdin in the foreground), on a thread of its own.
enum StreamReader {
  /// Reads until the stream ends. The descriptor has to stay open as long as the process lives.
  static func start(descriptor: Int32, into console: Console) {
    HelperThread.start {
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let n = read(descriptor, &chunk, chunk.count)
        if n < 0 && errno == EINTR { continue }
        if n <= 0 { return }
        console.receive(Array(chunk[..<n]))
      }
    }
  }
}

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
