import Board
import Runtime

extension InterpreterOptions {
  /// What the VM of a board is made of: its heap, its floats and its names.
  package init(board: BoardDefinition) {
    self.init()
    if board.heapBytes > 0 { heapBytes = board.heapBytes }
    floatMode = board.floatBits == 64 ? .double : board.floatBits == 32 ? .single : .board
    if board.pystackBytes > 0 { pystackBytes = board.pystackBytes }
    boardName = board.name
    boardID = board.id
    mcuName = board.mcu
    platform = board.platform
  }
}
