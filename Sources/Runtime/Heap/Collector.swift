import Glibc

/// Mark; there is no sweep: the allocator walks the mark bits.
///
/// Roots are exact: the VM stack up to `top`, the VM's own fields, and `Interpreter.roots`. A word is taken for a reference
/// when it lies in the arena; only true object addresses do, since raw words (lengths, hashes) are small.
extension VM {
  /// Collects now. Every live value must be on the VM stack or reachable from it.
  package func collect() {
    let interpreter = self.interpreter
    interpreter.arena.clearMarks()
    s.pointee.arenaBytes = interpreter.arena.largeEndBlock * blockBytes
    var marker = Marker(interpreter: interpreter, state: s)
    // What lies above the top is dead; zeroed, it cannot come back as a stale reference when a frame grows over it.
    let top = s.pointee.top
    memset(top, 0, interpreter.stackEnd - top)
    marker.scan(s.pointee.stackBase, bytes: top - s.pointee.stackBase)
    for root in interpreter.roots { marker.reach(root) }
    marker.reach(interpreter.previousException)
    for value in [s.pointee.exception, s.pointee.result, s.pointee.builtins] { marker.reach(value) }
    marker.scan(UnsafeMutableRawPointer(s.pointee.types), bytes: Interpreter.typeTableCount * 8)
    marker.drain()
    interpreter.forgetDead { interpreter.arena.isMarked(($0.pointer - interpreter.arena.base) / blockBytes) }
    interpreter.markStack = marker.stack
    interpreter.runFinalisers { value in
      interpreter.arena.isMarked((value.pointer - interpreter.arena.base) / blockBytes)
    }

    for i in 0..<Interpreter.methodCacheCount { s.pointee.methodCache[i] = MethodCacheEntry() }
    s.pointee.chargedBlocks =
      max(0, marker.chargedBlocks - interpreter.firmwareBlocks) + interpreter.permanentChargeBlocks
    let liveBytes = marker.liveBlocks * blockBytes
    interpreter.arena.walkBlock = 0
    interpreter.arena.largeHintBlock = Arena.firstLargeBlock
    interpreter.arena.fitSmallRegion(max(Arena.initialSmallBytes, liveBytes * 3) / blockBytes)
    interpreter.physicalSinceCollection = 0
    interpreter.physicalBudgetBlocks = max(Interpreter.minimumPhysicalBudgetBlocks, marker.liveBlocks * 2)
    s.pointee.cursor = interpreter.arena.base
    s.pointee.holeEnd = interpreter.arena.base
    interpreter.collections += 1
  }
}

/// One marking: an explicit stack, so that depth costs memory of the host and never the native stack.
struct Marker {
  let base: UnsafeMutableRawPointer
  let bytes: Int
  let marks: UnsafeMutablePointer<UInt64>
  let interpreter: Interpreter
  var stack: [UnsafeMutableRawPointer]
  var chargedBlocks = 0
  var liveBlocks = 0

  init(interpreter: Interpreter, state: UnsafeMutablePointer<VMState>) {
    self.interpreter = interpreter
    base = interpreter.arena.base
    marks = interpreter.arena.marks
    bytes = state.pointee.arenaBytes
    stack = interpreter.markStack
    stack.removeAll(keepingCapacity: true)
    interpreter.markStack = []
  }

  @inline(__always) mutating func reach(_ value: Value) {
    let offset = Int(bitPattern: UInt(truncatingIfNeeded: value.bits)) &- Int(bitPattern: base)
    guard value.bits & 15 == 0, offset >= 0, offset < bytes else { return }
    let block = offset / blockBytes
    if marks[block &>> 6] & (1 &<< UInt64(block & 63)) == 0 { mark(base + offset, block) }
  }

  @inline(never) private mutating func mark(_ p: UnsafeMutableRawPointer, _ block: Int) {
    let header = p.header
    interpreter.arena.mark(block, header.blocks)
    chargedBlocks += header.chargeBlocks
    liveBlocks += header.blocks
    if !header.isLeaf { stack.append(p) }
  }

  mutating func scan(_ p: UnsafeMutableRawPointer, bytes: Int) {
    var at = p
    let end = p + bytes
    while at < end {
      reach(at.value(0))
      at += 8
    }
  }

  mutating func drain() {
    while let p = stack.popLast() {
      scan(p + 8, bytes: p.header.blocks * blockBytes - 8)
    }
  }
}
