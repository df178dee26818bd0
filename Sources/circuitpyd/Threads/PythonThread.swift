/// Runs `body` on a thread with a large native stack and waits for it: natives that call Python that call natives nest deep.
enum PythonThread {
  /// 64 MiB: `Interpreter.maximumNativeDepth` levels at their largest, debug builds included.
  static let stackBytes = 64 << 20

  static func run(_ body: @escaping @Sendable () -> Void) throws(CommandError) {
    guard let thread = NativeThread(stackBytes: stackBytes, body) else {
      throw CommandError("the system refused a thread with a stack of 64 MiB (ulimit -v)")
    }
    thread.join()
  }
}
