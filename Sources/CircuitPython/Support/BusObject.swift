import Board
import Runtime

/// What objects of busio have in common. Field 0: the wires, as an address (None before `__init__`, False after deinit); field 1:
/// whether the lock is held; further fields are the bus's own.
///
/// The wires belong to the board, which lives longer than the VM; an address needs no reference counting.
struct BusObject<Wires: AnyObject> {
  let p: UnsafeMutableRawPointer
  let wires: Wires

  /// The bus behind `self`; raises when it was never made or is deinitialised.
  init(_ vm: VM, _ value: Value, _ key: NativeTypeKey) throws(PyError) {
    p = try vm.receiver(value, key)
    guard let wires = BusObject.wires(p) else { throw BusObject.unusable(vm, p) }
    self.wires = wires
  }

  static func wires(_ p: UnsafeMutableRawPointer) -> Wires? {
    let field = ObjectLayout.field(p, 0)
    guard field.isSmallInt, let address = UnsafeRawPointer(bitPattern: field.small) else { return nil }
    return Unmanaged<Wires>.fromOpaque(address).takeUnretainedValue()
  }

  private static func unusable(_ vm: VM, _ p: UnsafeMutableRawPointer) -> PyError {
    ObjectLayout.field(p, 0).isNone ? vm.notInitialised() : vm.deinitialised()
  }

  static func open(_ vm: VM, _ p: UnsafeMutableRawPointer, _ wires: Wires, unit: String) {
    ObjectLayout.set(p, 0, Value(small: Int(bitPattern: Unmanaged.passUnretained(wires).toOpaque())))
    ObjectLayout.set(p, 1, .false)
    vm.boardState.units[ObjectIdentifier(wires)] = unit
    vm.needsFinaliser(Value(p))
  }

  /// Gives pins and unit back; nothing happens the second time.
  static func close(_ vm: VM, _ p: UnsafeMutableRawPointer, pins: (Wires) -> [Pin?]) {
    guard let wires = wires(p) else { return }
    let state = vm.boardState
    for pin in pins(wires) { pin?.release() }
    if let unit = state.units.removeValue(forKey: ObjectIdentifier(wires)) { state.board.releaseUnit(unit) }
    ObjectLayout.set(p, 0, .false)
  }

  var isLocked: Bool { ObjectLayout.field(p, 1) == .true }

  func requireLock(_ vm: VM) throws(PyError) {
    if !isLocked { throw vm.runtimeError("Function requires lock") }
  }

  /// The bus behind argument 0, which has to be locked.
  static func locked(_ vm: VM, _ a: Arguments, _ key: NativeTypeKey) throws(PyError) -> BusObject {
    let object = try BusObject(vm, a[0], key)
    try object.requireLock(vm)
    return object
  }

  /// `try_lock`: whether the lock was free.
  func lock() -> Value {
    if isLocked { return .false }
    ObjectLayout.set(p, 1, .true)
    return .true
  }

  func unlock() { ObjectLayout.set(p, 1, .false) }
}
