import Glibc
import Runtime

/// The prompt phase: friendly or raw, each time in a fresh VM (`circuitpython-behaviour` §2.3, §4.6).
extension Supervisor {
  /// How one VM at the prompt ended.
  enum PromptEnd {
    /// ctrl-D, `sys.exit()` or `supervisor.reload()` at the friendly prompt: code.py runs next.
    case leave
    /// Another VM in friendly or raw mode; `isSoftReset` is a raw ctrl-D, which says "soft reboot".
    case restart(isRaw: Bool, isSoftReset: Bool)
    /// Shutdown or hard reset.
    case end
  }

  /// Serves the prompt until it is left. Saves do not reload meanwhile.
  func runPrompt() {
    state.withLock {
      $0.phase = .prompt
      $0.isReloadPending = false
    }
    var isRaw = false
    while !isEnding {
      let result = withVM { interpreter, host in
        defer { if !isEnding { _ = interruptible { interpreter.runExitCallbacks() } } }
        runPromptProgram(interpreter)
        let session = PromptSession(supervisor: self, interpreter: interpreter, host: host)
        if isRaw {
          state.withLock { $0.isStatusBarSilent = true }
          defer { state.withLock { $0.isStatusBarSilent = false } }
          return RawPrompt(session).run()
        }
        showStatus("REPL")
        return FriendlyPrompt(session).run()
      }
      if !isRaw && !isEnding { showStatus("Done") }
      switch result {
      case .leave, .end: return
      case .restart(let nextIsRaw, let isSoftReset):
        isRaw = nextIsRaw
        if isSoftReset { console.write("soft reboot\r\n") }
      }
    }
  }

  /// repl.py runs before each prompt, in the prompt's VM.
  private func runPromptProgram(_ interpreter: Interpreter) {
    if isInSafeMode { return }
    for name in ["repl.py", "repl.txt"] {
      guard let source = drive.readFile("/" + name) else { continue }
      console.writeControl(Supervisor.lineClear)
      console.write("\(name) output:\r\n")
      showStatus(name)
      let end = interruptible { interpreter.run(source: source, name: name) }
      state.withLock { $0.previousTraceback = interpreter.previousTraceback }
      showStatus(Supervisor.status(of: end, interruptedAt: interpreter.interruptedPlace))
      return
    }
  }
}

/// What both kinds of prompt do: read keys, run input.
struct PromptSession {
  let supervisor: Supervisor
  let interpreter: Interpreter
  let host: BoardHost

  var console: Console { supervisor.console }
  var identity: BoardIdentity { supervisor.configuration.identity }

  /// The next byte of input; nil when the phase has to end.
  func readByte() -> UInt8? {
    while !supervisor.isEnding {
      if let byte = console.read() { return byte }
      supervisor.time.park(nanoseconds: nil)
    }
    return nil
  }

  /// Runs what was typed; ctrl-C interrupts it.
  func run(_ input: [UInt8], mode: CompileMode, willPrintTraceback: () -> Void = {}) -> RunEnd {
    let end = supervisor.interruptible {
      interpreter.run(input: input, mode: mode, willPrintTraceback: willPrintTraceback)
    }
    supervisor.state.withLock { $0.previousTraceback = interpreter.previousTraceback }
    return end
  }
}
