import ArgumentParser
import FlashFS
import Glibc

/// Damaged images: nothing may trap or hang, and what repair says is mended must be so to every judge.
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Damage images, use them, mend them, and check what is left.")
  @Option(help: "How long to go on.") var seconds = 10
  @Option(help: "Where the random numbers begin.") var seed: UInt64 = UInt64.random(in: 1...UInt64(UInt32.max))
  @Option(help: "Only the case with this number.") var only: Int?
  @Option(help: "Let fsck.fat judge every so many cases; 0: never.") var fsckEvery = 100

  func run() throws {
    let bases = try FuzzBase.all()
    for base in bases {
      let findings = try VolumeCheck.run(MemoryVolumeStorage(base.bytes))
      if let first = findings.first { throw LabFailure("a good volume (\(base.name)) is judged: \(first)") }
    }
    // A single case is for a debugger: the runtime's own backtrace says more.
    if only == nil { FuzzWatchdog.start() }
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var tally = FuzzTally()
    var index = only ?? 0
    while only != nil || clock.now < end {
      FuzzWatchdog.begin(seed: seed, index: index)
      var fuzzCase = FuzzCase(seed: seed, index: index, usesFsck: fsckEvery > 0 && index % fsckEvery == 0)
      do { try fuzzCase.run(bases, &tally) } catch {
        throw LabFailure("\(error); again with: drivelab fuzz --seed \(seed) --only \(index)")
      }
      FuzzWatchdog.end()
      if only != nil { break }
      index += 1
      if index % 20000 == 0 {
        print("fuzz: \(tally)")
        fflush(nil)
      }
    }
    print("fuzz: seed \(seed), \(tally): clean")
  }
}

/// A test of the lab that found something; the text is the report.
struct LabFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

struct FuzzTally: CustomStringConvertible {
  var cases = 0
  var refused = 0
  var readOnly = 0
  var writable = 0
  var mended = 0
  var hopeless = 0
  var journals = 0
  var files = 0
  var fsck = 0
  var description: String {
    "\(cases) cases (\(journals) with a journal, \(files) image files); mounted \(writable) writable, \(readOnly)"
      + " read-only, refused \(refused); mended \(mended), hopeless \(hopeless); fsck.fat asked \(fsck) times"
  }
}
