import Glibc
import Synchronization

/// What a new VM is made of.
package struct InterpreterOptions: Sendable {
  /// The board's heap in bytes; decides when MemoryError comes.
  package var heapBytes = 160_000
  package var pystackBytes = 2048
  package var floatMode = FloatMode.board
  package var dialect = Dialect.circuitpython
  /// Refuse what the board's firmware lacks instead of allowing it with a note.
  package var strict = false
  /// Board texts for `sys` and `os.uname`.
  package var boardName = "Adafruit Feather RP2040"
  package var boardID = "adafruit_feather_rp2040"
  package var mcuName = "rp2040"
  package var platform = "RP2040"
  package init() {}
}

/// One VM life: heap, modules, stack. Made fresh for each run and each REPL, used from one thread,
/// save for `request`, which any thread may call.
package final class Interpreter {
  static let methodCacheCount = 1024
  static let typeTableCount = 64
  /// Immediates have types too; their places in the type table.
  static let objectTypeIndex = 48
  static let boolTypeIndex = 49
  static let noneTypeIndex = 50
  static let ellipsisTypeIndex = 51
  static let notImplementedTypeIndex = 52
  static let staticMethodTypeIndex = 53
  static let classMethodTypeIndex = 54
  static let propertyTypeIndex = 55
  static let superTypeIndex = 56
  /// Iterators that the runtime's own loops step without a call.
  static let sequenceIteratorTypeIndex = 57
  static let dictViewTypeIndex = 58
  static let dictIteratorTypeIndex = 59
  static let strIteratorTypeIndex = 60
  static let bytesIteratorTypeIndex = 61
  /// Collections happen at least after this much physical allocation of large objects (16 MiB in blocks).
  static let minimumPhysicalBudgetBlocks = 1 << 20
  /// Frames may have at most this many bytes (operands are 16-bit byte offsets).
  static let maximumFrameBytes = 0xFFF8
  /// Natives calling Python calling natives …: each level takes native stack, of which a Python thread has 64 MiB.
  static let maximumNativeDepth = 400
  /// Entries kept of one traceback.
  static let maximumTracebackEntries = 100
  /// Exceptions shown of one chain; the board stops at its stack's end.
  static let maximumChainDepth = 20

  package let vm: VM
  package let host: any Host
  package let options: InterpreterOptions
  /// The files that Python sees: the host's, until whoever embeds the interpreter puts a larger tree around them.
  package var files: (any FileStore)?
  var arena = Arena()
  var interned = InternTable()
  /// Values that live as long as the VM: module table, loaded units …
  var roots: [Value] = []
  var markStack: [UnsafeMutableRawPointer] = []
  var finalisers: [Value] = []
  /// A `.stop` request has been served: no more of the program's code is to run.
  var isStopped = false
  /// What interned strings cost on the board.
  var permanentChargeBlocks = 0
  var physicalSinceCollection = 0
  var physicalBudgetBlocks = Interpreter.minimumPhysicalBudgetBlocks
  package internal(set) var collections = 0
  /// The hostile build's switch: every safepoint collects, so that a value native code forgot to keep reachable is noticed.
  package var collectsAlways = false { didSet { vm.requestCollection() } }
  /// Set once the builtins stand: from here on interned names are the program's and are charged.
  var isRunning = false
  let stackEnd: UnsafeMutableRawPointer
  let stackBytes: Int
  /// 1 byte of string hash on a full board, 2 in MicroPython's unix port.
  let stringHashMask: UInt32
  package var names: WellKnownNames
  /// `sys.modules`.
  var modules = Value.empty
  /// `sys.path` as a list; nil before `sys` exists.
  var systemPath: Value?
  /// The exception that ended the program.
  package var previousException = Value.none
  /// The traceback that was printed for it, lines ended by CR LF; nil when the last run printed none.
  package internal(set) var previousTraceback: [UInt8]?
  /// Where ctrl-C met the last program that it ended.
  package internal(set) var interruptedPlace: (line: Int, file: String)?
  /// What was typed at the prompt and in `input()`.
  package var lineHistory = LineHistory()
  /// `os.getcwd()`
  package var currentDirectory: [UInt8] = [0x2F]
  /// The main program's globals.
  package var mainGlobals = Value.empty
  /// Charge of what stands in flash on a board: types, builtins.
  var firmwareBlocks = 0
  /// `__build_class__`, which class statements load.
  var buildClass = Value.empty
  var orderedDictType = Value.empty
  var coroutineType = Value.empty
  /// Nesting of containers being printed or compared.
  var printDepth = 0
  /// Native modules by name, built at first import.
  var nativeModules: [String: NativeModule] = [:]
  var slotTables: [UnsafeMutablePointer<TypeSlots>] = []
  /// Types of native modules by key, so that a type exists once in a VM.
  var nativeTypes: [String: Value] = [:]
  var exceptionTypes: [Value] = []
  /// `TypeLayout` flags that classes got after their creation.
  var lateClassFlags = 0
  /// What the generator that just finished returned.
  var generatorValue = Value.none
  /// Classes written in Python, to notice when one is freed.
  var userTypes: [Value] = []
  /// Loaded code, for clearing its inline caches.
  var unitObjects: [Value] = []
  var scratchBuffers: [TextBuffer] = []
  /// Open-ended storage for modules: their Swift state, by module name.
  package var moduleState: [String: AnyObject] = [:]
  /// The same for the one embedder whose natives cannot afford a look-up by name at each call.
  package var embedderState: AnyObject?
  let events = EventQueue()

  package init(host: any Host, options: InterpreterOptions = InterpreterOptions()) {
    self.host = host
    self.options = options
    files = host.files
    stringHashMask = options.dialect == .circuitpython ? 0xFF : 0xFFFF
    // Frames take at most about three times their board charge here; the rest is room for one largest frame and natives.
    stackBytes = options.pystackBytes * 4 + 4 * Interpreter.maximumFrameBytes
    let stack = Arena.reserve(stackBytes)
    stackEnd = stack + stackBytes
    let types = UnsafeMutablePointer<Value>.allocate(capacity: Interpreter.typeTableCount)
    types.initialize(repeating: .empty, count: Interpreter.typeTableCount)
    let cache = UnsafeMutablePointer<MethodCacheEntry>.allocate(capacity: Interpreter.methodCacheCount)
    cache.initialize(repeating: MethodCacheEntry(), count: Interpreter.methodCacheCount)
    let state = UnsafeMutablePointer<VMState>.allocate(capacity: 1)
    vm = VM(state)
    names = WellKnownNames()
    let base = arena.base
    state.initialize(
      to: VMState(
        cursor: base, holeEnd: base, chargeLimitBlocks: options.heapBytes / blockBytes, arenaBase: base,
        arenaBytes: Arena.totalBytes, stackBase: stack,
        stackLimit: stackEnd - 2 * Interpreter.maximumFrameBytes, top: stack, pystackLimit: options.pystackBytes,
        floatMode: options.floatMode, resumePC: UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped,
        resumeBase: stack, resumeFrame: stack, types: types, handlers: HandlerTable.make(), methodCache: cache,
        interpreter: Unmanaged.passUnretained(self)))
    names = WellKnownNames(vm)
    bootstrap()
    isRunning = true
  }

  deinit {
    runFinalisers { _ in false }
    forgetDead { _ in false }
    for table in slotTables {
      table.deinitialize(count: 1)
      table.deallocate()
    }
    for buffer in scratchBuffers { buffer.free() }
    munmap(vm.s.pointee.stackBase, stackBytes)
    HandlerTable.free(vm.s.pointee.handlers)
    vm.s.pointee.types.deallocate()
    vm.s.pointee.methodCache.deallocate()
    vm.s.deallocate()
    interned.free()
    arena.unmap()
  }

  /// Asks the running program to stop what it does; from any thread. Honoured at the next backward jump, call or wait.
  package func request(_ request: InterruptRequest) {
    let bit: UInt32
    switch request {
    case .keyboardInterrupt: bit = Pending.interrupt
    case .reload: bit = Pending.reload
    case .stop: bit = Pending.stop
    }
    vm.setPending(bit)
    host.wake()
  }

  /// Takes a request for a reload back, if the program has not met it yet.
  package func withdrawReload() { vm.clearPending(Pending.reload) }

  func runFinalisers(_ isAlive: (Value) -> Bool) {
    finalisers.removeAll { value in
      if isAlive(value) { return false }
      if let finalise = vm.slots(vm.type(of: value)).pointee.finalise { finalise(vm.raw, value.bits) }
      return true
    }
  }

  /// After marking: frees the code of dead units, and forgets cached shapes when a class died.
  func forgetDead(_ isAlive: (Value) -> Bool) {
    unitObjects.removeAll { unit in
      if isAlive(unit) { return false }
      Unmanaged<LoadedUnit>.fromOpaque(unit.pointer.raw(8)).release()
      return true
    }
    let classes = userTypes.count
    userTypes.removeAll { !isAlive($0) }
    if userTypes.count != classes {
      vm.classChanged()
      for unit in unitObjects { LoadedUnit.of(unit).clearCaches() }
    }
  }

  static func typeIndex(ofImmediate value: Value) -> Int {
    switch value {
    case .true, .false: boolTypeIndex
    case .none: noneTypeIndex
    case .ellipsis: ellipsisTypeIndex
    default: notImplementedTypeIndex
    }
  }
}

