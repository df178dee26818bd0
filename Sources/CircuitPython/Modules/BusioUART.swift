import Board
import Runtime

/// `busio.UART`, a `BusObject` with further fields: timeout in seconds, the numbers of the RTS and CTS pins or None.
enum BusioUART {
  typealias Object = BusObject<UARTBus>
  private enum Field { static let timeout = 2, rts = 3, cts = 4, all = 5 }
  private static let pollNanoseconds: UInt64 = 1_000_000

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.uart) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try vm.makeObject(a[0], fields: Field.all)
          try BusioUART.initialise(vm, object.pointer, a)
          return object
        }
      }
      slots.blank = { vm, type, _ in
        operation(vm) { vm throws(PyError) in try vm.makeObject(Value(bits: type), fields: Field.all) }
      }
      slots.finalise = { vm, v in BusioUART.close(VM(vm), Value(bits: v).pointer) }
      slots.iterate = { _, v in v }
      slots.next = { vm, v in
        operation(vm) { vm throws(PyError) in
          let line = try BusioUART.readLine(vm, try Object(vm, Value(bits: v), .uart))
          return line.isNone || StrLayout.length(line.pointer) == 0 ? .stop : line
        }
      }
      let type = try vm.makeType("UART", methods: methods, slots: slots)
      try defineProperties(vm, type)
      try vm.define(
        type, "Parity", try vm.enumType(.uartParity, "busio.UART", "Parity", ["ODD", "EVEN"]))
      return type
    }
  }

  private static func initialise(_ vm: VM, _ p: UnsafeMutableRawPointer, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let tx = reader.orNone("tx")
    let rx = reader.orNone("rx")
    reader.keywordsOnly()
    let baudrate = try reader.int("baudrate", 9600)
    let bits = try reader.int("bits", 8)
    _ = reader.orNone("parity")
    let stop = try reader.int("stop", 1)
    let timeout = reader.optional("timeout")
    let bufferBytes = try reader.int("receiver_buffer_size", 64)
    let (rts, cts, direction) = (reader.orNone("rts"), reader.orNone("cts"), reader.orNone("rs485_dir"))
    _ = try reader.bool("rs485_invert", false)
    try reader.finish()

    let rxPin = try vm.freePinOrNone(rx, "rx")
    let txPin = try vm.freePinOrNone(tx, "tx")
    let rtsPin = try vm.freePinOrNone(rts, "rts")
    let ctsPin = try vm.freePinOrNone(cts, "cts")
    if txPin == nil && rxPin == nil { throw vm.valueError("tx and rx cannot both be None") }
    try vm.check(bits, in: 5...9, "bits")
    try vm.check(bufferBytes, in: 1...0xFFFF, "receiver_buffer_size")
    try vm.check(stop, in: 1...2, "stop")
    let seconds = timeout.isEmpty ? 1 : try checkedTimeout(vm, timeout)
    if !direction.isNone { throw vm.error(.notImplementedError, "RS485") }
    try open(vm, p, tx: txPin, rx: rxPin, rts: rtsPin, cts: ctsPin)
    guard let wires = Object.wires(p) else { return }
    wires.baudRate = baudrate
    wires.receiverBufferBytes = bufferBytes
    ObjectLayout.set(p, Field.timeout, try vm.makeFloat(seconds))
  }

  private static func checkedTimeout(_ vm: VM, _ value: Value) throws(PyError) -> Double {
    let seconds = try vm.floatArgument(value)
    guard seconds > -1, seconds < 101 else { throw vm.valueError("timeout must be 0-100") }
    return seconds
  }

  private static func open(
    _ vm: VM, _ p: UnsafeMutableRawPointer, tx: Pin?, rx: Pin?, rts: Pin? = nil, cts: Pin? = nil
  ) throws(PyError) {
    let board = vm.boardState.board
    let unit = try vm.claimUnit(board.rules.uartUnits(tx: tx, rx: rx, rts: rts, cts: cts), "UART")
    let wires = board.uartBus(tx: tx, rx: rx)
    wires.clearReceived()
    for pin in [tx, rx, rts, cts] { _ = pin?.claim(by: "UART") }
    // An idle line is high.
    tx?.configureOutput(value: true)
    if let rts { ObjectLayout.set(p, Field.rts, Value(small: rts.index)) }
    if let cts { ObjectLayout.set(p, Field.cts, Value(small: cts.index)) }
    Object.open(vm, p, wires, unit: unit)
  }

  /// A bus object on these pins, for `board.UART()`.
  static func make(_ vm: VM, tx: Pin, rx: Pin) throws(PyError) -> Value {
    try vm.checkFree(tx)
    try vm.checkFree(rx)
    let object = try vm.makeObject(try makeType(vm), fields: Field.all)
    try open(vm, object.pointer, tx: tx, rx: rx)
    guard let wires = Object.wires(object.pointer) else { return object }
    wires.baudRate = 9600
    wires.receiverBufferBytes = 64
    ObjectLayout.set(object.pointer, Field.timeout, try vm.makeFloat(1))
    return object
  }

  private static func close(_ vm: VM, _ p: UnsafeMutableRawPointer) {
    let state = vm.boardState
    let flow = [Field.rts, Field.cts].map { ObjectLayout.field(p, $0) }.filter(\.isSmallInt)
    Object.close(vm, p) { [$0.tx, $0.rx] + flow.map { state.pins[$0.small] } }
  }

  // MARK: Reading

  /// Up to `count` bytes; ends when none came for as long as the timeout. nil: nothing came at all.
  private static func read(_ vm: VM, _ object: Object, count: Int, line: Bool = false) throws(PyError) -> [UInt8]? {
    guard object.wires.rx != nil else { throw vm.valueError("No rx pin") }
    let host = vm.interpreter.host
    let seconds = vm.asNumber(ObjectLayout.field(object.p, Field.timeout)) ?? 0
    let timeout = UInt64(max(seconds, 0) * 1e9)
    var bytes: [UInt8] = []
    var deadline = host.monotonicNanoseconds + timeout
    while bytes.count < count {
      let part = object.wires.read(line ? 1 : count - bytes.count)
      if !part.isEmpty {
        bytes += part
        if line && part[0] == 0x0A { break }
        deadline = host.monotonicNanoseconds + timeout
        continue
      }
      let now = host.monotonicNanoseconds
      if now >= deadline { break }
      try vm.serveInterrupts()
      host.sleep(nanoseconds: min(pollNanoseconds, deadline - now))
    }
    return bytes.isEmpty && count > 0 ? nil : bytes
  }

  private static func readLine(_ vm: VM, _ object: Object) throws(PyError) -> Value {
    guard let bytes = try read(vm, object, count: Int.max, line: true) else { return .none }
    return try vm.makeBytes(bytes)
  }

  private static func read(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object(vm, a[0], .uart)
    let wanted = a.count > 1 && !a[1].isNone ? try vm.intArgument(a[1]) : -1
    guard let bytes = try read(vm, object, count: wanted < 0 ? Int.max : wanted) else { return .none }
    return try vm.makeBytes(bytes)
  }

  private static func readInto(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object(vm, a[0], .uart)
    let view = try vm.buffer(a[1], writable: true)
    guard let start = view.start, let bytes = try read(vm, object, count: view.sizeBytes) else { return .none }
    UnsafeMutableRawBufferPointer(start: start, count: view.sizeBytes).copyBytes(from: bytes)
    return Value(small: bytes.count)
  }

  private static func write(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let object = try Object(vm, a[0], .uart)
    guard object.wires.tx != nil else { throw vm.valueError("No tx pin") }
    let bytes = a[1].has(.str) ? vm.text(a[1]) : try vm.bufferBytes(a[1])
    vm.spend(nanoseconds: object.wires.transmit(bytes))
    return Value(small: bytes.count)
  }

  private static func defineProperties(_ vm: VM, _ type: Value) throws(PyError) {
    try vm.define(
      type, property: "baudrate",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in Value(small: try Object(vm, a[0], .uart).wires.baudRate) }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          try Object(vm, a[0], .uart).wires.baudRate = try vm.intArgument(a[1])
          return .none
        }
      })
    try vm.define(
      type, property: "in_waiting",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in Value(small: try Object(vm, a[0], .uart).wires.availableBytes) }
      })
    try vm.define(
      type, property: "timeout",
      get: {
        native($0, $1, $2) { vm, a throws(PyError) in
          ObjectLayout.field(try Object(vm, a[0], .uart).p, Field.timeout)
        }
      },
      set: {
        native($0, $1, $2) { vm, a throws(PyError) in
          let object = try Object(vm, a[0], .uart)
          let seconds = try BusioUART.checkedTimeout(vm, a[1])
          ObjectLayout.set(object.p, Field.timeout, try vm.makeFloat(seconds))
          return .none
        }
      })
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try BusioUART.initialise(vm, try vm.receiver(a, .uart), a)
          return .none
        }
      },
      NativeDefinition("deinit", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          BusioUART.close(vm, try vm.receiver(a, .uart))
          return .none
        }
      },
      .enter, .exitByDeinit,
      NativeDefinition("read", 1, 2) { native($0, $1, $2) { vm, a throws(PyError) in try BusioUART.read(vm, a) } },
      NativeDefinition("readline", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioUART.readLine(vm, try Object(vm, a[0], .uart)) }
      },
      NativeDefinition("readinto", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try BusioUART.readInto(vm, a) }
      },
      NativeDefinition("write", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try BusioUART.write(vm, a) } },
      NativeDefinition("reset_input_buffer", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try Object(vm, a[0], .uart).wires.clearReceived()
          return .none
        }
      },
    ]
  }
}
