import Runtime

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
