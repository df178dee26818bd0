import Glibc
import Testing

@testable import FlashFS

@Suite struct VolumeNamesTests {
  /// Names made one after the other in one directory, with the short name that must result, and whether a long name is
  /// stored with it. `|` separates base and extension.
  private static let table: [(name: String, short: String, caseFlags: UInt8, isLong: Bool)] = [
    ("README.TXT", "README|TXT", 0, false),
    ("code.py", "CODE|PY", 0x18, false),
    ("lib", "LIB|", 0x08, false),
    ("boot.PY", "BOOT|PY", 0x08, false),
    ("BOOT2.py", "BOOT2|PY", 0x10, false),
    ("123.txt", "123|TXT", 0x10, false),
    ("Main.py", "MAIN|PY", 0, true),
    ("settings.toml", "SETTIN~1|TOM", 0, true),
    ("settings.tom", "SETTINGS|TOM", 0x18, false),
    ("settings2.toml", "SETTIN~2|TOM", 0, true),
    ("settings3.toml", "SETTIN~3|TOM", 0, true),
    ("settings4.toml", "SETTIN~4|TOM", 0, true),
    ("settings5.toml", "SETTIN~5|TOM", 0, true),
    (".fseventsd", "~1|FSE", 0, true),
    (".Trashes", "~1|TRA", 0, true),
    (".Trash-1000", "~2|TRA", 0, true),
    ("a b.c", "AB~1|C", 0, true),
    (" lead", "LEAD~1|", 0, true),
    ("a.b.c", "AB~2|C", 0, true),
    ("x+y=z.py", "X_Y_Z~1|PY", 0, true),
    ("[1];2,", "_1__2_~1|", 0, true),
    ("archive.tar.gz", "ARCHIV~1|GZ", 0, true),
    ("über.txt", "\u{9A}BER|TXT", 0, true),
    ("日本.txt", "__~1|TXT", 0, true),
    ("😀.py", "__~1|PY", 0, true),
  ]

