import Glibc

/// INT, TERM and HUP as an orderly stop, taken by one thread. A handler could not do it: a daemon started with `&` from a script
/// inherits INT ignored, and hardly anything may be called from a handler.
enum SignalThread {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  private static func signalSet() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }

  /// Before any other thread starts: they all inherit the mask.
  static func block() {
    // Whatever the parent ignored must reach sigwait.
    for signal in signals { installEmptyHandler(signal) }
    var set = signalSet()
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Calls `onFirst` at the first signal; the second ends the process at once, which harms no image (`flashfs.md` §5). False
  /// when the system gives no thread.
  static func start(onFirst: @escaping @Sendable (_ signal: Int32) -> Void) -> Bool {
    let thread = NativeThread {
      var set = signalSet()
      var signal: Int32 = 0
      while sigwait(&set, &signal) != 0 {}
      // On its own thread: a stop that hangs must not keep the second signal out.
      let first = signal
      if NativeThread({ onFirst(first) }) == nil { onFirst(first) }
      while sigwait(&set, &signal) != 0 {}
      _exit(128 + signal)
    }
    return thread != nil
  }

  /// Lets `signal` through to the calling thread; a thread inherits its creator's mask, and dispatch's threads block most.
  static func unblock(_ signal: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// A signal with this handler interrupts system calls and does nothing else.
  static func installEmptyHandler(_ signal: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigemptyset(&action.sa_mask)
    sigaction(signal, &action, nil)
  }
}
