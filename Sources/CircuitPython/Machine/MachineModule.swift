import Board
import Runtime

/// machine: MicroPython's hardware module, as its rp2 port has it, on the pins and buses of the board.
enum MachineModule {
  private static let powerOnReset = 1, watchdogReset = 3

  static func module(_ definition: BoardDefinition) -> NativeModule {
    NativeModule("machine", isReplaceable: true) { vm, globals throws(PyError) in
      if vm.interpreter.options.dialect == .circuitpython {
        vm.interpreter.host.note("machine: MicroPython's module; a board with CircuitPython has none")
      }
      try vm.define(globals, constant: "Pin", try MachinePin.makeType(vm))
      try vm.define(globals, constant: "I2C", try MachineI2C.makeType(vm, .machineI2C))
      try vm.define(globals, constant: "SoftI2C", try MachineI2C.makeType(vm, .machineSoftI2C))
      try vm.define(globals, constant: "ADC", try MachineADC.makeType(vm))
      try vm.define(globals, constant: "RTC", try MachineRTC.makeType(vm))
      try vm.define(globals, constant: "PWRON_RESET", Value(small: powerOnReset))
      try vm.define(globals, constant: "WDT_RESET", Value(small: watchdogReset))
      try vm.define(globals, functions: functions)
    }
  }

  private static func hardReset(_ vm: VM) throws(PyError) -> Value {
    vm.boardState.services.requestHardReset()
    return try MicrocontrollerModule.leave(vm)
  }

  /// Sleeps in steps that ctrl-c and pin interrupts end.
  private static func sleep(_ vm: VM, milliseconds: Int?) throws(PyError) {
    let host = vm.interpreter.host
    let end = milliseconds.map { host.monotonicNanoseconds + UInt64(max($0, 0)) * 1_000_000 } ?? UInt64.max
    while true {
      try vm.serveInterrupts()
      try vm.serveEvents()
      let now = host.monotonicNanoseconds
      if now >= end { return }
      host.sleep(nanoseconds: min(end - now, 100_000_000))
    }
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("unique_id", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try vm.makeBytes(vm.boardState.board.definition.uid) }
      },
      NativeDefinition("reset", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in try MachineModule.hardReset(vm) }
      },
      NativeDefinition("soft_reset", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in throw vm.error(.systemExit) }
      },
      NativeDefinition("bootloader", 0, 1) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          vm.boardState.services.setNextResetMode(.bootloader)
          return try MachineModule.hardReset(vm)
        }
      },
      NativeDefinition("reset_cause", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          // A reset by software goes through the watchdog.
          switch vm.boardState.services.resetReason {
          case .software, .watchdog: Value(small: MachineModule.watchdogReset)
          default: Value(small: MachineModule.powerOnReset)
          }
        }
      },
      NativeDefinition("idle", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          // Until the next interrupt: the tick comes each millisecond.
          try MachineModule.sleep(vm, milliseconds: 1)
          return .none
        }
      },
      NativeDefinition("freq", 0, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let hertz = vm.boardState.board.definition.cpuHz
          if a.count == 0 { return try vm.makeInt(hertz) }
          if try vm.intArgument(a[0]) != hertz { throw vm.valueError("cannot change frequency") }
          return .none
        }
      },
      NativeDefinition("lightsleep", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachineModule.sleep(vm, milliseconds: a.count > 0 ? try vm.intArgument(a[0]) : nil)
          return .none
        }
      },
      NativeDefinition("deepsleep", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try MachineModule.sleep(vm, milliseconds: a.count > 0 ? try vm.intArgument(a[0]) : nil)
          return try MachineModule.hardReset(vm)
        }
      },
      NativeDefinition("disable_irq", 0, 0) {
        native($0, $1, $2) { vm, _ throws(PyError) in
          let wasEnabled = !vm.interpreter.holdsEvents
          vm.interpreter.holdsEvents = true
          return Value(small: wasEnabled ? 1 : 0)
        }
      },
      NativeDefinition("enable_irq", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.interpreter.holdsEvents = !(try vm.isTrue(a[0]))
          return .none
        }
      },
    ]
  }
}

