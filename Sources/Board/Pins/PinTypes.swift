package enum PinDirection: Sendable { case input, output }

package enum PinDriveMode: Sendable { case pushPull, openDrain }

package enum PinPull: Sendable { case none, up, down }

/// What something outside the chip does to a pin.
package enum PinDrive: Sendable, Equatable {
  /// Nothing: high impedance.
  case released
  /// A driver that wins over every resistor.
  case low, high
  /// A resistor of some kilohms: wins over the chip's own pulls, loses to a driver.
  case pulledLow, pulledHigh
}

/// One change of a pin's level.
package struct PinEdge: Sendable, Equatable {
  package let isRising: Bool
  package let monotonicNanoseconds: UInt64
}

/// What a pin can do besides being a digital input and output. From data/mcu-pins.json.
package struct PinCapabilities: Sendable, Equatable {
  /// RP2: the one role in each kind of bus. Empty on chips that route any bus to any pin, and on SAMD.
  package var i2c: [PinRole] = []
  package var spi: [PinRole] = []
  package var uart: [PinRole] = []
  /// SAMD: serial units and the pad of the unit that the pin is.
  package var sercomPads: [SercomPad] = []
  /// Timers whose output the pin can be; empty also where any pin takes any timer (see `PinRules.isPWMRoutable`).
  package var pwm: [PWMOutput] = []
  /// "0" or "unit.channel"; nil: no analogue input.
  package var adc: String?
  package var dac: Int?
  /// Native touch input; chips without any use `touchio` on each pin with a resistor.
  package var touch: Int?
  /// SAMD: external interrupt line; pins with the same line exclude one another for edge counting.
  package var interruptLine: Int?
  package var isInputOnly = false
}

package struct PinRole: Sendable, Equatable {
  package let controller: Int
  /// "sda", "scl"; "clock", "mosi", "miso", "cs"; "tx", "rx", "cts", "rts"
  package let role: String
}

package struct SercomPad: Sendable, Equatable {
  package let sercom: Int
  package let pad: Int
}

package struct PWMOutput: Sendable, Equatable {
  /// "PWM3", "TC3", "TCC0". Outputs of one timer share its frequency.
  package let timer: String
  /// RP2: 0 is A, 1 is B.
  package let channel: Int
}
