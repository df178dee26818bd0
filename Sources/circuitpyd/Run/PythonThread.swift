import Glibc

/// Runs `body` on a thread with a large native stack and waits for it: natives that call Python that call natives nest deep.
enum PythonThread {
  /// 64 MiB: `Interpreter.maximumNativeDepth` levels at their largest, debug builds included.
  static let stackBytes = 64 << 20

  static func run(_ body: @escaping @Sendable () -> Void) {
    pthread_join(HelperThread.start(stackBytes: stackBytes, isDetached: false, body), nil)
  }
}
