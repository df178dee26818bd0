import Glibc

/// time: CircuitPython's, with `ticks_*`, `sleep_ms`, `sleep_us` for MicroPython programs.
enum TimeModule {
  /// `ticks_ms` and friends wrap at 2^30.
  private static let ticksMask = (1 << 30) - 1

  static var module: NativeModule {
    NativeModule("time") { vm, globals throws(PyError) in
      try vm.define(globals, functions: functions)
      let isMicroPython = vm.options.dialect == .micropython
      if isMicroPython || !vm.options.strict { try vm.define(globals, functions: micropythonFunctions) }
      let type = try CollectionsModule.makeNamedTuple(
        vm, "struct_time",
        ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"],
        fromSequence: true)
      vm.interpreter.nativeTypes["struct_time"] = type
      vm.addRoot(type)
      try vm.define(globals, constant: "struct_time", type)
    }
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("monotonic", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // Whole milliseconds over 1000, as the board computes it: precision is lost exactly as there.
          let ms = vm.interpreter.host.monotonicNanoseconds / 1_000_000
          return try vm.makeFloat(Double(ms) / 1000)
        }
      },
      NativeDefinition("monotonic_ns", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeInt(Int(vm.interpreter.host.monotonicNanoseconds))
        }
      },
      NativeDefinition("sleep", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard let seconds = vm.asNumber(a[0]) else { throw vm.cannotConvert(a[0], to: "float") }
          if seconds < 0 { throw vm.valueError("seconds must be >= 0") }
          try TimeModule.sleep(vm, nanoseconds: UInt64(min((1000 * seconds + 0.5).rounded(.down), 4e12)) * 1_000_000)
          return .none
        }
      },
      NativeDefinition("time", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeInt(Int(vm.interpreter.host.rtcSeconds))
        }
      },
      NativeDefinition("localtime", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let seconds = a.count > 0 && !a[0].isNone ? try vm.intArgument(a[0]) : Int(vm.interpreter.host.rtcSeconds)
          return try TimeModule.localtime(vm, seconds)
        }
      },
      NativeDefinition("mktime", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try TimeModule.mktime(vm, a[0]) }
      },
    ]
  }

  private static var micropythonFunctions: [NativeDefinition] {
    [
      NativeDefinition("ticks_ms", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(small: Int(vm.interpreter.host.monotonicNanoseconds / 1_000_000) & TimeModule.ticksMask)
        }
      },
      NativeDefinition("ticks_us", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(small: Int(vm.interpreter.host.monotonicNanoseconds / 1000) & TimeModule.ticksMask)
        }
      },
      NativeDefinition("ticks_cpu", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          Value(small: Int(vm.interpreter.host.monotonicNanoseconds / 8) & TimeModule.ticksMask)
        }
      },
      NativeDefinition("ticks_diff", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let difference = try vm.intArgument(a[0]) &- vm.intArgument(a[1])
          return Value(small: ((difference &+ (1 << 29)) & TimeModule.ticksMask) - (1 << 29))
        }
      },
      NativeDefinition("ticks_add", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let delta = try vm.intArgument(a[1])
          if abs(delta) >= 1 << 29 { throw vm.error(.overflowError, "ticks interval overflow") }
          return Value(small: (try vm.intArgument(a[0]) &+ delta) & TimeModule.ticksMask)
        }
      },
      NativeDefinition("sleep_ms", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try TimeModule.sleep(vm, nanoseconds: UInt64(max(0, try vm.intArgument(a[0]))) * 1_000_000)
          return .none
        }
      },
      NativeDefinition("sleep_us", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try TimeModule.sleep(vm, nanoseconds: UInt64(max(0, try vm.intArgument(a[0]))) * 1000)
          return .none
        }
      },
      NativeDefinition("time_ns", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeInt(Int(vm.interpreter.host.rtcSeconds) * 1_000_000_000)
        }
      },
    ]
  }

  /// Sleeps until the time has passed; ctrl-c and reload end it by raising.
  static func sleep(_ vm: VM, nanoseconds: UInt64) throws(PyError) {
    let host = vm.interpreter.host
    let end = host.monotonicNanoseconds &+ nanoseconds
    try vm.serveInterrupts()
    while true {
      let now = host.monotonicNanoseconds
      if now >= end { return }
      host.sleep(nanoseconds: end - now)
      try vm.serveInterrupts()
      try vm.serveEvents()
    }
  }

  private static func localtime(_ vm: VM, _ seconds: Int) throws(PyError) -> Value {
    var moment = time_t(seconds)
    var parts = tm()
    guard seconds >= 0, gmtime_r(&moment, &parts) != nil else {
      throw vm.error(.overflowError, "timestamp out of range for platform time_t")
    }
    // tm_wday counts from Monday here, from Sunday in C.
    let fields = [
      Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min),
      Int(parts.tm_sec), (Int(parts.tm_wday) + 6) % 7, Int(parts.tm_yday) + 1,
    ]
    if vm.options.dialect == .micropython { return try vm.makeTuple(fields.map { Value(small: $0) }) }
    guard let type = vm.interpreter.nativeTypes["struct_time"] else { throw vm.runtimeError("time") }
    return try CollectionsModule.makeInstance(vm, type, (fields + [-1]).map { Value(small: $0) })
  }

  private static func mktime(_ vm: VM, _ value: Value) throws(PyError) -> Value {
    guard value.has(.tuple) || value.has(.namedTuple) else {
      throw vm.typeError("Tuple or struct_time argument required")
    }
    let n = TupleLayout.count(value.pointer)
    guard n == 9 || (n == 8 && vm.options.dialect == .micropython) else {
      throw vm.typeError("function takes exactly 9 arguments")
    }
    var fields: [Int] = []
    for i in 0..<6 { fields.append(try vm.intArgument(TupleLayout.item(value.pointer, i))) }
    guard fields[0] >= 2000 else { throw vm.error(.overflowError, "timestamp out of range for platform time_t") }
    guard fields[0] < 10000 else { throw vm.error(.overflowError, "tm_year out of range") }
    var parts = tm()
    parts.tm_year = Int32(fields[0] - 1900)
    parts.tm_mon = Int32(truncatingIfNeeded: fields[1] - 1)
    parts.tm_mday = Int32(truncatingIfNeeded: fields[2])
    parts.tm_hour = Int32(truncatingIfNeeded: fields[3])
    parts.tm_min = Int32(truncatingIfNeeded: fields[4])
    parts.tm_sec = Int32(truncatingIfNeeded: fields[5])
    return try vm.makeInt(timegm(&parts))
  }
}
