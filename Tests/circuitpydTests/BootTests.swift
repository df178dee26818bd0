import Runtime
import Testing

@testable import circuitpyd

/// boot.py and boot_out.txt (`circuitpython-behaviour` §1.5).
@Suite(.timeLimit(.minutes(3))) struct BootTests {
  private typealias B = TestBoard
  private let header = "\(TestBoard.version)\r\nBoard ID:adafruit_feather_rp2040\r\nUID:DF60BCA001234567\r\n"

  @Test func outputAndTracebackAreKept() {
    let board = TestBoard(["/boot.py": "print('hello')\nx\n", "/code.py": "print(1)\n"])
    let output = """
      hello\r
      Traceback (most recent call last):\r
        File "boot.py", line 2, in <module>\r
      NameError: name 'x' isn't defined\r\n
      """
    let text = board.take(until: B.waitPrompt)
    #expect(
      text
        == B.join(
          B.boot, B.lc, "boot.py output:\r\n", output, B.output("code.py"), "1\r\n", B.sb("Done"), B.done, B.waitPrompt)
    )
    #expect(board.drive.text("/boot_out.txt") == B.join(header, "boot.py output:\r\n", output))
  }

  @Test func unchangedIsNotWrittenAgain() {
    let board = TestBoard(["/boot.txt": "print('hello')\n", "/code.py": ""])
    _ = board.take(until: B.waitPrompt)
    board.supervisor.reset()
    _ = board.take(until: B.waitPrompt)
    #expect(board.drive.content.withLock { $0.writes } == ["/boot_out.txt"])
    board.drive.set("/boot.txt", "print('other')\n")
    board.supervisor.reset()
    _ = board.take(until: B.waitPrompt)
    #expect(board.drive.content.withLock { $0.writes }.count == 2)
  }

  @Test func atMost512Bytes() {
    let mark = Array("[truncated due to length]\n".utf8)
    var output = BootOutput()
    let text = (0..<486).map { UInt8(truncatingIfNeeded: $0) }
    output.append(Array(text.prefix(400)))
    output.append(Array(text.dropFirst(400)))
    #expect(output.bytes == text)
    output.append([1])
    output.append([UInt8](repeating: 2, count: 1000))
    #expect(output.bytes == text + mark)
    #expect(output.bytes.count == 512)
  }

  @Test func bootMayWriteAndRemount() {
    let write = "try:\n  open('/a', 'w').close()\n  print('writable')\nexcept OSError as e:\n  print(e)\n"
    let plain = TestBoard(["/boot.py": write, "/code.py": write])
    let text = plain.take(until: B.waitPrompt)
    #expect(text.contains("boot.py output:\r\nwritable\r\n"))
    #expect(text.contains(B.join(B.output("code.py"), "[Errno 30] Read-only filesystem\r\n")))
    let remounted = TestBoard(["/boot.py": "import test\ntest.remount(False)\n", "/code.py": write])
    #expect(remounted.take(until: B.waitPrompt).contains(B.join(B.output("code.py"), "writable\r\n")))
    let late = TestBoard(["/code.py": "import test\ntest.remount(False)\n"])
    #expect(late.take(until: B.waitPrompt).contains("RuntimeError: visibleViaUSB\r\n"))
  }

  @Test func ctrlCEndsBoot() {
    let board = TestBoard(["/boot.py": "print('on')\nwhile True: pass\n", "/code.py": "print('code')\n"])
    board.wait(for: "on\r\n")
    board.type("\u{3}")
    #expect(
      board.take(until: B.waitPrompt).contains(B.join("KeyboardInterrupt: \r\n", B.output("code.py"), "code\r\n")))
  }
}
