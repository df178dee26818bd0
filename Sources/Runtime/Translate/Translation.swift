/// A function's register code with the tables that errors and tracebacks need. The code lives until its unit goes.
final class Translation {
  let code: UnsafeMutablePointer<UInt64>
  let count: Int
  let frameBytes: Int
  let localsDictRegister: Int
  /// Bytecode instruction of each word.
  private let instructionOfWord: [UInt32]
  /// Innermost exception-stack entry at each instruction, -1 for none.
  let nodeOfInstruction: [Int]
  let nodes: [HandlerNode]
  let targets: [LoadedUnit.HandlerTarget]

  init(
    words: [UInt64], instructionOfWord: [UInt32], frameBytes: Int, localsDictRegister: Int, nodeOfInstruction: [Int],
    nodes: [HandlerNode], targets: [LoadedUnit.HandlerTarget]
  ) {
    code = .allocate(capacity: max(1, words.count))
    code.initialize(from: words, count: words.count)
    count = words.count
    self.frameBytes = frameBytes
    self.localsDictRegister = localsDictRegister
    self.instructionOfWord = instructionOfWord
    self.nodeOfInstruction = nodeOfInstruction
    self.nodes = nodes
    self.targets = targets
  }

  func instruction(_ word: Int) -> Int {
    word >= 0 && word < instructionOfWord.count ? Int(instructionOfWord[word]) : 0
  }

  /// Makes every inline cache miss once.
  func clearCaches() {
    var at = 0
    while at < count {
      let op = UInt16(truncatingIfNeeded: code[at])
      switch op {
      case Op.loadGlobal, Op.storeGlobal, Op.loadAttribute, Op.storeAttribute, Op.loadMethod: code[at + 2] = 0
      default: break
      }
      at += 1 + Op.inlineWords(op, code[at])
    }
  }
}

extension Op {
  /// Number of inline words behind an instruction word.
  static func inlineWords(_ op: UInt16, _ word: UInt64) -> Int {
    switch op {
    case binaryConstant..<jumpCompare, jumpCompareConstant..<jumpIs, jumpIsConstant, jumpIsNotConstant: 1
    case constant, deleteGlobal, loadName, storeName, deleteName, deleteAttribute, loadSuperMethod: 1
    case loadGlobal, storeGlobal, loadAttribute: 3
    case storeAttribute, loadMethod: 4
    case callKeywords, callMethodKeywords, callSpread, callMethodSpread, returnConstant, pendingJump, makeFunction: 1
    case importName, importFrom: 1
    case makeClosure: 2
    case reraise: fieldC(word)
    default: 0
    }
  }
}
