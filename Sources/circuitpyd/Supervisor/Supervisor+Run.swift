import CircuitPython
import Runtime

/// One pass of the steady loop: run the saved program, then wait (`circuitpython-behaviour` §1.7, §2.2, §2.3).
extension Supervisor {
  static let programNames = ["code.txt", "code.py", "main.py", "main.txt"]
  static let doubleExtensionNames = [
    "code.txt.py", "code.py.txt", "code.txt.txt", "code.py.py", "main.txt.py", "main.py.txt", "main.txt.txt",
    "main.py.py",
  ]
  /// The status bar shows at most this much of a file name.
  private static let maximumStatusFileCharacters = 32

  enum Next { case rerun, prompt }

  private struct Program {
    var name: String
    var path: String
    var hasTwoExtensions = false
  }

  /// Runs the program, if there is one and it may run, then waits for what starts it again or leads to the prompt.
  func runAndWait() -> Next {
    var conditions: NextCodeConditions = []
    defer { settleNextCodeFile(conditions) }
    if mayRun() {
      let end = runProgram()
      if isEnding { return .rerun }
      let isAutoReload = end == .reload && state.withLock { $0.runReason == .autoReload }
      console.write(
        isAutoReload ? "\r\nCode stopped by auto-reload. Reloading soon.\r\n" : "\r\nCode done running.\r\n")
      conditions = NextCodeConditions(end: end)
      if case .systemExit = end { return .prompt }
      // A ReloadException that the program made itself asks for nothing.
      if end == .reload && !isAutoReload && state.withLock({ $0.isReloadRequestedByCode }) { return .rerun }
      if conditions.isRerunAsked(by: state.withLock { $0.nextCodeFile }) { return .rerun }
    }
    return wait(&conditions)
  }

  /// Not in safe mode, and not while a save has only just begun to arrive: it starts the program when it is complete.
  private func mayRun() -> Bool {
    state.withLock { state in
      state.phase = .code
      state.isReloadRequestedByCode = false
      state.isNextCodeFileNew = false
      if state.isReloadPending && state.reloadReadyNanoseconds > SystemClock.monotonicNanoseconds { return false }
      state.isReloadPending = false
      return state.safeMode == nil
    }
  }

  private func runProgram() -> RunEnd {
    let setting = state.withLock { $0.nextCodeFile }
    drive.waitUntilSettled()
    guard let program = findProgram(setting) else { return .completed }
    console.writeControl(Supervisor.lineClear)
    console.write("\(program.name) output:\r\n")
    showStatus(program.name)
    var (end, status) = withVM { interpreter, _ in
      if let folder = setting?.workingDirectory { interpreter.currentDirectory = interpreter.absolutePath(folder) }
      // What was saved while the VM was made is part of this start.
      drive.waitUntilSettled()
      // Read after the request for a reload was taken back: whatever is saved from here on asks anew.
      state.withLock {
        $0.isReloadPending = false
        $0.stopNanoseconds = nil
        interpreter.withdrawReload()
      }
      let source = drive.readFile(program.path) ?? []
      let end = interruptible { interpreter.run(source: source, name: program.name) }
      state.withLock { $0.previousTraceback = interpreter.previousTraceback }
      return (end, Supervisor.status(of: end, interruptedAt: interpreter.interruptedPlace))
    }
    // A program that was stopped because it would not end for a reload.
    if case .systemExit = end, state.withLock({ $0.isReloadPending }) { end = .reload }
    if isEnding { return end }
    showStatus(end == .reload ? "Done" : status)
    if program.hasTwoExtensions { console.write("WARNING: Your code filename has two extensions\r\n") }
    return end
  }

  private func findProgram(_ setting: NextCodeFile?) -> Program? {
    if let name = setting?.filename.map({ String(decoding: $0, as: UTF8.self) }) {
      let folder = setting?.workingDirectory.map { String(decoding: $0, as: UTF8.self) } ?? "/"
      let parts = (name.hasPrefix("/") ? name : folder + "/" + name).split(separator: "/")
      let path = "/" + parts.joined(separator: "/")
      if drive.isFile(path) { return Program(name: name, path: path) }
      console.write("\(name) not found.\r\n")
    }
    for name in Supervisor.programNames + Supervisor.doubleExtensionNames where drive.isFile("/" + name) {
      return Program(
        name: name, path: "/" + name, hasTwoExtensions: Supervisor.doubleExtensionNames.contains(name))
    }
    return nil
  }

