extension PinCapabilities {
  /// "i2c=0.sda spi=0.miso uart=0.tx pwm=0A": the items of `PinTable` after the pin's name.
  init(items: some Sequence<Substring>) {
    self.init()
    for item in items {
      let pair = item.pieces(separatedBy: "=")
      let value = pair[1]
      switch pair[0] {
      case "i2c": i2c.append(PinRole(text: value))
      case "spi": spi.append(PinRole(text: value))
      case "uart": uart.append(PinRole(text: value))
      case "sercom":
        let parts = value.pieces(separatedBy: ".")
        sercomPads.append(SercomPad(sercom: Int(parts[0]) ?? 0, pad: Int(parts[1]) ?? 0))
      case "pwm": pwm.append(PWMOutput(text: value))
      case "adc": adc = adc ?? String(value)
      case "dac": dac = Int(value)
      case "touch": touch = Int(value)
      case "eic": interruptLine = Int(value)
      case "input_only": isInputOnly = true
      default: break
      }
    }
  }
}

extension PinRole {
  /// "0.sda"
  fileprivate init(text: Substring) {
    let parts = text.pieces(separatedBy: ".")
    self.init(controller: Int(parts[0]) ?? 0, role: String(parts[1]))
  }
}

extension PWMOutput {
  /// "3B" (RP2: slice and channel) or "TCC0.4"
  fileprivate init(text: Substring) {
    if text.hasSuffix("A") || text.hasSuffix("B") {
      self.init(timer: "PWM\(text.dropLast())", channel: text.hasSuffix("A") ? 0 : 1)
    } else {
      let parts = text.pieces(separatedBy: ".")
      self.init(timer: String(parts[0]), channel: Int(parts[1]) ?? 0)
    }
  }
}
