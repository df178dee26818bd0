/// The chip just before one operation, and what a cut there may be taken for.
struct RecordedOperation: Sendable {
  var state: FlashState
  var unsettled: [UnsettledCells]
  var operation: FlashOperation
  /// What a program writes.
  var payload: [UInt8] = []
  /// Requests that were acknowledged before it.
  var acknowledged: Int

  /// The chip after a cut in this operation. Nil: the operation never began.
  func cut(_ tear: Tear?, geometry: FlashGeometry) -> (store: CopyOnWriteStore, unsettled: [UnsettledCells]) {
    let store = CopyOnWriteStore(state)
    let flash = SimulatedNORFlash(
      store: store, geometry: geometry, faults: CutAt(index: 0, tear: tear), unsettled: unsettled)
    switch operation {
    case .program(let offset):
      // It throws `powerLost`, which is what is wanted.
      try? payload.withUnsafeBufferPointer { (bytes) throws(FlashError) in
        try flash.program(offset, UnsafeRawBufferPointer(bytes))
      }
    case .erase(let block): try? flash.erase(block: block)
    }
    return (store, flash.unsettled)
  }
}

/// Breaks nothing, and keeps the chip's state before each operation: a script runs once for all of its cuts.
///
/// Unchecked: lives on the thread of its store.
final class OperationRecorder: FaultPlan, @unchecked Sendable {
  private let store: CopyOnWriteStore
  weak var flash: SimulatedNORFlash?
  private(set) var operations: [RecordedOperation] = []
  var acknowledged = 0

  init(_ store: CopyOnWriteStore) { self.store = store }

  func before(_ operation: FlashOperation, index: UInt64) -> FaultAction {
    let place = operations.count
    operations.append(
      RecordedOperation(
        state: store.freeze(), unsettled: flash?.unsettled ?? [], operation: operation, acknowledged: acknowledged))
    // The write of a program follows at once; cells that settle have done so before.
    store.onNextWrite = { [unowned self] in
      if case .program = operation { operations[place].payload = Array($0) }
    }
    return .none
  }
}
