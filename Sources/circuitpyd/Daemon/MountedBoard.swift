import Board
import CircuitPython
import DriverBundle
import FlashFS
import Glibc
import Runtime
import Synchronization

/// A board that runs: drive, console, supervisor, parts and the socket by which it is steered, put together and taken apart.
final class MountedBoard: Sendable {
  /// A program and the files open on the drive are given this long at the end.
  private static let stopPatienceMilliseconds = 5000

  let paths: BoardPaths
  let definition: BoardDefinition
  let image: BoardImage
  let drive: Drive
  let volumeDrive: VolumeDrive
  let console: Console
  let terminal: PseudoTerminalEnd
  let supervisor: Supervisor
  let board: SimulatedBoard
  let parts: PartSet
  /// Mounted with `--shared-write`.
  let isShared: Bool
  private let control: ControlServer
  private let ended = WakeSignal()

  init(_ options: MountOptions) throws {
    // Before the first thread: all of them inherit the mask.
    SignalThread.block()
    // Somebody who closes our stdout gets no more output; the drive stays.
    signal(SIGPIPE, SIG_IGN)
    let paths = try BoardPaths(mountPoint: options.mountpoint, options)
    let definition = try BoardDefinition.named(options.board)
    let mountPoint = try MountPoint.prepare(paths.mountPoint, allowsNonEmpty: options.nonempty)
    let events = VolumeEvents()
    let image = try BoardImage.open(
      path: paths.image, volumeBytes: options.flashSize?.bytes ?? definition.volumeBytes,
      storage: options.storage(of: definition), events: events)
    let board = SimulatedBoard(definition: definition, clock: WorldClock())
    let parts = PartSet(board: board)
    if let line = try options.card.attachCard(to: parts, of: board, standardPath: paths.card) {
      MountedBoard.note(line)
    }
    let console = Console()
    guard let log = FileEnd(path: paths.log) else {
      throw CommandError("\(BoardPaths.shown(paths.log)): \(String(cString: strerror(errno)))")
    }
    console.attach(log)
    console.attach(FileEnd(descriptor: 1, style: isatty(1) == 1 ? .raw : .text, isConnected: false))
    let terminal = try PseudoTerminalEnd(linkPath: paths.serialLink)
    console.attach(terminal)

    var vmOptions = InterpreterOptions(board: definition)
    if let heap = options.heap { vmOptions.heapBytes = heap.bytes }
    if let floatMode = options.float.mode { vmOptions.floatMode = floatMode }
    vmOptions.strict = options.isStrict
    let volume = image.volume
    let interpreterOptions = vmOptions
    let volumeDrive = VolumeDrive(volume: volume, isShared: options.sharedWrite)
    let supervisor = Supervisor(
      configuration: .init(
        identity: BoardIdentity(definition), isLikeBoard: options.likeBoard, log: MountedBoard.note),
      drive: volumeDrive, console: console, time: WallTime(),
      nvm: FileNVM(path: paths.nvm, sizeBytes: definition.nvmBytes),
      makeInterpreter: { host, services in
        // Parts follow the drivers in lib/, as of this start.
        let libraries = (try? volume.list(volume.resolve(Array("/lib".utf8), origin: .runtime).attributes.node)) ?? []
        let names = libraries.map { String(decoding: $0.storedName, as: UTF8.self) }
        for line in parts.attachParts(forLibraryNames: names) { MountedBoard.note(line) }
        let interpreter = Interpreter(host: host, options: interpreterOptions)
        interpreter.registerBoardModules(board: board, services: services)
        return interpreter
      },
      didEndVM: { board.resetForNewVM() })

    self.paths = paths
    self.definition = definition
    self.image = image
    self.volumeDrive = volumeDrive
    self.console = console
    self.terminal = terminal
    self.supervisor = supervisor
    self.board = board
    self.parts = parts
    isShared = options.sharedWrite
    let ended = ended
    drive = try Drive(
      volume: volume, events: events, mountPoint: mountPoint, policy: options.reloadMode,
      settings: .init(imageName: paths.image, allowsOthers: getuid() == 0),
      callbacks: .init(
        onReload: { supervisor.requestReload(cause: $0.text) },
        onStopProgram: { supervisor.stopForReload() },
        onUnmounted: { ended.send() },
        onFailure: { MountedBoard.note("\(BoardPaths.shown(paths.image)): \($0); the drive is read-only now") }))
    volumeDrive.setSettling { [drive] in _ = drive.waitUntilSettled() }
    volumeDrive.setOffering { [drive] isOffered in
      drive.setOffered(isOffered)
      MountedBoard.note(
        isOffered
          ? "the computer sees the drive again"
          : "storage.disable_usb_drive(): the computer sees no drive until code enables it or the board is reset")
    }
    let requests = ControlRequests()
    control = try ControlServer(path: paths.control) { verb, argument throws(ControlError) in
      try requests.answer(verb, argument)
    }
    requests.board.withLock { [unowned self] in $0 = self }
  }

  /// Mounts and powers up. When this returns, the drive can be used.
  func start() throws {
    guard SignalThread.start(onFirst: { [ended] _ in ended.send() }) else {
      throw CommandError("the system gives no more threads (ulimit -u)")
    }
    do {
      try drive.start()
    } catch {
      terminal.stop()
      control.stop()
      try? image.close()
      throw error
    }
    control.start()
    terminal.start(console)
    let sizeKiB = image.volumeBytes / 1024
    Self.note(
      "\(definition.name) with \(definition.mcu), a drive of \(sizeKiB) KiB in \(BoardPaths.shown(paths.image))")
    Self.note(
      "drive \(BoardPaths.shown(paths.mountPoint)), serial port \(BoardPaths.shown(paths.serialLink)), log "
        + "\(BoardPaths.shown(paths.log)); ctrl-c unmounts")
    supervisor.start()
    Self.note("mounted")
  }

  /// Returns when the board was unmounted, by a signal, a command or the kernel, and all is put away.
  func waitForEnd() throws {
    ended.wait(nanoseconds: nil)
    supervisor.shutdown()
    if !supervisor.join(milliseconds: Self.stopPatienceMilliseconds) {
      Self.note("the program did not end in time; it is left behind")
    }
    drive.stop()
    terminal.stop()
    defer { control.stop() }
    try image.close()
    Self.note("unmounted, \(BoardPaths.shown(paths.image)) is clean")
  }

  func requestEnd() { ended.send() }

  /// One line on the daemon's own log.
  @Sendable static func note(_ line: String) { HostFile.writeError("circuitpyd: " + line) }
}

/// The time of the world around the board: unlike the board's own it goes on through a reset.
private final class WorldClock: BoardClock {
  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds }
}

extension ReloadPolicyName {
  var mode: ReloadPolicy.Mode {
    switch self {
    case .prompt: .prompt
    case .settled: .settled
    case .board: .board
    }
  }
}

extension BoardIdentity {
  init(_ definition: BoardDefinition) {
    self.init(
      name: definition.name, id: definition.id, mcu: definition.mcu,
      uid: definition.uid.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }.joined())
  }
}
