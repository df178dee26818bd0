import Board
import Synchronization

/// A clock that moves when the test says so.
final class ManualClock: BoardClock {
  private let now = Mutex<UInt64>(0)
  var monotonicNanoseconds: UInt64 { now.withLock { $0 } }
  func advance(milliseconds: Int) { now.withLock { $0 += UInt64(milliseconds) * 1_000_000 } }
}

func makeBoard(_ id: String = BoardDefinition.defaultID) throws -> SimulatedBoard {
  SimulatedBoard(definition: try BoardDefinition.named(id), clock: ManualClock())
}
