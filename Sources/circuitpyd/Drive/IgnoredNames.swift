/// Names whose changes never reload a program: what editors, file managers and version control leave beside the real files.
enum IgnoredNames {
  /// Whether `path` (from the root, with a leading slash) is such a name or lies in such a folder.
  static func contains(_ path: [UInt8]) -> Bool {
    if path.elementsEqual("/boot_out.txt".utf8) { return true }
    // No split(): this runs for every write, and slices cost no allocation.
    var rest = path[...]
    while let end = rest.firstIndex(of: slash) {
      if isFolderName(rest[..<end]) { return true }
      rest = rest[(end + 1)...]
    }
    return isFolderName(rest) || isFileName(rest)
  }

  /// Folders that are ignored with all they hold; `.Trash*` is a file or a folder.
  private static func isFolderName(_ name: ArraySlice<UInt8>) -> Bool {
    name.elementsEqual(".fseventsd".utf8) || name.elementsEqual(".Spotlight-V100".utf8)
      || name.elementsEqual(".git".utf8) || name.elementsEqual("__pycache__".utf8) || name.starts(with: ".Trash".utf8)
  }

  private static func isFileName(_ name: ArraySlice<UInt8>) -> Bool {
    guard let first = name.first, let last = name.last else { return false }
    if last == tilde { return true }
    if first == hash { return name.count > 1 && last == hash }
    if first != dot { return name.elementsEqual("4913".utf8) }
    return isSwapName(name) || name.starts(with: ".#".utf8) || name.starts(with: "._".utf8)
      || name.starts(with: ".~lock".utf8) || name.starts(with: ".goutputstream-".utf8)
      || name.elementsEqual(".DS_Store".utf8)
  }

  /// `.*.sw?` and `.*.sw??`: vim's and nano's swap files.
  private static func isSwapName(_ name: ArraySlice<UInt8>) -> Bool {
    (1...2).contains { wild in
      name.count >= 4 + wild && name.dropLast(wild).suffix(3).elementsEqual(".sw".utf8)
    }
  }

  private static let slash = UInt8(ascii: "/")
  private static let dot = UInt8(ascii: ".")
  private static let tilde = UInt8(ascii: "~")
  private static let hash = UInt8(ascii: "#")
}
