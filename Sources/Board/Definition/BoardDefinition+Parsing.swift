/// Columns of `BoardTable.boards`, in the order scripts/generate-board-data.py writes them.
private enum Column: Int, CaseIterable {
  case id, name, mcu, family, port, chip, platform, pinFamily, cpuHz, volumeBytes, ramBytes, heapBytes, cStackBytes
  case pystackBytes, floatBits, hasLongInts, nvmBytes, uidBytes, modules, extraModules, frozen, hasUSB, vendorID
  case productID, manufacturer, product, creatorID, creationID, wifi, pins, buses, objects, status, buttons, leds
  case displays
}

extension TableLine {
  fileprivate func text(_ column: Column) -> String { text(column.rawValue) }
  fileprivate func number(_ column: Column) -> Int { number(column.rawValue) ?? 0 }
  fileprivate func items(_ column: Column) -> [Substring] { items(column.rawValue) }
  /// "0x239A"
  fileprivate func hexadecimal<T: FixedWidthInteger>(_ column: Column) -> T? {
    T(text(column).dropFirst(2), radix: 16)
  }
}

extension BoardDefinition {
  /// Nil when the line does not have the columns this file knows: table and program are of different age.
  init?(_ line: TableLine) {
    guard line.count == Column.allCases.count else { return nil }
    id = line.text(.id)
    name = line.text(.name)
    mcu = line.text(.mcu)
    family = line.text(.family)
    port = line.text(.port)
    chip = line.text(.chip)
    platform = line.text(.platform)
    pinFamily = line.text(.pinFamily)
    cpuHz = line.number(.cpuHz)
    isVolumeSizeKnown = !line.text(.volumeBytes).isEmpty
    volumeBytes = isVolumeSizeKnown ? line.number(.volumeBytes) : 2 << 20
    ramBytes = line.number(.ramBytes)
    heapBytes = line.number(.heapBytes)
    cStackBytes = line.number(.cStackBytes)
    pystackBytes = line.number(.pystackBytes)
    floatBits = line.number(.floatBits)
    hasLongInts = line.number(.hasLongInts) == 1
    nvmBytes = line.number(.nvmBytes)
    uid = BoardDefinition.uid(of: id, count: line.number(.uidBytes))
    modules = ModuleSet(hexadecimal: line.text(.modules), extra: line.items(.extraModules).map(String.init))
    frozenLibraries = line.items(.frozen).map(String.init)
    usb = USBIdentity(
      isNative: line.number(.hasUSB) == 1, vendorID: line.hexadecimal(.vendorID),
      productID: line.hexadecimal(.productID), manufacturer: line.text(.manufacturer), product: line.text(.product),
      creatorID: line.hexadecimal(.creatorID), creationID: line.hexadecimal(.creationID))
    wifiChip = line.text(.wifi)
    pins = line.items(.pins).map { item in
      let parts = item.pieces(separatedBy: ":")
      return BoardPin(name: String(parts[0]), mcuPin: String(parts[1]))
    }
    buses = BoardBuses(items: line.items(.buses))
    objects = line.items(.objects).compactMap(BoardObject.init(item:))
    let (status, wiring) = BoardDefinition.indicators(line.items(.status))
    self.status = status
    self.wiring = wiring
    buttons = line.items(.buttons).map { item in
      let parts = item.pieces(separatedBy: ":")
      return BoardButton(name: String(parts[0]), isPressedHigh: parts[1] == "high")
    }
    leds = line.items(.leds).map(String.init)
    displays = line.items(.displays).map { item in
      let parts = item.pieces(separatedBy: ":")
      return DisplayDefinition(
        kind: String(parts[0]), bus: String(parts[1]), width: Int(parts[2]) ?? 0, height: Int(parts[3]) ?? 0,
        rotationDegrees: Int(parts[4]) ?? 0)
    }
  }

  /// Bytes drawn from the id (FNV-1a, one step a byte): two boards of a kind are twins, and a restart changes nothing.
  private static func uid(of id: String, count: Int) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    id.utf8.forEach(mix)
    return (0..<count).map { index in
      mix(UInt8(truncatingIfNeeded: index))
      return UInt8(truncatingIfNeeded: hash >> 32)
    }
  }

  private static func indicators(_ items: [Substring]) -> (StatusIndicators, InternalWiring) {
    var status = StatusIndicators()
    var wiring = InternalWiring()
    for item in items {
      let parts = item.pieces(separatedBy: ":")
      let value = String(parts[1])
      switch parts[0] {
      case "led": status.led = value
      case "led_inverted": status.isLEDInverted = value == "true"
      case "neopixel": status.neopixel = value
      case "neopixel_count": status.neopixelCount = Int(value) ?? 1
      case "dotstar_data": status.dotstarData = value
      case "dotstar_clock": status.dotstarClock = value
      case "rgb_r": status.red = value
      case "rgb_g": status.green = value
      case "rgb_b": status.blue = value
      case "power": status.power = value
      case "led_tx": status.ledTX = value
      case "led_rx": status.ledRX = value
      case "boot_button": wiring.bootButton = value
      case "double_tap": wiring.doubleTap = value
      case "speaker_enable": wiring.speakerEnable = value
      case "console_tx": wiring.consoleTX = value
      case "console_rx": wiring.consoleRX = value
      default: break
      }
    }
    return (status, wiring)
  }
}

extension BoardBuses {
  /// "i2c:SCL:SDA:up", "spi:CLOCK:MOSI:MISO", "uart:TX:RX:"
  fileprivate init(items: [Substring]) {
    for item in items {
      let parts = item.pieces(separatedBy: ":").map(String.init)
      switch parts[0] {
      case "i2c": i2c.append(I2CWiring(scl: parts[1], sda: parts[2], hasPullUps: parts[3] == "up"))
      case "spi": spi.append(SPIWiring(clock: parts[1], mosi: parts[2], miso: parts[3].isEmpty ? nil : parts[3]))
      default: uart.append(UARTWiring(tx: parts[1], rx: parts[2]))
      }
    }
  }
}

extension BoardObject {
  /// "NAME:kind:value"
  fileprivate init?(item: Substring) {
    let parts = item.pieces(separatedBy: ":")
    let text = parts[2]
    name = String(parts[0])
    switch parts[1] {
    case "i2c": value = .i2c(Int(text) ?? 0)
    case "spi": value = .spi(Int(text) ?? 0)
    case "uart": value = .uart(Int(text) ?? 0)
    case "display": value = .display(Int(text) ?? 0)
    case "int": value = .integer(Int(text) ?? 0)
    case "none": value = .none
    case "tuple": value = .pinTuple(text.pieces(separatedBy: "+").map(String.init))
    case "dict":
      value = .dictionary(
        text.pieces(separatedBy: ";").map { entry in
          let pair = entry.pieces(separatedBy: "=")
          return (String(pair[0]), BoardConstant(text: pair[1]))
        })
    case "object": value = .special(String(text))
    default: return nil
    }
  }
}

extension BoardConstant {
  /// "P1", "P1+P2+" (a list ends with its separator), "63", "true"
  fileprivate init(text: Substring) {
    if text.hasSuffix("+") {
      self = .pins(text.dropLast().pieces(separatedBy: "+").map(String.init))
    } else if let number = Int(text) {
      self = .integer(number)
    } else if text == "true" || text == "false" {
      self = .boolean(text == "true")
    } else {
      self = .pin(String(text))
    }
  }
}
