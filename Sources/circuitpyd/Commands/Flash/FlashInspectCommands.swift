import ArgumentParser
import FlashFS
import Glibc

struct FlashInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Show an image's layout, journal and wear; also of one in use.")
  @OptionGroup var choice: ImageChoice
  @Flag(help: "One JSON object.") var json = false

  func run() throws {
    do {
      let facts = try ImageFacts(try choice.snapshot())
      if json { print(facts.json) } else { facts.lines.forEach { print($0) } }
    } catch let error as ImageFactsError {
      throw CommandError("\(error)")
    }
  }
}

struct FlashCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Judge the FAT volume, journal replayed. Exits with 1 when something is (still) wrong.")
  @OptionGroup var choice: ImageChoice
  @Flag(help: "Mend what can be mended.") var repair = false

  func run() throws {
    if repair { return try mend() }
    let snapshot = try choice.snapshot()
    var findings: [String] = []
    do {
      let (storage, report) = try snapshot.recovered()
      for block in report?.damagedBlocks ?? [] {
        findings.append("block \(block) of an unfinished checkpoint cannot be restored; restore a copy of the image")
      }
      findings += try VolumeCheck.run(storage).map { "\($0)" }
    } catch {
      throw CommandError("\(snapshot.path): \(error)")
    }
    if !snapshot.hasWearTable { findings.append("no valid wear table; the next checkpoint writes one") }
    findings.forEach { print($0) }
    if !findings.isEmpty { throw ExitCode(1) }
    print("\(snapshot.path): clean")
  }

  private func mend() throws {
    let path = try choice.path
    let remaining = try WritableImage.use(path) { storage in
      let plan = try VolumeRepair(storage)
      plan.actions.forEach { print($0) }
      _ = try plan.commit(to: storage)
      return plan.remaining
    }
    for finding in remaining { print("still there: \(finding)") }
    if !remaining.isEmpty { throw ExitCode(1) }
    print("\(path): clean")
  }
}

struct FlashRecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Replay the journal and leave a clean image, as a mount and unmount would.")
  @OptionGroup var choice: ImageChoice
  @Flag(help: "Cut a damaged journal off: what the last checkpoint left stays, later changes are lost.")
  var giveUpJournal = false

  func run() throws {
    let path = try choice.path
    if giveUpJournal {
      do throws(FlashImageError) {
        print("\(path): \(try ImageRescue.giveUpJournal(path)) bytes cut off; a plain FAT image is left")
      } catch {
        throw CommandError("\(error)")
      }
      return
    }
    let frames = try WritableImage.use(path) { storage in (storage as? BlockStore)?.recovery.replayedFrames ?? 0 }
    print("\(path): \(frames) frames replayed, clean")
  }
}

struct FlashUF2Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uf2", abstract: "Write the drive as a UF2 file for a board's boot loader.")
  @OptionGroup var choice: ImageChoice
  @Argument(help: "The UF2 file.") var output: String
  @Option(help: "Address of the drive in the chip's memory.") var base = "0x10100000"
  @Option(help: "The chip: rp2040, rp2350, samd21, samd51, nrf52840, esp32s2, esp32s3 or a number.")
  var family = "rp2040"

  private static func number(_ text: String) -> UInt32? {
    text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
  }

  func run() throws {
    guard let address = Self.number(base), address % UInt32(UF2.payloadBytes) == 0 else {
      throw CommandError("--base \(base): give a multiple of \(UF2.payloadBytes) such as 0x10100000")
    }
    guard let id = UF2.families.first(where: { $0.name == family })?.id ?? Self.number(family) else {
      throw CommandError(
        "--family \(family): give a number or one of \(UF2.families.map(\.name).joined(separator: ", "))")
    }
    let content = try choice.volumeContent()
    guard UInt64(address) + UInt64(content.count) <= 1 << 32 else {
      throw CommandError("--base \(base): \(content.count) bytes reach beyond 32-bit addresses; give a lower base")
    }
    try HostFile.writeWhole(UF2.encode(content, base: address, family: id), to: output)
  }
}
