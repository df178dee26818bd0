/// Making objects.
///
/// Rules for natives: an allocation never collects, so fresh objects may be held in Swift locals — until Python code
/// is called back (`call`, `iterate` over a user's iterator …). Before that, push them (`push`/`pop`) so the collector sees them.
/// A native that is about to make something big calls `ensureRoom` first, while all it holds is its arguments.
extension VM {
  /// Blocks that `bytes` take on the board.
  @inline(__always) package static func chargeBlocks(_ bytes: Int) -> Int { (bytes &+ 15) &>> 4 }

  /// A new object with `payload` bytes after the header, not initialised: the caller fills every word before anything else happens.
  /// - Parameter charge: bytes the object costs on the board.
  @inline(__always) package func allocate(_ tag: Tag, leaf: Bool, payload: Int, charge: Int) throws(PyError)
    -> UnsafeMutableRawPointer
  {
    let blocks = (payload &+ 8 &+ 15) &>> 4
    let chargeBlocks = VM.chargeBlocks(charge)
    let p = s.pointee.cursor
    let end = p + blocks &* blockBytes
    if blocks <= Arena.largeBlocks && end <= s.pointee.holeEnd
      && s.pointee.chargedBlocks &+ chargeBlocks <= s.pointee.chargeLimitBlocks
    {
      s.pointee.cursor = end
      s.pointee.chargedBlocks &+= chargeBlocks
      p.header = Header(tag, leaf: leaf, blocks: blocks, chargeBlocks: chargeBlocks)
      if !leaf { (end - 8).set(0, word: 0) }  // padding is scanned: no stale reference may stand there
      return p
    }
    return try allocateSlow(tag, leaf: leaf, blocks: blocks, charge: charge)
  }

  /// As `allocate`, with the payload zeroed (all slots `.empty`).
  package func allocateZeroed(_ tag: Tag, leaf: Bool, payload: Int, charge: Int) throws(PyError)
    -> UnsafeMutableRawPointer
  {
    let p = try allocate(tag, leaf: leaf, payload: payload, charge: charge)
    (p + 8).initializeMemory(as: UInt8.self, repeating: 0, count: payload)
    return p
  }

  /// Never collects. Going over the board's limit is allowed until the next safepoint, which collects and raises
  /// MemoryError if that does not help; only a request that could never fit fails here.
  @inline(never) func allocateSlow(_ tag: Tag, leaf: Bool, blocks: Int, charge: Int) throws(PyError)
    -> UnsafeMutableRawPointer
  {
    let chargeBlocks = VM.chargeBlocks(charge)
    if chargeBlocks > s.pointee.chargeLimitBlocks || blocks > Header.maximumBlocks {
      throw memoryError(bytes: charge)
    }
    if s.pointee.chargedBlocks &+ chargeBlocks > s.pointee.chargeLimitBlocks {
      s.pointee.overdraftBytes = max(charge, 1)
      requestCollection()
    }
    guard let p = takeBlocks(blocks) else { throw memoryError(bytes: charge) }
    s.pointee.chargedBlocks &+= chargeBlocks
    p.header = Header(tag, leaf: leaf, blocks: blocks, chargeBlocks: chargeBlocks)
    if !leaf { (p + (blocks * blockBytes - 8)).set(0, word: 0) }
    return p
  }

  /// Physical space, from the next hole or the large region; grows the small region rather than fail.
  private func takeBlocks(_ blocks: Int) -> UnsafeMutableRawPointer? {
    let interpreter = self.interpreter
    if blocks > Arena.largeBlocks {
      interpreter.physicalSinceCollection += blocks
      if interpreter.physicalSinceCollection > interpreter.physicalBudgetBlocks { requestCollection() }
      guard let block = interpreter.arena.takeLarge(blocks) else { return nil }
      return interpreter.arena.base + block * blockBytes
    }
    if s.pointee.cursor + blocks * blockBytes > s.pointee.holeEnd {
      var hole = interpreter.arena.nextHole(blocks)
      if hole == nil {
        requestCollection()
        let end = interpreter.arena.smallEndBlock
        let grown = min(Arena.firstLargeBlock, end + max(Arena.largeBlocks, Arena.initialSmallBytes / blockBytes / 4))
        if grown == end { return nil }
        interpreter.arena.smallEndBlock = grown
        interpreter.arena.walkBlock = end
        hole = interpreter.arena.nextHole(blocks)
      }
      guard let hole else { return nil }
      s.pointee.cursor = interpreter.arena.base + hole.lowerBound * blockBytes
      s.pointee.holeEnd = interpreter.arena.base + hole.upperBound * blockBytes
    }
    let p = s.pointee.cursor
    s.pointee.cursor = p + blocks * blockBytes
    return p
  }

  /// Gives back an object that nothing refers to any more (a list's old items after growth), as the board's heap does at once.
  package func release(_ p: UnsafeMutableRawPointer) {
    let header = p.header
    s.pointee.chargedBlocks &-= header.chargeBlocks
    p.header = Header(bits: header.bits & 0xFF_FFFF_FFFF)
  }

  /// Makes sure that `bytes` (board bytes) can be allocated: collects if need be, raises MemoryError if that is not enough.
  /// Only at the start of a native, when everything it holds is on the VM stack (its arguments).
  package func ensureRoom(_ bytes: Int) throws(PyError) {
    let blocks = VM.chargeBlocks(bytes)
    if s.pointee.chargedBlocks &+ blocks <= s.pointee.chargeLimitBlocks { return }
    if blocks <= s.pointee.chargeLimitBlocks && s.pointee.gcEnabled {
      collect()
      if s.pointee.chargedBlocks &+ blocks <= s.pointee.chargeLimitBlocks { return }
    }
    throw memoryError(bytes: bytes)
  }

  func requestCollection() { setPending(Pending.collect) }

  /// Keeps a value alive across calls back into Python: `push` before, `pop` after, in pairs.
  @inline(__always) package func push(_ value: Value) {
    s.pointee.top.set(0, value)
    s.pointee.top += 8
  }
  @discardableResult @inline(__always) package func pop() -> Value {
    s.pointee.top -= 8
    return s.pointee.top.value(0)
  }

  /// Changes the board cost of an object in place (a string buffer that the board would have reallocated).
  func recharge(_ p: UnsafeMutableRawPointer, bytes: Int) {
    let header = p.header
    let blocks = VM.chargeBlocks(bytes)
    s.pointee.chargedBlocks &+= blocks &- header.chargeBlocks
    p.header = Header(bits: header.bits & 0xFF_FFFF_FFFF | UInt64(truncatingIfNeeded: blocks) &<< 40)
  }
}
