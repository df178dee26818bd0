/// The modules in a board's firmware: bit n stands for the n-th of `ModuleSet.names`.
package struct ModuleSet: Sendable, Equatable {
  /// Most significant hexadecimal digit first, as in data/boards.json. Empty: the board's modules are not known.
  private let hexDigits: [UInt8]
  /// Modules that only this board has.
  private let extra: [String]

  init(hexadecimal: String, extra: [String]) {
    hexDigits = hexadecimal.utf8.map { digit in
      digit >= UInt8(ascii: "a") ? digit - UInt8(ascii: "a") + 10 : digit - UInt8(ascii: "0")
    }
    self.extra = extra
  }

  /// Whether the table knows this board's modules. Where it does not, `contains` says yes to every module it lists.
  package var isKnown: Bool { !hexDigits.isEmpty }

  /// Parts of modules are modules here too: "busio.SPI", "keypad.Keys", "os.getenv".
  package func contains(_ module: String) -> Bool {
    if extra.contains(module) { return true }
    guard let bit = ModuleSet.names.firstIndex(of: module) else { return false }
    guard isKnown else { return true }
    let digit = hexDigits.count - 1 - bit / 4
    return digit >= 0 && hexDigits[digit] >> (bit % 4) & 1 == 1
  }

  /// In the order of `ModuleSet.names`, then the board's own.
  package var list: [String] { ModuleSet.names.filter(contains) + extra }

  /// Every module that some board has.
  package static let names: [String] = BoardTable.moduleNames.description.pieces(separatedBy: ",").map(String.init)
}
