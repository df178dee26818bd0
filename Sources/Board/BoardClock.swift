/// The time parts go by: real on a mounted board, virtual under `circuitpyd run --virtual-time`. Never goes back.
/// Read from any thread, under the board's lock: an implementation must not call the board.
package protocol BoardClock: AnyObject, Sendable {
  var monotonicNanoseconds: UInt64 { get }
}
