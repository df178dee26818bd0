import ArgumentParser
import Board
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
  var reload: ReloadPolicyName = .prompt
  @Option(help: "What an acknowledged write survives: the daemon's end (process) or the machine's (host).")
  var durability: DurabilityName = .process
  @OptionGroup var card: CardOptions
  @Flag(help: "Only what the board's firmware has.") var strict = false
  @Flag(help: "Let the computer and the code both write the drive.") var sharedWrite = false
  @Flag(help: "Mount over a folder that is not empty.") var nonempty = false
}

enum ReloadPolicyName: String, ExpressibleByArgument, CaseIterable { case prompt, settled, board }
enum DurabilityName: String, ExpressibleByArgument, CaseIterable { case process, host }
