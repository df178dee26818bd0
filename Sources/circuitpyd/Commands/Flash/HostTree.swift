import Glibc

/// A folder of the host, read whole.
enum HostTree {
  struct Entry {
    /// From the folder, with a leading slash.
    var path: [UInt8]
    /// nil: a folder. Folders come before what they hold.
    var content: [UInt8]?
    var modifiedSeconds: Int64
  }

  static func read(_ folder: String) throws(CommandError) -> [Entry] {
    var entries: [Entry] = []
    try collect(folder, "", into: &entries)
    return entries
  }

  /// Sorted; nil when it cannot be read.
  static func names(in folder: String) -> [String]? {
    guard let directory = opendir(folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func collect(_ folder: String, _ path: String, into entries: inout [Entry]) throws(CommandError) {
    guard let names = names(in: folder) else { throw failure(folder) }
    for name in names {
      let source = folder + "/" + name
      var info = stat()
      guard lstat(source, &info) == 0 else { throw failure(source) }
      var entry = Entry(
        path: Array((path + "/" + name).utf8), content: nil, modifiedSeconds: Int64(info.st_mtim.tv_sec))
      switch info.st_mode & S_IFMT {
      case S_IFDIR:
        entries.append(entry)
        try collect(source, path + "/" + name, into: &entries)
      case S_IFREG:
        guard let content = HostFile.read(source) else { throw failure(source) }
        entry.content = content
        entries.append(entry)
      default:
        throw CommandError("\(source): neither file nor folder; FAT cannot hold it, take it out")
      }
    }
  }

  private static func failure(_ path: String) -> CommandError {
    CommandError("cannot read \(path): \(String(cString: strerror(errno)))")
  }
}
