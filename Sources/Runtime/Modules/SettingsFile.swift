/// What settings.toml has for a key.
package enum Setting {
  case missing, malformed
  /// Quoted, decoded.
  case text([UInt8])
  /// Not quoted: a number, `true`, `false`, or anything else; without the blanks around it.
  case bare([UInt8])
}

extension VM {
  /// The setting of `key`; the file is read each time, as on the board.
  package func setting(_ key: [UInt8]) throws(PyError) -> Setting {
    let settings = try? readFile(Array("/settings.toml".utf8), shown: [])
    guard let settings else {
      _ = takeException()
      return .missing
    }
    return SettingsFile.setting(of: key, in: settings)
  }
}

/// settings.toml by the board's grammar (`circuitpython-behaviour` §6.1): the first matching key before any table header.
package enum SettingsFile {
  package static func setting(of key: [UInt8], in text: [UInt8]) -> Setting {
    for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
      var rest = line.drop(while: { isBlank($0) })
      if rest.first == 0x5B || rest.contains(0) { return .missing }
      guard rest.starts(with: key) else { continue }
      rest = rest.dropFirst(key.count).drop(while: { isBlank($0) })
      guard rest.first == 0x3D else { continue }
      rest = rest.dropFirst().drop(while: { isBlank($0) })
      if rest.first == 0x22 { return quoted(rest.dropFirst()).map { .text($0) } ?? .malformed }
      var bare = Array(rest.prefix { $0 != 0x23 })
      while let last = bare.last, isBlank(last) { bare.removeLast() }
      return bare.isEmpty ? .malformed : .bare(bare)
    }
    return .missing
  }

  private static func isBlank(_ b: UInt8) -> Bool { b == 0x20 || b == 0x09 || b == 0x0D }

  private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var out: [UInt8] = []
    var at = text.startIndex
    while at < text.endIndex && text[at] != 0x22 {
      if text[at] != 0x5C {
        out.append(text[at])
        at += 1
        continue
      }
      at += 1
      guard at < text.endIndex else { return nil }
      let escapes: [UInt8: UInt8] = [0x62: 8, 0x72: 13, 0x6E: 10, 0x74: 9, 0x76: 11, 0x66: 12]
      let c = text[at]
      at += 1
      if c == 0x75 || c == 0x55 {
        let digits = text[at...].prefix(c == 0x75 ? 4 : 8)
        guard digits.count == (c == 0x75 ? 4 : 8),
          let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
          let scalar = UnicodeScalar(number)
        else { return nil }
        out += Array(String(Character(scalar)).utf8)
        at += digits.count
      } else {
        out.append(escapes[c] ?? c)
      }
    }
    guard at < text.endIndex else { return nil }
    let tail = text[(at + 1)...].drop(while: { isBlank($0) })
    return tail.isEmpty || tail.first == 0x23 ? out : nil
  }
}
