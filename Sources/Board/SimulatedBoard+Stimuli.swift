/// The last bytes a program sent to the pixels on a pin.
package struct PixelFrame: Sendable, Equatable {
  /// MCU name of the pin.
  package let pin: String
  /// As sent: usually green, red, blue a pixel.
  package let bytes: [UInt8]
  package let monotonicNanoseconds: UInt64
}

extension SimulatedBoard {
  /// `microcontroller.cpu.temperature`.
  package var cpuTemperatureCelsius: Double {
    get { lock.withLock { chipCelsius } }
    set { lock.withLock { chipCelsius = newValue } }
  }

  // MARK: Buttons

  /// Presses or lets go a button, given as an attribute of `board` (any pin will do: it is then pulled to ground).
  package func setButton(_ name: String, isPressed: Bool) throws(BoardError) {
    let button = definition.buttons.first { $0.name == name }
    guard let pin = pin(attribute: name) ?? pin(mcu: name) else {
      throw .unknownButton(name, valid: definition.buttons.map(\.name))
    }
    let pressed: PinDrive = button?.isPressedHigh == true ? .high : .low
    // A button that connects to 3.3 V has a resistor to ground on the board.
    let released: PinDrive = button?.isPressedHigh == true ? .pulledLow : .released
    pin.setDrive(isPressed ? pressed : released, source: "button")
  }

  // MARK: Pixels

  /// Records what `neopixel_write` sends. Returns how long the wire is busy: 1.25 µs a bit.
  package func writePixels(_ bytes: [UInt8], to pin: Pin) -> UInt64 {
    lock.withLock {
      frames[pin.index] = PixelFrame(
        pin: pin.name, bytes: bytes, monotonicNanoseconds: clock.monotonicNanoseconds)
      return UInt64(bytes.count) * 8 * 1250
    }
  }

  /// The last frame on a pin; nil when nothing was sent yet.
  package func pixelFrame(on pin: Pin) -> PixelFrame? { lock.withLock { frames[pin.index] } }

  /// The last frame of every pin that has one.
  package var pixelFrames: [PixelFrame] { lock.withLock { frames.sorted { $0.key < $1.key }.map(\.value) } }
}
