/// The code model: what `.py` compiles to, what `.mpy` files hold, and what the interpreter runs.
///
/// It is MicroPython's bytecode version 6. One `CodeModule` is one `.mpy` file without its header;
/// from here on nothing can tell whether it came from source or from a file.
package struct CodeModule: Sendable, Equatable {
  /// All names and short strings used by the code, as bytes (meant to be UTF-8, copied unchecked).
  /// Entry 0 is the source file name, used in tracebacks.
  package var names: [[UInt8]]
  /// Constants that are not small integers or names; shared by all raw codes of the module.
  package var constants: [Constant]
  /// The code of the module body; it contains all others as children.
  package var root: RawCode

  package init(names: [[UInt8]], constants: [Constant], root: RawCode) {
    self.names = names
    self.constants = constants
    self.root = root
  }
}

/// One function's bytecode with the functions defined inside it.
package struct RawCode: Sendable, Equatable {
  /// Signature, sizes, names, line table, cell list, instructions; see `docs/bytecode.md`.
  package var bytes: [UInt8]
  /// Nested functions, in the order of their numbers in MAKE_FUNCTION and friends.
  package var children: [RawCode]

  package init(bytes: [UInt8], children: [RawCode]) {
    self.bytes = bytes
    self.children = children
  }
}

/// A constant object of the `.mpy` object table.
package indirect enum Constant: Sendable, Equatable {
  case none, `false`, `true`, ellipsis
  /// UTF-8 as written in the source; not validated.
  case str([UInt8])
  case bytes([UInt8])
  /// Decimal text with an optional `-`.
  case int([UInt8])
  /// The text written to the file, such as `3.14` or `inf`.
  case float([UInt8])
  /// The imaginary part's text with its `j`, such as `2j`.
  case complex([UInt8])
  case tuple([Constant])
}

/// Which compiler and loader rules apply; they differ in a few places (`docs/bytecode.md`).
package enum Dialect: Sendable, Equatable { case circuitpython, micropython }
