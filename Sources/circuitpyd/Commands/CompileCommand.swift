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
