import Glibc
import Testing

@testable import circuitpyd

@Suite(.serialized) struct MountPointTests {
  @Test func readsTheMountTable() {
    let text = """
      36 35 98:0 / / rw,noatime master:1 - ext4 /dev/root rw,errors=continue
      40 36 0:50 / /media/my\\040drive rw,nosuid - fuse.circuitpy a\\134b\\040c.img rw,user_id=0
      41 40 0:51 /sub /media/my\\040drive rw shared:2 master:3 - tmpfs none rw
      broken line
      """
    let table = MountTable(parsing: Array(text.utf8))
    #expect(table.entries.count == 3)
    #expect(
      table.boards == [
        MountTable.Entry(mountPoint: "/media/my drive", type: "fuse.circuitpy", source: "a\\b c.img")
      ])
    #expect(table.top(at: "/media/my drive")?.type == "tmpfs")
  }

  private func refusal(_ path: String, allowsNonEmpty: Bool = false) -> String {
    do throws(MountError) {
      return "accepted " + (try MountPoint.prepare(path, allowsNonEmpty: allowsNonEmpty)).path
    } catch {
      return error.description
    }
  }

  @Test func acceptsEmptyFoldersOnly() throws {
    let folder = try DriveFixture.makeFolder()
    #expect(refusal(folder + "/a/b").hasPrefix("\(folder)/a/b: \(folder)/a: No such file"))
    #expect(refusal(folder + "/new/") == "accepted \(folder)/new")
    #expect(refusal(folder + "/new/../new") == "accepted \(folder)/new")
    #expect(refusal(folder).contains("not empty"))
    #expect(refusal(folder, allowsNonEmpty: true) == "accepted \(folder)")
    #expect(HostFile.write([], to: folder + "/file"))
    #expect(refusal(folder + "/file").contains("not a folder"))
    symlink("new", folder + "/link")
    #expect(refusal(folder + "/link") == "accepted \(folder)/new")
    Shell.run("rm -r \(folder)")
  }

  @Test func refusesALiveBoardAndFindsIt() throws {
    let fixture = try DriveFixture()
    #expect(refusal(fixture.path).contains("a board (test,image \\.img) is mounted here"))
    #expect(MountPoint.runningBoards().contains { $0.mountPoint == fixture.path && $0.source == "test,image \\.img" })
    try fixture.stop()
    #expect(!MountPoint.runningBoards().contains { $0.mountPoint == fixture.path })
  }

  /// What a killed daemon leaves: mounts that answer ENOTCONN, here two on top of each other.
  @Test(.enabled(if: geteuid() == 0, "mounts without a daemon, as only root can")) func takesOverDeadMounts() throws {
    let folder = try DriveFixture.makeFolder()
    // Both before the first dies: a dead folder cannot be mounted on.
    let devices = (0..<2).map { _ in open("/dev/fuse", O_RDWR | O_CLOEXEC) }
    for device in devices {
      let options = "fd=\(device),rootmode=40000,user_id=0,group_id=0"
      #expect(options.withCString { mount("dead.img", folder, "fuse.circuitpy", 0, $0) } == 0)
    }
    for device in devices { close(device) }
    var status = stat()
    #expect(stat(folder, &status) != 0 && errno == ENOTCONN)
    #expect(MountTable.current().boards.filter { $0.mountPoint == folder }.count == 2)
    #expect(!MountPoint.runningBoards().contains { $0.mountPoint == folder })
    #expect(refusal(folder) == "accepted \(folder)")
    #expect(MountTable.current().boards.allSatisfy { $0.mountPoint != folder })
    rmdir(folder)
  }
}
