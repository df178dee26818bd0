import Glibc
import Synchronization

/// The serial port: a pseudo-terminal that clients open through a symbolic link, as they would open /dev/ttyACM0.
///
/// Nobody has to be there: output is discarded then. The line stays raw whatever a client sets: in packet mode the kernel
/// reports each change of the terminal settings (EXTPROC), and they are mended at once.
final class PseudoTerminalEnd: ConsoleEnd {
  /// How long output waits for a client that has the port open but reads nothing, before it is discarded until the client reads.
  static let stallMilliseconds: Int32 = 1000
  /// How often an unopened port is looked at, should the kernel not tell of an opening.
  private static let idlePollMilliseconds: Int32 = 1000
  /// Of <termios.h> and <sys/ioctl.h>, which Swift does not see.
  private static let externalProcessing: tcflag_t = 0o200000
  private static let getNumber = UInt(0x8004_5430)  // TIOCGPTN
  private static let setLock = UInt(0x4004_5431)  // TIOCSPTLCK
  private static let setPacketMode = UInt(0x5420)  // TIOCPKT

  /// The device, such as /dev/pts/3.
  let devicePath: String
  let linkPath: String?
  private let master: Int32
  private let openWatch: Int32
  private let stopEvent: (read: Int32, write: Int32)
  private let output = Mutex(OutputState())
  private struct OutputState { var isStalled = false }

  /// Makes the terminal and the link to it; throws one line that says what failed.
  init(linkPath: String?) throws(ConsoleError) {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var number: Int32 = 0
    var isLocked: Int32 = 0
    var usesPackets: Int32 = 1
    guard master >= 0, ioctl(master, Self.setLock, &isLocked) == 0, ioctl(master, Self.getNumber, &number) == 0,
      ioctl(master, Self.setPacketMode, &usesPackets) == 0
    else {
      let reason = String(cString: strerror(errno))
      if master >= 0 { close(master) }
      throw ConsoleError("no pseudo-terminal for the serial port: \(reason) (is /dev/pts mounted?)")
    }
    devicePath = "/dev/pts/\(number)"
    self.linkPath = linkPath
    openWatch = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    _ = inotify_add_watch(openWatch, devicePath, UInt32(IN_OPEN))
    var ends: [Int32] = [0, 0]
    _ = pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    stopEvent = (ends[0], ends[1])
    // Only a slave that was closed once counts as hung up.
    discardUnread()
    makeRaw()
    guard let linkPath else { return }
    let temporary = "\(linkPath).\(getpid())"
    unlink(temporary)
    if symlink(devicePath, temporary) != 0 || rename(temporary, linkPath) != 0 {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw ConsoleError("\(linkPath): no link to the serial port: \(reason); choose another with --serial-link")
    }
  }

  deinit {
    close(master)
    close(openWatch)
    close(stopEvent.read)
    close(stopEvent.write)
  }

  // MARK: Output

  var isConnected: Bool {
    var master = pollfd(fd: self.master, events: 0, revents: 0)
    return poll(&master, 1, 0) >= 0 && master.revents & Int16(POLLHUP) == 0
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    output.withLock { state in
      var rest = bytes[...]
      while !rest.isEmpty {
        if !isConnected { return }
        let n = Glibc.write(master, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if n > 0 {
          rest = rest.dropFirst(n)
          state.isStalled = false
        } else if n < 0 && errno == EINTR {
          continue
        } else if n < 0 && errno != EAGAIN {
          return
        } else if state.isStalled || !waitForRoom() {
          state.isStalled = true
          return
        }
      }
    }
  }

  /// Waits until the client has read something; false when it does not, or left.
  private func waitForRoom() -> Bool {
    var polls = [
      pollfd(fd: master, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: stopEvent.read, events: Int16(POLLIN), revents: 0),
    ]
    let count = poll(&polls, 2, Self.stallMilliseconds)
    return count > 0 && polls[0].revents & Int16(POLLHUP) == 0 && polls[1].revents == 0
  }

  // MARK: Input

  /// Starts reading, on a thread of its own that lives until `stop`.
  func start(_ console: Console) {
    NativeThread.detached { [self] in readLoop(console) }
  }

  /// Ends the reader and takes the link away.
  func stop() {
    var one: UInt8 = 1
    _ = Glibc.write(stopEvent.write, &one, 1)
    guard let linkPath else { return }
    var target = [CChar](repeating: 0, count: 256)
    let n = readlink(linkPath, &target, target.count - 1)
    // Another daemon may have put its own there meanwhile.
    if n > 0, String(decoding: target[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self) == devicePath {
      unlink(linkPath)
    }
  }

  private func readLoop(_ console: Console) {
    var wasConnected = false
    while true {
      let isOpen = isConnected
      if isOpen != wasConnected {
        wasConnected = isOpen
        if !isOpen {
          discardUnread()
          makeRaw()
        }
        console.connectionChanged(self, isConnected: isOpen)
        continue
      }
      // A hung-up master would make every poll return at once.
      var polls = [
        pollfd(fd: stopEvent.read, events: Int16(POLLIN), revents: 0),
        pollfd(fd: openWatch, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isOpen ? master : -1, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&polls, 3, isOpen ? -1 : Self.idlePollMilliseconds)
      if polls[0].revents != 0 { return }
      if polls[1].revents != 0 { drainWatch() }
      // After an opening there may be input from a client that is gone already.
      if polls[1].revents != 0 || polls[2].revents != 0 { readInput(console) }
    }
  }

  private func readInput(_ console: Console) {
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let n = read(master, &chunk, chunk.count)
      if n < 0 && errno == EINTR { continue }
      if n <= 0 { return }  // nothing more, or everybody closed it
      // Packet mode: 0 and data, or flags.
      if chunk[0] != 0 {
        makeRaw()
      } else if n > 1 {
        console.receive(Array(chunk[1..<n]))
      }
    }
  }

  private func drainWatch() {
    var events = [UInt8](repeating: 0, count: 4096)
    while read(openWatch, &events, events.count) > 0 {}
  }

  /// Drops what nobody read, so that the next client does not begin with it.
  private func discardUnread() {
    let slave = open(devicePath, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    if slave < 0 { return }
    tcflush(slave, TCIFLUSH)
    close(slave)
    drainWatch()
  }

  /// Raw and without echo, for both directions. VMIN and VTIME stay the client's.
  private func makeRaw() {
    var settings = termios()
    // The master's ioctl reaches the slave's settings.
    guard tcgetattr(master, &settings) == 0 else { return }
    var raw = settings
    cfmakeraw(&raw)
    raw.c_cc = settings.c_cc
    raw.c_lflag |= Self.externalProcessing
    raw.c_iflag &= ~tcflag_t(IXOFF | IXANY)
    let isRaw =
      raw.c_lflag == settings.c_lflag && raw.c_iflag == settings.c_iflag && raw.c_oflag == settings.c_oflag
    if !isRaw { tcsetattr(master, TCSANOW, &raw) }
  }
}

/// What kept the console from working, in one line.
struct ConsoleError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
