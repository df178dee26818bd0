import Board
import Glibc
import Runtime
import Synchronization

/// The time of `circuitpyd run`: the wall's, or one that moves only when the program sleeps.
final class RunClock: BoardClock, Sendable {
  let isVirtual: Bool
  private let start = SystemClock.monotonicNanoseconds
  /// What was skipped, and all time that is virtual.
  private let addedNanoseconds = Atomic<UInt64>(0)

  init(isVirtual: Bool) { self.isVirtual = isVirtual }

  var monotonicNanoseconds: UInt64 {
    let added = addedNanoseconds.load(ordering: .relaxed)
    return isVirtual ? added : SystemClock.monotonicNanoseconds - start + added
  }

  /// Lets time pass without waiting for it.
  func skip(nanoseconds: UInt64) { addedNanoseconds.add(nanoseconds, ordering: .relaxed) }
}

/// The host of `circuitpyd run`: console on stdin and stdout, files in one folder, wall or virtual time.
final class StdioHost: Host {
  let files: (any FileStore)?
  let clock: RunClock
  private var rtcOffset: Int64
  private var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
  private let woken = Mutex(false)
  private let wakePipe: (read: Int32, write: Int32)

  init(files: (any FileStore)?, virtualTime: Bool) {
    self.files = files
    clock = RunClock(isVirtual: virtualTime)
    // A board's clock starts in 2000; a simulated one with wall time knows better.
    rtcOffset = virtualTime ? 946_684_800 : Int64(time(nil))
    var ends: [Int32] = [0, 0]
    _ = pipe(&ends)
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    wakePipe = (ends[0], ends[1])
  }

  func writeConsole(_ bytes: UnsafeRawBufferPointer) {
    var at = 0
    while at < bytes.count {
      let n = Glibc.write(1, bytes.baseAddress! + at, bytes.count - at)
      if n < 0 {
        if errno == EINTR { continue }
        return  // nobody reads any more; the program goes on, as a board's does
      }
      at += n
    }
  }

  var consoleAvailable: Int {
    var count: Int32 = 0
    return ioctl(0, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }

  func readConsole() -> UInt8? {
    var byte: UInt8 = 0
    var poll = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    guard Glibc.poll(&poll, 1, 0) > 0 else { return nil }
    let n = Glibc.read(0, &byte, 1)
    if n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN) { isConsoleAtEnd = true }
    return n == 1 ? byte : nil
  }

  // The terminal edits lines, or there is none.
  var isConsoleLineBuffered: Bool { true }
  private(set) var isConsoleAtEnd = false

  func waitForConsole(nanoseconds: UInt64) { wait(nanoseconds, console: true) }

  private func wait(_ nanoseconds: UInt64, console: Bool) {
    var polls = [
      pollfd(fd: wakePipe.read, events: Int16(POLLIN), revents: 0), pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
    ]
    if nanoseconds < 1_000_000 && !console {
      // poll counts in milliseconds; shorter sleeps are exact and need no wake-up.
      usleep(UInt32(nanoseconds / 1000))
      return
    }
    _ = poll(&polls, console ? 2 : 1, Int32(min((nanoseconds + 999_999) / 1_000_000, UInt64(Int32.max))))
    var drain = [UInt8](repeating: 0, count: 64)
    while Glibc.read(wakePipe.read, &drain, drain.count) > 0 {}
  }

  var monotonicNanoseconds: UInt64 { clock.monotonicNanoseconds }

  func sleep(nanoseconds: UInt64) {
    if clock.isVirtual { clock.skip(nanoseconds: nanoseconds) } else { wait(nanoseconds, console: false) }
  }

  func wake() {
    var byte: UInt8 = 1
    _ = Glibc.write(wakePipe.write, &byte, 1)
  }

  var rtcSeconds: Int64 {
    get { rtcOffset + Int64(monotonicNanoseconds / 1_000_000_000) }
    set { rtcOffset = newValue - Int64(monotonicNanoseconds / 1_000_000_000) }
  }

  func random(into buffer: UnsafeMutableRawBufferPointer) {
    if !clock.isVirtual {
      var system = SystemRandomNumberGenerator()
      for i in buffer.indices { buffer[i] = UInt8.random(in: 0...255, using: &system) }
      return
    }
    // Under virtual time the same program gives the same output: a fixed xorshift sequence.
    for i in buffer.indices {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      buffer[i] = UInt8(truncatingIfNeeded: seed)
    }
  }

  func note(_ line: String) {
    let text = Array(("circuitpyd: " + line + "\n").utf8)
    _ = text.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }
}
