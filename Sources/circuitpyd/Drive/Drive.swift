import FlashFS
import Glibc
import Synchronization

/// Carries a volume's events to whoever listens: the volume needs the receiver before there is one.
final class VolumeEvents: Sendable {
  private let receiver = Mutex<(@Sendable (VolumeEvent) -> Void)?>(nil)

  /// For `Volume.init(storage:onEvent:)`.
  func send(_ event: VolumeEvent) {
    receiver.withLock { $0 }?(event)
  }

  func listen(_ receiver: (@Sendable (VolumeEvent) -> Void)?) { self.receiver.withLock { $0 = receiver } }
}

/// A volume as a mounted drive that says when to reload the program.
///
///     let events = VolumeEvents()
///     let volume = try Volume(storage: store, onEvent: events.send)
///     let drive = try Drive(volume: volume, events: events, mountPoint: .prepare(path), …)
///     try drive.start()
final class Drive: Sendable {
  /// What the drive tells, each on a thread of its own; none may call `stop`.
  struct Callbacks: Sendable {
    var onReload: @Sendable (ReloadCause) -> Void
    /// Policy `board` only: the program stops now and starts at the reload.
    var onStopProgram: @Sendable () -> Void = {}
    /// Somebody unmounted the drive (`umount`, `fusermount3 -u`), or `stop` did.
    var onUnmounted: @Sendable () -> Void = {}
    /// The image can no longer be written.
    var onFailure: @Sendable (FlashError) -> Void = { _ in }
  }

  let volume: Volume
  let mountPoint: MountPoint
  private let events: VolumeEvents
  private let server: FuseServer
  private let reloads: ReloadThread
  private let checkpointer: Checkpointer
  private let callbacks: Callbacks
  private let mount = Mutex<FuseMount?>(nil)

  init(
    volume: Volume, events: VolumeEvents, mountPoint: MountPoint, policy: ReloadPolicy.Mode,
    settings: FuseServer.Settings, callbacks: Callbacks
  ) throws(MountError) {
    volume.setShowsTornFiles(policy == .board)
    let reloads = ReloadThread(mode: policy, onStop: callbacks.onStopProgram) { cause in
      volume.showSaves(upTo: cause.sequence)
      callbacks.onReload(cause)
    }
    let checkpointer = Checkpointer(volume: volume, onFailure: callbacks.onFailure)
    guard let reloads, let checkpointer else {
      reloads?.stop()
      throw MountError("\(mountPoint.path): the system gives no more threads (ulimit -u)")
    }
    let server = FuseServer(volume: volume, settings: settings) { reloads.noteOpenedAfterCreation($0) }
    self.volume = volume
    self.events = events
    self.mountPoint = mountPoint
    self.reloads = reloads
    self.checkpointer = checkpointer
    self.server = server
    self.callbacks = callbacks
    events.listen { event in
      if event.kind != .closed { checkpointer.noteChange() }
      // What the kernel did it knows; of the rest the notifier tells it.
      if event.origin != .host { server.notifier.send(event) }
      // Of a burst that reloads nothing (swap files, backups) code sees each step.
      if !reloads.note(event), event.origin == .host { volume.endBurst(upTo: event.sequence) }
    }
    reloads.startAfter(volume.lastEventSequence)
  }

  /// Mounts. When this returns, the drive can be used.
  func start() throws(MountError) {
    let started = try FuseMount(server: server, at: mountPoint, onEnd: callbacks.onUnmounted)
    mount.withLock { $0 = started }
  }

  /// Waits until no save is in progress, so that a program may start and read its files; the changes up to then reload nothing
  /// more. False when that does not come within the time (an editor keeps its file open, a copy takes long).
  func waitUntilSettled(timeoutMilliseconds: UInt64 = 5000) -> Bool {
    let sequence = reloads.waitUntilSettled(timeoutMilliseconds: timeoutMilliseconds) { volume.lastEventSequence }
    guard let sequence else { return false }
    volume.showSaves(upTo: sequence)
    return true
  }

  /// Holds reloads back until `resumeReloads` with the same reason; changes in between are dropped then.
  func suspendReloads(_ reason: ReloadPolicy.Suspension) { reloads.suspend(reason) }
  func resumeReloads(_ reason: ReloadPolicy.Suspension) { reloads.resume(reason) }

  /// Whether the board offers the drive to the computer.
  func setOffered(_ isOffered: Bool) { server.setWithdrawn(!isOffered) }

  /// Unmounts and ends all threads. The storage is the caller's to close.
  func stop() {
    reloads.suspend(.unmounting)
    mount.withLock { $0.take() }?.stop()
    events.listen(nil)
    checkpointer.stop()
    reloads.stop()
  }
}
