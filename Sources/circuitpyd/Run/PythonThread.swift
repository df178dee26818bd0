import Glibc

/// Runs `body` on a thread with a large native stack and waits for it: natives that call Python that call natives nest deep.
enum PythonThread {
  /// 64 MiB: `Interpreter.maximumNativeDepth` levels at their largest, debug builds included.
  static let stackBytes = 64 << 20

  static func run(_ body: @escaping () -> Void) {
    final class Box {
      let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    let result = pthread_create(
      &thread, &attributes,
      { raw in
        Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
        return nil
      }, box)
    pthread_attr_destroy(&attributes)
    precondition(result == 0, "circuitpyd: no thread for Python (ulimit -v?)")
    pthread_join(thread, nil)
  }
}
