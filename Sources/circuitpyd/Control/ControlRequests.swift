import Board
import DriverBundle
import Glibc
import Synchronization

/// What can be asked of a running board over its socket.
final class ControlRequests: Sendable {
  private static let longestPressMilliseconds = 60_000
  private static let longestConversionMicroseconds: UInt64 = 2_000_000
  let board = Mutex<MountedBoard?>(nil)

  func answer(_ verb: String, _ argument: String) throws(ControlError) -> [String] {
    guard let board = board.withLock({ $0 }) else { throw ControlError("the board is still starting") }
    switch verb {
    case "status": return board.statusLines
    case "reset": board.supervisor.reset()
    case "unmount": board.requestEnd()
    case "set": return try set(board, argument)
    case "press": return try press(board, argument)
    default: throw ControlError("\(verb): unknown request (an older or newer circuitpyd runs the board)")
    }
    return []
  }

  private func set(_ board: MountedBoard, _ assignment: String) throws(ControlError) -> [String] {
    guard let stimulus = Stimulus(assignment) else { throw ControlError("give PART.PROPERTY=VALUE") }
    do throws(PartError) {
      let nanoseconds = try board.parts.set(stimulus.property, stimulus.value)
      // Whoever sets a value and then looks means the new one, and a sensor takes its time to convert.
      usleep(UInt32(min(nanoseconds / 1000 + 1, Self.longestConversionMicroseconds)))
    } catch {
      throw ControlError(error.description)
    }
    return []
  }

  private func press(_ board: MountedBoard, _ argument: String) throws(ControlError) -> [String] {
    let words = argument.split(separator: " ")
    guard let name = words.first.map(String.init) else { throw ControlError("name a button") }
    let milliseconds = min(words.dropFirst().first.flatMap { Int($0) } ?? 200, Self.longestPressMilliseconds)
    do throws(BoardError) {
      try board.board.setButton(name, isPressed: true)
      usleep(UInt32(max(milliseconds, 1)) * 1000)
      try board.board.setButton(name, isPressed: false)
    } catch {
      throw ControlError(error.description)
    }
    return []
  }
}

extension MountedBoard {
  /// What `circuitpyd status` prints.
  var statusLines: [String] {
    let sizes = image.volume.statistics
    let writers = WriteAccess(
      image.volume.protection, isShared: isShared, isOffered: volumeDrive.isOffered, hasFailed: image.volume.isReadOnly)
    let state = supervisor.state.withLock { ($0.phase, $0.status, $0.isAutoreloadEnabled) }
    let doing =
      switch state.0 {
      case .off: "off"
      case .booting: "runs boot.py"
      case .code: "runs \(state.1)"
      case .waiting: "waits for a save or a key"
      case .prompt: "is at the REPL's prompt"
      }
    let hidden = volumeDrive.isOffered ? "" : " (not offered: storage.disable_usb_drive())"
    var lines = [
      "\(definition.name) with \(definition.mcu) (\(definition.id)), process \(getpid())",
      "board:   \(doing); auto-reload is \(state.2 ? "on" : "off")",
      "drive:   \(BoardPaths.shown(paths.mountPoint))\(hidden), \(sizes.freeClusters * sizes.clusterBytes / 1024) of "
        + "\(sizes.totalClusters * sizes.clusterBytes / 1024) KiB free",
      "writes:  \(writers.text)",
      "serial:  \(BoardPaths.shown(paths.serialLink)) (\(terminal.devicePath)), "
        + (terminal.isConnected ? "connected" : "nobody connected"),
      "log:     \(BoardPaths.shown(paths.log))",
    ]
    lines += parts.report.map { "part:    " + $0 }
    lines += board.pixelFrames.map { frame in
      let bytes = frame.bytes.prefix(32).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      return "pixels:  \(frame.pin) \(bytes)\(frame.bytes.count > 32 ? " …" : "")"
    }
    return lines
  }
}
