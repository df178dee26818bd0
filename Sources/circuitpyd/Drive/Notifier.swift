import CFuse
import FlashFS
import Glibc
import Synchronization

/// Tells the kernel what it may no longer believe of its cache. Its own thread, because these calls wait for locks that a
/// request being served may hold: no FUSE worker and no holder of the volume's lock may make them.
final class Notifier: Sendable {
  enum Note: Hashable, Sendable {
    /// Content, size and times of a file.
    case pages(NodeID)
    /// Size and times only.
    case attributes(NodeID)
    /// A name in a folder.
    case entry(NodeID, [UInt8])
  }

  private struct State {
    var queue: [Note] = []
    var isStopping = false
  }

  private let monitor = Monitor(State())
  private let thread = Mutex<NativeThread?>(nil)

  /// False when the system gives no thread.
  func start(_ session: FuseSession) -> Bool {
    let monitor = monitor
    let started = NativeThread {
      while let notes = Self.next(monitor) {
        for note in notes where !Self.tell(note, session) {
          // Nobody listens any more.
          monitor.withLock { $0.isStopping = true }
          return
        }
      }
    }
    thread.withLock { $0 = started }
    return started != nil
  }

  private static func next(_ monitor: Monitor<State>) -> [Note]? {
    monitor.wait { state in
      if state.isStopping { return .done(nil) }
      if state.queue.isEmpty { return .wait(until: nil) }
      let notes = state.queue
      state.queue = []
      return .done(notes)
    }
  }

  /// False when the connection is gone. ENOENT only says that the kernel did not know the thing.
  private static func tell(_ note: Note, _ session: FuseSession) -> Bool {
    let result =
      switch note {
      case .pages(let node): fuse_lowlevel_notify_inval_inode(session.raw, node.rawValue, 0, 0)
      case .attributes(let node): fuse_lowlevel_notify_inval_inode(session.raw, node.rawValue, -1, 0)
      case .entry(let parent, let name):
        name.withUnsafeBytes {
          fuse_lowlevel_notify_inval_entry(
            session.raw, parent.rawValue, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
      }
    return result != -ENOSYS && result != -EBADF && result != -ENODEV
  }

  func send(_ note: Note) {
    monitor.update { state in
      // A program that appends line by line needs one note for all lines not yet told.
      if state.isStopping || state.queue.last == note { return false }
      state.queue.append(note)
      return state.queue.count == 1
    }
  }

  /// A change that did not come through the kernel.
  func send(_ event: VolumeEvent) {
    switch event.kind {
    case .written, .resized, .timesSet: send(.pages(event.node))
    case .created, .directoryMade, .unlinked, .directoryRemoved: sendEntry(event.parent, event.path)
    case .renamed:
      if let old = event.oldPath { sendEntry(event.oldParent ?? event.parent, old) }
      sendEntry(event.parent, event.path)
    case .closed: break
    }
  }

  private func sendEntry(_ parent: NodeID, _ path: [UInt8]) {
    let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    send(.entry(parent, Array(path[start...])))
    send(.attributes(parent))
  }

  func stop() {
    monitor.update {
      $0.isStopping = true
      return true
    }
    thread.withLock { $0.take() }?.join()
  }
}
