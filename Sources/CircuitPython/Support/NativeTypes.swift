import Runtime

/// The types this target makes, each once in a VM.
enum NativeTypeKey: Int, CaseIterable {
  case pixelBuf, pixelBufIterator, i2cDevice, spiDevice
  case runtime, statusBar, runReason, safeModeReason
  case vfsFat, sdCard
  case pin, processor, resetReason, runMode, byteArray
  case digitalInOut, direction, pull, driveMode
  case i2c, spi, uart, uartParity
  case machinePin, machineI2C, machineSoftI2C, machineADC, machineRTC
}

extension VM {
  /// What this target keeps for one VM.
  var boardState: BoardState {
    guard let state = interpreter.embedderState else { preconditionFailure("no board modules in this VM") }
    return unsafeDowncast(state, to: BoardState.self)
  }

  /// The type under `key`, made at first use.
  func type(_ key: NativeTypeKey, _ make: (VM) throws(PyError) -> Value) throws(PyError) -> Value {
    let state = boardState
    let known = state.types[key.rawValue]
    if !known.isEmpty { return known }
    let type = try make(self)
    state.types[key.rawValue] = type
    addRoot(type)
    return type
  }

  /// Whether a value is an object of that type, not of a subclass in Python.
  func isNative(_ value: Value, _ key: NativeTypeKey) -> Bool {
    value.has(.object) && value.pointer.value(8) == boardState.types[key.rawValue]
  }

  /// The object of that type which a value is, or wraps when its class was derived in Python; nil when it is neither.
  func unwrap(_ value: Value, _ key: NativeTypeKey) -> UnsafeMutableRawPointer? {
    if isNative(value, key) { return value.pointer }
    let wrapped = wrappedNative(value)
    return !wrapped.isEmpty && isNative(wrapped, key) ? wrapped.pointer : nil
  }

  /// `self` of a method: the natives of a type can be called with anything.
  func receiver(_ a: Arguments, _ key: NativeTypeKey) throws(PyError) -> UnsafeMutableRawPointer {
    try receiver(a[0], key)
  }

  func receiver(_ value: Value, _ key: NativeTypeKey) throws(PyError) -> UnsafeMutableRawPointer {
    if let object = unwrap(value, key) { return object }
    let type = boardState.types[key.rawValue]
    let wanted = type.isEmpty ? "native object" : string(try getAttribute(type, interpreter.names.dunderName))
    throw typeError("argument should be a '\(wanted)' not a '\(string(typeName(value)))'")
  }

  /// `x must be of type T, not U`
  func wrongType(_ argument: StaticString, _ wanted: StaticString, _ value: Value) -> PyError {
    typeError("\(argument) must be of type \(wanted), not \(string(typeName(value)))")
  }

  /// For an object whose `__init__` a subclass never called.
  func notInitialised() -> PyError {
    runtimeError("super().__init__() must be called before using the native object")
  }

  func deinitialised() -> PyError {
    valueError("Object has been deinitialized and can no longer be used. Create a new object.")
  }
}
