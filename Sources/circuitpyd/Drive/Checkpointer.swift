import FlashFS
import Glibc

/// Brings the volume part of the image up to date when the drive is idle, and earlier when the journal fills: a thread that
/// takes the volume's lock for one slice at a time.
final class Checkpointer: Sendable {
  private struct State {
    var lastChange: UInt64?
    var isStopping = false
  }

  private static let idleNanoseconds: UInt64 = 250_000_000
  /// How often a busy journal is looked at.
  private static let lookNanoseconds: UInt64 = 20_000_000

  private let monitor: Monitor<State>
  private let thread: NativeThread

  /// `onFailure` is told once if the image cannot be written. Nil when the system gives no thread.
  init?(volume: Volume, onFailure: @escaping @Sendable (FlashError) -> Void) {
    // What recovery left to do counts as a change.
    let monitor = Monitor(State(lastChange: SystemClock.monotonicNanoseconds))
    let thread = NativeThread {
      do throws(FlashError) {
        while try Self.step(monitor, volume) {}
      } catch {
        onFailure(error)
      }
    }
    guard let thread else { return nil }
    self.monitor = monitor
    self.thread = thread
  }

  /// False at the end.
  private static func step(_ monitor: Monitor<State>, _ volume: Volume) throws(FlashError) -> Bool {
    let isIdle: Bool? = monitor.wait { state in
      if state.isStopping { return .done(nil) }
      guard let lastChange = state.lastChange else { return .wait(until: nil) }
      let now = SystemClock.monotonicNanoseconds
      if now >= lastChange + idleNanoseconds {
        state.lastChange = nil
        return .done(true)
      }
      return .done(false)
    }
    guard let isIdle else { return false }
    let hasMore = try volume.withStorage { storage throws(FlashError) in
      guard let store = storage as? BlockStore, isIdle || store.needsCheckpoint else { return false }
      return try store.checkpointSlice()
    }
    monitor.withLock { state in
      // A slice of several: the next one follows, unless somebody changed something in between.
      if isIdle, hasMore, state.lastChange == nil { state.lastChange = 0 }
    }
    if !isIdle, !hasMore { pause(monitor) }
    return true
  }

  private static func pause(_ monitor: Monitor<State>) {
    let limit = SystemClock.monotonicNanoseconds + lookNanoseconds
    monitor.wait { $0.isStopping || SystemClock.monotonicNanoseconds >= limit ? .done(()) : .wait(until: limit) }
  }

  /// The volume changed; cheap.
  func noteChange() {
    monitor.update { state in
      let wasIdle = state.lastChange == nil
      state.lastChange = SystemClock.monotonicNanoseconds
      return wasIdle
    }
  }

  /// Ends the thread. What it left to do is for `BlockStore.close`.
  func stop() {
    monitor.update {
      $0.isStopping = true
      return true
    }
    thread.join()
  }
}