  /// What the status bar says after a run: where it failed, or that it is done.
  static func status(of end: RunEnd, interruptedAt place: (line: Int, file: String)?) -> String {
    func text(_ line: Int, _ file: String, _ name: String) -> String {
      "\(line)@\(file.prefix(maximumStatusFileCharacters)) \(name)"
    }
    switch end {
    case .exception(let typeName, let line, let file): return text(line, file, typeName)
    case .keyboardInterrupt: return place.map { text($0.line, $0.file, "KeyboardInterrupt") } ?? "Done"
    default: return "Done"
    }
  }

  // MARK: Waiting

  private func wait(_ conditions: inout NextCodeConditions) -> Next {
    state.withLock { $0.phase = .waiting }
    var isPromptShown = false
    while !isEnding {
      let pending = state.withLock { state in
        state.isReloadPending ? state.reloadReadyNanoseconds : nil
      }
      if let ready = pending {
        // Meanwhile keys stay where they are.
        let now = SystemClock.monotonicNanoseconds
        if ready > now {
          time.park(nanoseconds: ready - now)
          continue
        }
        conditions.insert(.reload)
        return .rerun
      }
      if let key = console.read() {
        if key != 0x04 { return .prompt }
        state.withLock { $0.runReason = .replReload }
        return .rerun
      }
      let isConnected = console.isConnected
      if isConnected && !isPromptShown { showWaitPrompt() }
      isPromptShown = isConnected
      time.park(nanoseconds: nil)
    }
    return .rerun
  }

  private func showWaitPrompt() {
    let (isAutoreloadEnabled, safeMode) = state.withLock { ($0.isAutoreloadEnabled, $0.safeMode) }
    console.writeControl(Supervisor.lineClear)
    var text =
      isAutoreloadEnabled
      ? "Auto-reload is on. Simply save files over USB to run them or enter REPL to disable.\r\n"
      : "Auto-reload is off.\r\n"
    if let safeMode {
      text += "Running in safe mode! Not running saved code.\r\n"
      text += "\r\nYou are in safe mode because:\r\n\(safeMode.text)\r\nPress reset to exit safe mode.\r\n"
    }
    console.write(text + "\r\nPress any key to enter the REPL. Use CTRL-D to reload.\r\n")
  }

  // MARK: supervisor.set_next_code_file

  /// The setting lasts for one run, unless the run ended in a way it is sticky for, or set it anew.
  private func settleNextCodeFile(_ conditions: NextCodeConditions) {
    state.withLock { state in
      guard let setting = state.nextCodeFile, !state.isNextCodeFileNew else { return }
      if !conditions.isSticky(for: setting) { state.nextCodeFile = nil }
    }
  }
}

/// How a run ended, as `set_next_code_file` tells ends apart (`circuitpython-behaviour` §2.5).
struct NextCodeConditions: OptionSet {
  let rawValue: Int
  static let success = NextCodeConditions(rawValue: 1)
  static let error = NextCodeConditions(rawValue: 2)
  static let reload = NextCodeConditions(rawValue: 4)
  private static let deepSleep = NextCodeConditions(rawValue: 8)

  init(rawValue: Int) { self.rawValue = rawValue }
  init(end: RunEnd) {
    switch end {
    case .completed: self = .success
    case .reload: self = .reload
    case .deepSleep: self = [.error, .deepSleep]
    default: self = .error
    }
  }

  func isRerunAsked(by setting: NextCodeFile?) -> Bool {
    guard let setting else { return false }
    return contains(.success) && setting.reloadOnSuccess
      || contains(.error) && setting.reloadOnError && !contains(.deepSleep)
  }

  func isSticky(for setting: NextCodeFile) -> Bool {
    contains(.success) && setting.stickyOnSuccess || contains(.error) && setting.stickyOnError
      || contains(.reload) && setting.stickyOnReload
  }
}