/// `machine.ADC`. Field: pin number, or the temperature sensor's channel as a negative number.
enum MachineADC {
  private static let temperatureChannel = 4

  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.machineADC) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard a.count == 2 else {
            throw vm.typeError("function takes 1 positional arguments but \(a.count - 1) were given")
          }
          let source = try MachineADC.source(vm, a[1])
          let object = try vm.makeObject(a[0], fields: 1)
          ObjectLayout.set(object.pointer, 0, Value(small: source))
          return object
        }
      }
      let type = try vm.makeType(
        "ADC",
        methods: [
          NativeDefinition("read_u16", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let source = ObjectLayout.field(try vm.receiver(a, .machineADC), 0).small
              return Value(small: MachineADC.read(vm.boardState, source))
            }
          }
        ], slots: slots)
      try vm.define(type, "CORE_TEMP", Value(small: temperatureChannel))
      return type
    }
  }

  private static func source(_ vm: VM, _ value: Value) throws(PyError) -> Int {
    let state = vm.boardState
    if let channel = vm.asIndex(value) {
      if channel == temperatureChannel { return -1 }
      if let pin = state.pins.first(where: { $0.capabilities.adc == "\(channel)" }) { return pin.index }
    }
    let pin = try MachinePin.pin(vm, value)
    if pin.capabilities.adc == nil { throw vm.valueError("Pin doesn't have ADC capabilities") }
    return pin.index
  }

  /// Twelve bits, stretched to sixteen.
  private static func read(_ state: BoardState, _ source: Int) -> Int {
    let volts =
      source < 0 ? 0.706 - (state.board.cpuTemperatureCelsius - 27) * 0.001721 : state.pins[source].voltage
    let value = min(max(Int((volts / Pin.supplyVolts * 4095).rounded()), 0), 4095)
    return value << 4 | value >> 8
  }
}

/// `machine.RTC`, without fields: the one clock of the board.
enum MachineRTC {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.machineRTC) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.make = { native($0, $1, $2) { vm, a throws(PyError) in try vm.makeObject(a[0], fields: 0) } }
      return try vm.makeType(
        "RTC",
        methods: [
          NativeDefinition("datetime", 1, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              if a.count == 1 { return try MachineRTC.now(vm) }
              try MachineRTC.set(vm, a[1])
              return .none
            }
          }
        ], slots: slots)
    }
  }

  /// (year, month, day, weekday from Monday, hour, minute, second, 0)
  private static func now(_ vm: VM) throws(PyError) -> Value {
    let seconds = Int(vm.interpreter.host.rtcSeconds)
    let (days, second) = (seconds.quotientDown(86400), seconds - seconds.quotientDown(86400) * 86400)
    let date = CivilDate(daysSince1970: days)
    let fields = [
      date.year, date.month, date.day, (days + 3) - (days + 3).quotientDown(7) * 7, second / 3600, second / 60 % 60,
      second % 60, 0,
    ]
    return try vm.makeTuple(fields.map { Value(small: $0) })
  }

  private static func set(_ vm: VM, _ value: Value) throws(PyError) {
    guard value.has(.tuple), TupleLayout.count(value.pointer) == 8 else {
      throw vm.valueError("requested length 8 but object has length \(try vm.length(value))")
    }
    var fields: [Int] = []
    for i in 0..<8 { fields.append(try vm.intArgument(TupleLayout.item(value.pointer, i))) }
    guard (1970...2105).contains(fields[0]), (1...12).contains(fields[1]), (1...31).contains(fields[2]) else {
      throw vm.osError(22)
    }
    let days = CivilDate(year: fields[0], month: fields[1], day: fields[2]).daysSince1970
    vm.interpreter.host.rtcSeconds = Int64(days * 86400 + fields[4] * 3600 + fields[5] * 60 + fields[6])
  }
}

extension Int {
  /// Division that rounds down.
  fileprivate func quotientDown(_ divisor: Int) -> Int {
    self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
  }
}

/// A day of the Gregorian calendar.
private struct CivilDate {
  var year, month, day: Int

  init(year: Int, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }

  /// Years are counted from March here, so that the leap day is a year's last.
  init(daysSince1970 days: Int) {
    let shifted = days + 719_468
    let era = shifted.quotientDown(146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.quotientDown(400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
