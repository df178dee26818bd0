import Testing

@testable import Runtime

/// Programs run against a host in memory: what the Python programs under Tests/Python cannot show.
@Suite struct InterpreterTests {
  private func run(_ source: String, _ change: (inout InterpreterOptions) -> Void = { _ in }) -> (RunEnd, String) {
    var options = InterpreterOptions()
    change(&options)
    let host = MemoryHost()
    let interpreter = Interpreter(host: host, options: options)
    let end = interpreter.run(source: Array(source.utf8), name: "code.py")
    return (end, host.text)
  }

  @Test func helloWorld() {
    let (end, text) = run("print('Hello World!')")
    #expect(end == .completed)
    #expect(text == "Hello World!\n")
  }

  @Test func tracebackIsTheBoards() {
    let (end, text) = run("def g():\n  1 // 0\ng()\n")
    #expect(end == .exception(typeName: "ZeroDivisionError", line: 2, file: "code.py"))
    #expect(
      text == """
        Traceback (most recent call last):
          File "code.py", line 3, in <module>
          File "code.py", line 2, in g
        ZeroDivisionError: division by zero

        """)
  }

  @Test func chainedTraceback() {
    let (_, text) = run("try:\n  1 // 0\nexcept ZeroDivisionError:\n  raise ValueError('x')\n")
    #expect(text.contains("\nDuring handling of the above exception, another exception occurred:\n\n"))
    #expect(text.hasSuffix("ValueError: x\n"))
  }

  @Test func exitCodes() {
    #expect(run("import sys\nsys.exit(3)").0 == .systemExit(code: 3))
    #expect(run("import sys\nsys.exit()").0 == .systemExit(code: 0))
    #expect(run("import sys\nsys.exit('why')") == (.systemExit(code: 1), "why\n"))
  }

  @Test func syntaxErrorHasOneEntry() {
    let (end, text) = run("x = (1\n")
    #expect(end == .exception(typeName: "SyntaxError", line: 2, file: "code.py") || text.contains("SyntaxError"))
    #expect(text.contains("  File \"code.py\", line "))
    #expect(!text.contains(", in <module>"))
  }

  @Test func interruptEndsAnEndlessLoop() {
    let host = MemoryHost()
    let interpreter = Interpreter(host: host)
    interpreter.request(.keyboardInterrupt)
    #expect(interpreter.run(source: Array("while True: pass".utf8), name: "code.py") == .keyboardInterrupt)
    #expect(host.text.hasSuffix("KeyboardInterrupt: \n"))
  }

  @Test func reloadPassesExceptException() {
    let host = MemoryHost()
    let interpreter = Interpreter(host: host)
    interpreter.request(.reload)
    let source = "import time\nwhile True:\n  try:\n    time.sleep(1)\n  except Exception:\n    pass\n"
    #expect(interpreter.run(source: Array(source.utf8), name: "code.py") == .reload)
  }

  @Test func stopPassesEverything() {
    let host = MemoryHost()
    let interpreter = Interpreter(host: host)
    interpreter.request(.stop)
    let source = "while True:\n  try:\n    pass\n  except:\n    pass\n"
    #expect(interpreter.run(source: Array(source.utf8), name: "code.py") == .systemExit(code: 0))
  }

  @Test(arguments: [8 << 10, 20 << 10, 160_000])
  func memoryIsCountedOnTheBoardsScale(heapBytes: Int) {
    let (end, text) = run("import gc\ngc.collect()\nprint(gc.mem_free())\nx = [0] * \(heapBytes)") {
      $0.heapBytes = heapBytes
    }
    #expect(end == .exception(typeName: "MemoryError", line: 4, file: "code.py"))
    #expect(text.contains("memory allocation failed, allocating \(heapBytes * 4) bytes"))
    let free = Int(text.prefix { $0.isNumber }) ?? 0
    #expect(free > heapBytes * 3 / 4 && free <= heapBytes)
  }

  @Test func floatWidths() {
    #expect(run("print(1/3)").1 == "0.3333333\n")
    #expect(run("print(1/3)") { $0.floatMode = .single }.1 == "0.33333334\n")
    #expect(run("print(1/3)") { $0.floatMode = .double }.1 == "0.3333333333333333\n")
  }

  /// A collection at every safepoint finds values that native code forgot to keep reachable.
  @Test func collectingAtEverySafepointChangesNothing() {
    let source = """
      class P:
        def __init__(self, v): self.v = v
        def __lt__(self, o): return self.v < o.v
        def __eq__(self, o): return self.v == o.v
        def __hash__(self): return self.v % 3
      l = [P(i * 7 % 10) for i in range(10)]
      l.sort()
      print([p.v for p in l], max(l).v, sorted([3, 1, 2], key=lambda x: [x]))
      d = {P(i): str(i) for i in range(8)}
      print(sorted(d[P(i)] for i in range(8)))
      def g():
        for i in range(4):
          yield {"k": [i]}
      print(list(map(lambda x: x["k"][0], g())), "-".join(str(x) for x in range(5)))
      print(list(zip((P(1) for _ in range(2)), [[i] for i in range(2)]))[1][1], dict([(i, [i]) for i in range(3)]))
      """
    let expected = run(source).1
    let host = MemoryHost()
    let interpreter = Interpreter(host: host)
    interpreter.collectsAlways = true
    _ = interpreter.run(source: Array(source.utf8), name: "code.py")
    #expect(host.text == expected)
    #expect(expected.hasPrefix("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] 9 [1, 2, 3]\n"))
    #expect(interpreter.collections > 100)
  }

  /// Random bytes in place of code must be refused or run, never trap. The seed is in the failure's text.
  @Test func damagedBytecodeNeverTraps() throws {
    let source =
      "def f(a, *b, c=1):\n  try:\n    for i in range(a):\n      with open(i) as x: yield i\n  finally:\n    return\n"
    let good = encodeMPY(
      try compile(Array(source.utf8), CompileOptions(sourceName: Array("f.py".utf8), dialect: .circuitpython)),
      dialect: .circuitpython)
    var seed: UInt64 = 0x5EED
    for round in 0..<300 {
      var bytes = good
      for _ in 0...(round % 4) {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes[4 + Int(seed >> 33) % (bytes.count - 4)] = UInt8(truncatingIfNeeded: seed >> 24)
      }
      let interpreter = Interpreter(host: MemoryHost())
      // A damaged jump may loop for ever; the request ends it at its first jump back.
      interpreter.request(.stop)
      _ = interpreter.run(binary: bytes, name: "f.mpy")
    }
  }
}
