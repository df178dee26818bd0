import Glibc

/// Other people's FAT tools.
enum ForeignTools {
  enum ToolError: Error, CustomStringConvertible {
    case file(errno: Int32)
    case failed(command: String, output: String)
    var description: String {
      switch self {
      case .file(let errno): "a temporary file: \(String(cString: strerror(errno))); make room in /tmp"
      case .failed(let command, let output): "\(command): \(output); install dosfstools"
      }
    }
  }

  /// Lends `body` a temporary file.
  static func withFile<Result>(_ body: (String, UnsafeMutablePointer<FILE>) throws -> Result) throws -> Result {
    var template = Array("/tmp/drivelab-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0, let file = fdopen(descriptor, "r+") else { throw ToolError.file(errno: errno) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      fclose(file)
      Glibc.unlink(path)
    }
    return try body(path, file)
  }

  private static func run(_ command: String) -> (status: Int32, output: String) {
    guard let pipe = popen(command + " 2>&1", "r") else { return (-1, "popen failed") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = fread(&buffer, 1, buffer.count, pipe)
      if count == 0 { break }
      output += buffer[..<count]
    }
    return (pclose(pipe), String(decoding: output, as: UTF8.self))
  }

  /// What fsck.fat says of a volume, without the lines that begin with the file's name, and whether it is content.
  static func fsckLines(_ bytes: [UInt8]) throws -> (isContent: Bool, lines: [Substring]) {
    try withFile { path, file in
      guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
        throw ToolError.file(errno: errno)
      }
      let answer = run("fsck.fat -n \(path)")
      return (answer.status == 0, answer.output.split(separator: "\n").filter { !$0.hasPrefix(path) })
    }
  }

  /// What fsck.fat has against a volume; nil when it is content.
  static func fsck(_ bytes: [UInt8]) -> String? {
    do {
      let answer = try fsckLines(bytes)
      return answer.isContent ? nil : "fsck.fat: " + answer.lines.joined(separator: " | ")
    } catch {
      return "fsck.fat: \(error)"
    }
  }

  /// An empty volume by mkfs.fat.
  static func format(kind: Int, volumeBytes: Int, tables: Int) throws -> [UInt8] {
    try withFile { path, file in
      guard ftruncate(fileno(file), volumeBytes) == 0 else { throw ToolError.file(errno: errno) }
      let command = "mkfs.fat -F \(kind) -f \(tables) -s 1 -S 512 -i 12345678 -n CIRCUITPY \(path)"
      let answer = run(command)
      guard answer.status == 0 else { throw ToolError.failed(command: command, output: answer.output) }
      var bytes = [UInt8](repeating: 0, count: volumeBytes)
      guard fread(&bytes, 1, bytes.count, file) == bytes.count else { throw ToolError.file(errno: errno) }
      return bytes
    }
  }
}
