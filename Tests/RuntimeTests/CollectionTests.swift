import Glibc
import Testing

@testable import Runtime

/// The programs under Tests/Python once more, with a collection at every safepoint: a value that native code forgot to keep reachable
/// shows as different output.
@Suite struct CollectionTests {
  private static let folder =
    String(#filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }) + "/Python"

  static let programs: [String] = ["language", "modules"].flatMap { group in
    guard let stream = opendir("\(folder)/\(group)") else { return [String]() }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      // Twenty million comparisons are too many for a debug build that is slow already.
      if name.hasSuffix(".py") { names.append("\(group)/\(name)") }
    }
    return names.sorted()
  }

  private func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let c = fgetc(file), c != EOF { bytes.append(UInt8(truncatingIfNeeded: c)) }
    return bytes
  }

  private func run(_ source: [UInt8], collectsAlways: Bool) -> (RunEnd, String, Int) {
    let host = MemoryHost()
    let interpreter = Interpreter(host: host)
    interpreter.collectsAlways = collectsAlways
    let end = interpreter.run(source: source, name: "program.py")
    return (end, host.text, interpreter.collections)
  }

  @Test(arguments: programs) func collectingAtEverySafepointChangesNothing(program: String) {
    let source = read("\(CollectionTests.folder)/\(program)")
    let expected = run(source, collectsAlways: false)
    let hostile = run(source, collectsAlways: true)
    #expect(hostile.0 == expected.0)
    #expect(hostile.1 == expected.1)
    #expect(!expected.1.isEmpty && hostile.2 > expected.2)
  }

  @Test func programsAreFound() { #expect(CollectionTests.programs.count > 10) }
}
