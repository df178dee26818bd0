import Glibc
import Runtime
import Testing

@testable import circuitpyd

/// The prompt for people: editor, continuation, paste mode, input (`circuitpython-behaviour` §4.3 – §4.5, §4.8).
@Suite(.timeLimit(.minutes(3))) struct PromptTests {
  private typealias B = TestBoard

  /// A board that waits at a fresh `>>> `.
  private func prompt(_ files: [String: String] = [:]) -> TestBoard {
    let board = TestBoard(files)
    _ = board.take(until: B.waitPrompt)
    board.type("\r")
    _ = board.take(until: ">>> ")
    return board
  }

  @Test func valuesAndState() {
    let board = prompt()
    board.type("x = 6\r")
    #expect(board.take(until: ">>> ") == "x = 6\r\n>>> ")
    board.type("x * 7\r")
    #expect(board.take(until: ">>> ") == "x * 7\r\n42\r\n>>> ")
    board.type("_ + 1\r")
    #expect(board.take(until: ">>> ") == "_ + 1\r\n43\r\n>>> ")
    board.type("None\r'text'\r")
    #expect(board.take(until: "'text'\r\n>>> ") == "None\r\n>>> 'text'\r\n'text'\r\n>>> ")
    board.type("1//0\r")
    #expect(
      board.take(until: "\n>>> ")
        == "1//0\r\nTraceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nZeroDivisionError: division by zero\r\n>>> "
    )
    board.type("(1\r)\r")
    #expect(board.take(until: "1\r\n>>> ") == "(1\r\n... )\r\n1\r\n>>> ")
    board.type("x y\r")
    #expect(
      board.take(until: "syntax\r\n>>> ").hasSuffix("  File \"<stdin>\", line 1\r\nSyntaxError: invalid syntax\r\n>>> ")
    )
  }

  @Test func blocksIndentThemselves() {
    let board = prompt()
    board.type("for i in range(2):\rprint(i)\r\r\r\r")
    #expect(
      board.take(until: "1\r\n>>> ")
        == "for i in range(2):\r\n...     print(i)\r\n...     \r\n...     \r\n... \r\n0\r\n1\r\n>>> ")
    // Pasted with its own indent; ctrl-D ends the block on an empty line.
    board.type("for i in range(2):\r    print(i)\r\u{4}")
    #expect(
      board.take(until: "1\r\n>>> ")
        == "for i in range(2):\r\n...     \u{8}\u{8}\u{8}\u{1B}[K   print(i)\r\n... 0\r\n1\r\n>>> ")
    board.type("if True:\r\u{3}")
    #expect(board.take(until: "\r\n>>> ") == "if True:\r\n...     \r\n>>> ")
  }

  @Test func controlKeys() {
    let board = prompt()
    board.type("abc\u{3}")
    #expect(board.take(until: ">>> ") == "abc\r\n>>> ")
    board.type("\u{2}")
    #expect(board.take(until: ">>> ") == "\r\n\r\n\(B.version)\r\n>>> ")
    board.type("1\n + 1\r")
    #expect(board.take(until: ">>> ") == "1 + 1\r\n2\r\n>>> ")
  }

  @Test func pasteMode() {
    let board = prompt()
    board.type("\u{5}")
    #expect(board.take(until: "=== ") == "\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
    board.type("for i in range(2):\r    print(i)\r5\r\u{4}")
    #expect(
      board.take(until: ">>> ")
        == "for i in range(2):\r\n===     print(i)\r\n=== 5\r\n=== \r\n0\r\n1\r\n>>> ")
    board.type("\u{5}print(1)\u{3}")
    #expect(board.take(until: ">>> ").hasSuffix("=== print(1)\r\n>>> "))
  }

  @Test func ctrlCInterruptsWhatRuns() {
    let board = prompt()
    board.type("while True: pass\r\r")
    board.wait(for: "... \r\n")
    usleep(50_000)
    board.type("\u{3}")
    #expect(board.take(until: ">>> ").hasSuffix("KeyboardInterrupt: \r\n>>> "))
    board.type("1\r")
    #expect(board.take(until: ">>> ") == "1\r\n1\r\n>>> ")
  }

  @Test func exitLeavesThePrompt() {
    let board = prompt(["/code.py": "import test\nprint(test.run_reason())\n"])
    board.type("import sys\rsys.exit()\r")
    #expect(
      board.take(until: B.waitPrompt).hasSuffix(
        B.join(
          "sys.exit()\r\n", B.sb("Done"), "soft reboot\r\n", B.output("code.py"), "replReload\r\n", B.sb("Done"),
          B.done, B.waitPrompt)))
  }

  @Test func input() {
    let board = prompt()
    board.type("input('name? ')\rAda\r")
    #expect(board.take(until: "\n>>> ") == "input('name? ')\r\nname? Ada\r\n'Ada'\r\n>>> ")
    board.type("input()\rx\u{8}\u{7F}y\r")
    #expect(board.take(until: "\n>>> ") == "input()\r\nx\u{8}\u{1B}[Ky\r\n'y'\r\n>>> ")
    board.type("input()\r\u{4}")
    #expect(board.take(until: "\n>>> ").hasSuffix("EOFError: \r\n>>> "))
    board.type("input()\r")
    board.wait(for: "input()\r\n")
    usleep(50_000)
    board.type("abc\u{3}")
    #expect(board.take(until: "\n>>> ").hasSuffix("KeyboardInterrupt: \r\n>>> "))
    board.type("import sys\rsys.stdin.read(3)\ra\rc")
    #expect(board.take(until: "\n>>> ").hasSuffix("sys.stdin.read(3)\r\n'a\\nc'\r\n>>> "))
    board.type("sys.stdin.readline()\rab\r")
    #expect(board.take(until: "\n>>> ") == "sys.stdin.readline()\r\n'ab\\n'\r\n>>> ")
  }

  @Test func help() {
    let board = prompt()
    board.type("help()\r")
    #expect(
      board.take(until: "\n>>> ")
        == "help()\r\nWelcome to Adafruit CircuitPython 10.3.0!\r\n\r\nVisit circuitpython.org for more information.\r\n\r\nTo list built-in modules type `help(\"modules\")`.\r\n>>> "
    )
    board.type("help('modules')\r")
    let modules = board.take(until: "\n>>> ")
    #expect(modules.hasSuffix("Plus any modules on the filesystem\r\n>>> "))
    #expect(modules.contains("__main__          "))
    board.type("class A:\rx = 1\r\r\r\r")
    _ = board.take(until: "\n>>> ")
    board.type("help(A)\r")
    let text = board.take(until: "\n>>> ")
    #expect(text.hasPrefix("help(A)\r\nobject <class 'A'> is of type type\r\n"))
    #expect(text.contains("  x -- 1\r\n"))
  }

  @Test func completion() {
    let board = prompt()
    board.type("temperature = 1; temporary = 2; other = 'x'\r")
    _ = board.take(until: ">>> ")
    board.type("te\t")
    #expect(board.take(until: "temp") == "temp")
    board.type("\t")
    #expect(board.take(until: ">>> temp") == "\r\ntemperature     temporary\r\n>>> temp")
    board.type("e\t")
    #expect(board.take(until: "erature") == "erature")
    board.type("; other.upp\t")
    #expect(board.take(until: "upper") == "; other.upper")
    board.type("\u{3}import binas\t")
    #expect(board.take(until: "cii") == "\r\n>>> import binascii")
    board.type("\u{3}im\t")
    #expect(board.take(until: "import ").hasSuffix(">>> import "))
  }
}

