import CircuitPython
import Glibc
import Runtime
import Synchronization

/// The life cycle of a board (`circuitpython-behaviour` §1, §2): boot, run code, wait, prompt, and round again.
///
/// It runs on one thread with a large stack; each phase gets a fresh VM there. `requestReload`, `press…` and `shutdown` come from others.
final class Supervisor: Sendable {
  struct Configuration: Sendable {
    var identity: BoardIdentity
    /// Waits at power-up as long as hardware makes one wait. (The 750 ms of a reload are the reload policy's.)
    var isLikeBoard = false
    /// Start in safe mode.
    var safeMode: SafeModeCause?
    /// One line for the daemon's log.
    var log: @Sendable (String) -> Void = { _ in }
  }

  /// Makes the VM of each phase, with the board's modules.
  typealias VMFactory = @Sendable (_ host: any Host, _ services: any BoardServices) -> Interpreter

  /// How long a program may go on after it was asked to end for a reload.
  static let stopDelayNanoseconds: UInt64 = 1_000_000_000
  static let lineClear = Array("\u{1B}[2K\u{1B}[0G".utf8)

  let configuration: Configuration
  let drive: any BoardDrive
  let console: Console
  let time: any BoardTime
  let nvm: any NonvolatileMemory
  let makeInterpreter: VMFactory
  /// Called when a VM is gone: releases pins and buses.
  let didEndVM: @Sendable () -> Void
  let state: Mutex<State>
  private let watch = WakeSignal()
  private let finished = WakeSignal()

  enum Phase: Sendable { case off, booting, code, waiting, prompt }

  struct State: Sendable {
    var phase = Phase.off
    var vm: RunningVM?
    var isShutdown = false
    /// `microcontroller.reset()` was called.
    var isHardResetRequested = false
    var nextResetMode = ResetMode.normal
    var resetReason = ResetReason.powerOn
    var safeMode: SafeModeCause?
    /// Power-up waits for a press of the reset button, which leads to safe mode.
    var isSafeModeWindowOpen = false
    var isSafeModeAskedFor = false

    var isAutoreloadEnabled = true
    var isReloadPending = false
    /// System time from which a pending reload may be taken.
    var reloadReadyNanoseconds: UInt64 = 0
    /// System time at which a program that was asked to end is stopped.
    var stopNanoseconds: UInt64?
    /// `supervisor.reload()` was called.
    var isReloadRequestedByCode = false

    var runReason = RunReason.startup
    var previousTraceback: [UInt8]?
    var nextCodeFile: NextCodeFile?
    var isNextCodeFileNew = false

    var isStatusBarEnabled = true
    var isStatusBarSilent = false
    var status = "Done"
  }

  /// A VM while it may be asked to stop.
  // Unchecked: only `request` is called on it from other threads, which the interpreter allows, and only with the state's lock
  // held, under which the VM's own thread clears it before the interpreter goes.
  struct RunningVM: @unchecked Sendable { let interpreter: Interpreter }

  init(
    configuration: Configuration, drive: any BoardDrive, console: Console, time: any BoardTime,
    nvm: any NonvolatileMemory,
    makeInterpreter: @escaping VMFactory, didEndVM: @escaping @Sendable () -> Void = {}
  ) {
    self.configuration = configuration
    self.drive = drive
    self.console = console
    self.time = time
    self.nvm = nvm
    self.makeInterpreter = makeInterpreter
    self.didEndVM = didEndVM
    state = Mutex(State(safeMode: configuration.safeMode))
  }

  // MARK: From other threads

  /// Powers the board up.
  func start() {
    console.observe(
      changed: { [weak self] in self?.time.wake() },
      connected: { [weak self] end in self?.showStatus(on: end) })
    NativeThread.detached { [self] in watchLoop() }
    NativeThread.detached(stackBytes: PythonThread.stackBytes) { [self] in
      mainLoop()
      finished.send()
    }
  }

  /// Powers the board down: whatever runs is ended without asking it.
  func shutdown() {
    state.withLock {
      $0.isShutdown = true
      $0.vm?.interpreter.request(.stop)
    }
    console.close()
    time.wake()
    watch.send()
  }

