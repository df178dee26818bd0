import FlashFS
import Testing

@testable import circuitpyd

/// The saves of `flashfs.md` §13 as recorded from real programs: each reloads the program once, at any speed.
@Suite struct ReloadPolicyTests {
  struct Save: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var record: @Sendable (inout SaveRecorder) -> Void
    /// What the log says of it; nil where the speed decides.
    var text: String
  }

  static let code = "/code.py"
  static let saves: [Save] = [
    Save(
      testDescription: "cp over, open('w'), VS Code",
      record: {
        $0.open(code, truncate: true)
        $0.write(code)
        $0.close(code)
      }, text: "code.py (rewritten, 2 operations)"),
    Save(
      testDescription: "echo >>",
      record: {
        $0.open(code)
        $0.write(code)
        $0.close(code)
      }, text: "code.py (rewritten, 1 operation)"),
    Save(
      testDescription: "dd of four blocks",
      record: {
        $0.open(code, truncate: true)
        for _ in 0..<4 { $0.write(code, gap: 400) }
        $0.close(code)
      }, text: "code.py (rewritten, 5 operations)"),
    Save(
      testDescription: "cp -p of a new file, tar",
      record: {
        $0.create("/new.py")
        $0.write("/new.py")
        $0.setTimes("/new.py")
        $0.close("/new.py")
      }, text: "new.py (created, 3 operations)"),
    Save(
      testDescription: "unzip -o",
      record: {
        $0.open(code, truncate: true)
        $0.write(code)
        $0.close(code)
        $0.setTimes(code, gap: 400)
      }, text: "code.py (rewritten, 2 operations)"),
    Save(
      testDescription: "mv from another file system",
      record: {
        $0.unlink(code)
        $0.create(code)
        $0.write(code)
        $0.setTimes(code)
        $0.close(code)
      }, text: "code.py (re-created, 4 operations)"),
    Save(
      testDescription: "rsync",
      record: {
        $0.create("/.code.py.XyZ123")
        $0.write("/.code.py.XyZ123")
        $0.close("/.code.py.XyZ123")
        $0.setTimes("/.code.py.XyZ123")
        $0.rename("/.code.py.XyZ123", code)
      }, text: "code.py (rename over, 3 operations)"),
    Save(
      testDescription: "rsync --inplace",
      record: {
        $0.open(code)
        $0.write(code)
        $0.resize(code)
        $0.close(code)
        $0.setTimes(code)
      }, text: "code.py (rewritten, 2 operations)"),
    Save(
      testDescription: "sed -i",
      record: {
        $0.create("/sedAbCdEf")
        $0.write("/sedAbCdEf")
        $0.close("/sedAbCdEf")
        $0.rename("/sedAbCdEf", code)
      }, text: "code.py (rename over, 3 operations)"),
    Save(
      testDescription: "vim",
      record: {
        $0.create("/4913")
        $0.close("/4913")
        $0.unlink("/4913")
        $0.rename(code, "/code.py~")
        $0.create(code)
        $0.resize(code)
        $0.write(code)
        $0.close(code)
        $0.unlink("/code.py~")
        $0.unlink("/.code.py.swp")
      }, text: "code.py (re-created, 4 operations)"),
    Save(
      testDescription: "vim below backupskip",
      record: {
        $0.open(code)
        $0.resize(code)
        $0.write(code)
        $0.close(code)
        $0.unlink("/.code.py.swp")
      }, text: "code.py (rewritten, 2 operations)"),
    Save(
      testDescription: "nano",
      record: {
        $0.write("/.code.py.swp")
        $0.open(code, truncate: true)
        $0.write(code)
        $0.close(code)
        $0.unlink("/.code.py.swp", gap: 400)
      }, text: "code.py (rewritten, 2 operations)"),
    Save(
      testDescription: "gedit",
      record: {
        $0.create("/.goutputstream-ABCDEF")
        $0.write("/.goutputstream-ABCDEF")
        $0.rename("/.goutputstream-ABCDEF", code)
        $0.close(code)
      }, text: "code.py (rename over, 1 operation)"),
    Save(
      testDescription: "Kate, atomic writers",
      record: {
        $0.create("/code.py.tmp")
        $0.write("/code.py.tmp")
        $0.close("/code.py.tmp")
        $0.rename("/code.py.tmp", code)
      }, text: "code.py (rename over, 3 operations)"),
    Save(
      testDescription: "touch",
      record: {
        $0.open(code)
        $0.setTimes(code)
        $0.close(code)
      }, text: "code.py (touched, 1 operation)"),
    Save(
      testDescription: "cp -r of 60 files",
      record: { recorder in
        recorder.makeDirectory("/lib/pack")
        for number in 0..<60 {
          let path = "/lib/pack/m\(number).py"
          recorder.create(path)
          recorder.write(path)
          recorder.close(path, gap: 100)
        }
      }, text: "lib/pack, lib/pack/m0.py and 59 more (created, 121 operations)"),
    Save(testDescription: "rm", record: { $0.unlink(code) }, text: "code.py (deleted, 1 operation)"),
    Save(
      testDescription: "mv within the drive", record: { $0.rename(code, "/old.py") },
      text: "old.py (renamed, 1 operation)"),
  ]

  private func recorder() -> SaveRecorder { SaveRecorder(existing: [Self.code, "/.code.py.swp", "/other.py"]) }

  @Test(arguments: saves) func reloadsOnce(_ save: Save) {
    for slower: UInt64 in [0, 1, 10, 100] {
      var recorder = recorder()
      save.record(&recorder)
      var policy = ReloadPolicy(mode: .prompt)
      let replay = recorder.replay(&policy, slower: slower)
      #expect(replay.reloads.map(\.cause.text) == [save.text], "\(slower) times as slow")
      #expect(!policy.isSaveInProgress && !policy.isPending)
    }
  }

  @Test(arguments: saves) func modesSettledAndBoardReloadOnceAfterTheirDelay(_ save: Save) throws {
    for mode in [ReloadPolicy.Mode.settled, .board] {
      var recorder = recorder()
      save.record(&recorder)
      var policy = ReloadPolicy(mode: mode)
      let replay = recorder.replay(&policy, slower: 1)
      #expect(replay.reloads.count == 1)
      #expect(replay.stops == (mode == .board ? 1 : 0))
      let delay = try #require(replay.reloads.first).time - replay.end
      #expect(delay <= 750_000_000 && delay >= 748_000_000)
    }
  }

  /// A lone save of an existing file runs 5 ms after its close; what may be half a save waits longer.
  @Test func delays() throws {
    let expected: [(String, UInt64)] = [
      ("cp over, open('w'), VS Code", 5), ("vim", 5), ("sed -i", 5), ("gedit", 5), ("rm", 250),
      ("cp -p of a new file, tar", 250),
    ]
    for (name, milliseconds) in expected {
      let save = try #require(Self.saves.first { $0.testDescription == name })
      var recorder = recorder()
      save.record(&recorder)
      var policy = ReloadPolicy(mode: .prompt)
      let replay = recorder.replay(&policy, slower: 1)
      // vim's two last unlinks come after its save.
      let slack: UInt64 = name == "vim" ? 300_000 : 0
      #expect(try #require(replay.reloads.first).time + slack >= replay.end + milliseconds * 1_000_000)
      #expect(try #require(replay.reloads.first).time <= replay.end + milliseconds * 1_000_000)
    }
  }

  @Test func unimportantChangesReloadNothing() {
    var recorder = SaveRecorder(existing: [Self.code, "/.git", "/boot_out.txt", "/data.txt"])
    for name in [
      "/.code.py.swp", "/.code.py.swpx", "/4913", "/code.py~", "/#code.py#", "/.#code.py", "/.goutputstream-X1",
      "/.~lock.code.py#", "/._code.py", "/.DS_Store", "/.Trash-1000", "/.git/index", "/lib/__pycache__/a.pyc",
      "/.fseventsd/x", "/.Spotlight-V100/y/z",
    ] {
      recorder.create(name)
      recorder.write(name)
      recorder.close(name)
      recorder.unlink(name)
    }
    recorder.write("/boot_out.txt")
    recorder.write("/data.txt", origin: .runtime)
    // Opened and closed, nothing written.
    recorder.open(Self.code)
    recorder.close(Self.code)
    var policy = ReloadPolicy(mode: .prompt)
    #expect(recorder.replay(&policy, slower: 1).reloads.isEmpty)
    #expect(policy.nextDeadline == nil)
  }

  @Test func plainNamesThatLookAlike() {
    for name in ["/a.sw", "/.sw", "/.swp", "/49130", "/#", "/x.#y", "/git/a", "/DS_Store", "/lib/boot_out.txt"] {
      #expect(!IgnoredNames.contains(Array(name.utf8)), "\(name)")
    }
    #expect(IgnoredNames.contains(Array("/boot_out.txt".utf8)))
    #expect(IgnoredNames.contains(Array("/lib/.x.swp".utf8)))
  }

  @Test func twoSavesFarApartReloadTwice() {
    var recorder = recorder()
    for _ in 0..<2 {
      recorder.open(Self.code, truncate: true)
      recorder.write(Self.code)
      recorder.close(Self.code)
      recorder.pause(milliseconds: 3000)
    }
    for mode in ReloadPolicy.Mode.allCases {
      var policy = ReloadPolicy(mode: mode)
      #expect(recorder.replay(&policy, slower: 1).reloads.count == 2)
    }
  }

  /// Files rewritten one after the other, 50 ms apart: the quiet time grows until it spans the gaps, and is short again later.
  @Test func quietAdapts() throws {
    var recorder = SaveRecorder(existing: (0..<40).map { "/m\($0).py" })
    func save(_ path: String, _ recorder: inout SaveRecorder) {
      recorder.open(path, truncate: true)
      recorder.write(path)
      recorder.close(path)
    }
    for number in 0..<40 {
      save("/m\(number).py", &recorder)
      recorder.pause(milliseconds: 50)
    }
    recorder.pause(milliseconds: 2500)
    save("/m1.py", &recorder)
    var policy = ReloadPolicy(mode: .prompt)
    let replay = recorder.replay(&policy, slower: 1)
    #expect(replay.reloads.count == 4)
    #expect(try #require(replay.reloads.last).time == replay.end + 5_000_000)
  }

  @Test func aFileHeldOpenReloadsAfterFiveSeconds() throws {
    var recorder = recorder()
    recorder.open(Self.code)
    recorder.write(Self.code)
    var policy = ReloadPolicy(mode: .prompt)
    let replay = recorder.replay(&policy, slower: 1)
    #expect(replay.reloads.map { $0.time - replay.end } == [5_000_000_000])
    // The close brings nothing new.
    var rest = SaveRecorder(existing: [])
    rest.pause(milliseconds: 1)
    #expect(rest.replay(&policy, slower: 1).reloads.isEmpty)
  }

  /// A writer that pauses 400 ms between two writes with the file open is never cut in half.
  @Test func aSlowWriterIsNotSplit() {
    var recorder = recorder()
    recorder.open(Self.code, truncate: true)
    for _ in 0..<5 {
      recorder.write(Self.code)
      recorder.pause(milliseconds: 400)
    }
    recorder.close(Self.code)
    var policy = ReloadPolicy(mode: .prompt)
    #expect(recorder.replay(&policy, slower: 1).reloads.count == 1)
  }

  @Test func unbrokenTrafficReloadsAfterThirtySeconds() {
    var recorder = SaveRecorder(existing: [])
    for number in 0..<400 {
      recorder.makeDirectory("/d\(number)")
      recorder.pause(milliseconds: 100)
    }
    var policy = ReloadPolicy(mode: .prompt)
    let replay = recorder.replay(&policy, slower: 1)
    #expect(replay.reloads.count == 2)
  }

  @Test func suspendedChangesAreDropped() {
    var recorder = recorder()
    recorder.unlink(Self.code)
    var policy = ReloadPolicy(mode: .prompt)
    policy.suspend(.repl)
    #expect(recorder.replay(&policy, slower: 1).reloads.isEmpty)
    #expect(policy.changedWhileSuspended)
    policy.resume(.repl)
    #expect(!policy.changedWhileSuspended && !policy.isPending)
  }

  @Test func aProgramThatStartsAfterTheChangesIsNotReloadedForThem() {
    var recorder = recorder()
    recorder.open(Self.code, truncate: true)
    recorder.write(Self.code)
    var policy = ReloadPolicy(mode: .prompt)
    var now: UInt64 = 10_000_000_000
    for step in recorder.steps {
      now += 1
      if let event = step.event { #expect(policy.note(event, at: now) == .nothing) }
    }
    #expect(policy.isSaveInProgress && !policy.isSettled(at: now + 1_000_000_000))
    let count = recorder.steps.count
    recorder.close(Self.code)
    for step in recorder.steps[count...] { #expect(policy.note(step.event!, at: now) == .nothing) }
    #expect(!policy.isSettled(at: now + 1_000_000))
    #expect(policy.isSettled(at: now + 5_000_000))
    #expect(policy.programStarts() == UInt64(count + 1))
    #expect(policy.poll(at: now + 10_000_000_000) == .nothing)
  }
}
