import ArgumentParser
import Board
import FlashFS
import Runtime

/// The options of `mount` that make the board what it is.
struct MountOptions: ParsableArguments {
  @Argument(help: "Where to mount the drive; made if it is missing. Default ./CIRCUITPY.") var mountpoint: String?
  @Option(help: ArgumentHelp("The board; `circuitpyd boards` lists them.", valueName: "id"))
  var board = BoardDefinition.defaultID
  @Option(help: ArgumentHelp("The flash chip's image; default MOUNTPOINT.img.", valueName: "file")) var flash: String?
  @Option(help: ArgumentHelp("Size of a new drive, with K or M; default the board's.", valueName: "size"))
  var flashSize: ByteCount?
  @Option(help: ArgumentHelp("Heap in bytes, with K or M; default the board's.", valueName: "size")) var heap:
    ByteCount?
  @Option(help: "Float width: board (30 bits on most), single or double.") var float: FloatWidth = .board
  @Option(help: ArgumentHelp("What code printed; default MOUNTPOINT.log.", valueName: "file")) var serialLog: String?
  @Option(help: ArgumentHelp("Symbolic link to the serial port; default MOUNTPOINT.tty.", valueName: "path"))
  var serialLink: String?
  @Option(help: "When a save reloads: prompt, settled (750 ms later) or board (stops at the first write).")
  var reload: ReloadPolicyName?
  @Option(help: "A journal that no power cut can harm (on), or the flash in place behind a cache of 4 KiB (none).")
  var journal: JournalName?
  @Option(help: "What an acknowledged write survives: the daemon's end (process) or the machine's (host).")
  var durability: DurabilityName = .process
  @Flag(
    help: """
      As the hardware does it: --strict --reload board --journal none, flash at a chip's speed, the waits at power-up. Parts given \
      besides win: --like-board --journal on.
      """)
  var likeBoard = false
  @Flag(inversion: .prefixedNo, help: "Only what the board's firmware has.") var strict: Bool?
  @Flag(help: "Let the computer and the code both write the drive.") var sharedWrite = false
  @Flag(help: "Mount over a folder that is not empty.") var nonempty = false
}

/// What `--like-board` means where nothing else was said.
extension MountOptions {
  var reloadMode: ReloadPolicy.Mode { reload?.mode ?? (likeBoard ? .board : .prompt) }
  var isStrict: Bool { strict ?? likeBoard }

  func storage(of definition: BoardDefinition) -> BoardImage.Storage {
    BoardImage.Storage(
      usesJournal: journal.map { $0 == .on } ?? !likeBoard, durability: durability == .host ? .host : .process,
      latency: likeBoard ? .typical : nil, chip: FaithfulStorage.Chip(definition))
  }
}

extension FaithfulStorage.Chip {
  /// The raspberrypi port keeps drive and program in one chip, and stops the program to read what it wrote.
  init(_ definition: BoardDefinition) { self = definition.port == "raspberrypi" ? .internalFlash : .externalFlash }
}

enum JournalName: String, ExpressibleByArgument, CaseIterable { case on, none }
enum ReloadPolicyName: String, ExpressibleByArgument, CaseIterable { case prompt, settled, board }
enum DurabilityName: String, ExpressibleByArgument, CaseIterable { case process, host }
