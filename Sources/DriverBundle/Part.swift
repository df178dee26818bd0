import Board

/// A simulated part on the board's wires. Used under the board's lock only.
package protocol Part: AnyObject {
  /// How stimuli name it: "adt7410".
  var name: String { get }
  /// What it is, for a person: "ADT7410 temperature sensor".
  var summary: String { get }
  /// What can be asked and set from outside, in the order to show it.
  var properties: [PartProperty] { get }
  /// How long it takes until the part has measured what was set last; 0 when it measures only when told to.
  var nanosecondsUntilMeasured: UInt64 { get }
}

extension Part {
  package var nanosecondsUntilMeasured: UInt64 { 0 }
}

/// A part that speaks I2C.
package typealias I2CPart = Part & I2CTarget

/// Something of a part that the world outside changes or sees: the temperature around a sensor, its alarm pin.
package struct PartProperty {
  package enum Value {
    /// `set` is nil for what can only be seen.
    case number(range: ClosedRange<Double>, get: () -> Double, set: ((Double) -> Void)?)
    case choice([String], get: () -> String, set: ((String) -> Void)?)
  }

  package let name: String
  /// "°C", "hPa"; empty for a choice.
  package let unit: String
  package let summary: String
  let value: Value

  package init(name: String, unit: String = "", summary: String, value: Value) {
    self.name = name
    self.unit = unit
    self.summary = summary
    self.value = value
  }

  package var isSettable: Bool {
    switch value {
    case .number(_, _, let set): set != nil
    case .choice(_, _, let set): set != nil
    }
  }

  /// The value as text, without the unit.
  package var text: String {
    switch value {
    case .number(_, let get, _): "\(get())"
    case .choice(_, let get, _): get()
    }
  }

  /// "-55 to 150 °C", "low, high"
  package var allowedText: String {
    switch value {
    case .number(let range, _, _):
      "\(short(range.lowerBound)) to \(short(range.upperBound))\(unit.isEmpty ? "" : " ")\(unit)"
    case .choice(let texts, _, _): texts.joined(separator: ", ")
    }
  }

  /// Sets the value from text; `owner` is the part's name, for the error.
  func set(_ text: String, owner: String) throws(PartError) {
    let wrong = PartError.badValue(text, property: "\(owner).\(name)", allowed: allowedText)
    switch value {
    case .number(let range, _, let set):
      guard let set else { throw .readOnly("\(owner).\(name)") }
      guard let number = Double(text), range.contains(number) else { throw wrong }
      set(number)
    case .choice(let texts, _, let set):
      guard let set else { throw .readOnly("\(owner).\(name)") }
      guard texts.contains(text) else { throw wrong }
      set(text)
    }
  }

  /// "150" for 150.0
  private func short(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }
}

/// What can be wrong with a stimulus. `description` is one line: what, and what would be right.
package enum PartError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name is no pin either.
  case noParts(String)
  /// Not "part.property".
  case malformed(String)
  case unknownPart(String, valid: [String])
  case unknownProperty(String, part: String, valid: [String])
  case readOnly(String)
  case badValue(String, property: String, allowed: String)

  package var description: String {
    switch self {
    case .noParts(let name):
      "no part '\(name)', none is attached; copy a driver such as adafruit_adt7410 into lib/ on the drive"
    case .malformed(let text): "'\(text)' is no property; write PART.PROPERTY=VALUE, as in adt7410.temperature=30.5"
    case .unknownPart(let part, let valid): "no part '\(part)' is attached; there is \(valid.joined(separator: ", "))"
    case .unknownProperty(let property, let part, let valid):
      "part '\(part)' has no property '\(property)'; it has \(valid.joined(separator: ", "))"
    case .readOnly(let property): "'\(property)' can be read but not set"
    case .badValue(let text, let property, let allowed): "'\(text)' is no value for \(property): \(allowed)"
    }
  }
}
