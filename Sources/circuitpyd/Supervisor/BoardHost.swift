import Glibc
import Runtime

/// What one VM of a mounted board sees of the outside: the drive's files, the console, the clock.
final class BoardHost: Host {
  let files: (any FileStore)?
  private let console: Console
  private let time: any BoardTime
  private let log: @Sendable (String) -> Void
  /// Sees all output as well; boot.py's goes to boot_out.txt.
  var copyOutput: ((UnsafeRawBufferPointer) -> Void)?

  init(
    files: any FileStore, console: Console, time: any BoardTime, log: @escaping @Sendable (String) -> Void
  ) {
    self.files = files
    self.console = console
    self.time = time
    self.log = log
  }

  func writeConsole(_ bytes: UnsafeRawBufferPointer) {
    copyOutput?(bytes)
    console.write(bytes)
  }
  func write(_ text: String) { Array(text.utf8).withUnsafeBytes { writeConsole($0) } }

  var consoleAvailable: Int { console.availableBytes }
  func readConsole() -> UInt8? { console.read() }
  func waitForConsole(nanoseconds: UInt64) { if consoleAvailable == 0 { time.park(nanoseconds: nanoseconds) } }
  var monotonicNanoseconds: UInt64 { time.monotonicNanoseconds }
  func sleep(nanoseconds: UInt64) { time.sleep(nanoseconds: nanoseconds) }
  func wake() { time.wake() }
  var rtcSeconds: Int64 {
    get { time.realTimeSeconds }
    set { time.setRealTime(seconds: newValue) }
  }
  func random(into buffer: UnsafeMutableRawBufferPointer) {
    var system = SystemRandomNumberGenerator()
    for i in buffer.indices { buffer[i] = UInt8.random(in: 0...255, using: &system) }
  }
  func note(_ line: String) { log(line) }
}
