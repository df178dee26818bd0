import Glibc
import Synchronization

/// The time of a board, and waiting on it. `sleep` and `park` belong to the board's thread; the rest may be called from any.
protocol BoardTime: AnyObject, Sendable {
  /// Nanoseconds since the last hard reset.
  var monotonicNanoseconds: UInt64 { get }
  /// Seconds since 1970 of the real-time clock.
  var realTimeSeconds: Int64 { get }
  func setRealTime(seconds: Int64)
  /// Starts `monotonicNanoseconds` anew.
  func restart()
  /// Lets a program's time pass: at most `nanoseconds`, less after `wake`.
  func sleep(nanoseconds: UInt64)
  /// Waits in real time for `wake`, at most `nanoseconds`; for ever with nil.
  func park(nanoseconds: UInt64?)
  /// Ends the wait that goes on, or the next one.
  func wake()
}

/// The host's time: a program's second is a second.
final class WallTime: BoardTime {
  private let start = Mutex(SystemClock.monotonicNanoseconds)
  /// Set against the host's clock by `rtc.RTC().datetime = …`.
  private let offsetSeconds = Mutex<Int64>(0)
  private let signal = WakeSignal()

  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds - start.withLock { $0 } }
  var realTimeSeconds: Int64 { Int64(Glibc.time(nil)) + offsetSeconds.withLock { $0 } }
  func setRealTime(seconds: Int64) { offsetSeconds.withLock { $0 = seconds - Int64(Glibc.time(nil)) } }
  func restart() { start.withLock { $0 = SystemClock.monotonicNanoseconds } }
  func sleep(nanoseconds: UInt64) { signal.wait(nanoseconds: nanoseconds) }
  func park(nanoseconds: UInt64?) { signal.wait(nanoseconds: nanoseconds) }
  func wake() { signal.send() }
}

/// Time that moves only when a program sleeps, and then at once.
final class VirtualTime: BoardTime {
  /// A board's clock after power-up: 2000-01-01.
  static let startSeconds: Int64 = 946_684_800
  private let now = Mutex<UInt64>(0)
  private let offsetSeconds = Mutex(VirtualTime.startSeconds)
  private let signal = WakeSignal()

  var monotonicNanoseconds: UInt64 { now.withLock { $0 } }
  var realTimeSeconds: Int64 { offsetSeconds.withLock { $0 } + Int64(monotonicNanoseconds / 1_000_000_000) }
  func setRealTime(seconds: Int64) {
    let passed = Int64(monotonicNanoseconds / 1_000_000_000)
    offsetSeconds.withLock { $0 = seconds - passed }
  }
  func restart() { now.withLock { $0 = 0 } }
  func sleep(nanoseconds: UInt64) { now.withLock { $0 &+= nanoseconds } }
  func park(nanoseconds: UInt64?) { signal.wait(nanoseconds: nanoseconds) }
  func wake() { signal.send() }
}
