import Glibc
import Synchronization
import Testing

@testable import circuitpyd

@Suite(.timeLimit(.minutes(2))) struct ConsoleTests {
  @Test func ctrlCDropsWhatCameBefore() {
    let console = Console()
    let count = Mutex(0)
    console.receive(Array("a\u{3}b".utf8))
    #expect((0..<3).map { _ in console.read() } == [0x61, 3, 0x62])
    console.receive(Array("c\u{3}d".utf8))
    let handler: @Sendable () -> Void = { count.withLock { $0 += 1 } }
    console.armInterrupt(handler)
    // One that waited already counts.
    #expect(count.withLock { $0 } == 1)
    console.receive(Array("e\u{3}f".utf8))
    #expect(count.withLock { $0 } == 2)
    #expect(console.read() == UInt8(ascii: "f"))
    #expect(console.read() == nil)
    console.disarmInterrupt()
    console.receive([3])
    #expect(console.read() == 3)
  }

  @Test func aProgramThatReadsNothingStaysInterruptible() {
    let console = Console()
    let count = Mutex(0)
    console.armInterrupt { count.withLock { $0 += 1 } }
    for _ in 0..<3 { console.receive([UInt8](repeating: 0x78, count: Console.inputCapacityBytes)) }
    #expect(console.availableBytes == Console.inputCapacityBytes)
    console.receive([3])
    #expect(count.withLock { $0 } == 1)
    #expect(console.availableBytes == 0)
  }

  @Test func logIsPlainText() throws {
    let path = "/tmp/circuitpyd-log-\(getpid())"
    defer { unlink(path) }
    let log = try #require(FileEnd(path: path))
    let console = Console(ends: [log])
    console.writeControl(Supervisor.lineClear)
    console.write("code.py output:\r\n")
    console.writeControl(Supervisor.statusBar("code.py"))
    console.write("10 %\r")
    console.write("20 %\r")
    console.write("\nend\n\r\n")
    #expect(HostFile.read(path) == Array("code.py output:\n10 %\r20 %\nend\n\n".utf8))
    #expect(!console.isConnected)
  }

  @Test func aPipeThatNobodyReadsDoesNotHoldTheBoard() {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let console = Console(ends: [FileEnd(descriptor: ends[1], style: .raw, isConnected: false)])
    let start = SystemClock.monotonicNanoseconds
    for _ in 0..<100 { console.write([UInt8](repeating: 0x78, count: 10_000)) }
    #expect(SystemClock.monotonicNanoseconds - start < 5_000_000_000)
    _ = readSome(ends[0], 60_000)
    console.write("again")
    #expect(readSome(ends[0], 5).suffix(5) == Array("again".utf8))
  }

  /// A terminal with a link of its own, its reader running.
  private func terminal() throws -> (PseudoTerminalEnd, Console, String) {
    let link = "/tmp/circuitpyd-tty-\(getpid())-\(UInt32.random(in: 0...9999))"
    let end = try PseudoTerminalEnd(linkPath: link)
    let console = Console(ends: [end])
    end.start(console)
    return (end, console, link)
  }

  private func waitUntil(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2500 {
      if condition() { return true }
      usleep(2000)
    }
    return false
  }

  private func readSome(_ fd: Int32, _ count: Int) -> [UInt8] {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while all.count < count {
      var waiting = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, 5000) <= 0 { break }
      let n = read(fd, &chunk, chunk.count)
      if n <= 0 { break }
      all += chunk[..<n]
    }
    return all
  }

  @Test func clientsComeAndGo() throws {
    let (end, console, link) = try terminal()
    defer { end.stop() }
    #expect(!end.isConnected)
    console.write("lost\n")
    for round in 0..<3 {
      let client = open(link, O_RDWR | O_NOCTTY)
      #expect(client >= 0)
      #expect(end.isConnected)
      console.write("to \(round)\r\n")
      #expect(readSome(client, 6) == Array("to \(round)\r\n".utf8))
      _ = write(client, "from\u{3}\r\n", 7)
      #expect(waitUntil { console.availableBytes == 7 })
      #expect((0..<7).map { _ in console.read() } == Array("from\u{3}\r\n".utf8))
      // Left unread: the next client does not see it.
      console.write("unread")
      close(client)
      #expect(waitUntil { !end.isConnected })
      usleep(50_000)
    }
    // A client that writes and is gone at once.
    let client = open(link, O_WRONLY | O_NOCTTY)
    _ = write(client, "x", 1)
    close(client)
    #expect(waitUntil { console.availableBytes == 1 })
  }

  @Test func staysRawWhateverAClientSets() throws {
    let (end, console, link) = try terminal()
    defer { end.stop() }
    let client = open(link, O_RDWR | O_NOCTTY)
    defer { close(client) }
    var settings = termios()
    tcgetattr(client, &settings)
    settings.c_lflag |= tcflag_t(ECHO | ICANON | ISIG)
    settings.c_iflag |= tcflag_t(ICRNL)
    settings.c_oflag |= tcflag_t(OPOST | ONLCR)
    settings.c_cc.5 = 3  // VTIME stays the client's
    #expect(tcsetattr(client, TCSANOW, &settings) == 0)
    #expect(
      waitUntil {
        var now = termios()
        tcgetattr(client, &now)
        return now.c_lflag & tcflag_t(ECHO | ICANON | ISIG) == 0 && now.c_oflag & tcflag_t(OPOST) == 0
          && now.c_iflag & tcflag_t(ICRNL) == 0 && now.c_cc.5 == 3
      })
    console.write("a\n\r")
    #expect(readSome(client, 3) == [0x61, 0x0A, 0x0D])
    _ = write(client, "b\n\r", 3)
    #expect(waitUntil { console.availableBytes == 3 })
    #expect((0..<3).map { _ in console.read() } == [0x62, 0x0A, 0x0D])
    usleep(20_000)
    // No echo came back.
    #expect(console.availableBytes == 0)
  }

  @Test func aClientThatReadsNothingDoesNotHoldTheBoard() throws {
    let (end, console, link) = try terminal()
    defer { end.stop() }
    let client = open(link, O_RDWR | O_NOCTTY)
    defer { close(client) }
    let start = SystemClock.monotonicNanoseconds
    for _ in 0..<100 { console.write([UInt8](repeating: 0x78, count: 10_000)) }
    #expect(SystemClock.monotonicNanoseconds - start < 5_000_000_000)
    _ = readSome(client, 2000)
    while true {
      var waiting = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, 100) <= 0 { break }
      var chunk = [UInt8](repeating: 0, count: 65536)
      _ = read(client, &chunk, chunk.count)
    }
    console.write("again")
    #expect(readSome(client, 5) == Array("again".utf8))
  }

  @Test func nothingIsLostToASlowReader() throws {
    let (end, console, link) = try terminal()
    defer { end.stop() }
    let client = open(link, O_RDWR | O_NOCTTY)
    defer { close(client) }
    let received = Mutex<[UInt8]>([])
    let isDone = Mutex(false)
    NativeThread.detached {
      var chunk = [UInt8](repeating: 0, count: 1000)
      while received.withLock({ $0.count }) < 300_000 {
        let n = read(client, &chunk, chunk.count)
        if n <= 0 { break }
        let part = Array(chunk[..<n])
        received.withLock { $0 += part }
        usleep(500)
      }
      isDone.withLock { $0 = true }
    }
    var sent: [UInt8] = []
    for i in 0..<300 {
      let part = [UInt8](repeating: UInt8(truncatingIfNeeded: i), count: 1000)
      sent += part
      console.write(part)
    }
    #expect(waitUntil { isDone.withLock { $0 } })
    #expect(received.withLock { $0 } == sent)
  }

  @Test func linkIsReplacedAndTakenAway() throws {
    let link = "/tmp/circuitpyd-tty-\(getpid())-link"
    symlink("/nowhere", link)
    let first = try PseudoTerminalEnd(linkPath: link)
    let second = try PseudoTerminalEnd(linkPath: link)
    // The first one's going does not take the second one's link.
    first.stop()
    var info = stat()
    #expect(lstat(link, &info) == 0)
    second.stop()
    #expect(lstat(link, &info) != 0)
    #expect(throws: ConsoleError.self) { try PseudoTerminalEnd(linkPath: "/nowhere/at/all") }
  }
}
