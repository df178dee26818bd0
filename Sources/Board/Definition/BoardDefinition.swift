/// What one CircuitPython board is: its names, chip, pins, buses and memory. Built from data/boards.json by
/// scripts/generate-board-data.py; `find(_:)` reads the line of one board.
package struct BoardDefinition: Sendable, Equatable {
  /// "adafruit_feather_rp2040": `board.board_id`, the line "Board ID:" of boot_out.txt.
  package let id: String
  /// "Adafruit Feather RP2040". `os.uname().machine` is "<name> with <mcu>".
  package let name: String
  /// "rp2040": also `os.uname().sysname` and `nodename`.
  package let mcu: String
  /// Chip family as data/boards.json names it: "rp2040", "samd21", "esp32s3" …
  package let family: String
  /// CircuitPython's port: "raspberrypi", "atmel-samd", "espressif", "nordic" …
  package let port: String
  /// The chip with its package, as far as known: "SAMD21G18A".
  package let chip: String
  /// `sys.platform`: "RP2040", "Atmel SAMD21" …
  package let platform: String
  /// Key of the pin table: family, and for the RP2350 its package. Empty when the chip's pins are not tabled.
  package let pinFamily: String
  package let cpuHz: Int

  /// Bytes of the FAT volume that is CIRCUITPY, without the partition table in front.
  package let volumeBytes: Int
  /// False where the table has no size (Zephyr boards, boards that run from a card): `volumeBytes` is then 2 MiB.
  package let isVolumeSizeKnown: Bool
  /// RAM on the chip; 0 when unknown.
  package let ramBytes: Int
  /// What Python's heap holds, about `gc.mem_free()` after a start.
  package let heapBytes: Int
  /// C stack, which bounds the depth of native calls.
  package let cStackBytes: Int
  package let pystackBytes: Int
  /// 30 (single precision less two bits) on every board here.
  package let floatBits: Int
  /// False: integers beyond 31 bits raise OverflowError.
  package let hasLongInts: Bool
  /// `len(microcontroller.nvm)`; 0 when the board has none.
  package let nvmBytes: Int
  /// `microcontroller.cpu.uid`: as long as the chip's, the same at every start.
  package let uid: [UInt8]
  package let modules: ModuleSet
  /// Libraries inside the firmware, importable without lib/.
  package let frozenLibraries: [String]
  package let usb: USBIdentity
  /// "cyw43" and the like on boards where Wi-Fi is an extra chip; empty otherwise.
  package let wifiChip: String

  /// Attributes of `board` that are pins, in table order; several names may share a pin.
  package let pins: [BoardPin]
  package let buses: BoardBuses
  /// Attributes of `board` that are no pins, in table order.
  package let objects: [BoardObject]
  package let status: StatusIndicators
  package let wiring: InternalWiring
  package let buttons: [BoardButton]
  /// Attributes of `board` that are LEDs, pixels or their power.
  package let leds: [String]
  package let displays: [DisplayDefinition]
}

/// One attribute of `board` that is a pin.
package struct BoardPin: Sendable, Equatable {
  /// "D13"
  package let name: String
  /// "GPIO13": the attribute of `microcontroller.pin`.
  package let mcuPin: String
}

/// A default bus: what `board.I2C()`, `board.SPI()` and `board.UART()` use. Index 0 is the one without a suffix.
package struct BoardBuses: Sendable, Equatable {
  package var i2c: [I2CWiring] = []
  package var spi: [SPIWiring] = []
  package var uart: [UARTWiring] = []
}

/// Pins are names of MCU pins.
package struct I2CWiring: Sendable, Equatable {
  package let scl: String
  package let sda: String
  /// Whether the board itself carries pull-up resistors (it has a STEMMA QT or Qwiic connector).
  package let hasPullUps: Bool
}

package struct SPIWiring: Sendable, Equatable {
  package let clock: String
  package let mosi: String
  package let miso: String?
}

package struct UARTWiring: Sendable, Equatable {
  package let tx: String
  package let rx: String
}

/// An attribute of `board` that is no pin.
package struct BoardObject: Sendable, Equatable {
  package let name: String
  package let value: BoardObjectValue
}

package enum BoardObjectValue: Sendable, Equatable {
  /// A function that returns the one object of that bus; the index is into `BoardDefinition.buses`.
  case i2c(Int), spi(Int), uart(Int)
  /// Index into `BoardDefinition.displays`.
  case display(Int)
  /// Pins by MCU name.
  case pinTuple([String])
  case dictionary([(key: String, value: BoardConstant)])
  case integer(Int)
  case none
  /// Something of that board's own firmware; the text names it.
  case special(String)

  package static func == (a: BoardObjectValue, b: BoardObjectValue) -> Bool {
    switch (a, b) {
    case (.i2c(let x), .i2c(let y)), (.spi(let x), .spi(let y)), (.uart(let x), .uart(let y)),
      (.display(let x), .display(let y)), (.integer(let x), .integer(let y)):
      x == y
    case (.pinTuple(let x), .pinTuple(let y)): x == y
    case (.dictionary(let x), .dictionary(let y)): x.elementsEqual(y, by: ==)
    case (.none, .none): true
    case (.special(let x), .special(let y)): x == y
    default: false
    }
  }
}

/// A value in a dictionary of `board`.
package enum BoardConstant: Sendable, Equatable {
  case pin(String)
  case pins([String])
  case integer(Int)
  case boolean(Bool)
}

/// Which pins the firmware shows its state on. MCU names.
package struct StatusIndicators: Sendable, Equatable {
  package var led: String?
  package var isLEDInverted = false
  package var neopixel: String?
  package var neopixelCount = 1
  package var dotstarData: String?
  package var dotstarClock: String?
  package var red: String?
  package var green: String?
  package var blue: String?
  /// Powers the status pixel.
  package var power: String?
  package var ledTX: String?
  package var ledRX: String?
}

/// Pins the board uses for itself. MCU names.
package struct InternalWiring: Sendable, Equatable {
  package var bootButton: String?
  package var doubleTap: String?
  package var speakerEnable: String?
  package var consoleTX: String?
  package var consoleRX: String?
}

package struct BoardButton: Sendable, Equatable {
  /// The attribute of `board`.
  package let name: String
  /// Level of the pin while pressed. Low nearly everywhere: the button connects to ground.
  package let isPressedHigh: Bool
}

package struct USBIdentity: Sendable, Equatable {
  /// False: the board's USB socket is a serial converter, so there is no drive and no USB module.
  package let isNative: Bool
  package let vendorID: UInt16?
  package let productID: UInt16?
  package let manufacturer: String
  package let product: String
  /// What boards without native USB have instead of vendor and product.
  package let creatorID: UInt32?
  package let creationID: UInt32?
}

/// A display that the firmware sets up: `board.DISPLAY`.
package struct DisplayDefinition: Sendable, Equatable {
  /// "busdisplay", "epaperdisplay", "picodvi" …
  package let kind: String
  /// "fourwire", "parallel", "i2c"; empty when the kind says it.
  package let bus: String
  package let width: Int
  package let height: Int
  package let rotationDegrees: Int
}
