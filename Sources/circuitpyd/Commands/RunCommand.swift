import ArgumentParser
import Board
import CircuitPython
import DriverBundle
import Glibc
import Runtime

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a program once, without a mount: serial output on stdout.")

  @Argument(help: "A file to run, or a folder with a code.py.") var path: String?
  @Option(name: .customShort("c"), help: ArgumentHelp("Code to run.", valueName: "code")) var code: String?
  @Option(help: ArgumentHelp("The board to be.", valueName: "id")) var board = BoardDefinition.defaultID
  @Option(help: "Heap in bytes, with K or M: 20K.") var heap: ByteCount?
  @Option(help: "Float width: board (30 bits), single or double.") var float: FloatWidth = .board
  @Option(
    name: .customLong("part"),
    help: ArgumentHelp("Attach a part, besides those whose drivers are in lib/.", valueName: "name"))
  var parts: [String] = []
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "What a part or pin sees from the start: adt7410.temperature=30.5, D5.level=low.",
      valueName: "part.property=value"))
  var stimuli: [String] = []
  @OptionGroup var card: CardOptions
  @Flag(help: "A clock that moves only in sleep.") var virtualTime = false
  @Flag(
    name: .customLong("collect-always"),
    help: ArgumentHelp(
      "Collect garbage at every safepoint, to find what native code forgot to keep.", visibility: .hidden))
  var collectsAlways = false
  @Option(help: ArgumentHelp("End the program after this long; exit code 124.", valueName: "seconds")) var timeout:
    Double?

  func run() throws {
    guard (path == nil) != (code == nil) else {
      throw ValidationError("Give a file, a folder, or -c CODE.")
    }
    let definition: BoardDefinition
    do throws(BoardError) { definition = try BoardDefinition.named(board) } catch {
      throw CommandError(error.description)
    }
    var options = InterpreterOptions(board: definition)
    if let heap { options.heapBytes = heap.bytes }
    if let floatMode = float.mode { options.floatMode = floatMode }
    let program = try Program.load(path: path, code: code)
    let interpreterOptions = options
    let isVirtual = virtualTime
    let limit = timeout
    let isHostile = collectsAlways
    let wiring = Wiring(partNames: parts, stimuli: try stimuli.map(RunCommand.stimulus), card: card)
    // Written by the Python thread, read after it was joined.
    nonisolated(unsafe) var end = RunEnd.completed
    nonisolated(unsafe) var failure: String?
    try PythonThread.run {
      let files = FolderFileStore(program.folder)
      let host = StdioHost(files: files, virtualTime: isVirtual)
      let board = SimulatedBoard(definition: definition, clock: host.clock)
      do {
        try wiring.attach(to: board, host: host)
      } catch {
        failure = "\(error)"
        return
      }
      let interpreter = Interpreter(host: host, options: interpreterOptions)
      interpreter.registerBoardModules(board: board, services: StandaloneServices(nvmBytes: definition.nvmBytes))
      interpreter.collectsAlways = isHostile
      if let limit { Watchdog.start(seconds: limit) }
      end =
        program.isBinary
        ? interpreter.run(binary: program.bytes, name: program.name)
        : interpreter.run(source: program.bytes, name: program.name)
    }
    if let failure { throw CommandError(failure) }
    switch end {
    case .completed, .reload, .deepSleep: return
    case .systemExit(let code): throw ExitCode(code)
    case .exception, .keyboardInterrupt: throw ExitCode(1)
    }
  }
}

extension RunCommand {
  private static func stimulus(_ text: String) throws -> Stimulus {
    guard let stimulus = Stimulus(text) else {
      throw ValidationError("--set wants part.property=value, as adt7410.temperature=30.5; got '\(text)'.")
    }
    return stimulus
  }
}

/// What is connected to the board before the program starts.
private struct Wiring: Sendable {
  /// How long the board had power before the program started, so that sensors have seen what is around them.
  private static let bootNanoseconds: UInt64 = 1_000_000_000

  let partNames: [String]
  let stimuli: [Stimulus]
  let card: CardOptions

  /// Connects the parts whose drivers are in the folder's lib/, and those given by name.
  func attach(to board: SimulatedBoard, host: StdioHost) throws {
    let parts = PartSet(board: board)
    if let line = try card.attachCard(to: parts, of: board, standardPath: nil) { host.note(line) }
    let entries = (try? host.files?.list(Array("/lib".utf8))) ?? []
    for line in parts.attachParts(forLibraryNames: entries.map { String(decoding: $0.name, as: UTF8.self) }) {
      host.note(line)
    }
    for name in partNames { host.note(try parts.attachPart(named: name)) }
    for stimulus in stimuli { try parts.set(stimulus.property, stimulus.value) }
    if !stimuli.isEmpty { host.clock.skip(nanoseconds: Wiring.bootNanoseconds) }
  }
}

/// What `run` was asked to run.
struct Program {
  let bytes: [UInt8]
  let name: String
  let folder: String
  let isBinary: Bool

  static func load(path: String?, code: String?) throws -> Program {
    guard let path else {
      return Program(bytes: Array((code ?? "").utf8), name: "<stdin>", folder: ".", isBinary: false)
    }
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw CommandError("\(path): \(String(cString: strerror(errno)))")
    }
    if info.st_mode & S_IFMT == S_IFDIR {
      for name in Supervisor.programNames {
        if let bytes = HostFile.read(path + "/" + name) {
          return Program(bytes: bytes, name: name, folder: path, isBinary: false)
        }
      }
      throw CommandError("\(path): no code.py in this folder")
    }
    guard let bytes = HostFile.read(path) else { throw CommandError("\(path): \(String(cString: strerror(errno)))") }
    let slash = path.lastIndex(of: "/")
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    return Program(bytes: bytes, name: name, folder: folder, isBinary: path.hasSuffix(".mpy"))
  }
}

/// Ends the process with 124 when a program takes too long, as coreutils' `timeout` does.
enum Watchdog {
  static func start(seconds: Double) {
    let microseconds = UInt32(min(seconds, 4000) * 1e6)
    NativeThread.detached {
      usleep(microseconds)
      _exit(124)
    }
  }
}

/// An error told in one line on stderr; exit code 1.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A size such as 20K or 8M.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int
  init?(argument: String) {
    let scale = ["K": 1024, "k": 1024, "M": 1 << 20, "m": 1 << 20][argument.suffix(1)] ?? 1
    guard let n = Int(scale == 1 ? Substring(argument) : argument.dropLast()), n > 0, n <= Int.max / scale else {
      return nil
    }
    bytes = n * scale
  }
}

enum FloatWidth: String, ExpressibleByArgument, CaseIterable {
  case board, single, double
  /// nil: what the board has.
  var mode: FloatMode? { self == .board ? nil : self == .single ? .single : .double }
}
