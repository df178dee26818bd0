import Glibc
import Runtime
import Testing

@testable import circuitpyd

/// The transcripts of `circuitpython-behaviour` §2.3, byte for byte.
@Suite(.timeLimit(.minutes(3))) struct LifeCycleTests {
  private typealias B = TestBoard
  private let endless = "print('on')\nwhile True:\n  pass\n"

  @Test func bootAndNormalFinish() {
    let board = TestBoard(["/code.py": "print('Hello World!')\n"])
    let text = board.take(until: B.waitPrompt)
    #expect(
      text == B.join(B.boot, B.output("code.py"), "Hello World!\r\n", B.sb("Done"), B.done, B.waitPrompt))
    #expect(
      board.drive.text("/boot_out.txt")
        == "\(B.version)\r\nBoard ID:adafruit_feather_rp2040\r\nUID:DF60BCA001234567\r\n")
  }

  @Test func ctrlDWhileWaiting() {
    let board = TestBoard(["/code.py": "import test\nprint(test.run_reason())\n"])
    #expect(board.take(until: B.waitPrompt).contains("startup\r\n"))
    board.type("\u{4}")
    let text = board.take(until: B.waitPrompt)
    #expect(
      text == B.join("soft reboot\r\n", B.output("code.py"), "replReload\r\n", B.sb("Done"), B.done, B.waitPrompt))
  }

  @Test func uncaughtException() {
    let board = TestBoard(["/code.py": "import test\nprint(test.previous_traceback())\ndef f():\n  x\nf()\n"])
    let traceback = """
      Traceback (most recent call last):\r
        File "code.py", line 5, in <module>\r
        File "code.py", line 4, in f\r
      NameError: name 'x' isn't defined\r\n
      """
    let text = board.take(until: B.waitPrompt)
    #expect(
      text
        == B.join(B.boot, B.output("code.py"), "None\r\n", traceback, B.sb("4@code.py NameError"), B.done, B.waitPrompt)
    )
    board.type("\u{4}")
    let again = board.take(until: B.waitPrompt)
    #expect(again.hasPrefix(B.join("soft reboot\r\n", B.output("code.py"), traceback, "\r\n", traceback)))
  }

  @Test func ctrlCInCode() {
    let board = TestBoard(["/code.py": endless])
    board.wait(for: "on\r\n")
    board.type("typed before\u{3}")
    let text = board.take(until: B.waitPrompt)
    #expect(
      text.hasPrefix(
        B.join(B.boot, B.output("code.py"), "on\r\nTraceback (most recent call last):\r\n  File \"code.py\", line ")))
    #expect(text.contains(", in <module>\r\nKeyboardInterrupt: \r\n\u{1B}]0;🐍"))
    #expect(text.hasSuffix(B.join("@code.py KeyboardInterrupt | 10.3.0\u{1B}\\", B.done, B.waitPrompt)))
    // What was typed with it is gone.
    #expect(board.console.availableBytes == 0)
  }

  @Test func ctrlCEndsASleep() {
    let board = TestBoard(["/code.py": "import time\nprint('on')\ntime.sleep(1000)\n"], time: WallTime())
    board.wait(for: "on\r\n")
    board.type("\u{3}")
    #expect(board.take(until: B.waitPrompt).contains("KeyboardInterrupt: \r\n"))
  }

  @Test func systemExitGoesStraightToThePrompt() {
    let board = TestBoard(["/code.py": "import sys\nsys.exit('why')\n"])
    let text = board.take(until: ">>> ")
    #expect(text == B.join(B.boot, B.output("code.py"), "why\r\n", B.sb("Done"), B.done, B.banner))
  }

  @Test func reloadWhileRunning() {
    let board = TestBoard(["/code.py": endless])
    board.wait(for: "on\r\n")
    board.drive.set("/code.py", "import test\nprint(test.run_reason())")
    #expect(board.supervisor.requestReload(cause: "code.py saved"))
    let text = board.take(until: B.waitPrompt)
    #expect(
      text
        == B.join(
          B.boot, B.output("code.py"), "on\r\n", B.sb("Done"),
          "\r\nCode stopped by auto-reload. Reloading soon.\r\nsoft reboot\r\n", B.output("code.py"), "autoReload\r\n",
          B.sb("Done"), B.done, B.waitPrompt))
  }

  @Test func reloadWhileWaiting() {
    let board = TestBoard(["/code.py": "print(1)\n"])
    _ = board.take(until: B.waitPrompt)
    board.drive.set("/code.py", "print(2)\n")
    #expect(board.supervisor.requestReload(cause: "code.py saved"))
    #expect(
      board.take(until: B.waitPrompt)
        == B.join("soft reboot\r\n", B.output("code.py"), "2\r\n", B.sb("Done"), B.done, B.waitPrompt))
  }

  @Test func reloadOfAProgramThatSwallowsIt() {
    let board = TestBoard([
      "/code.py": "print('on')\nwhile True:\n  try:\n    while True: pass\n  except BaseException: pass\n"
    ])
    board.wait(for: "on\r\n")
    board.drive.set("/code.py", "print('off')\n")
    #expect(board.supervisor.requestReload(cause: "code.py saved"))
    let text = board.take(until: B.waitPrompt)
    #expect(
      text.contains(
        B.join("Code stopped by auto-reload. Reloading soon.\r\nsoft reboot\r\n", B.output("code.py"), "off\r\n"))
    )
  }

  @Test func noSaveIsLostHoweverItFalls() {
    let board = TestBoard(["/code.py": "print('first')\n"])
    board.wait(for: "first\r\n")
    var random = SystemRandomNumberGenerator()
    for number in 0..<100 {
      let ending = ["", "while True: pass\n", "x\n"][number % 3]
      board.drive.set("/code.py", "print('save \(number) runs')\n" + ending)
      #expect(board.supervisor.requestReload(cause: "code.py saved"))
      usleep(UInt32.random(in: 0...4000, using: &random))
    }
    board.wait(for: "save 99 runs\r\n")
    // Nothing is started twice for one save, nor later than it.
    board.drive.set("/code.py", "print('last')\n")
    #expect(board.supervisor.requestReload(cause: "code.py saved"))
    let text = board.take(until: B.join("last\r\n", B.sb("Done"), B.done, B.waitPrompt))
    #expect(text.split(separator: "last\r\n").count == 2)
  }

  @Test func aReloadExceptionOfItsOwnDoesNotReload() {
    let board = TestBoard(["/code.py": "print('once')\nraise ReloadException\n"])
    #expect(board.take(until: B.waitPrompt).hasSuffix(B.join("once\r\n", B.sb("Done"), B.done, B.waitPrompt)))
  }

  @Test func noReloadWhileSwitchedOffOrAtThePrompt() {
    let board = TestBoard(["/code.py": "import test\ntest.autoreload(False)\nprint(1)\n"])
    let off = "\(B.lc)Auto-reload is off.\r\n\(B.pressAnyKey)"
    #expect(board.take(until: B.pressAnyKey).hasSuffix(B.join("1\r\n", B.sb("Done"), B.done, off)))
    #expect(!board.supervisor.requestReload(cause: "x"))
    board.type("\r")
    _ = board.take(until: ">>> ")
    board.type("import test; test.autoreload(True)\r")
    _ = board.take(until: ">>> ")
    #expect(!board.supervisor.requestReload(cause: "x"))
  }

  @Test func promptAndBack() {
    let board = TestBoard(["/code.py": "print(1)\n"])
    _ = board.take(until: B.waitPrompt)
    board.type("\u{3}")
    #expect(board.take(until: ">>> ") == B.banner)
    board.type("\u{4}")
    #expect(
      board.take(until: B.waitPrompt)
        == B.join(
          "\r\n", B.sb("Done"), "soft reboot\r\n", B.output("code.py"), "1\r\n", B.sb("Done"), B.done, B.waitPrompt))
  }

  @Test func keysTypedWhileCodeRunsReachThePrompt() {
    let board = TestBoard(["/code.py": "import test\nprint('on')\nwhile test.available() < 5: pass\n"])
    board.wait(for: "on\r\n")
    board.type("x6*7\r")
    let text = board.take(until: "42\r\n>>> ")
    #expect(text.hasSuffix(B.join(B.done, B.banner, "6*7\r\n42\r\n>>> ")))
  }

  @Test func reloadFromCode() {
    let board = TestBoard([
      "/code.py": "import test\nprint(test.run_reason())\nif test.run_reason() == 'startup':\n  test.reload()\n"
    ])
    let text = board.take(until: B.waitPrompt)
    #expect(
      text
        == B.join(
          B.boot, B.output("code.py"), "startup\r\n", B.sb("Done"), B.done, "soft reboot\r\n", B.output("code.py"),
          "supervisorReload\r\n", B.sb("Done"), B.done, B.waitPrompt))
  }

  @Test func hardResetFromCode() {
    let board = TestBoard([
      "/code.py": "import test\ntry:\n  open('/flag')\nexcept OSError:\n  test.reset()\nprint('after')\n",
      "/boot.py":
        "try:\n  open('/seen')\n  open('/flag', 'w').close()\nexcept OSError:\n  open('/seen', 'w').close()\n",
    ])
    let text = board.take(until: B.waitPrompt)
    let boot = B.join(B.boot, B.lc, "boot.py output:\r\n")
    #expect(
      text
        == B.join(boot, B.output("code.py"), boot, B.output("code.py"), "after\r\n", B.sb("Done"), B.done, B.waitPrompt)
    )
  }

  @Test func safeModeFromCode() {
    let board = TestBoard(["/code.py": "import test\ntest.safe_mode_next()\ntest.reset()\n", "/boot.py": "print('b')"])
    let text = board.take(until: B.pressAnyKey)
    #expect(
      text.hasSuffix(
        B.join(
          B.output("code.py"), "\(B.lc)\(B.lc)\(B.lc)Auto-reload is off.\r\n",
          "Running in safe mode! Not running saved code.\r\n\r\nYou are in safe mode because:\r\n",
          "The `microcontroller` module was used to boot into safe mode.\r\nPress reset to exit safe mode.\r\n",
          B.pressAnyKey)))
    board.type("\r")
    _ = board.take(until: ">>> ")
    board.type("\u{4}")
    #expect(
      board.take(until: B.pressAnyKey).hasPrefix(
        B.join("\r\n", B.sb("Done"), "soft reboot\r\n", B.lc, "Auto-reload is off.")))
    board.drive.set("/code.py", "print('fine')")
    board.supervisor.reset()
    #expect(board.take(until: B.waitPrompt).contains("fine\r\n"))
  }

  @Test func nothingConnectedShowsNoPromptUntilSomebodyComes() {
    let board = TestBoard(["/code.py": "print(1)\n"], isConnected: false)
    let text = board.take(until: B.done)
    #expect(text == B.join(B.boot, "\(B.lc)code.py output:\r\n1\r\n", B.done))
    board.terminal.isConnected = true
    board.console.connectionChanged(board.terminal, isConnected: true)
    #expect(board.take(until: B.pressAnyKey) == B.join(B.sb("Done"), B.waitPrompt))
    board.terminal.isConnected = false
    board.console.connectionChanged(board.terminal, isConnected: false)
    usleep(50_000)
    board.terminal.isConnected = true
    board.console.connectionChanged(board.terminal, isConnected: true)
    #expect(board.take(until: B.pressAnyKey) == B.join(B.sb("Done"), B.waitPrompt))
  }

  @Test func shutdownEndsARunningProgram() {
    let board = TestBoard(["/code.py": endless])
    board.wait(for: "on\r\n")
    board.supervisor.shutdown()
    #expect(board.supervisor.join(milliseconds: 5000))
  }

  // MARK: Which file runs

  @Test func programFileOrder() {
    let files = [
      "code.txt", "code.py", "main.py", "main.txt", "code.txt.py", "code.py.txt", "code.txt.txt", "code.py.py",
      "main.txt.py", "main.py.txt", "main.txt.txt", "main.py.py",
    ]
    for (index, name) in files.enumerated() where index == 0 || index == 3 || index == 4 || index == 11 {
      let board = TestBoard(
        Dictionary(uniqueKeysWithValues: files[index...].map { ("/" + $0, "print(__file__)\n") }))
      let warning = index >= 4 ? "WARNING: Your code filename has two extensions\r\n" : ""
      #expect(
        board.take(until: B.waitPrompt)
          == B.join(B.boot, B.output(name), "\(name)\r\n", B.sb("Done"), warning, B.done, B.waitPrompt))
    }
    #expect(TestBoard([:]).take(until: B.waitPrompt) == B.join(B.boot, B.done, B.waitPrompt))
  }

  @Test func nextCodeFile() {
    let board = TestBoard([
      "/code.py": "import test\nprint('code')\ntest.next_code('/a.py', 1)\n",
      "/a.py": "import test\nprint('a')\ntest.next_code('b.py', 4)\n", "/b.py": "print('b')\n",
    ])
    // reload_on_success: a.py follows at once. sticky_on_success: b.py is next every time, until it fails.
    let b = B.join("soft reboot\r\n", B.output("b.py"))
    #expect(
      board.take(until: B.waitPrompt)
        == B.join(
          B.boot, B.output("code.py"), "code\r\n", B.sb("Done"), B.done, "soft reboot\r\n", B.output("/a.py"), "a\r\n",
          B.sb("Done"), B.done, B.waitPrompt))
    for _ in 0..<2 {
      board.type("\u{4}")
      #expect(board.take(until: B.waitPrompt) == B.join(b, "b\r\n", B.sb("Done"), B.done, B.waitPrompt))
    }
    board.drive.set("/b.py", "x")
    board.drive.set("/code.py", "import test\nprint('code')\ntest.next_code('none.py', 0)\n")
    board.type("\u{4}")
    #expect(board.take(until: B.waitPrompt).hasPrefix(B.join(b, "Traceback")))
    board.type("\u{4}")
    #expect(board.take(until: B.waitPrompt).hasPrefix(B.join("soft reboot\r\n", B.output("code.py"), "code\r\n")))
    board.type("\u{4}")
    #expect(
      board.take(until: B.waitPrompt).hasPrefix(B.join("soft reboot\r\nnone.py not found.\r\n", B.output("code.py"))))
  }

  @Test func promptProgram() {
    let board = TestBoard(["/repl.py": "greeting = 'hi'\nprint('repl')\n"])
    _ = board.take(until: B.waitPrompt)
    board.type("\r")
    #expect(board.take(until: ">>> ") == B.join(B.output("repl.py"), "repl\r\n", B.sb("Done"), B.banner))
    board.type("greeting\r")
    #expect(board.take(until: ">>> ") == "greeting\r\n'hi'\r\n>>> ")
  }
}
