import Board
import Runtime

extension InterpreterOptions {
  /// What the VM of a board is made of: its heap and its names.
  package init(board: BoardDefinition) {
    self.init()
    if board.heapBytes > 0 { heapBytes = board.heapBytes }
    if board.pystackBytes > 0 { pystackBytes = board.pystackBytes }
    boardName = board.name
    boardID = board.id
    mcuName = board.mcu
    platform = board.platform
  }
}
