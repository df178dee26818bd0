import Board
import Runtime

/// board: what `BoardDefinition` says of the board's pins, buses and other attributes.
enum BoardModule {
  static func module(_ definition: BoardDefinition) -> NativeModule {
    NativeModule("board") { vm, globals throws(PyError) in
      let state = vm.boardState
      try vm.dictStore(globals, vm.intern("board_id"), try vm.makeStr(definition.id))
      for pin in definition.pins {
        guard let found = state.board.pin(mcu: pin.mcuPin) else { continue }
        try vm.dictStore(globals, vm.intern(Array(pin.name.utf8)), try vm.pinObject(found))
      }
      let singletons = try vm.makeList()
      for _ in 0..<BusKind.count { try vm.append(singletons, .none) }
      vm.addRoot(singletons)
      state.busSingletons = singletons
      for object in definition.objects {
        let value = try BoardModule.value(vm, object.value)
        if !value.isEmpty { try vm.dictStore(globals, vm.intern(Array(object.name.utf8)), value) }
      }
    }
  }

  /// `.empty` for what has no module here yet: displays, and things of one board's own firmware.
  private static func value(_ vm: VM, _ value: BoardObjectValue) throws(PyError) -> Value {
    let board = vm.boardState.board
    func pins(_ names: [String]) throws(PyError) -> Value {
      let list = try vm.makeList()
      for name in names { try vm.append(list, try board.pin(mcu: name).map(vm.pinObject) ?? .none) }
      return try vm.tuple(from: list)
    }
    switch value {
    case .i2c(let index): return try BusKind.i2c.function(vm, index)
    case .spi(let index): return board.definition.hasModule("busio.SPI") ? try BusKind.spi.function(vm, index) : .empty
    case .uart(let index):
      return board.definition.hasModule("busio.UART") ? try BusKind.uart.function(vm, index) : .empty
    case .pinTuple(let names): return try pins(names)
    case .integer(let number): return try vm.makeInt(number)
    case .none: return .none
    case .dictionary(let entries):
      let dict = try vm.makeDict(entries.count)
      for (key, constant) in entries {
        let item: Value
        switch constant {
        case .pin(let name): item = try board.pin(mcu: name).map(vm.pinObject) ?? .none
        case .pins(let names): item = try pins(names)
        case .integer(let number): item = try vm.makeInt(number)
        case .boolean(let flag): item = Value(flag)
        }
        try vm.dictStore(dict, vm.intern(Array(key.utf8)), item)
      }
      return dict
    case .display, .special: return .empty
    }
  }
}

/// The functions `board.I2C()`, `board.SPI()`, `board.UART()` and their siblings: each returns the one object of its bus.
private enum BusKind: Int {
  case i2c, spi, uart
  /// No board has more default buses of a kind.
  static let mostOfAKind = 4
  static let count = 3 * mostOfAKind

  /// Natives capture nothing, so there is one for each index. `.empty` beyond.
  func function(_ vm: VM, _ index: Int) throws(PyError) -> Value {
    let functions: [NativeDefinition]
    switch self {
    case .i2c:
      functions = [
        NativeDefinition("I2C", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.i2c.object(vm, 0) } },
        NativeDefinition("I2C", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.i2c.object(vm, 1) } },
        NativeDefinition("I2C", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.i2c.object(vm, 2) } },
        NativeDefinition("I2C", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.i2c.object(vm, 3) } },
      ]
    case .spi:
      functions = [
        NativeDefinition("SPI", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.spi.object(vm, 0) } },
        NativeDefinition("SPI", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.spi.object(vm, 1) } },
        NativeDefinition("SPI", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.spi.object(vm, 2) } },
        NativeDefinition("SPI", 0, 0) { native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.spi.object(vm, 3) } },
      ]
    case .uart:
      functions = [
        NativeDefinition("UART", 0, 0) {
          native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.uart.object(vm, 0) }
        },
        NativeDefinition("UART", 0, 0) {
          native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.uart.object(vm, 1) }
        },
        NativeDefinition("UART", 0, 0) {
          native($0, $1, $2) { vm, _ throws(PyError) in try BusKind.uart.object(vm, 2) }
        },
      ]
    }
    return functions.indices.contains(index) ? try vm.makeNative(functions[index]) : .empty
  }

  /// The bus's object; a new one when there is none yet or it was deinitialised.
  private func object(_ vm: VM, _ index: Int) throws(PyError) -> Value {
    let state = vm.boardState
    let slot = ListLayout.at(state.busSingletons.pointer, rawValue * BusKind.mostOfAKind + index)
    let known = slot.value(0)
    if !known.isNone && ObjectLayout.field(known.pointer, 0).isSmallInt { return known }
    let made = try make(vm, state.board, index)
    slot.set(0, made)
    return made
  }

  private func make(_ vm: VM, _ board: SimulatedBoard, _ index: Int) throws(PyError) -> Value {
    let buses = board.definition.buses
    switch self {
    case .i2c:
      if buses.i2c.indices.contains(index), let scl = board.pin(mcu: buses.i2c[index].scl),
        let sda = board.pin(mcu: buses.i2c[index].sda)
      {
        return try BusioI2C.make(vm, scl: scl, sda: sda)
      }
      throw vm.error(.notImplementedError, "No default I2C bus")
    case .spi:
      if buses.spi.indices.contains(index), let clock = board.pin(mcu: buses.spi[index].clock) {
        let (mosi, miso) = (board.pin(mcu: buses.spi[index].mosi), buses.spi[index].miso.flatMap(board.pin(mcu:)))
        return try BusioSPI.make(vm, clock: clock, mosi: mosi, miso: miso)
      }
      throw vm.error(.notImplementedError, "No default SPI bus")
    case .uart:
      if buses.uart.indices.contains(index), let tx = board.pin(mcu: buses.uart[index].tx),
        let rx = board.pin(mcu: buses.uart[index].rx)
      {
        return try BusioUART.make(vm, tx: tx, rx: rx)
      }
      throw vm.error(.notImplementedError, "No default UART bus")
    }
  }
}
