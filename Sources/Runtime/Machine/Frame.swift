/// A call's window on the VM stack: header first, then locals, then temporaries. Offsets in bytes from its base.
enum Frame {
  /// The function object (rooted here; its body says all else).
  static let function = 0
  /// Where the caller goes on.
  static let returnPC = 8
  static let callerBase = 16
  /// What to do with the result: `FrameKind` | destination register offset << 8.
  static let info = 24
  /// The generator whose window this is, for generator frames.
  static let generator = 32
  static let locals = 40
}

enum FrameKind {
  /// The result goes to the destination register.
  static let call = 0
  /// As `call`, but the result must be None and the register holds the new instance already.
  static let construct = 1
  /// Entered from native code: leave the run loop.
  static let boundary = 2
  /// A generator stepped by FOR_ITER: yields go to the register, the end jumps.
  static let forIter = 3
  /// A generator stepped by YIELD FROM in another generator.
  static let yieldFrom = 4
}

/// A function's code as it runs: translated register code and what calls, errors and tracebacks need. Host memory, owned by its `LoadedUnit`.
struct CodeBody {
  /// First instruction; a "translate me" instruction until the first call.
  var entry: UnsafeMutablePointer<UInt64>
  /// Size of the window, header included.
  var frameBytes = 0
  /// Number of positional arguments when they can simply be copied (no defaults, stars, keywords, cells, generator); else -1.
  var simpleArity = -1
  /// What a call takes of the board's Python stack.
  var pystackBytes = 0
  var positional = 0
  var keywordOnly = 0
  var positionalDefaults = 0
  var flags = 0
  var localCount = 0
  var name = Value.empty
  /// Interned names of positional and keyword-only arguments.
  var argumentNames: UnsafeMutablePointer<Value>
  /// Locals that become cells on entry.
  var cells: UnsafeMutablePointer<Int32>
  var cellCount = 0
  /// Register of the locals dict in class bodies and `exec`, else -1.
  var localsDictRegister = -1
  var unit: Unmanaged<LoadedUnit>
  /// Index of this function in its unit.
  var index = 0

  /// `simpleArity` before the first call.
  static let untranslated = -2
  static let isGenerator = 1, hasKeywords = 2, hasVarArgs = 4, hasKeywordDefaults = 8, isAsync = 16
}

extension UnsafeMutableRawPointer {
  /// The body of a function object.
  @inline(__always) var body: UnsafeMutablePointer<CodeBody> {
    raw(FunctionLayout.body).assumingMemoryBound(to: CodeBody.self)
  }
}