/// One key after another, as `circuitpython-behaviour` §4.4 lists them.
@Suite struct LineEditorTests {
  private func edit(_ keys: String, history: [String] = []) -> (text: String, echo: String, last: LineEditor.Outcome) {
    var editor = LineEditor()
    var past = LineHistory()
    var echo: [UInt8] = []
    var last = LineEditor.Outcome.editing
    for line in history {
      editor.begin(prompt: [], out: &echo)
      for byte in Array((line + "\r").utf8) {
        last = editor.feed(byte, history: &past, complete: { _ in .none }, out: &echo)
      }
    }
    echo = []
    editor.begin(prompt: Array(">>> ".utf8), out: &echo)
    for byte in Array(keys.utf8) { last = editor.feed(byte, history: &past, complete: { _ in .none }, out: &echo) }
    return (String(decoding: editor.text, as: UTF8.self), String(decoding: echo, as: UTF8.self), last)
  }

  private static let esc = "\u{1B}"

  @Test(arguments: [
    // keys, text, echo behind the prompt
    ("ab\r", "ab", "ab\r\n"),
    ("a\nb", "ab", "ab"),
    ("ab\u{8}c", "ac", "ab\u{8}\(esc)[Kc"),
    ("ab\u{7F}\u{7F}\u{7F}", "", "ab\u{8}\(esc)[K\u{8}\(esc)[K"),
    ("ac\(esc)[Db", "abc", "ac\u{8}bc\u{8}"),
    ("ac\(esc)[D\(esc)[D\(esc)[D\(esc)[C\(esc)[C\(esc)[Cd", "acd", "ac\u{8}\u{8}acd"),
    ("abcdef\u{1}x", "xabcdef", "abcdef\(esc)[6Dxabcdef\(esc)[6D"),
    ("abc\(esc)[Hx\u{5}y", "xabcy", "abc\u{8}\u{8}\u{8}xabc\u{8}\u{8}\u{8}abcy"),
    ("ab\(esc)[1~x\(esc)[4~y", "xaby", "ab\u{8}\u{8}xab\u{8}\u{8}aby"),
    ("ab\(esc)[7~x\(esc)[8~y", "xaby", "ab\u{8}\u{8}xab\u{8}\u{8}aby"),
    ("ab\(esc)OHx\(esc)OFy", "xaby", "ab\u{8}\u{8}xab\u{8}\u{8}aby"),
    ("abc\(esc)[D\(esc)[D\(esc)[3~", "ac", "abc\u{8}\u{8}\(esc)[Kc\u{8}"),
    ("        x\u{8}\u{8}", "    ", "        x\u{8}\(esc)[K\u{8}\u{8}\u{8}\u{8}\(esc)[K"),
    ("x \t", "x     ", "x     "),
    ("ab\u{2}\u{4}\u{6}\u{B}\(esc)[15~c", "abc", "abc"),
    ("ä€x\(esc)[D\u{8}\u{8}", "x", "ä€x\u{8}\u{8}\(esc)[Kx\u{8}\u{8}\(esc)[Kx\u{8}"),
    ("ab\(esc)[D\u{C}", "ab", "ab\u{8}\(esc)[;H\(esc)[2J>>> ab\u{8}"),
  ])
  func keys(_ keys: String, _ text: String, _ echo: String) {
    let result = edit(keys)
    #expect(result.text == text)
    #expect(result.echo == ">>> " + echo)
  }

