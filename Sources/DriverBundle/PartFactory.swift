import Board

/// A kind of part, and which drivers speak to it.
package struct PartFactory: Sendable {
  /// "adt7410": also the name of the first one made.
  package let partName: String
  package let summary: String
  /// Modules in lib/ that drive this part.
  package let driverModules: [String]
  /// Addresses the part can have; the driver's default first.
  package let addresses: [UInt8]
  let make: @Sendable (_ name: String, _ address: UInt8, _ clock: any BoardClock) -> any I2CPart

  /// Every part there is. A new part is one line here.
  package static let all: [PartFactory] = [
    PartFactory(
      partName: "adt7410", summary: "ADT7410 temperature sensor", driverModules: ["adafruit_adt7410"],
      addresses: [0x48, 0x49, 0x4A, 0x4B], make: ADT7410.init(name:address:clock:))
  ]

  /// The part a driver speaks to; nil when it is not simulated.
  package static func part(forDriver moduleName: String) -> PartFactory? {
    all.first { $0.driverModules.contains(moduleName) }
  }
}
