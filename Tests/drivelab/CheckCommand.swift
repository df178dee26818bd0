import ArgumentParser
import FlashFS
import Glibc

/// What the check and the repair say of an image file; the file stays as it is unless `--repair` is given.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "check", abstract: "Judge a plain FAT image.")
  @Argument var image: String
  @Flag var repair = false

  func run() throws {
    guard let file = fopen(image, repair ? "r+" : "r") else { throw ValidationError("cannot open \(image)") }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    fread(&bytes, 1, bytes.count, file)
    let storage = MemoryVolumeStorage(bytes)
    let begin = ContinuousClock.now
    for finding in try VolumeCheck.run(storage) { print("\(finding.severity): \(finding)") }
    print("checked in \(ContinuousClock.now - begin)")
    guard repair else { return }
    let plan = try VolumeRepair(storage)
    plan.actions.forEach { print($0) }
    print("\(try plan.commit(to: storage)) transactions, \(plan.remaining.count) findings left")
    rewind(file)
    fwrite(storage.bytes, 1, storage.bytes.count, file)
  }
}
