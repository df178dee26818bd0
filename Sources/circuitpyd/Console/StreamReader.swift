import Glibc

/// Feeds the console from a descriptor that delivers input as it is typed (stdin in the foreground), on a thread of its own.
enum StreamReader {
  /// Reads until the stream ends. The descriptor has to stay open as long as the process lives.
  static func start(descriptor: Int32, into console: Console) {
    NativeThread.detached {
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
