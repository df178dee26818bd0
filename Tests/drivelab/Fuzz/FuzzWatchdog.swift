import Glibc
import Synchronization

/// Tells which case it was when the program hangs or traps.
enum FuzzWatchdog {
  static let limitSeconds = 5
  private static let seed = Atomic<UInt64>(0)
  private static let index = Atomic<Int>(-1)
  private static let began = Atomic<Int>(0)

  /// Seconds of the monotonic clock.
  private static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
  }

  static func begin(seed newSeed: UInt64, index newIndex: Int) {
    seed.store(newSeed, ordering: .relaxed)
    began.store(now(), ordering: .relaxed)
    index.store(newIndex, ordering: .releasing)
  }
  static func end() { index.store(-1, ordering: .releasing) }

  /// Writes without allocating: the heap may be what broke.
  private static func report(_ text: StaticString) {
    func put(_ value: UInt64) {
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
        var rest = value
        var at = 20
        repeat {
          at -= 1
          digits[at] = UInt8(0x30 + rest % 10)
          rest /= 10
        } while rest > 0
        _ = write(2, digits.baseAddress! + at, 20 - at)
      }
    }
    func say(_ text: StaticString) { _ = write(2, text.utf8Start, text.utf8CodeUnitCount) }
    say(text)
    say(" drivelab fuzz --seed ")
    put(seed.load(ordering: .relaxed))
    say(" --only ")
    put(UInt64(max(0, index.load(ordering: .relaxed))))
    say("\n")
  }

  static func start() {
    for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      Glibc.signal(signal) { number in
        FuzzWatchdog.report("fuzz: trapped; again with:")
        Glibc.signal(number, SIG_DFL)
        raise(number)
      }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        while true {
          sleep(1)
          guard FuzzWatchdog.index.load(ordering: .acquiring) >= 0 else { continue }
          if FuzzWatchdog.now() - FuzzWatchdog.began.load(ordering: .relaxed) > FuzzWatchdog.limitSeconds {
            FuzzWatchdog.report("fuzz: a case takes more than 5 s; again with:")
            Glibc.signal(SIGABRT, SIG_DFL)
            abort()
          }
        }
      }, nil)
  }
}
