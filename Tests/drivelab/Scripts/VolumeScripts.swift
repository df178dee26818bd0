import FlashFS
import Glibc

/// What is hard for the FAT volume: directories that grow, names, moves, full drives.
enum VolumeScripts {
  private static let longName = "/a name that needs several entries of thirteen letters each, really.txt"

  private static func script(
    _ name: String, on drive: CutDrive = Drives.small,
    prepare: @escaping @Sendable (Volume) throws -> Void = SaverScripts.drive, _ steps: [Step]...
  ) -> CutScript {
    CutScript(name, drive: drive, prepare: prepare, steps: steps.flatMap { $0 } + [checkpoint])
  }

  static let all: [CutScript] = [
    script(
      "rename over an open file",
      [
        open("/settings.toml"), create("/s.new"), write("/s.new", text(600)), release("/s.new"),
        rename("/s.new", "/settings.toml"), write("/settings.toml", text(100)), release("/settings.toml"),
      ]),
    script(
      "unlink while open, then writes to it",
      [
        open("/code.py"), unlink("/code.py"), write("/code.py", text(900)), checkpoint,
        write("/code.py", text(900), at: 900), create("/code.py"), release("/code.py"),
      ]),
    script(
      "a folder grows over its cluster",
      [mkdir("/deep")], (0..<20).map { mkdir("/deep/d\($0)") },
      [checkpointStep, rmdir("/deep/d7"), mkdir("/deep/again")]),
    script("mkdir and rmdir", [mkdir("/a"), mkdir("/a/b"), checkpoint, rmdir("/a/b"), rmdir("/a")]),
    script(
      "the root is full",
      prepare: { volume in
        // 128 entries: the label, and of these two each.
        for number in 0..<62 { try volume.writeFile(Array("/file \(number)".utf8), []) }
      }, [create("/aa bb"), refused(ENOSPC, create("/cc dd")), unlink("/file 3"), checkpoint, create("/ee ff")]),
    script(
      "the disk is full",
      prepare: { volume in
        let free = volume.statistics.freeClusters * volume.statistics.clusterBytes
        try volume.writeFile(Array("/big.bin".utf8), text(free - 2048))
      },
      [
        create("/a"), write("/a", text(4000)), refused(ENOSPC, write("/a", text(600), at: 2048)), release("/a"),
        checkpoint, unlink("/big.bin"),
      ], put("/b", text(3000))),
    script(
      "long names over cluster borders",
      [mkdir("/names")], (0..<4).map { mkdir("/names" + longName + "\($0)") },
      [checkpoint, rmdir("/names" + longName + "1"), mkdir("/names/short"), mkdir("/names" + longName + "x")]),
    script(
      "a name grows", put("/a.py", text(200)),
      [
        rename("/a.py", longName), checkpoint, rename(longName, longName + " and more of it"),
        rename(longName + " and more of it", "/b.py"),
      ]),
    script("a rename of case only", [rename("/code.py", "/Code.py"), checkpoint, rename("/Code.py", "/CODE.PY")]),
    script(
      "a folder moves", [mkdir("/x"), mkdir("/y"), mkdir("/x/moved")], put("/x/moved/f", text(700)),
      [rename("/x/moved", "/y/moved"), checkpoint, rename("/y/moved", "/moved")]),
    script(
      "a file moves over another",
      [rename("/code.py", "/lib/helper.py"), checkpoint, rename("/lib/helper.py", "/code.py")]),
    script(
      "truncate longer and shorter",
      [truncate("/code.py", 5000), checkpoint, truncate("/code.py", 100), truncate("/code.py", 0)]),
    script(
      "a write behind the end",
      [open("/code.py"), write("/code.py", text(50), at: 6000), checkpointStep, release("/code.py")]),
    script("FAT12 of 256 KiB", on: Drives.medium, put("/new.bin", text(20_000)), [checkpointStep, unlink("/code.py")]),
    script(
      "FAT16", on: Drives.fat16, put("/new.bin", text(9000)),
      [rename("/new.bin", "/code.py"), checkpoint, truncate("/code.py", 700)]),
  ]

  /// Volumes by mkfs.fat.
  static func foreign() throws -> [CutScript] {
    let saves: [Step] =
      put("/new.bin", text(5000)) + [
        rename("/new.bin", "/code.py"), checkpoint, mkdir("/d"), truncate("/code.py", 300),
      ]
    return [
      script("FAT12 with two tables", on: try Drives.foreign(kind: 12, volumeBytes: 256 << 10), saves),
      script("FAT16 with two tables", on: try Drives.foreign(kind: 16, volumeBytes: 4 << 20), saves),
      script("FAT32", on: try Drives.foreign(kind: 32, volumeBytes: 36 << 20), saves),
    ]
  }
}
