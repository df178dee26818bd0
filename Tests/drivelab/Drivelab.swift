import ArgumentParser

/// The drive's long tests, in a program of their own: they run optimised, under a sanitizer, for minutes or for a day. `make test`
/// runs the short form of each.
@main struct Drivelab: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Break the simulated flash, the journal and the FAT volume, and check what is left.",
    subcommands: [CheckCommand.self, CutsCommand.self, FuzzCommand.self, RacesCommand.self])
}
