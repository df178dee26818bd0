import Glibc

/// A value behind a lock, with threads that wait for it to change, until a moment of the monotonic clock if they like.
/// (`Mutex` has no condition variable.)
/// `@unchecked`: `state` is only reached while the pthread mutex is held.
final class Monitor<State>: @unchecked Sendable {
  private var state: State
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(_ state: sending State) {
    self.state = state
    pthread_mutex_init(lock, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(lock)
    condition.deallocate()
    lock.deallocate()
  }

  /// Runs `body` with the lock held.
  func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return try body(&state)
  }

  /// As `withLock`; then wakes every waiting thread when `body` answered true.
  func update(_ body: (inout State) -> Bool) {
    pthread_mutex_lock(lock)
    if body(&state) { pthread_cond_broadcast(condition) }
    pthread_mutex_unlock(lock)
  }

  enum Step<Result> {
    case done(Result)
    /// Look again when the state changes or the monotonic clock reaches the nanosecond.
    case wait(until: UInt64?)
  }

  /// Asks `body`, with the lock held, until it is done; sleeps in between.
  func wait<Result>(_ body: (inout State) -> Step<Result>) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      switch body(&state) {
      case .done(let result): return result
      case .wait(until: nil): pthread_cond_wait(condition, lock)
      case .wait(until: .some(let deadline)):
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        pthread_cond_timedwait(condition, lock, &time)
      }
    }
  }
}
