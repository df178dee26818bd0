import FlashFS
import Runtime

/// Power-up: safe mode, boot.py, boot_out.txt (`circuitpython-behaviour` §1).
extension Supervisor {
  private static let safeModeWindowNanoseconds: UInt64 = 1_000_000_000
  /// `boot_out.txt` has changed: the boards wait before they write it.
  private static let bootWriteDelayNanoseconds: UInt64 = 1_000_000_000
  /// The most that CIRCUITPY_SAFE_MODE_DELAY can make a board wait, so that a slip of the pen does not stop it for good.
  private static let safeModeWindowLimitSeconds = 3600.0

  func hardBoot() {
    time.restart()
    state.withLock {
      $0.phase = .booting
      if $0.nextResetMode == .safeMode { $0.safeMode = .programmatic }
      if $0.isHardResetRequested && $0.nextResetMode != .safeMode { $0.safeMode = nil }
      if $0.isSafeModeAskedFor { $0.safeMode = .user }
      $0.isSafeModeAskedFor = false
      $0.nextResetMode = .normal
      $0.isHardResetRequested = false
      $0.isAutoreloadEnabled = $0.safeMode == nil
      $0.isReloadPending = false
      $0.isReloadRequestedByCode = false
      $0.runReason = .startup
      $0.nextCodeFile = nil
      $0.previousTraceback = nil
      $0.isStatusBarEnabled = true
      $0.isStatusBarSilent = true
    }
    console.writeControl(Supervisor.lineClear)
    if configuration.isLikeBoard && !isInSafeMode { waitForSafeMode() }
    if isEnding { return }
    // A boot.py that was removed a moment ago must not run once more.
    drive.waitUntilSettled()
    console.writeControl(Supervisor.lineClear)
    drive.resetProtection()
    drive.setBooting(true)
    if isInSafeMode { runSafeModeProgram() } else { runBootProgram() }
    drive.setBooting(false)
    state.withLock {
      $0.isStatusBarSilent = false
      $0.status = "Done"
    }
  }

  /// The safe-mode window of a real board (`circuitpython-behaviour` §1.2).
  private func waitForSafeMode() {
    state.withLock { $0.isSafeModeWindowOpen = true }
    defer { state.withLock { $0.isSafeModeWindowOpen = false } }
    var window = Supervisor.safeModeWindowNanoseconds
    let settings = drive.readFile("/settings.toml") ?? []
    if case .bare(let text) = SettingsFile.setting(of: Array("CIRCUITPY_SAFE_MODE_DELAY".utf8), in: settings),
      let seconds = Double(String(decoding: text, as: UTF8.self)), seconds >= 0
    {
      window = UInt64(min(seconds, Supervisor.safeModeWindowLimitSeconds) * 1e9)
    }
    hold(nanoseconds: window)
  }

  /// Lets the board's time pass as hardware does: nothing but a reset or the end cuts it short.
  func hold(nanoseconds: UInt64) {
    let end = time.monotonicNanoseconds + nanoseconds
    while !isEnding {
      let now = time.monotonicNanoseconds
      if now >= end { return }
      time.sleep(nanoseconds: end - now)
    }
  }

  private func firstFile(_ names: [String]) -> (name: String, source: [UInt8])? {
    for name in names {
      if let source = drive.readFile("/" + name) { return (name, source) }
    }
    return nil
  }

  private func runSafeModeProgram() {
    guard state.withLock({ $0.safeMode }) != .user, let program = firstFile(["safemode.py", "safemode.txt"]) else {
      return
    }
    console.writeControl(Supervisor.lineClear)
    console.write("\(program.name) output:\r\n")
    let end = withVM { interpreter, _ in
      interruptible { interpreter.run(source: program.source, name: program.name) }
    }
    if case .exception = end { state.withLock { $0.safeMode = .safeModeProgramFailed } }
  }

  private func runBootProgram() {
    var output = BootOutput()
    func write(_ text: String) {
      output.append(Array(text.utf8))
      console.write(text)
    }
    let identity = configuration.identity
    write("\(identity.fullVersion)\r\nBoard ID:\(identity.id)\r\nUID:\(identity.uid)\r\n")
    if let mac = identity.mac { write("MAC:\(mac)\r\n") }
    if let program = firstFile(["boot.py", "boot.txt"]) {
      console.writeControl(Supervisor.lineClear)
      write("\(program.name) output:\r\n")
      withVM { interpreter, host in
        host.copyOutput = { output.append(Array($0)) }
        _ = interruptible { interpreter.run(source: program.source, name: program.name) }
        state.withLock { $0.previousTraceback = interpreter.previousTraceback }
      }
    }
    // A board that was switched off or reset in boot.py writes nothing any more.
    if isEnding { return }
    let path = "/boot_out.txt"
    if drive.readFile(path) == output.bytes { return }
    if configuration.isLikeBoard { hold(nanoseconds: Supervisor.bootWriteDelayNanoseconds) }
    if isEnding { return }
    do throws(VolumeError) {
      try drive.writeFile(path, output.bytes)
    } catch {
      configuration.log("boot_out.txt was not written (errno \(error.errno))")
    }
  }
}

/// What goes to boot_out.txt: at most 512 bytes, the cut marked.
struct BootOutput {
  static let maximumBytes = 512
  private static let mark = Array("[truncated due to length]\n".utf8)
  private var text: [UInt8] = []

  mutating func append(_ more: [UInt8]) {
    // One byte too many is enough to know that it has to be cut.
    text += more.prefix(BootOutput.maximumBytes - BootOutput.mark.count + 1 - text.count)
  }

  var bytes: [UInt8] {
    let room = BootOutput.maximumBytes - BootOutput.mark.count
    return text.count > room ? text.prefix(room) + BootOutput.mark : text
  }
}
