import CircuitPython
import Glibc
import Runtime
import Synchronization
import Testing

@testable import circuitpyd

/// A board in memory with virtual time: a drive, one terminal, and a few functions in a `test` module that stand for the
/// hardware modules (`supervisor.reload`, `microcontroller.reset` …).
final class TestBoard: Sendable {
  let drive: MemoryDrive
  let terminal: MemoryEnd
  let console: Console
  let supervisor: Supervisor
  static let identity = BoardIdentity(
    name: "Adafruit Feather RP2040", id: "adafruit_feather_rp2040", mcu: "rp2040", uid: "DF60BCA001234567", mac: nil)
  static let version = TestBoard.identity.fullVersion
  static let lc = "\u{1B}[2K\u{1B}[0G"
  static func sb(_ status: String) -> String { "\u{1B}]0;🐍\(status) | \(CircuitPythonVersion.tag)\u{1B}\\" }
  static let boot = "\(lc)\(lc)\(version)\r\nBoard ID:adafruit_feather_rp2040\r\nUID:DF60BCA001234567\r\n"
  static let autoReload =
    "\(lc)Auto-reload is on. Simply save files over USB to run them or enter REPL to disable.\r\n"
  static let pressAnyKey = "\r\nPress any key to enter the REPL. Use CTRL-D to reload.\r\n"
  static let waitPrompt = autoReload + pressAnyKey
  static let banner = "\(sb("REPL"))\r\n\(version)\r\n>>> "
  static let done = "\r\nCode done running.\r\n"
  /// Text of many parts; a chain of `+` takes the type checker too long.
  static func join(_ parts: String...) -> String { parts.joined() }
  static func output(_ name: String) -> String { "\(lc)\(name) output:\r\n\(sb(name))" }

  init(
    _ files: [String: String], isConnected: Bool = true, safeMode: SafeModeCause? = nil,
    time: any BoardTime = VirtualTime(), starts: Bool = true
  ) {
    drive = MemoryDrive(files)
    terminal = MemoryEnd(isConnected: isConnected)
    console = Console(ends: [terminal])
    supervisor = Supervisor(
      configuration: .init(identity: TestBoard.identity, safeMode: safeMode), drive: drive, console: console,
      time: time,
      nvm: FileNVM(path: nil, sizeBytes: 256),
      makeInterpreter: { host, services in
        let interpreter = Interpreter(host: host)
        interpreter.moduleState["test"] = ServicesBox(services)
        interpreter.register(TestBoard.module)
        return interpreter
      })
    if starts { supervisor.start() }
  }

  deinit { supervisor.shutdown() }

  private final class ServicesBox {
    let services: any BoardServices
    init(_ services: any BoardServices) { self.services = services }
  }
  private static func services(_ vm: VM) -> any BoardServices {
    (vm.interpreter.moduleState["test"] as? ServicesBox)!.services
  }

  private static var module: NativeModule {
    NativeModule("test") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("reload", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              TestBoard.services(vm).requestReload()
              throw vm.error(.reloadException, args: .none)
            }
          },
          NativeDefinition("reset", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              TestBoard.services(vm).requestHardReset()
              try vm.serveInterrupts()
              return .none
            }
          },
          NativeDefinition("safe_mode_next", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              TestBoard.services(vm).setNextResetMode(.safeMode)
              return .none
            }
          },
          NativeDefinition("remount", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              do throws(StorageError) {
                try TestBoard.services(vm).remount(
                  readOnlyForCode: a[0] == .true, disableConcurrentWriteProtection: false)
              } catch {
                throw vm.runtimeError("\(error)")
              }
              return .none
            }
          },
          NativeDefinition("autoreload", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              TestBoard.services(vm).isAutoreloadEnabled = a[0] == .true
              return .none
            }
          },
          NativeDefinition("available", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in Value(small: vm.interpreter.host.consoleAvailable) }
          },
          NativeDefinition("run_reason", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in try vm.makeStr("\(TestBoard.services(vm).runReason)") }
          },
          NativeDefinition("previous_traceback", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let text = TestBoard.services(vm).previousTraceback
              return text == nil ? .none : try vm.makeStr(text!)
            }
          },
          // (name, options as supervisor.set_next_code_file's bits)
          NativeDefinition("next_code", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              var setting = NextCodeFile(filename: vm.text(a[0]))
              let bits = a[1].small
              setting.reloadOnSuccess = bits & 1 != 0
              setting.reloadOnError = bits & 2 != 0
              setting.stickyOnSuccess = bits & 4 != 0
              setting.stickyOnError = bits & 8 != 0
              setting.stickyOnReload = bits & 16 != 0
              TestBoard.services(vm).setNextCodeFile(setting)
              return .none
            }
          },
        ])
    }
  }

  // MARK: Driving it

  var output: String { String(decoding: terminal.output, as: UTF8.self) }

  /// Types bytes at the terminal.
  func type(_ text: String) { console.receive(Array(text.utf8)) }
  func type(_ bytes: [UInt8]) { console.receive(bytes) }

  /// Waits until the output since the last `take` ends with `end`, takes it and returns it; fails after 20 s.
  func take(until end: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    String(decoding: take(until: Array(end.utf8), sourceLocation: sourceLocation), as: UTF8.self)
  }

  // Bytes are compared, not text: for Swift, CR LF is one character.
  func take(until end: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> [UInt8] {
    for _ in 0..<10_000 {
      let bytes = terminal.output
      if bytes.suffix(end.count) == end[...] {
        terminal.clear()
        return bytes
      }
      usleep(2000)
    }
    let shown = String(decoding: end, as: UTF8.self).debugDescription
    Issue.record("waited in vain for \(shown); got \(output.debugDescription)", sourceLocation: sourceLocation)
    terminal.clear()
    return []
  }

  /// Waits until the output contains `part`.
  func wait(for part: String, sourceLocation: SourceLocation = #_sourceLocation) {
    func isThere() -> Bool { Array(terminal.output).contains(Array(part.utf8)) }
    for _ in 0..<10_000 where !isThere() { usleep(2000) }
    if !isThere() {
      Issue.record(
        "waited in vain for \(part.debugDescription); got \(output.debugDescription)", sourceLocation: sourceLocation)
    }
  }
}