extension VM {
  /// Sets a bit of the pending word; other threads may do the same at the same time.
  func setPending(_ bit: UInt32) {
    UnsafeMutableRawPointer(s).advanced(by: MemoryLayout<VMState>.offset(of: \.pending)!)
      .assumingMemoryBound(to: Atomic<UInt32>.self).pointee.bitwiseOr(bit, ordering: .relaxed)
  }
  /// The pending word as other threads see it.
  @inline(__always) var pendingWord: UnsafePointer<Atomic<UInt32>> {
    UnsafePointer(
      UnsafeMutableRawPointer(s).advanced(by: MemoryLayout<VMState>.offset(of: \.pending)!)
        .assumingMemoryBound(to: Atomic<UInt32>.self))
  }
  /// What waits for a safepoint, read anew each time.
  @inline(__always) var pendingBits: UInt32 { pendingWord.pointee.load(ordering: .relaxed) }
  func clearPending(_ bit: UInt32) {
    UnsafeMutableRawPointer(s).advanced(by: MemoryLayout<VMState>.offset(of: \.pending)!)
      .assumingMemoryBound(to: Atomic<UInt32>.self).pointee.bitwiseAnd(~bit, ordering: .relaxed)
  }
  /// Tells the collector that an object's type wants to hear when it is freed.
  package func needsFinaliser(_ value: Value) { interpreter.finalisers.append(value) }
  /// Keeps a value alive as long as the VM.
  package func addRoot(_ value: Value) { interpreter.roots.append(value) }
  /// Takes back one `addRoot` of that value.
  package func removeRoot(_ value: Value) {
    if let index = interpreter.roots.lastIndex(of: value) { interpreter.roots.remove(at: index) }
  }
}
