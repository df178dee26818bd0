#if THREAD_SANITIZER
  import Glibc

  /// Stands in for `Synchronization.Mutex` in ThreadSanitizer builds only (`make test-races`). The library's mutex is a futex in
  /// code that is not instrumented, so the sanitizer does not see that it orders anything and reports every guarded access; a
  /// POSIX mutex it knows. What is tested is that everything shared is touched under the lock, which is the same with either.
  /// `@unchecked`: the value is only reached while the POSIX mutex is held.
  struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let handle: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    init(_ initial: consuming sending Value) {
      handle = .allocate(capacity: 1)
      handle.initialize(to: pthread_mutex_t())
      pthread_mutex_init(handle, nil)
      value = .allocate(capacity: 1)
      value.initialize(to: initial)
    }

    deinit {
      pthread_mutex_destroy(handle)
      handle.deallocate()
      value.deinitialize(count: 1)
      value.deallocate()
    }

    borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      pthread_mutex_lock(handle)
      defer { pthread_mutex_unlock(handle) }
      return try body(&value.pointee)
    }
  }
#endif
