import FlashFS

/// The requests of real savers, as recorded through FUSE (`flashfs.md` §13).
enum SaverScripts {
  static let old = text(1200, seed: 2)
  static let new = text(1500, seed: 3)
  private static let code = "/code.py"

  /// A drive in use: a program, settings, a library.
  static let drive: @Sendable (Volume) throws -> Void = { volume in
    try volume.writeFile(Array("/code.py".utf8), old)
    try volume.writeFile(Array("/settings.toml".utf8), [0x78])
    try mkdirIn(volume, "lib")
    try volume.writeFile(Array("/lib/helper.py".utf8), text(700, seed: 4))
  }
  static func mkdirIn(_ volume: Volume, _ name: String) throws {
    let made = try volume.makeDirectory(.root, Array(name.utf8), origin: .tool)
    volume.forget(made.attributes.node, count: 1)
  }

  private static func saver(_ name: String, _ steps: [Step]...) -> CutScript {
    CutScript(name, drive: Drives.small, prepare: drive, steps: steps.flatMap { $0 } + [checkpoint])
  }

  /// Writes over an open file in one go.
  private static func rewrite(_ path: String, truncate: Bool = true) -> [Step] {
    [open(path, truncate: truncate), write(path, new), release(path)]
  }
  private static func temporary(_ name: String, syncs: Bool = false) -> [Step] {
    let sync: [Step] = syncs ? [fsync()] : []
    return [create(name), write(name, new)] + sync + [release(name)]
  }

  static let all: [CutScript] = [
    saver("cp", rewrite(code)),
    saver("python open w, VS Code", [open(code, truncate: true), write(code, new), fsync(), release(code)]),
    saver("cat >", [open(code, truncate: true), write(code, new), release(code)], [checkpointStep]),
    saver("echo >>", [open(code), write(code, text(20), at: old.count), release(code)]),
    saver(
      "dd", [open(code, truncate: true)], (0..<4).map { write(code, text(512, seed: UInt64($0)), at: $0 * 512) },
      [release(code)]),
    saver("cp -p, tar", [create("/new.py"), write("/new.py", new), setTimes("/new.py"), release("/new.py")]),
    saver("unzip", put("/new.py", new), [setTimes("/new.py")]),
    saver(
      "mv from another file system", [unlink(code), create(code), write(code, new), setTimes(code), release(code)]),
    saver(
      "rsync", temporary("/.code.py.Xa81Zq"), [setTimes("/.code.py.Xa81Zq"), rename("/.code.py.Xa81Zq", code)]),
    saver(
      "rsync --inplace",
      [open(code), write(code, text(900, seed: 5)), truncate(code, 900), release(code), setTimes(code)]),
    saver("sed -i", temporary("/sedK3x9aB"), [rename("/sedK3x9aB", code)]),
    saver(
      "vim with a backup",
      [
        create("/.code.py.swp"), write("/.code.py.swp", text(1024)), checkpoint, create("/4913"), release("/4913"),
        unlink("/4913"), rename(code, "/code.py~"), create(code), truncate(code, 0), write(code, new), fsync(),
        release(code), unlink("/code.py~"), release("/.code.py.swp"), unlink("/.code.py.swp"),
      ]),
    saver(
      "vim without a backup", [open(code), truncate(code, 0), write(code, new), fsync(), release(code)]),
    saver(
      "vim, swap written while typing",
      [
        create("/.code.py.swp"), write("/.code.py.swp", text(1024)), write("/.code.py.swp", text(512), at: 1024),
        checkpoint, write("/.code.py.swp", text(512, seed: 9), at: 512), open(code), truncate(code, 0),
        write(code, new), release(code), release("/.code.py.swp"), unlink("/.code.py.swp"),
      ]),
    saver(
      "nano",
      put("/.code.py.swp", text(1024)), [open(code, truncate: true), write(code, new), fsync(), release(code)],
      [unlink("/.code.py.swp")]),
    saver(
      "gedit, GIO",
      [
        create("/.goutputstream-Q7"), setReadOnly("/.goutputstream-Q7", false), write("/.goutputstream-Q7", new),
        fsync(), rename("/.goutputstream-Q7", code), release("/.goutputstream-Q7"),
      ]),
    saver("Kate, QSaveFile", temporary("/code.py.fOoBaR", syncs: true), [rename("/code.py.fOoBaR", code)]),
    saver(
      "atomic writer", temporary("/tmp8j2k", syncs: true), [checkpointStep, checkpointStep, rename("/tmp8j2k", code)]),
    saver("touch", [open(code), setTimes(code), release(code)]),
    saver(
      "cp -r lib",
      [mkdir("/lib/pack")], (0..<6).flatMap { put("/lib/pack/module\($0).mpy", text(300 + 200 * $0, seed: UInt64($0))) }
    ),
    saver("chmod a-w, a+w", [setReadOnly(code, true), checkpoint, setReadOnly(code, false)]),
  ]
}
