import FlashFS
import Glibc
import Testing

@testable import circuitpyd

/// Real programs and system calls on a mounted drive.
@Suite(.serialized) struct MountedDriveTests {
  /// The error number of a call that fails, 0 of one that does not.
  private func code(_ result: some SignedInteger) -> Int32 { result < 0 ? errno : 0 }

  @Test func programsWriteWhatTheyMean() throws {
    let fixture = try DriveFixture()
    let source = try DriveFixture.makeFolder()
    #expect(HostFile.write(Array("print('one')\n".utf8), to: source + "/code.py"))
    let savers: [(String, String)] = [
      ("cp \(source)/code.py code.py", "print('one')\n"),
      ("cat > code.py <<'E'\nprint('two')\nE", "print('two')\n"),
      ("echo '# more' >> code.py", "print('two')\n# more\n"),
      ("sed -i s/two/three/ code.py", "print('three')\n# more\n"),
      ("rsync -t \(source)/code.py code.py", "print('one')\n"),
      ("printf 'print(4)\\n' | dd of=code.py 2>&1", "print(4)\n"),
      ("vim -es -u NONE -c 's/4/5/' -c wq code.py", "print(5)\n"),
      ("python3 -c 'open(\"code.py\",\"w\").write(\"print(6)\\n\")'", "print(6)\n"),
      ("touch \(source)/code.py; rsync --inplace \(source)/code.py code.py", "print('one')\n"),
      ("printf 'print(7)\\n' > \(source)/m.py && mv \(source)/m.py code.py", "print(7)\n"),
      ("mv code.py main.py && cp -p main.py code.py && rm main.py", "print(7)\n"),
    ]
    for (command, expected) in savers {
      let result = fixture.shell(command)
      #expect(result.status == 0, "\(command): \(result.output)")
      #expect(try fixture.content("/code.py") == expected, "\(command)")
      #expect(fixture.shell("cat code.py").output == expected, "\(command)")
    }
    #expect(fixture.shell("ls -A").output == "code.py\n")
    try fixture.stop()
    Shell.run("rm -r \(source)")
  }

