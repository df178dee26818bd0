import Board
import Runtime

/// What the native modules of this target share within one VM.
final class BoardState {
  let board: SimulatedBoard
  let services: any BoardServices
  /// `board.pins`, reachable without the board's lock.
  let pins: [Pin]
  /// By `NativeTypeKey`; `.empty` until made.
  var types = [Value](repeating: .empty, count: NativeTypeKey.allCases.count)
  /// `microcontroller.Pin` objects by pin; `.empty` until made.
  var pinObjects: [Value]
  /// A Python list with the objects of `board.I2C()` and its like; `.empty` before `board` is imported.
  var busSingletons = Value.empty
  /// The volume as `storage` shows it; `.empty` until made.
  var volumeObject = Value.empty
  /// The chip's unit that a bus object in use occupies.
  var units: [ObjectIdentifier: String] = [:]
  /// `machine.Pin` objects by pin.
  var machinePins: [Value?]
  /// Observers this VM has on pins, by pin; they must not outlive it.
  private var observers: [Int: Int] = [:]
  /// `supervisor.runtime.rgb_status_brightness`
  var statusBrightness = 63

  init(board: SimulatedBoard, services: any BoardServices) {
    self.board = board
    self.services = services
    pins = board.pins
    pinObjects = [Value](repeating: .empty, count: board.pins.count)
    machinePins = [Value?](repeating: nil, count: board.pins.count)
  }

  deinit { for (index, observer) in observers { pins[index].removeObserver(observer) } }

  func observe(_ pin: Pin, _ call: @escaping (PinEdge) -> Void) { observers[pin.index] = pin.observe(call) }

  func stopObserving(_ pin: Pin) {
    if let observer = observers.removeValue(forKey: pin.index) { pin.removeObserver(observer) }
  }
}

extension VM {
  /// Lets the time pass that a transfer takes on the wires.
  func spend(nanoseconds: UInt64) {
    if nanoseconds > 0 { interpreter.host.sleep(nanoseconds: nanoseconds) }
  }
}
