/// fsck.fat, where it is installed.
enum FsckJudge {
  /// What it says of every volume, of the board's label and of a small FAT32.
  private static let known = [
    "fsck.fat", "Starting check/repair pass.", "Starting verification pass.", "There is no label in boot sector, but",
    "  Auto-copying volume label from root directory to boot sector.", "Leaving filesystem unchanged.",
    // A FAT32 boot sector that leaves too few reserved sectors for its copy or its FSInfo: there is nothing to mend.
    "There is no backup boot sector.", "And there is no space for creating one!", "No FSINFO sector",
    "  Not automatically creating it.",
    "Warning: Filesystem is FAT32 according to", "  but has only", "  This may lead to problems on some systems.",
  ]

  /// fsck.fat 4.2 takes every label with a letter beyond ASCII for illegal (it compares signed characters); later ones do not.
  private static func isForeignLabel(_ line: Substring) -> Bool {
    if line.hasPrefix("  Auto-removing label.") { return true }
    return line.hasPrefix("Volume label '") && line.hasSuffix("is not valid.") && line.utf8.contains { $0 >= 0x80 }
  }

  static func expectClean(_ bytes: [UInt8], _ context: String) throws {
    let findings = try ForeignTools.fsckLines(bytes).lines.filter { line in
      !known.contains { line.hasPrefix($0) } && !isForeignLabel(line)
    }
    if !findings.isEmpty { throw LabFailure("\(context): fsck.fat: \(findings.joined(separator: " | "))") }
  }
}
