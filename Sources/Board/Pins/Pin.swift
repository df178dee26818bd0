/// One pin of the chip and what is on its wire: the chip's own driver and pull, and everything outside.
///
/// Every member takes the board's lock itself, so the VM's thread and a control thread may use a pin at once;
/// `SimulatedBoard.withLock` makes several steps one. `@unchecked Sendable`: all `var`s are used under that lock only.
package final class Pin: @unchecked Sendable {
  /// "GPIO13", "PA02": the attribute of `microcontroller.pin`.
  package let name: String
  /// Position in `SimulatedBoard.pins`.
  package let index: Int
  /// The attributes of `board` that are this pin, in table order.
  package let boardNames: [String]
  package let capabilities: PinCapabilities

  let lock: BoardLock
  let clock: any BoardClock
  var settings = PinSettings()
  var drives: [(source: String, drive: PinDrive)] = []
  var settledLevel = false
  var owner: String?
  var volts: Double?
  var edges = (rising: 0, falling: 0)
  var observers: [(id: Int, call: (PinEdge) -> Void)] = []
  var nextObserverID = 0

  init(
    name: String, index: Int, boardNames: [String], capabilities: PinCapabilities, lock: BoardLock,
    clock: any BoardClock
  ) {
    self.name = name
    self.index = index
    self.boardNames = boardNames
    self.capabilities = capabilities
    self.lock = lock
    self.clock = clock
  }

  // MARK: The chip's side

  package var direction: PinDirection {
    get { lock.withLock { settings.direction } }
    set { change { $0.direction = newValue } }
  }

  package var driveMode: PinDriveMode {
    get { lock.withLock { settings.driveMode } }
    set { change { $0.driveMode = newValue } }
  }

  /// Applies to an input only; kept while the pin is an output.
  package var pull: PinPull {
    get { lock.withLock { settings.pull } }
    set { change { $0.pull = newValue } }
  }

  /// What the chip's output is set to; on the wire only while the pin is an output.
  package var outputValue: Bool {
    get { lock.withLock { settings.outputValue } }
    set { change { $0.outputValue = newValue } }
  }

  /// In one step, so no other level shows in between.
  package func configureInput(pull: PinPull) {
    change {
      $0.direction = .input
      $0.pull = pull
    }
  }

  /// In one step: the value is there before the driver is on.
  package func configureOutput(value: Bool, driveMode: PinDriveMode = .pushPull) {
    change {
      $0.direction = .output
      $0.outputValue = value
      $0.driveMode = driveMode
    }
  }

  /// As after a reset of the chip: input without pull, no owner. What is outside stays.
  package func reset() {
    lock.withLock {
      owner = nil
      change { $0 = PinSettings() }
    }
  }

  // MARK: In use

  /// Makes `owner` ("DigitalInOut", "I2C") the user of the pin; false when another one has it.
  package func claim(by owner: String) -> Bool {
    lock.withLock {
      if self.owner != nil { return false }
      self.owner = owner
      return true
    }
  }

  /// Gives the pin back and resets it.
  package func release() { reset() }

  package var isInUse: Bool { lock.withLock { owner != nil } }

  /// Who claimed the pin; nil when free.
  package var currentOwner: String? { lock.withLock { owner } }

  private func change(_ body: (inout PinSettings) -> Void) {
    lock.withLock {
      body(&settings)
      settle()
    }
  }
}

/// The chip's settings of a pin.
struct PinSettings {
  var direction = PinDirection.input
  var driveMode = PinDriveMode.pushPull
  var pull = PinPull.none
  var outputValue = false
}
