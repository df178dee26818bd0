import Glibc
import Synchronization
import Testing

@testable import Runtime

/// ctrl-c, reload and stop end a program wherever it is: also deep in a builtin's own loop, without a Python instruction in sight.
@Suite(.serialized) struct InterruptTests {
  /// Programs that would go on for very long, in native code. Each says "ready" just before.
  static let programs = [
    "sum(range(10**12))",
    "max(range(10**12))",
    "any(map(lambda x: False, range(10**12)))",
    "list(filter(None, map(lambda x: 0, range(10**12))))",
    "next(filter(bool, (0 for _ in range(10**12))))",
    "-1 in map(abs, range(10**12))",
    "-1 in zip(range(10**12), range(10**12))",
    "sum(x * 0.5 for x in range(10**12))",
    "sum(map(float, range(10**12)))",
    "''.join('' for x in range(10**12) if x < 0)",
    "dict(zip(map(lambda x: x % 3, range(10**12)), range(10**12)))",
    "set(map(lambda x: x % 3, range(10**12)))",
    "[].extend(filter(None, map(lambda x: 0, range(10**12))))",
    "b = ('a' * 200000) + 'b'\nwhile 1: ('a' * 1000000).find(b)",
    "while 1: ('a' * 1000000).rsplit('a' * 200000 + 'b', 3)",
    "'é' in ('é' * 400000).strip('ü' * 400000 + 'é')",
    "import re\nre.match('(a|aa)+$', 'a' * 120 + 'b')",
    "import re\nre.sub('(a|aa)+$', '', 'a' * 120 + 'b')",
    "a = b = ()\nfor i in range(60): a, b = (a, a), (b, b)\na == b",
    "a = ()\nfor i in range(60): a = (a, a)\nhash(a)",
    "a = []\nfor i in range(60): a = [a, a]\nstr(a)",
    "a = []\nfor i in range(60): a = [a, a]\nprint(a)",
    "import json\na = []\nfor i in range(60): a = [a, a]\nwhile 1:\n  try: json.dumps(a)\n  except MemoryError: pass",
    "l = list(range(300000))\nl = [x * 7919 % 300007 for x in l]\nwhile 1: sorted(l)",
    "class A:\n  def __getitem__(self, i): return 1\n0 in A()",
    "class A:\n  def __iter__(self): return self\n  def __next__(self): return 0\nsum(A())",
    "l = [0.0] * 500000\nwhile 1: l.index(1), l.count(2)",
    "def f():\n  yield from range(10**12)\nlist(filter(lambda x: x < 0, f()))",
    "import time\ntime.sleep(3600)",
    "import sys\nsys.stdin.read(1)",
    "import select, sys\np = select.poll()\np.register(sys.stdin, 1)\np.poll()",
    "pow(3, 1 << 600000, (1 << 20000) + 1)",
    "x = 7 ** 3000000\nwhile 1: x * x % 1000007",
    "x = 7 ** 3000000\nwhile 1: len(str(x))",
    "x = '7' * 3000000\nwhile 1: int(x)",
    "x = 7 ** 2000000\nwhile 1: (x * x) // (x + 1)",
    "7 ** 20000000",
  ]

  /// A program running on a thread of its own, with the native stack that Python needs.
  private final class Running: @unchecked Sendable {
    // Written by the thread before `isDone` is set and read after.
    let host = PatientHost()
    let interpreter: Interpreter
    let source: String
    var end: RunEnd?
    let isDone = Atomic(false)

    init(_ source: String) {
      var options = InterpreterOptions()
      options.heapBytes = 8 << 20
      interpreter = Interpreter(host: host, options: options)
      self.source = source
    }

    func start() {
      var attributes = pthread_attr_t()
      pthread_attr_init(&attributes)
      pthread_attr_setstacksize(&attributes, 64 << 20)
      var thread = pthread_t()
      pthread_create(
        &thread, &attributes,
        { raw in
          let running = Unmanaged<Running>.fromOpaque(raw!).takeRetainedValue()
          running.end = running.interpreter.run(source: Array(running.source.utf8), name: "code.py")
          running.isDone.store(true, ordering: .releasing)
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      pthread_detach(thread)
    }

    func waits(seconds: Double, until condition: () -> Bool) -> Bool {
      for _ in 0..<Int(seconds * 200) {
        if condition() { return true }
        usleep(5000)
      }
      return condition()
    }
  }

  @Test(arguments: programs) func interruptsAreHonoured(program: String) {
    let setUp = program.split(separator: "\n").dropLast().joined(separator: "\n")
    let last = program.split(separator: "\n").last ?? ""
    let isBlock = last.hasPrefix(" ")
    let source =
      isBlock ? "print('ready')\n\(program)\nprint('over')\n" : "\(setUp)\nprint('ready')\n\(last)\nprint('over')\n"
    let running = Running(source)
    running.start()
    let isReady = running.waits(seconds: 60) { running.host.hasOutput.load(ordering: .acquiring) }
    #expect(isReady, "never got ready")
    usleep(150_000)
    let isTooQuick = running.isDone.load(ordering: .acquiring)
    #expect(!isTooQuick, "over before it could be interrupted")
    running.interpreter.request(.keyboardInterrupt)
    // A tenth of a second is what is wanted; the rest is for debug builds on busy machines.
    let isOver = running.waits(seconds: 10) { running.isDone.load(ordering: .acquiring) }
    #expect(isOver, "did not stop")
    if isOver { #expect(running.end == .keyboardInterrupt) }
  }
}

/// A host whose waits really wait, and end when woken.
private final class PatientHost: Host {
  let hasOutput = Atomic(false)
  private let woken = Atomic(false)
  var files: (any FileStore)?
  var rtcSeconds: Int64 = 946_684_800
  var consoleAvailable: Int { 0 }
  var monotonicNanoseconds: UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  func writeConsole(_ bytes: UnsafeRawBufferPointer) { hasOutput.store(true, ordering: .releasing) }
  func readConsole() -> UInt8? { nil }
  func waitForConsole(nanoseconds: UInt64) { sleep(nanoseconds: nanoseconds) }
  func sleep(nanoseconds: UInt64) {
    let end = monotonicNanoseconds &+ nanoseconds
    while monotonicNanoseconds < end && !woken.load(ordering: .acquiring) { usleep(2000) }
  }
  func wake() { woken.store(true, ordering: .releasing) }
  func random(into buffer: UnsafeMutableRawBufferPointer) { for i in buffer.indices { buffer[i] = UInt8(i & 255) } }
  func note(_ line: String) {}
}