  @Test func treesAreCopiedListedAndRemoved() throws {
    let fixture = try DriveFixture()
    let make = "mkdir -p lib/pack/deep && for i in $(seq 300); do echo $i > lib/pack/a_long_module_name_$i.py; done"
    #expect(fixture.shell(make).output == "")
    #expect(fixture.shell("ls lib/pack | wc -l").output == "301\n")
    #expect(fixture.shell("ls -laU lib/pack | wc -l").output == "304\n")
    #expect(fixture.shell("find . -type f | wc -l").output == "300\n")
    #expect(fixture.shell("cp -r lib lib2 && diff -r lib lib2 && echo same").output == "same\n")
    #expect(
      fixture.shell("stat -c '%n %s %A' lib/pack/a_long_module_name_7.py").output
        == "lib/pack/a_long_module_name_7.py 2 -rw-r--r--\n")
    #expect(fixture.shell("rm -rf lib lib2 && ls -A").output == "")
    try fixture.stop()
  }

  @Test func errorNumbers() throws {
    let fixture = try DriveFixture()
    let path = fixture.path
    #expect(fixture.shell("echo x > a; echo y > b; mkdir d; echo z > d/f").status == 0)
    let long = String(repeating: "n", count: 256)
    #expect(code(open("\(path)/\(long)", O_WRONLY | O_CREAT, 0o644)) == ENAMETOOLONG)
    #expect(code(open("\(path)/a", O_WRONLY | O_CREAT | O_EXCL, 0o644)) == EEXIST)
    #expect(code(open("\(path)/a:b", O_WRONLY | O_CREAT, 0o644)) == EINVAL)
    #expect(code(open("\(path)/a:b", O_RDONLY)) == ENOENT)
    #expect(code(open("\(path)/none", O_RDONLY)) == ENOENT)
    #expect(code(mkdir("\(path)/a", 0o755)) == EEXIST)
    #expect(code(rmdir("\(path)/d")) == ENOTEMPTY)
    #expect(code(rmdir("\(path)/a")) == ENOTDIR)
    #expect(code(Glibc.unlink("\(path)/d")) == EISDIR)
    #expect(code(symlink("a", "\(path)/s")) == EPERM)
    #expect(code(link("\(path)/a", "\(path)/h")) == EPERM)
    #expect(code(mkfifo("\(path)/p", 0o644)) == EPERM)
    #expect(code(chown("\(path)/a", 12345, 12345)) == EPERM)
    #expect(code(chmod("\(path)/a", 0o4755)) == EPERM)
    #expect(code(chmod("\(path)/a", 0o755)) == 0)
    #expect(code(rename("\(path)/a", "\(path)/d")) == EISDIR)
    #expect(code(rename("\(path)/d", "\(path)/a")) == ENOTDIR)
    #expect(code(rename("\(path)/d", "\(path)/d/sub")) == EINVAL)
    #expect(
      fixture.shell("mkdir e; python3 -c 'import os; os.rename(\"e\",\"d\")'").output.contains("Errno \(ENOTEMPTY)"))
    for (flags, expected) in [(1, EEXIST), (2, EINVAL)] {
      let call =
        "import ctypes; l = ctypes.CDLL(None, use_errno=True); "
        + "print(l.renameat2(-100, b\"a\", -100, b\"b\", \(flags)), ctypes.get_errno())"
      #expect(fixture.shell("python3 -c '\(call)'").output == "-1 \(expected)\n")
    }
    #expect(
      fixture.shell("setfattr -n user.x -v 1 a 2>&1; python3 -c 'import os; os.setxattr(\"a\",\"user.x\",b\"1\")'")
        .output.contains("Errno \(EOPNOTSUPP)"))
    #expect(code(truncate("\(path)/d", 0)) == EISDIR)
    // A file that nobody may write, root neither.
    #expect(code(chmod("\(path)/a", 0o444)) == 0)
    #expect(fixture.shell("stat -c %a a").output == "444\n")
    #expect(code(open("\(path)/a", O_WRONLY)) == EACCES)
    #expect(code(chmod("\(path)/a", 0o644)) == 0)
    #expect(fixture.shell("echo more >> a && cat a").output == "x\nmore\n")
    try fixture.stop()
  }

  @Test func filesKeepTheirMeaning() throws {
    let fixture = try DriveFixture()
    let path = fixture.path
    // Unlinked while open: still readable and writable, gone from the folder.
    let file = open("\(path)/u", O_RDWR | O_CREAT, 0o644)
    #expect(file >= 0 && write(file, "hello", 5) == 5)
    #expect(unlink("\(path)/u") == 0)
    #expect(fixture.shell("ls -A").output == "")
    #expect(pwrite(file, "J", 1, 0) == 1)
    var text = [UInt8](repeating: 0, count: 8)
    #expect(pread(file, &text, 8, 0) == 5 && text.starts(with: Array("Jello".utf8)))
    var status = stat()
    #expect(fstat(file, &status) == 0 && status.st_size == 5)
    #expect(ftruncate(file, 2) == 0 && fstat(file, &status) == 0 && status.st_size == 2)
    close(file)

    #expect(fixture.shell("printf 0123456789 > m && python3 -c '\(Self.mapped)'").output == "b'0123456789'\n")
    #expect(try fixture.content("/m") == "0123x56789")
    #expect(fixture.shell("cat m").output == "0123x56789")

    #expect(fixture.shell("fallocate -l 5000 f && stat -c '%s' f && tr -d '\\0' < f | wc -c").output == "5000\n0\n")
    #expect(fixture.shell("fallocate -n -l 50000 f").status != 0)
    #expect(fixture.shell("truncate -s 100 f && truncate -s 300 f && stat -c %s f").output == "300\n")
    #expect(fixture.shell("touch -d '2024-05-06 07:08:10 UTC' f && stat -c %Y f").output == "1714979290\n")
    #expect(fixture.shell("stat -f -c '%S %l' .").output == "\(fixture.volume.statistics.clusterBytes) 255\n")

    let append = open("\(path)/log", O_WRONLY | O_CREAT | O_APPEND, 0o644)
    #expect(write(append, "a\n", 2) == 2)
    try fixture.volume.writeFile(Array("/log".utf8), Array("a\nfrom the board\n".utf8))
    #expect(write(append, "b\n", 2) == 2)
    close(append)
    #expect(try fixture.content("/log") == "a\nfrom the board\nb\n")
    #expect(fixture.shell("cat log").output == "a\nfrom the board\nb\n")
    #expect(fixture.shell("sync -f . && sync log").status == 0)
    try fixture.stop()
  }

  private static let mapped =
    "import mmap; f = open(\"m\", \"r+b\"); m = mmap.mmap(f.fileno(), 0); print(m[:]); m[4:5] = b\"x\"; m.flush(); m.close()"

  @Test func otherSpellingsAreTheSameFile() throws {
    let fixture = try DriveFixture()
    func output(_ command: String) -> String { fixture.shell(command).output }
    #expect(output("echo one > readme.txt; cat README.TXT ReadMe.txt") == "one\none\n")
    // Changing only the case must reach the drive. (GNU mv refuses, as on any FAT drive: both are one file.)
    let rename = "python3 -c 'import os, sys; os.rename(sys.argv[1], sys.argv[2])'"
    #expect(output("\(rename) readme.txt README.txt && ls") == "README.txt\n")
    #expect(output("\(rename) README.txt Readme.txt && ls && cat readme.TXT") == "Readme.txt\none\n")
    #expect(
      output("echo longer text > README.TXT; cat Readme.txt; stat -c %s Readme.txt; ls")
        == "longer text\n12\nReadme.txt\n")
    #expect(output("truncate -s 4 readme.txt; cat Readme.txt; stat -c %s Readme.txt") == "long4\n")
    #expect(output("echo again >> rEADME.txt; cat Readme.txt") == "longagain\n")
    #expect(output("rm README.TXT; cat Readme.txt; ls").contains("No such file"))
    // Through a folder's other spelling.
    #expect(
      output("mkdir Lib; echo x > Lib/a.py; cat LIB/a.py; rm lib/a.py; ls Lib; cat Lib/a.py").contains("No such file"))
    #expect(
      output("echo y > LIB/b.py; ls Lib; cat Lib/b.py; mv lib/b.py lib/c.py; ls Lib; cat Lib/c.py")
        == "b.py\ny\nc.py\ny\n")
    #expect(output("test -e Lib/b.py; echo $?") == "1\n")
    // A rename onto another spelling of an existing file.
    #expect(
      output("echo old > t.py; cat t.py; echo new > n.py; mv n.py T.PY; ls; cat T.PY t.py")
        == "old\nLib\nT.PY\nnew\nnew\n")
    try fixture.stop()
  }

  @Test func changesByTheBoardAreSeen() throws {
    let fixture = try DriveFixture()
    #expect(fixture.shell("printf abc > data.txt; cat data.txt").output == "abc")
    for round in 0..<20 {
      let text = String(repeating: "line \(round)\n", count: round * 40 + 1)
      try fixture.volume.writeFile(Array("/data.txt".utf8), Array(text.utf8), origin: .tool)
      usleep(20_000)
      #expect(fixture.shell("cat data.txt").output == text)
    }
    try fixture.volume.writeFile(Array("/new.txt".utf8), Array("new".utf8), origin: .tool)
    usleep(20_000)
    #expect(fixture.shell("ls; cat new.txt").output == "data.txt\nnew.txt\nnew")
    let found = try fixture.volume.resolve(Array("/".utf8), origin: .tool)
    try fixture.volume.unlink(found.attributes.node, Array("new.txt".utf8), origin: .tool)
    usleep(20_000)
    #expect(fixture.shell("ls; cat new.txt").output.contains("No such file"))
    try fixture.stop()
  }

  @Test func whoeverMayNotWriteGetsEROFS() throws {
    let fixture = try DriveFixture()
    let path = fixture.path
    #expect(fixture.shell("echo x > a; mkdir d").status == 0)
    let before = open("\(path)/a", O_WRONLY)
    fixture.volume.protection.isUSBWritable = false
    #expect(code(write(before, "y", 1)) == EROFS)
    close(before)
    #expect(code(open("\(path)/a", O_WRONLY)) == EROFS)
    #expect(code(open("\(path)/b", O_WRONLY | O_CREAT, 0o644)) == EROFS)
    #expect(code(unlink("\(path)/a")) == EROFS)
    #expect(code(mkdir("\(path)/e", 0o755)) == EROFS)
    #expect(code(rmdir("\(path)/d")) == EROFS)
    #expect(code(rename("\(path)/a", "\(path)/c")) == EROFS)
    #expect(code(truncate("\(path)/a", 0)) == EROFS)
    #expect(fixture.shell("cat a").output == "x\n")
    fixture.volume.protection.isUSBWritable = true
    #expect(fixture.shell("echo y > a; cat a").output == "y\n")
    try fixture.stop()
  }

  @Test func aFullDriveSaysSo() throws {
    let fixture = try DriveFixture(megabytes: 1)
    #expect(fixture.shell("dd if=/dev/urandom of=big bs=64K 2>&1").output.contains("No space left"))
    // A name fits still, its content does not.
    #expect(fixture.shell(": > c").status == 0)
    #expect(fixture.shell("echo x > c").status != 0)
    #expect(fixture.volume.statistics.freeClusters == 0)
    #expect(
      fixture.shell("rm big && dd if=/dev/urandom of=big bs=64K count=4 && cp big copy && cmp big copy").status == 0)
    try fixture.stop()
  }

  @Test func manyAtOnce() throws {
    let fixture = try DriveFixture()
    let workers = """
      for w in 1 2 3 4; do (
        for i in $(seq 40); do
          echo $w-$i > f$w; mv f$w g$w; cat g$w >> sum$w; mkdir -p d$w/$i; cp g$w d$w/$i/x; ls -l d$w > /dev/null
          [ $((i % 3)) = 0 ] && rm -r d$w/$((i - 1))
          true
        done ) & done; wait
      cat sum1 sum2 sum3 sum4 | sort | uniq | wc -l; find d1 d2 d3 d4 -name x | wc -l
      """
    #expect(fixture.shell(workers).output == "160\n108\n")
    try fixture.stop()
  }

  @Test func openFilesOutliveTheUnmountForAWhile() throws {
    let fixture = try DriveFixture()
    let file = open("\(fixture.path)/f", O_RDWR | O_CREAT, 0o644)
    let closer = NativeThread {
      usleep(300_000)
      _ = write(file, "late", 4)
      close(file)
    }
    let start = SystemClock.monotonicNanoseconds
    fixture.drive.stop()
    #expect(SystemClock.monotonicNanoseconds - start < 3_000_000_000)
    closer?.join()
    #expect(try fixture.content("/f") == "late")
    #expect(fixture.log.withLock { $0.unmounts } == 1)
    rmdir(fixture.path)
  }

  @Test func aFileThatStaysOpenDoesNotKeepTheDaemon() throws {
    let fixture = try DriveFixture()
    let file = open("\(fixture.path)/f", O_RDWR | O_CREAT, 0o644)
    let start = SystemClock.monotonicNanoseconds
    fixture.drive.stop()
    #expect((4_900_000_000..<7_000_000_000).contains(SystemClock.monotonicNanoseconds - start))
    #expect(code(write(file, "late", 4)) != 0)
    close(file)
    rmdir(fixture.path)
  }

  @Test func somebodyElseUnmounts() throws {
    let fixture = try DriveFixture()
    #expect(Shell.run("umount '\(fixture.path)'").status == 0)
    let limit = SystemClock.monotonicNanoseconds + 3_000_000_000
    fixture.log.wait { $0.unmounts == 1 || SystemClock.monotonicNanoseconds > limit ? .done(()) : .wait(until: limit) }
    #expect(fixture.log.withLock { $0.unmounts } == 1)
    try fixture.stop()
  }
}
