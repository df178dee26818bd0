import Glibc
import Runtime
import Testing

@testable import circuitpyd

/// The folder of `circuitpyd run` is a cage: nothing above it can be named.
@Suite struct FolderFileStoreTests {
  private func makeFolder() -> String {
    var template = Array("/tmp/circuitpyd-test-XXXXXX".utf8CString)
    let made = mkdtemp(&template)
    return String(cString: made!)
  }

  @Test func writesAndReads() throws {
    let folder = makeFolder()
    let store = try #require(FolderFileStore(folder))
    try store.makeDirectory(Array("/d".utf8))
    let handle = try store.open(Array("/d/f.txt".utf8), [.write, .create])
    let text = Array("hello".utf8)
    #expect(try text.withUnsafeBytes { try store.write(handle, at: 0, $0) } == 5)
    store.close(handle)
    #expect(try store.status(Array("/d/f.txt".utf8)).sizeBytes == 5)
    #expect(try store.list(Array("/".utf8)).map { $0.name } == [Array("d".utf8)])
    #expect(throws: FileError(2)) { try store.open(Array("/d/none".utf8), .read) }
    #expect(throws: FileError(21)) { try store.open(Array("/d".utf8), .read) }
    #expect(throws: FileError(13)) { try store.removeDirectory(Array("/d".utf8)) }
  }

  @Test func symbolicLinksLeadNowhere() throws {
    let folder = makeFolder()
    symlink("/etc", folder + "/etc")
    symlink("/etc/passwd", folder + "/passwd")
    let store = try #require(FolderFileStore(folder))
    for path in ["/etc/passwd", "/passwd", "/etc", "/../etc/passwd", "/.."] {
      #expect(throws: FileError.self) { try store.open(Array(path.utf8), .read) }
      #expect(throws: FileError.self) { try store.status(Array(path.utf8)) }
    }
    #expect(try store.list(Array("/".utf8)).isEmpty)
  }
}
