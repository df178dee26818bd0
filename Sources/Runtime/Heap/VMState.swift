/// The interpreter's state that handlers touch: trivial fields only, reached through a raw pointer, so that
/// neither reference counting nor exclusivity checks appear in a handler. Everything else is in `Interpreter`.
package struct VMState {
  // Allocation: [cursor, holeEnd) is the current free run of the small-object region.
  var cursor: UnsafeMutableRawPointer
  var holeEnd: UnsafeMutableRawPointer
  /// Charged board blocks since the VM began, minus what collections gave back.
  var chargedBlocks = 0
  /// The board's heap in blocks.
  var chargeLimitBlocks: Int
  var arenaBase: UnsafeMutableRawPointer
  /// Bytes from `arenaBase` that may hold objects: the test "is this an arena pointer".
  var arenaBytes: Int

  // The VM stack.
  var stackBase: UnsafeMutableRawPointer
  /// A frame may not begin above this (room for the largest frame is kept beyond it).
  var stackLimit: UnsafeMutableRawPointer
  /// End of what is live on the VM stack while a slow handler or native runs.
  var top: UnsafeMutableRawPointer
  /// Board bytes of Python call stack in use and allowed (`RuntimeError: pystack exhausted`).
  var pystackUsed = 0
  var pystackLimit: Int

  /// Non-zero when something waits for a safepoint: `Pending` bits. Written by other threads as well.
  var pending: UInt32 = 0
  var floatMode: FloatMode
  /// Header word of a float and its board cost in blocks: 1 where floats live on the heap, else 0.
  var floatHeader: UInt64 = 0
  var floatChargeBlocks = 0

  // Signals between handlers and run loop.
  var exception = Value.empty
  var result = Value.empty
  /// The innermost frame when an error was raised, for the traceback.
  var running = false
  var resumePC: UnsafeMutablePointer<UInt64>
  var resumeBase: UnsafeMutableRawPointer
  /// The frame that native code was called from.
  var resumeFrame: UnsafeMutableRawPointer

  // Inline-cache guards.
  /// Changes whenever a class gains, loses or replaces something that a cached lookup could have found.
  var classEpoch: UInt64 = 1
  /// Source of dict layout versions: no two layouts of any dicts share one.
  var nextDictVersion: UInt64 = 1

  var builtins = Value.empty
  /// Native recursion depth (natives that call back into Python).
  var nativeDepth = 0
  /// type objects by tag, 64 words.
  var types: UnsafeMutablePointer<Value>
  /// The handler table.
  var handlers: UnsafeMutableRawPointer
  var methodCache: UnsafeMutablePointer<MethodCacheEntry>
  var gcEnabled = true
  /// Bytes asked for by the allocation that went over the limit, for the MemoryError's text; 0 when none did.
  var overdraftBytes = 0

  var interpreter: Unmanaged<Interpreter>
}

/// What waits for the next safepoint.
enum Pending {
  static let collect: UInt32 = 1
  static let interrupt: UInt32 = 2
  static let reload: UInt32 = 4
  static let stop: UInt32 = 8
  static let event: UInt32 = 16
  /// What other threads ask for.
  static let requests = interrupt | reload | stop
}

/// How floats are stored: CircuitPython boards keep 30 bits of a single.
package enum FloatMode: UInt8, Sendable { case board, single, double }

struct MethodCacheEntry {
  var type: UInt64 = 0
  var name: UInt64 = 0
  var epoch: UInt64 = 0
  var found = Value.empty
}

/// The handle through which all runtime code reaches the state; one word, trivial.
package struct VM {
  package let s: UnsafeMutablePointer<VMState>
  @inline(__always) init(_ s: UnsafeMutablePointer<VMState>) { self.s = s }
  @inline(__always) package init(_ raw: UnsafeMutableRawPointer) { s = raw.assumingMemoryBound(to: VMState.self) }
  @inline(__always) package var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(s) }
  /// The host-side part. Not for handlers: it touches a reference count.
  package var interpreter: Interpreter { s.pointee.interpreter.takeUnretainedValue() }
}

/// "An exception is set in the VM": trivial, so that `throws(PyError)` costs what a returned flag costs.
package struct PyError: Error {
  @inline(__always) package init() {}
}
