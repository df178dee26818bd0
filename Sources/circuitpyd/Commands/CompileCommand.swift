import ArgumentParser
import Glibc
import Runtime

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Compile a .py file to a .mpy file, as mpy-cross does.")

  @Argument(help: "The file to compile.") var file: String
  @Option(name: .customShort("o"), help: ArgumentHelp("Where to write it; default FILE with .mpy.", valueName: "path"))
  var output: String?
  @Option(help: "circuitpython or micropython.") var dialect: DialectName = .circuitpython
  @Option(name: .customShort("s"), help: ArgumentHelp("Name shown in tracebacks; default FILE.", valueName: "name"))
  var sourceName: String?

  func run() throws {
    guard let source = HostFile.read(file) else {
      throw CommandError("\(file): \(String(cString: strerror(errno)))")
    }
    let name = Array((sourceName ?? file).utf8)
    let bytes: [UInt8]
    do throws(CompileError) {
      bytes = encodeMPY(
        try compile(source, CompileOptions(sourceName: name, dialect: dialect.dialect)), dialect: dialect.dialect)
    } catch {
      throw CommandError("\(file):\(error.line): \(error.message)")
    }
    let path = output ?? (file.hasSuffix(".py") ? String(file.dropLast(3)) : file) + ".mpy"
    guard HostFile.write(bytes, to: path) else {
      throw CommandError("\(path): \(String(cString: strerror(errno)))")
    }
  }
}

enum DialectName: String, ExpressibleByArgument, CaseIterable {
  case circuitpython, micropython
  var dialect: Dialect { self == .circuitpython ? .circuitpython : .micropython }
}

/// Whole files of the host, for commands. errno says why something failed.
enum HostFile {
  static func read(_ path: String) -> [UInt8]? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    if fd < 0 { return nil }
    defer { close(fd) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let n = Glibc.read(fd, &chunk, chunk.count)
      if n < 0 { return nil }
      if n == 0 { return bytes }
      bytes += chunk[..<n]
    }
  }

  /// One line on stderr.
  static func writeError(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if fd < 0 { return false }
    defer { close(fd) }
    var at = 0
    while at < bytes.count {
      let n = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress! + at, bytes.count - at) }
      if n < 0 { return false }
      at += n
    }
    return true
  }
}