  @Test func shortNamesOfLongNames() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    var expected: [ShortName] = []
    for row in Self.table {
      try volume.makeFile("/" + row.name)
      let parts = row.short.split(separator: "|", omittingEmptySubsequences: false)
      func padded(_ part: Substring, _ count: Int) -> [UInt8] {
        let bytes = part.unicodeScalars.map { UInt8($0.value) }
        return bytes + [UInt8](repeating: 0x20, count: count - bytes.count)
      }
      expected.append(ShortName(bytes: padded(parts[0], 8) + padded(parts[1], 3)))
    }
    #expect(volume.checkInvariants() == [])
    let geometry = volume.geometry
    let root = Array(try volume.storedBytes[geometry.rootOffset..<geometry.rootOffset + geometry.rootEntries * 32])
    let items = DirectoryScan(root, kind: geometry.kind).items
    let rows = Self.table
    #expect(items.count == rows.count)
    for (item, (row, short)) in zip(items, zip(rows, expected)) {
      #expect(item.name == Array(row.name.utf16))
      #expect(item.entry.shortName == short, "\(row.name)")
      #expect(item.entry.caseFlags == row.caseFlags, "\(row.name)")
      #expect(item.hasLongName == row.isLong, "\(row.name)")
    }
    try Judge.expectClean(try volume.storedBytes)
  }

  /// After five numbers a hash spreads the aliases; all stay unique, and mtools finds each file by its long name.
  @Test func manyNamesWithOneAlias() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    let folder = try volume.makeDirectory("folder")
    for index in 0..<120 { try volume.makeFile("/folder/Sensor reading number \(index).data", "\(index)") }
    #expect(volume.checkInvariants() == [])
    #expect(try volume.list(folder).count == 120)
    let bytes = try volume.storedBytes
    try Judge.expectClean(bytes)
    try Judge.withFile(bytes) { path in
      let answer = Judge.run("mtype -i \(path) '::/folder/Sensor reading number 77.data'")
      #expect(answer.output == "77")
    }
  }

  @Test func hashedNumberIsTheKnownOne() {
    // Sixth collision: the register starts at 6 and takes the units' bits, lowest first, by x^16 + x^12 + x^5 + 1.
    var register: UInt32 = 6
    let name = Array("settings6.toml".utf16)
    for unit in name {
      for bit in 0..<16 {
        register = register * 2 + UInt32((unit >> UInt16(bit)) % 2)
        if register > 0xFFFF { register = (register ^ 0x1021) & 0xFFFF }
      }
    }
    let digits = String(register, radix: 16, uppercase: true)
    let short = ShortNameForm(name).numbered(6, longName: name)
    let base = String("SETTINGS".prefix(7 - digits.count)) + "~" + digits
    #expect(short.bytes == Array((base + String(repeating: " ", count: 8 - base.count) + "TOM").utf8))
  }

  @Test func refusedNames() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    func creating(_ name: [UInt8], _ origin: Origin = .host) -> Int32? {
      errnoOf {
        var protection = volume.protection
        protection.isIgnored = true
        volume.protection = protection
        _ = try volume.create(.root, name, origin: origin)
      }
    }
    for forbidden in "\"*/:<>?\\|\u{1}\u{1F}\u{0}" { #expect(creating(Array("a\(forbidden)b".utf8)) == EINVAL) }
    #expect(creating([0x61, 0xFF]) == EINVAL)
    #expect(creating([0xED, 0xA0, 0x80]) == EINVAL, "a surrogate is not UTF-8")
    #expect(creating(Array("a\u{7F}b".utf8), .runtime) == EINVAL)
    #expect(creating(Array("a\u{7F}b".utf8), .host) == nil)
    #expect(creating([]) == EINVAL)
    #expect(creating(Array("...".utf8)) == EINVAL)
    #expect(creating(Array("blank ".utf8)) == EINVAL)
    #expect(creating(Array("blank ".utf8), .runtime) == nil)
    #expect(try volume.names().contains("blank"))
    #expect(creating(Array("dots...".utf8)) == nil)
    #expect(try volume.names().contains("dots"))
    #expect(creating(Array("dots".utf8)) == EEXIST)
    #expect(creating(Array("CON".utf8)) == nil)
    let cjk = String(repeating: "漢", count: 255)
    #expect(creating(Array((cjk + "漢").utf8)) == ENAMETOOLONG)
    #expect(creating(Array(cjk.utf8)) == nil)
    #expect(creating(Array((String(repeating: "😀", count: 128)).utf8)) == ENAMETOOLONG)
    #expect(creating(Array((String(repeating: "😀", count: 127) + "x").utf8)) == nil)
    #expect(try volume.names().contains(cjk))
    // Asking for what cannot be.
    #expect(errnoOf { _ = try volume.lookup(.root, Array("a:b".utf8)) } == ENOENT)
    #expect(errnoOf { _ = try volume.lookup(.root, Array("a:b".utf8), origin: .runtime) } == EINVAL)
    #expect(errnoOf { _ = try volume.lookup(.root, Array("...".utf8)) } == ENOENT)
    #expect(errnoOf { _ = try volume.lookup(.root, Array((cjk + "漢").utf8)) } == ENAMETOOLONG)
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }

  @Test func lookingUpByCaseAndAlias() throws {
    let volume = try Volume.inMemory(sectors: 2048)
    try volume.makeFile("/Übergröße.txt", "u")
    try volume.makeFile("/settings.toml", "s")
    try volume.makeFile("/e\u{301}.txt", "decomposed")
    try volume.makeFile("/é.txt", "composed")
    func stored(_ name: String, _ origin: Origin = .host) -> String? {
      guard let found = try? volume.lookup(.root, Array(name.utf8), origin: origin) else { return nil }
      return String(decoding: found.storedName, as: UTF8.self)
    }
    #expect(stored("übergröße.TXT") == "Übergröße.txt")
    #expect(stored("übergröße.TXT", .runtime) == nil)
    #expect(stored("ÜberGRößE.TXT", .runtime) == "Übergröße.txt")
    #expect(stored("ÜBERGRÖSSE.TXT") == nil)
    #expect(stored("SETTIN~1.TOM") == "settings.toml")
    #expect(stored("settin~1.tom", .runtime) == "settings.toml")
    #expect(stored("SETTIN~1.TOML") == nil)
    #expect(try volume.text("/e\u{301}.txt") == "decomposed")
    #expect(try volume.text("/é.txt") == "composed")
    #expect(errnoOf { _ = try volume.create(.root, Array("SETTIN~1.TOM".utf8), origin: .host) } == EEXIST)
    #expect(errnoOf { _ = try volume.create(.root, Array("É.TXT".utf8), origin: .tool) } == EEXIST)
    #expect(NameFolding.upper(0x1FB3) == 0x1FBC)
    #expect(NameFolding.upper(0x1F82) == 0x1F8A)
    #expect(NameFolding.upper(0xFF) == 0x178)
    #expect(NameFolding.upper(0xDF) == 0xDF)
    #expect(NameFolding.upper(0x149) == 0x149)
  }

  @Test func everyNameComesBack() throws {
    let volume = try Volume.inMemory(sectors: 4088)
    let folder = try volume.makeDirectory("d")
    var names: [String] = []
    for length in [1, 2, 11, 12, 13, 14, 25, 26, 27, 38, 39, 40, 100, 254, 255] {
      names.append(String(repeating: "n", count: length - 1) + "Q")
    }
    names += [
      "å", "ÿ.é", "Å.Å", "Ω≈ç√.py", "σ", "日本語.txt", "👩‍💻.py", "a'b.py", "(1) copy.py", "50%.txt", "~1", "x~1.txt",
    ]
    for name in names { try volume.makeFile("/d/" + name, name) }
    #expect(try volume.names("/d") == names)
    let again = try Volume.inMemory(try volume.storedBytes)
    #expect(try again.names("/d") == names)
    for name in names { #expect(try again.text("/d/" + name) == name) }
    #expect(again.checkInvariants() == [])
    for name in names.reversed() { try volume.unlink(folder, Array(name.utf8), origin: .host) }
    #expect(try volume.names("/d").isEmpty)
    #expect(volume.checkInvariants() == [])
    try Judge.expectClean(try volume.storedBytes)
  }
}
