/// Register instructions: private to the process, made by the translator, run by the handlers.
/// An instruction is a word `op:16 | a:16 | b:16 | c:16`, for some followed by inline words (constants, names, caches).
enum Op {
  // Operators come first, so that an opcode minus its base is the bytecode's operator number.
  /// a = b OP c, 35 of them
  static let binary: UInt16 = 0
  /// a = b OP constant (inline word)
  static let binaryConstant: UInt16 = 35
  /// if b OP c (six comparisons): jump by a
  static let jumpCompare: UInt16 = 70
  /// if not (b OP c): jump by a
  static let jumpNotCompare: UInt16 = 76
  /// as the two above with an inline constant in place of c
  static let jumpCompareConstant: UInt16 = 82
  static let jumpNotCompareConstant: UInt16 = 88
  /// if b is (not) c / the inline constant: jump by a
  static let jumpIs: UInt16 = 94
  static let jumpIsNot: UInt16 = 95
  static let jumpIsConstant: UInt16 = 96
  static let jumpIsNotConstant: UInt16 = 97
  /// a = OP b: positive, negative, invert, not
  static let unary: UInt16 = 98

  static let move: UInt16 = 102
  static let constant: UInt16 = 103
  static let clear: UInt16 = 104
  static let check: UInt16 = 105
  static let loadGlobal: UInt16 = 107
  static let storeGlobal: UInt16 = 108
  static let deleteGlobal: UInt16 = 109
  static let loadName: UInt16 = 110
  static let storeName: UInt16 = 111
  static let deleteName: UInt16 = 112
  static let loadCell: UInt16 = 113
  static let storeCell: UInt16 = 114
  static let deleteCell: UInt16 = 115
  static let loadAttribute: UInt16 = 116
  static let storeAttribute: UInt16 = 117
  static let deleteAttribute: UInt16 = 118
  static let loadMethod: UInt16 = 119
  static let loadSuperMethod: UInt16 = 120
  static let loadItem: UInt16 = 121
  static let storeItem: UInt16 = 122
  static let deleteItem: UInt16 = 123
  static let jump: UInt16 = 124
  static let loop: UInt16 = 125
  static let jumpIfTrue: UInt16 = 126
  static let jumpIfFalse: UInt16 = 127
  static let call: UInt16 = 128
  static let callKeywords: UInt16 = 129
  static let callSpread: UInt16 = 130
  static let callMethod: UInt16 = 131
  static let callMethodKeywords: UInt16 = 132
  static let callMethodSpread: UInt16 = 133
  static let returnValue: UInt16 = 134
  static let returnConstant: UInt16 = 135
  static let generatorReturn: UInt16 = 136
  static let yield: UInt16 = 137
  static let yieldFrom: UInt16 = 138
  static let getIterator: UInt16 = 139
  static let getIteratorStack: UInt16 = 140
  static let forIterate: UInt16 = 141
  static let buildTuple: UInt16 = 142
  static let buildList: UInt16 = 143
  static let buildMap: UInt16 = 144
  static let buildSet: UInt16 = 145
  static let buildSlice: UInt16 = 146
  static let storeMap: UInt16 = 147
  static let listAppend: UInt16 = 148
  static let mapAdd: UInt16 = 149
  static let setAdd: UInt16 = 150
  static let unpackSequence: UInt16 = 151
  static let unpackExtended: UInt16 = 152
  static let makeFunction: UInt16 = 153
  static let makeClosure: UInt16 = 154
  static let importName: UInt16 = 156
  static let importFrom: UInt16 = 157
  static let importStar: UInt16 = 158
  static let raise: UInt16 = 159
  static let raiseFrom: UInt16 = 160
  static let reraise: UInt16 = 161
  static let setupWith: UInt16 = 162
  static let withCleanup: UInt16 = 163
  static let endFinally: UInt16 = 164
  /// Finally state b = (value c, continuation at word offset a…): a return or jump in progress.
  static let pendingJump: UInt16 = 165
  /// Jumps by `a` when the finally state at b is an exception.
  static let jumpIfException: UInt16 = 166
  static let count = 168
}
