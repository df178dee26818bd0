import FlashFS
import Glibc

/// Does what the storage puts off (`Upkeep`): a journal's volume part is brought up to date when the drive is idle, and earlier
/// when the journal fills; a board's cache is flushed. A thread that takes the volume's lock for one slice at a time.
final class Checkpointer: Sendable {
  private struct State {
    /// The change from which the wait counts; nil when nothing is to do.
    var lastChange: UInt64?
    /// The journal is half full.
    var isUrgent = false
    let delayNanoseconds: UInt64
    let countsFromFirstChange: Bool
    var isStopping = false

    init(_ upkeep: Upkeep) {
      switch upkeep {
      case .none: (lastChange, delayNanoseconds, countsFromFirstChange) = (nil, UInt64.max / 2, true)
      case .afterQuiet(let delay): (delayNanoseconds, countsFromFirstChange) = (delay, false)
      case .afterFirstChange(let delay): (delayNanoseconds, countsFromFirstChange) = (delay, true)
      }
      // What recovery left to do counts as a change.
      if upkeep != .none { lastChange = SystemClock.monotonicNanoseconds }
    }
  }

  private let monitor: Monitor<State>
  private let thread: NativeThread

  /// `onFailure` is told once if the image cannot be written. Nil when the system gives no thread.
  init?(volume: Volume, onFailure: @escaping @Sendable (FlashError) -> Void) {
    let monitor = Monitor(State(volume.upkeep))
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
    volume.setOnUrgent {
      monitor.update { state in
        defer { state.isUrgent = true }
        return !state.isUrgent
      }
    }
  }

  /// False at the end.
  private static func step(_ monitor: Monitor<State>, _ volume: Volume) throws(FlashError) -> Bool {
    let isIdle: Bool? = monitor.wait { state in
      if state.isStopping { return .done(nil) }
      if state.isUrgent {
        state.isUrgent = false
        return .done(false)
      }
      guard let lastChange = state.lastChange else { return .wait(until: nil) }
      if SystemClock.monotonicNanoseconds < lastChange + state.delayNanoseconds {
        return .wait(until: lastChange + state.delayNanoseconds)
      }
      state.lastChange = nil
      return .done(true)
    }
    guard let isIdle else { return false }
    let hasMore = try volume.upkeepSlice(isDue: isIdle)
    monitor.withLock { state in
      // A checkpoint of several parts: the next one follows, unless somebody changed something in between.
      if hasMore {
        if !isIdle { state.isUrgent = true } else if state.lastChange == nil { state.lastChange = 0 }
      }
    }
    return true
  }

  /// The volume changed; cheap.
  func noteChange() {
    monitor.update { state in
      let wasIdle = state.lastChange == nil
      if state.countsFromFirstChange && !wasIdle { return false }
      state.lastChange = SystemClock.monotonicNanoseconds
      return wasIdle
    }
  }

  /// Ends the thread. What it left to do is for `VolumeStorage.close`.
  func stop() {
    monitor.update {
      $0.isStopping = true
      return true
    }
    thread.join()
  }
}
