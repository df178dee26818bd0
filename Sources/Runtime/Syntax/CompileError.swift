/// Why a source was refused, as the exception that a board would raise.
package struct CompileError: Error, Equatable {
  package enum Kind: Sendable, Equatable {
    case syntaxError, indentationError, notImplementedError, runtimeError, overflowError
  }

  package var kind: Kind
  package var message: String
  /// Counted from 1.
  package var line: Int
  /// The function for the traceback's `in …`; nil when the error was found while parsing.
  package var scopeName: [UInt8]?

  package init(kind: Kind, message: String, line: Int, scopeName: [UInt8]? = nil) {
    self.kind = kind
    self.message = message
    self.line = line
    self.scopeName = scopeName
  }

  static func invalidSyntax(line: Int32) -> CompileError {
    CompileError(kind: .syntaxError, message: "invalid syntax", line: Int(line))
  }
}
