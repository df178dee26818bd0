/// What the text that is compiled is.
package enum CompileMode: Sendable, Equatable {
  /// A module's source.
  case file
  /// One statement typed at a prompt; the values of expressions go to `__repl_print__`.
  case single
  /// One expression, whose value the code returns.
  case eval
}

/// How to compile; the defaults are those of the reference compiler.
package struct CompileOptions: Sendable {
  /// The name shown in tracebacks.
  package var sourceName: [UInt8]
  package var dialect: Dialect
  /// 0 keeps `assert` and `__debug__`; 1 and 2 drop them; 3 drops line numbers as well.
  package var optimisationLevel: Int
  /// Bits of the small integers of the board that will run the code, 2 to 63.
  package var smallIntBits: Int
  /// Whether the code tells line numbers.
  package var sourceLines: Bool
  package var mode: CompileMode
  /// The width in which constant arithmetic is done and float constants are kept; the reference compiler's is double.
  var floatMode = FloatMode.double

  package init(
    sourceName: [UInt8], dialect: Dialect, optimisationLevel: Int = 0, smallIntBits: Int = 31,
    sourceLines: Bool = true, mode: CompileMode = .file
  ) {
    self.sourceName = sourceName
    self.dialect = dialect
    self.optimisationLevel = optimisationLevel
    self.smallIntBits = smallIntBits
    self.sourceLines = sourceLines
    self.mode = mode
  }
}