  /// Waits until the board's thread has ended after `shutdown`; false when it has not after `milliseconds`.
  func join(milliseconds: Int) -> Bool {
    finished.wait(nanoseconds: UInt64(milliseconds) * 1_000_000)
    defer { finished.send() }
    return state.withLock { $0.phase == .off }
  }

  /// The reset button; pressed in the first second of a real board, it leads to safe mode.
  func reset() {
    state.withLock { if $0.isSafeModeWindowOpen { $0.isSafeModeAskedFor = true } }
    requestHardReset()
    state.withLock { $0.resetReason = .resetPin }
  }

  /// Auto-reload: `cause` goes to the log. False when it was dropped, as at the prompt or while switched off.
  @discardableResult
  func requestReload(cause: String) -> Bool {
    let isTaken = endProgram(reloadAt: SystemClock.monotonicNanoseconds)
    configuration.log(isTaken ? "reload: \(cause)" : "no reload (auto-reload is off or suspended): \(cause)")
    return isTaken
  }

  /// The program stops now; the reload follows with `requestReload`, when the drive is quiet (reload policy `board`).
  func stopForReload() { endProgram(reloadAt: .max) }

  /// Asks the program to end for a reload that may be taken from `ready` on. False when reloads are off or suspended.
  @discardableResult
  private func endProgram(reloadAt ready: UInt64) -> Bool {
    let isTaken = state.withLock { state in
      guard state.isAutoreloadEnabled, state.phase == .code || state.phase == .waiting else { return false }
      let isFirst = !state.isReloadPending
      state.isReloadPending = true
      state.reloadReadyNanoseconds = ready
      state.runReason = .autoReload
      if isFirst, let vm = state.vm {
        vm.interpreter.request(.reload)
        state.stopNanoseconds = SystemClock.monotonicNanoseconds + Supervisor.stopDelayNanoseconds
      }
      return true
    }
    time.wake()
    watch.send()
    return isTaken
  }

  // MARK: The board's thread

  private func mainLoop() {
    while !isShutdown {
      hardBoot()
      softLoop()
    }
    state.withLock { $0.phase = .off }
  }

  var isShutdown: Bool { state.withLock { $0.isShutdown } }
  /// Whether the current phase has to end for a shutdown or a hard reset.
  var isEnding: Bool { state.withLock { $0.isShutdown || $0.isHardResetRequested } }
  var isInSafeMode: Bool { state.withLock { $0.safeMode != nil } }

  /// Runs until shutdown or hard reset.
  private func softLoop() {
    var isFirst = true
    while !isEnding {
      if !isFirst { console.write("soft reboot\r\n") }
      isFirst = false
      if runAndWait() == .rerun || isEnding { continue }
      runPrompt()
      state.withLock { $0.runReason = .replReload }
    }
  }

  /// Runs `body` with a fresh VM that other threads may interrupt.
  func withVM<T>(_ body: (Interpreter, BoardHost) -> T) -> T {
    let host = BoardHost(files: drive.makeFileStore(), console: console, time: time, log: configuration.log)
    let interpreter = makeInterpreter(host, self)
    state.withLock {
      $0.vm = RunningVM(interpreter: interpreter)
      if $0.isShutdown || $0.isHardResetRequested { interpreter.request(.stop) }
    }
    // A board flushes its cache whenever a VM starts or ends.
    drive.flushCache()
    defer {
      drive.flushCache()
      state.withLock {
        $0.vm = nil
        $0.stopNanoseconds = nil
      }
      didEndVM()
    }
    return body(interpreter, host)
  }

  /// Runs `body`, during which ctrl-C on the console interrupts the VM.
  func interruptible<T>(_ body: () -> T) -> T {
    console.armInterrupt { [weak self] in
      self?.state.withLock { $0.vm?.interpreter.request(.keyboardInterrupt) }
    }
    defer { console.disarmInterrupt() }
    return body()
  }

  /// Stops programs that do not end when asked to.
  private func watchLoop() {
    while true {
      let (isShutdown, deadline) = state.withLock { state in
        if let stop = state.stopNanoseconds, stop <= SystemClock.monotonicNanoseconds {
          state.stopNanoseconds = nil
          state.vm?.interpreter.request(.stop)
        }
        return (state.isShutdown, state.stopNanoseconds)
      }
      if isShutdown { return }
      watch.wait(nanoseconds: deadline.map { $0 - min($0, SystemClock.monotonicNanoseconds) })
    }
  }
}
