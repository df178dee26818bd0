import CFuse
import FlashFS
import Glibc
import Synchronization

/// A served mount, from its beginning to its end.
final class FuseMount: Sendable {
  private struct State { var hasEnded = false }

  /// On two cores one worker is as fast; more keep a slow fsync from stalling the rest.
  private static let maximumThreads: UInt32 = 4
  /// How long files that are still open go on being served after the drive has left the tree.
  private static let graceMilliseconds: UInt64 = 5000

  let mountPoint: MountPoint
  private let server: FuseServer
  private let session: FuseSession
  private let monitor: Monitor<State>
  private let thread: NativeThread
  private let hasStopped = Atomic<Bool>(false)

  /// Mounts and begins to serve. `onEnd` is told, on a thread of the mount, when it ended: by `stop` or by somebody who
  /// unmounted it.
  init(
    server: FuseServer, at mountPoint: MountPoint, onEnd: @escaping @Sendable () -> Void
  ) throws(MountError) {
    FuseLog.install()
    var operations = FuseServer.makeOperations()
    let userdata = Unmanaged.passRetained(server)
    guard let raw = cfuse_session_new(server.mountOptions, &operations, userdata.toOpaque()) else {
      userdata.release()
      throw MountError("\(mountPoint.path): libfuse refuses the mount options: \(FuseLog.lastLine)")
    }
    guard fuse_session_mount(raw, mountPoint.path) == 0 else {
      fuse_session_destroy(raw)
      userdata.release()
      throw MountError("\(mountPoint.path): cannot mount: \(FuseLog.lastLine)")
    }
    let session = FuseSession(raw: raw)
    let monitor = Monitor(State())
    // Interrupts the wait of libfuse's main loop, see `stop`.
    SignalThread.installEmptyHandler(SIGURG)
    let thread = NativeThread {
      SignalThread.unblock(SIGURG)
      // The result says little: 0, a signal's number, or an errno after trouble that libfuse has logged.
      _ = cfuse_session_loop_mt(session.raw, Self.maximumThreads, Self.maximumThreads)
      monitor.update {
        $0.hasEnded = true
        return true
      }
      onEnd()
    }
    guard let thread, server.notifier.start(session) else {
      _ = mountPoint.detach()
      throw MountError("\(mountPoint.path): the system gives no more threads (ulimit -u)")
    }
    server.session.withLock { $0 = session }
    self.mountPoint = mountPoint
    self.server = server
    self.session = session
    self.monitor = monitor
    self.thread = thread
    // Comes back when kernel and libfuse have agreed and the first request was answered, or they did not agree.
    var status = stat()
    if stat(mountPoint.path, &status) != 0 {
      stop()
      throw MountError("\(mountPoint.path): mounted, but not served: \(FuseLog.lastLine)")
    }
  }

  /// Waits for `milliseconds` at most; whether the mount has ended.
  private func waitForEnd(milliseconds: UInt64) -> Bool {
    let limit = SystemClock.monotonicNanoseconds + milliseconds * 1_000_000
    return monitor.wait { state in
      if state.hasEnded { return .done(true) }
      return SystemClock.monotonicNanoseconds >= limit ? .done(false) : .wait(until: limit)
    }
  }

  /// Unmounts. Files that are open keep being served for 5 seconds. Not from `onEnd`, and once: later calls do nothing.
  func stop() {
    if hasStopped.exchange(true, ordering: .acquiringAndReleasing) { return }
    // Out of the tree first, and not by `fuse_session_unmount`: that closes the device, and open files would be cut off at once.
    // (When somebody else unmounted it, the folder answers, or shows what is mounted there now.)
    if !monitor.withLock({ $0.hasEnded }) || mountPoint.isDead { _ = mountPoint.detach() }
    if !waitForEnd(milliseconds: Self.graceMilliseconds) {
      fuse_session_exit(session.raw)
      // libfuse's loop sleeps on a semaphore; a signal that comes just before it sleeps is lost, hence the repetition.
      repeat { thread.interrupt(SIGURG) } while !waitForEnd(milliseconds: 10)
    }
    thread.join()
    server.session.withLock { $0 = nil }
    server.notifier.stop()
    fuse_session_destroy(session.raw)
    Unmanaged.passUnretained(server).release()
  }
}

/// What libfuse and fusermount3 have to say.
enum FuseLog {
  private static let line = Mutex("")

  /// The last message; fusermount3 writes its own to standard error.
  static var lastLine: String {
    line.withLock { $0.isEmpty ? "see above; are /dev/fuse and the package fuse3 there for this user?" : $0 }
  }

  static func install() {
    cfuse_set_log_handler { text in
      guard let text else { return }
      let line = String(cString: text)
      FuseLog.line.withLock { $0 = line }
    }
  }
}
