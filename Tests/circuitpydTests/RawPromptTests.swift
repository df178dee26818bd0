import Glibc
import Runtime
import Testing

@testable import circuitpyd

/// The prompt for programs (`circuitpython-behaviour` §4.6, §4.7).
@Suite(.timeLimit(.minutes(3))) struct RawPromptTests {
  private typealias B = TestBoard
  private static let rawBanner = "raw REPL; CTRL-B to exit\r\n>"

  private func rawPrompt(_ files: [String: String] = [:]) -> TestBoard {
    let board = TestBoard(files)
    _ = board.take(until: B.waitPrompt)
    board.type("\r")
    _ = board.take(until: ">>> ")
    board.type("\u{1}")
    #expect(board.take(until: Self.rawBanner) == B.join("\r\n", B.sb("Done"), Self.rawBanner))
    return board
  }

  @Test func execution() {
    let board = rawPrompt()
    board.type("print(6*7)\u{4}")
    #expect(board.take(until: "\u{4}>") == "OK42\r\n\u{4}\u{4}>")
    board.type("x = 1\n5\u{4}")
    #expect(board.take(until: "\u{4}>") == "OK\u{4}\u{4}>")
    board.type("print(x)\nraise ValueError('no')\u{4}")
    #expect(
      board.take(until: "\u{4}>")
        == "OK1\r\n\u{4}Traceback (most recent call last):\r\n  File \"<stdin>\", line 2, in <module>\r\nValueError: no\r\n\u{4}>"
    )
    board.type("(\u{4}")
    #expect(board.take(until: "\u{4}>").hasPrefix("OK\u{4}Traceback"))
    board.type("never run\u{3}print(2)\u{4}")
    #expect(board.take(until: "\u{4}>") == "OK2\r\n\u{4}\u{4}>")
    board.type("\u{1}")
    #expect(board.take(until: Self.rawBanner) == Self.rawBanner)
  }

  @Test func ctrlCWhileItRuns() {
    let board = rawPrompt()
    board.type("print('on')\nwhile True: pass\u{4}")
    board.wait(for: "on\r\n")
    board.type("\u{3}")
    let text = board.take(until: "\u{4}>")
    #expect(text.hasPrefix("OKon\r\n\u{4}Traceback"))
    #expect(text.hasSuffix("KeyboardInterrupt: \r\n\u{4}>"))
  }

  @Test func softResetKeepsCodeFromRunning() {
    let board = rawPrompt(["/code.py": "print('code')\n"])
    board.type("x = 1\u{4}")
    _ = board.take(until: "\u{4}>")
    board.type("\u{4}")
    #expect(board.take(until: Self.rawBanner) == B.join("OK\r\nsoft reboot\r\n", Self.rawBanner))
    board.type("x\u{4}")
    #expect(board.take(until: "\u{4}>").contains("NameError: name 'x' isn't defined"))
    board.type("import sys; sys.exit()\u{4}")
    #expect(board.take(until: Self.rawBanner) == B.join("OK\u{4}\u{4}soft reboot\r\n", Self.rawBanner))
  }

  @Test func backToTheFriendlyPrompt() {
    let board = rawPrompt()
    board.type("\u{2}")
    #expect(board.take(until: ">>> ") == B.join("\r\n", B.banner))
  }

  @Test func rawPaste() {
    let board = rawPrompt()
    board.type([0x05, 0x41, 0x01])
    #expect(board.take(until: [0x01]) == [0x52, 0x01, 0x80, 0x00, 0x01])
    let program = B.join("print('", String(repeating: "x", count: 300), "')\n")
    board.type(B.join(program, "\u{4}"))
    let text = board.take(until: "\u{4}>")
    #expect(
      text == B.join("\u{1}\u{1}\u{4}", String(repeating: "x", count: 300), "\r\n\u{4}\u{4}>"))
    board.type([0x05, 0x42, 0x01])
    #expect(board.take(until: [0x00]) == [0x52, 0x00])
    board.type([0x05, 0x41, 0x01])
    _ = board.take(until: "\u{1}")
    board.type("print(1)\u{3}")
    let stopped = board.take(until: "\u{4}>")
    #expect(stopped.hasPrefix("\u{4}\u{4}Traceback"))
    #expect(stopped.hasSuffix("KeyboardInterrupt: \r\n\u{4}>"))
    board.type("print(7)\u{4}")
    #expect(board.take(until: "\u{4}>") == "OK7\r\n\u{4}\u{4}>")
  }
}
