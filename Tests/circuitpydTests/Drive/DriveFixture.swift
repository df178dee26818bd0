import FlashFS
import Glibc
import Synchronization
import Testing

@testable import circuitpyd

/// A real mount of a volume in memory, in a folder of its own below /tmp.
final class DriveFixture: Sendable {
  let path: String
  let volume: Volume
  let drive: Drive
  /// What the drive said, and when.
  struct Log: Sendable {
    var reloads: [(time: UInt64, cause: ReloadCause)] = []
    var stops = 0
    var unmounts = 0
  }
  let log: Monitor<Log>

  init(policy: ReloadPolicy.Mode = .prompt, megabytes: Int = 2) throws {
    path = try Self.makeFolder()
    let storage = MemoryVolumeStorage([UInt8](repeating: 0xFF, count: megabytes << 20))
    try Volume.format(storage, volumeID: 0x1234_5678, now: 1_700_000_000)
    let events = VolumeEvents()
    volume = try Volume(storage: storage, onEvent: events.send)
    let log = Monitor(Log())
    self.log = log
    drive = try Drive(
      volume: volume, events: events, mountPoint: .prepare(path), policy: policy,
      settings: FuseServer.Settings(imageName: "test,image \\.img"),
      callbacks: Drive.Callbacks(
        onReload: { cause in
          log.update {
            $0.reloads.append((SystemClock.monotonicNanoseconds, cause))
            return true
          }
        },
        onStopProgram: { log.withLock { $0.stops += 1 } },
        onUnmounted: {
          log.update {
            $0.unmounts += 1
            return true
          }
        }))
    try drive.start()
  }

  static func makeFolder() throws -> String {
    var template = Array("/tmp/circuitpyd-drive-XXXXXX".utf8CString)
    return String(cString: try #require(mkdtemp(&template)))
  }

  /// Unmounts and judges what is left.
  func stop() throws {
    drive.stop()
    #expect(rmdir(path) == 0)
    #expect(volume.checkInvariants() == [])
    let bytes = try volume.withStorage { storage throws(FlashError) in (storage as? MemoryVolumeStorage)?.bytes ?? [] }
    let image = path + ".img"
    #expect(HostFile.write(bytes, to: image))
    let report = Shell.run("fsck.fat -n '\(image)'").output
    // It says this of every board's drive: the label is in the root only.
    let usual = [
      "fsck.fat 4", "There is no label in boot sector", "  Auto-copying", "Leaving filesystem unchanged", image,
    ]
    let complaints = report.split(separator: "\n").filter { line in !usual.contains { line.hasPrefix($0) } }
    #expect(report.hasPrefix("fsck.fat") && complaints.isEmpty, "\(report)")
    unlink(image)
  }

  func content(_ path: String) throws -> String {
    String(decoding: try volume.readFile(Array(path.utf8)), as: UTF8.self)
  }

  /// Runs a shell command in the drive; `$0` is its path.
  @discardableResult func shell(_ command: String) -> Shell.Result { Shell.run("cd '\(path)' && { \(command)\n}") }

  /// Waits for `count` reloads, then a while for one too many.
  func reloads(_ count: Int) -> [ReloadCause] {
    let limit = SystemClock.monotonicNanoseconds + 8_000_000_000
    log.wait {
      $0.reloads.count >= count || SystemClock.monotonicNanoseconds >= limit ? .done(()) : .wait(until: limit)
    }
    usleep(400_000)
    return log.withLock { $0.reloads.map(\.cause) }
  }
}

/// Commands of the test machine.
enum Shell {
  struct Result: Sendable {
    var status: Int32
    var output: String
  }

  private static let number = Atomic<Int>(0)

  /// Output and error output together; the status is the exit code.
  @discardableResult static func run(_ command: String) -> Result {
    let file = "/tmp/circuitpyd-output-\(getpid())-\(number.add(1, ordering: .relaxed).newValue)"
    defer { unlink(file) }
    let setUp = "exec >'\(file)' 2>&1; export HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    let status = HelperProgram.run(["timeout", "-k", "5", "60", "sh", "-c", "\(setUp)\n\(command)"])
    return Result(status: status, output: String(decoding: HostFile.read(file) ?? [], as: UTF8.self))
  }
}
