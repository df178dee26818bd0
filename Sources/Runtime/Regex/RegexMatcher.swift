/// Runs a compiled pattern over bytes, trying alternatives in order. What is still to be tried lies on an explicit stack, not the native
/// one; it is as long as the board's recursion would be deep, and ends where the board's C stack does.
struct RegexMatcher {
  /// Choices and groups open at the same time. Each is a C call on the board, some 40 bytes of the 20 KiB that a program has left.
  private static let maximumDepth = 512
  /// Instructions between two looks for ctrl-c.
  private static let stepsBetweenPolls = 10_000

  let vm: VM
  let code: UnsafeBufferPointer<UInt8>
  /// The whole text; `^` matches at its start only.
  let text: UnsafeBufferPointer<UInt8>
  /// Where the text ends for the pattern.
  let end: Int
  /// Start and end of the whole match and of each group; -1 where a group took no part.
  private(set) var captures: [Int]
  private var pending: [Choice] = []
  private var steps = 0

  private struct Choice {
    /// Where to go on in the code; a negative number is a capture slot (less one) to be put back.
    var place: Int
    /// Where to go on in the text, or what the slot held.
    var at: Int
  }

  init(vm: VM, code: UnsafeBufferPointer<UInt8>, groupCount: Int, text: UnsafeBufferPointer<UInt8>, end: Int) {
    self.vm = vm
    self.code = code
    self.text = text
    self.end = end
    captures = Array(repeating: -1, count: 2 * (groupCount + 1))
  }

  /// Looks for a match at `start`, and at the places behind it unless `isAnchored`.
  mutating func find(from start: Int, isAnchored: Bool) throws(PyError) -> Bool {
    for at in start...max(start, isAnchored ? start : end) {
      for i in captures.indices { captures[i] = -1 }
      if try matches(at: at) { return true }
    }
    return false
  }

  private mutating func remember(_ choice: Choice) throws(PyError) {
    if pending.count >= RegexMatcher.maximumDepth { throw vm.runtimeError("maximum recursion depth exceeded") }
    pending.append(choice)
  }

  private func distance(_ pc: Int) -> Int {
    Int(Int16(truncatingIfNeeded: Int(code[pc]) | Int(code[pc + 1]) << 8))
  }

  private mutating func matches(at start: Int) throws(PyError) -> Bool {
    pending.removeAll(keepingCapacity: true)
    var pc = 0
    var at = start
    while true {
      steps += 1
      if steps % RegexMatcher.stepsBetweenPolls == 0 { try vm.pollInterrupts() }
      var isFailure = false
      switch code[pc] {
      case RegexOp.byte:
        isFailure = at >= end || text[at] != code[pc + 1]
        pc += 2
        at += 1
      case RegexOp.any:
        isFailure = at >= end
        pc += 1
        at += 1
      case RegexOp.set:
        isFailure = at >= end || code[pc + 1 + Int(text[at] >> 3)] & 1 << (text[at] & 7) == 0
        pc += 33
        at += 1
      case RegexOp.jump: pc += 3 + distance(pc + 1)
      case RegexOp.preferNext:
        try remember(Choice(place: pc + 3 + distance(pc + 1), at: at))
        pc += 3
      case RegexOp.preferTarget:
        try remember(Choice(place: pc + 3, at: at))
        pc += 3 + distance(pc + 1)
      case RegexOp.save:
        let slot = Int(code[pc + 1])
        try remember(Choice(place: -1 - slot, at: captures[slot]))
        captures[slot] = at
        pc += 2
      case RegexOp.atStart:
        isFailure = at != 0
        pc += 1
      case RegexOp.atEnd:
        isFailure = at != end
        pc += 1
      default: return true
      }
      if !isFailure { continue }
      var isResumed = false
      while let choice = pending.popLast() {
        if choice.place >= 0 {
          pc = choice.place
          at = choice.at
          isResumed = true
          break
        }
        captures[-1 - choice.place] = choice.at
      }
      if !isResumed { return false }
    }
  }
}
