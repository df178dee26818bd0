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
  /// The files with what the program mounted; nil without a drive.
  let mounts: MountTree?
  /// The file systems of `VfsFat` objects by their number; nil when the object is gone.
  var fileSystems: [FileSystem?] = []
  /// The chip's unit that a bus object in use occupies.
  var units: [ObjectIdentifier: String] = [:]
  /// `machine.Pin` objects by pin.
  var machinePins: [Value?]
  /// Observers this VM has on pins, by pin; they must not outlive it.
  private var observers: [Int: Int] = [:]
  /// `supervisor.runtime.rgb_status_brightness`
  var statusBrightness = 63

  init(board: SimulatedBoard, services: any BoardServices, mounts: MountTree?) {
    self.board = board
    self.services = services
    self.mounts = mounts
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
