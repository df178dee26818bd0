import FlashFS

/// Runs a `ReloadPolicy` in real time: takes events from any thread, calls `onReload` on its own.
final class ReloadThread: Sendable {
  private struct State {
    var policy: ReloadPolicy
    var isStopping = false
    /// A program is about to start: what would reload it is part of the start.
    var isStarting = false
    /// A decision is being handed on: no program may start in between, or it would be reloaded for what it has read.
    var isHandingOn = false
    /// The last event that came.
    var lastNoted: UInt64 = 0
    /// When the thread looks again by itself.
    var wakesAt: UInt64?
  }

  /// How often a start looks whether an event that is on its way has come.
  private static let deliveryNanoseconds: UInt64 = 1_000_000

  private let monitor: Monitor<State>
  private let thread: NativeThread

  /// Nil when the system gives no thread.
  init?(
    mode: ReloadPolicy.Mode, onStop: @escaping @Sendable () -> Void,
    onReload: @escaping @Sendable (ReloadCause) -> Void
  ) {
    let monitor = Monitor(State(policy: ReloadPolicy(mode: mode)))
    let thread = NativeThread {
      while true {
        switch Self.nextDecision(monitor) {
        case nil: return
        case .reload(let cause): onReload(cause)
        case .stop: onStop()
        case .nothing: break
        }
        monitor.update {
          $0.isHandingOn = false
          return $0.isStarting
        }
      }
    }
    guard let thread else { return nil }
    self.monitor = monitor
    self.thread = thread
    self.onStop = onStop
  }

  private let onStop: @Sendable () -> Void

  private static func nextDecision(_ monitor: Monitor<State>) -> ReloadPolicy.Decision? {
    monitor.wait { state in
      if state.isStopping { return .done(nil) }
      guard !state.isStarting, let deadline = state.policy.nextDeadline else {
        state.wakesAt = nil
        return .wait(until: nil)
      }
      let decision = state.policy.poll(at: SystemClock.monotonicNanoseconds)
      if decision != .nothing {
        state.isHandingOn = true
        return .done(decision)
      }
      state.wakesAt = deadline
      return .wait(until: deadline)
    }
  }

  /// Takes a committed change; cheap. True while it or others before it are going to reload.
  func note(_ event: VolumeEvent) -> Bool {
    var mustStop = false
    var isPending = false
    monitor.update { state in
      state.lastNoted = event.sequence
      mustStop = state.policy.note(event, at: SystemClock.monotonicNanoseconds) == .stop
      isPending = state.policy.isPending
      return Self.mustWake(state)
    }
    if mustStop { onStop() }
    return isPending
  }

  /// Events up to this one came before this object listened.
  func startAfter(_ sequence: UInt64) { monitor.withLock { $0.lastNoted = max($0.lastNoted, sequence) } }

  func noteOpenedAfterCreation(_ node: NodeID) {
    monitor.withLock { $0.policy.noteOpenedAfterCreation(node) }
  }

  func suspend(_ reason: ReloadPolicy.Suspension) { monitor.withLock { $0.policy.suspend(reason) } }
  func resume(_ reason: ReloadPolicy.Suspension) { monitor.withLock { $0.policy.resume(reason) } }

  /// A later deadline needs no wake-up: the thread finds it when it looks.
  private static func mustWake(_ state: State) -> Bool {
    if state.isStarting { return true }
    guard let deadline = state.policy.nextDeadline else { return false }
    return state.wakesAt.map { deadline < $0 } ?? true
  }

  /// Waits until no save is in progress and a program may start, and takes the changes so far as seen by it: the last event
  /// among them. Nil when that did not come in time; the changes then still reload.
  /// - Parameter lastCommitted: the number of the drive's last event: on a busy machine it may come here after the program could
  ///   have read what it tells of.
  func waitUntilSettled(timeoutMilliseconds: UInt64, lastCommitted: () -> UInt64) -> UInt64? {
    let limit = SystemClock.monotonicNanoseconds + timeoutMilliseconds * 1_000_000
    // The thread slept while the start was waiting.
    defer { monitor.update { _ in true } }
    return monitor.wait { state in
      let now = SystemClock.monotonicNanoseconds
      state.isStarting = false
      if state.isStopping { return .done(nil) }
      if state.lastNoted < lastCommitted(), now < limit {
        state.isStarting = true
        return .wait(until: min(limit, now + Self.deliveryNanoseconds))
      }
      if !state.isHandingOn, state.policy.isSettled(at: now) { return .done(state.policy.programStarts()) }
      if now >= limit { return .done(nil) }
      state.isStarting = true
      return .wait(until: min(limit, state.policy.nextDeadline ?? limit))
    }
  }

  /// Ends the thread; no call-back comes after this. Not to be called from a call-back.
  func stop() {
    monitor.update {
      $0.isStopping = true
      return true
    }
    thread.join()
  }
}
