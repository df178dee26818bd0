import Glibc
import Synchronization

/// Giving up: arithmetic on numbers of millions of digits takes seconds, and ctrl-c must not wait for it.
extension Limbs {
  /// What long work on a thread looks at.
  private struct Request {
    let word: UnsafePointer<Atomic<UInt32>>
    let mask: UInt32
  }

  /// Thread-specific place of the `Request`.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Runs `body` such that long work in it ends early once one of the bits is set in `word`. What it then returns is meaningless (mostly
  /// zero): the caller looks at the word himself. The bits must not be cleared meanwhile.
  static func interruptible<T, E: Error>(
    _ word: UnsafePointer<Atomic<UInt32>>, mask: UInt32, _ body: () throws(E) -> T
  ) throws(E) -> T {
    var request = Request(word: word, mask: mask)
    let outer = pthread_getspecific(key)
    defer { pthread_setspecific(key, outer) }
    return try withUnsafeMutablePointer(to: &request) { request throws(E) in
      pthread_setspecific(key, request)
      return try body()
    }
  }

  /// Whether the work of this thread is not wanted any more. Costs some nanoseconds.
  static var isInterrupted: Bool {
    guard let request = pthread_getspecific(key)?.assumingMemoryBound(to: Request.self) else { return false }
    return request.pointee.word.pointee.load(ordering: .relaxed) & request.pointee.mask != 0
  }

  /// Smaller operands are done before anyone notices.
  static let interruptibleLimbs = 256
}
