/// What can be wrong in asking for a board, its pins or its buttons. `description` is one line: what, and how to mend.
package enum BoardError: Error, Equatable, Sendable, CustomStringConvertible {
  case unknownBoard(String, similar: [String])
  case unknownPin(String, board: String)
  case unknownButton(String, valid: [String])
  case addressTaken(UInt8, by: String)

  package var description: String {
    switch self {
    case .unknownBoard(let id, let similar):
      similar.isEmpty
        ? "unknown board '\(id)'; `circuitpyd boards` lists all ids"
        : "unknown board '\(id)'; did you mean \(similar.joined(separator: ", "))?"
    case .unknownPin(let name, let board): "board '\(board)' has no pin '\(name)'"
    case .unknownButton(let name, let valid):
      valid.isEmpty
        ? "unknown button '\(name)'; this board has none, give the name of a pin"
        : "unknown button '\(name)'; this board has \(valid.joined(separator: ", "))"
    case .addressTaken(let address, let part):
      "I2C address 0x\(String(address, radix: 16)) is taken by \(part) on this bus"
    }
  }
}
