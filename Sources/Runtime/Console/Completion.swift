/// What the TAB key leads to.
package enum Completion: Equatable, Sendable {
  case none
  /// Text to insert at the cursor.
  case insertion([UInt8])
  /// Several names go on differently: text that shows them, its own line ends included.
  case list([UInt8])

  private static let importWord = Array("import ".utf8)
  private static let slotColumns = 16
  private static let lineColumns = 64

  /// Whether a line is `import ` and a name to come.
  static func follows(import line: ArraySlice<UInt8>) -> Bool {
    line.starts(with: importWord) && line.dropFirst(importWord.count).allSatisfy { $0 == 0x20 }
  }

  /// How `names` complete `word`.
  package init(word: [UInt8], names: [[UInt8]]) {
    let found = names.filter { $0.starts(with: word) && (!word.isEmpty || $0.first != 0x5F) }
    guard let first = found.first else {
      self = .none
      return
    }
    let common = found.dropFirst().reduce(first) { common, name in
      Array(zip(common, name).prefix { $0 == $1 }.map { $0.0 })
    }
    if common.count > word.count {
      self = .insertion(Array(common[word.count...]))
    } else if found.count == 1 {
      self = .none
    } else {
      self = .list(Completion.table(found))
    }
  }

  /// Names in slots of 16 columns, as many as fit in 64.
  private static func table(_ names: [[UInt8]]) -> [UInt8] {
    var shown: [UInt8] = []
    var column = lineColumns
    for name in names {
      var gap = (slotColumns - column % slotColumns) % slotColumns
      if gap < 2 { gap += slotColumns }
      if column + gap + name.count <= lineColumns {
        shown += [UInt8](repeating: 0x20, count: gap) + name
        column += gap + name.count
      } else {
        shown += [0x0D, 0x0A] + name
        column = name.count
      }
    }
    return shown + [0x0D, 0x0A]
  }
}

extension Interpreter {
  /// Completes the end of a line with names of `__main__`, attributes along a dotted chain, or modules after `import `.
  package func completion(of line: ArraySlice<UInt8>) -> Completion {
    let isName: (UInt8) -> Bool = { Lexer.isNameStart(Int32($0)) || Lexer.isDigit(Int32($0)) || $0 == 0x2E }
    let word = line.suffix(while: isName)
    var chain = word.split(separator: 0x2E, omittingEmptySubsequences: false).map(Array.init)
    let last = chain.popLast() ?? []
    if chain.isEmpty, line.starts(with: "import ".utf8) {
      return Completion(word: last, names: moduleNames.map { Array($0.utf8) })
    }
    guard let names = names(along: chain) else { return .none }
    let found = Completion(word: last, names: names)
    if found == .none, chain.isEmpty, !line.isEmpty, word.count == line.count {
      return Completion(word: last, names: [Array("import ".utf8)])
    }
    return found
  }

  /// Native modules and `__main__`, sorted: what `help("modules")` shows.
  var moduleNames: [String] { (nativeModules.keys.filter { !$0.contains(".") } + ["__main__"]).sorted() }

  /// Names that may stand behind a chain of names; nil when the chain leads nowhere.
  private func names(along chain: [[UInt8]]) -> [[UInt8]]? {
    do throws(PyError) {
      guard let first = chain.first else { return keys(of: mainGlobals) }
      var object = vm.dictFindInterned(mainGlobals, vm.intern(first))
      for part in chain.dropFirst() where !object.isEmpty {
        vm.push(object)
        defer { vm.pop() }
        object = try vm.findAttribute(object, vm.intern(part))
      }
      if object.isEmpty { return nil }
      let list = try vm.attributeNames(of: object)
      return (0..<ListLayout.count(list.pointer)).map { vm.text(ListLayout.item(list.pointer, $0)) }
    } catch {
      _ = vm.takeException()
      return nil
    }
  }

  private func keys(of dict: Value) -> [[UInt8]] {
    var names: [[UInt8]] = []
    var at = 0
    while let (slot, key, _) = vm.dictNext(dict, from: at) {
      at = slot + 1
      if key.has(.str) { names.append(vm.text(key)) }
    }
    return names
  }
}

extension ArraySlice {
  /// The longest run at the end whose elements all fulfil `condition`.
  fileprivate func suffix(while condition: (Element) -> Bool) -> ArraySlice {
    var start = endIndex
    while start > startIndex, condition(self[start - 1]) { start -= 1 }
    return self[start...]
  }
}