  @Test func controlsOnAnEmptyLine() {
    for byte: UInt8 in 1...5 { #expect(edit(String(UnicodeScalar(byte))).last == .control(byte)) }
    #expect(edit("x\u{3}").last == .control(3))
    #expect(edit("x\u{4}").last == .editing)
  }

  @Test func history() {
    let past = ["one", "two", "two", ""]
    #expect(edit("\(Self.esc)[A", history: past).text == "two")
    #expect(edit("\(Self.esc)[A\(Self.esc)[A\(Self.esc)[A", history: past).text == "one")
    #expect(edit("\(Self.esc)[A\(Self.esc)[A\(Self.esc)[B", history: past).text == "two")
    #expect(edit("\(Self.esc)[A\(Self.esc)[B", history: past).text == "")
    #expect(edit("longer\(Self.esc)[A", history: past).echo == ">>> longer\(Self.esc)[6D\(Self.esc)[Ktwo")
    let many = (0..<10).map { "line\($0)" }
    #expect(edit(String(repeating: "\(Self.esc)[A", count: 20), history: many).text == "line2")
  }

  @Test func completionTable() {
    let names = ["alpha", "alphabetical_order", "alps", "beta", "_hidden"].map { Array($0.utf8) }
    #expect(Completion(word: Array("b".utf8), names: names) == .insertion(Array("eta".utf8)))
    #expect(Completion(word: Array("al".utf8), names: names) == .insertion(Array("p".utf8)))
    #expect(
      Completion(word: Array("alp".utf8), names: names)
        == .list(Array("\r\nalpha           alphabetical_order              alps\r\n".utf8)))
    #expect(Completion(word: [], names: [Array("_hidden".utf8)]) == .none)
    #expect(Completion(word: [0x5F], names: names) == .insertion(Array("hidden".utf8)))
    #expect(Completion(word: Array("zz".utf8), names: names) == .none)
  }
}
