import Board
import Runtime

/// supervisor
enum SupervisorModule {
  /// `supervisor.ticks_ms` wraps at 2^29, for the first time 65 seconds after the start.
  private static let ticksPeriod: UInt64 = 1 << 29
  private static let firstTick: UInt64 = 0x1FFF_0000
  static let runReasons: [StaticString] = ["STARTUP", "AUTO_RELOAD", "SUPERVISOR_RELOAD", "REPL_RELOAD"]
  static let safeModeReasons: [StaticString] = [
    "NONE", "BROWNOUT", "FLASH_WRITE_FAIL", "GC_ALLOC_OUTSIDE_VM", "HARD_FAULT", "INTERRUPT_ERROR", "NLR_JUMP_FAIL",
    "NO_CIRCUITPY", "NO_HEAP", "PROGRAMMATIC", "SDK_FATAL_ERROR", "STACK_OVERFLOW",
    "USB_BOOT_DEVICE_NOT_INTERFACE_ZERO", "USB_TOO_MANY_ENDPOINTS", "USB_TOO_MANY_INTERFACE_NAMES", "USER", "WATCHDOG",
  ]

  static func module(_ definition: BoardDefinition) -> NativeModule {
    let hasSettings = definition.hasModule("supervisor.get_setting")
    return NativeModule("supervisor") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "runtime", try vm.makeObject(try SupervisorRuntime.makeType(vm), fields: 0))
      try vm.define(globals, constant: "status_bar", try vm.makeObject(try SupervisorStatusBar.makeType(vm), fields: 1))
      try vm.define(globals, constant: "RunReason", try runReason(vm))
      try vm.define(globals, constant: "SafeModeReason", try safeModeReason(vm))
      try vm.define(globals, functions: functions)
      if hasSettings { try vm.define(globals, functions: [getSetting]) }
    }
  }

  static func runReason(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.runReason, "supervisor", "RunReason", runReasons)
  }
  static func safeModeReason(_ vm: VM) throws(PyError) -> Value {
    try vm.enumType(.safeModeReason, "supervisor", "SafeModeReason", safeModeReasons)
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("reload", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          vm.boardState.services.requestReload()
          vm.interpreter.request(.reload)
          try vm.serveInterrupts()
          return .none
        }
      },
      NativeDefinition("ticks_ms", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let milliseconds = vm.interpreter.host.monotonicNanoseconds / 1_000_000
          return Value(small: Int((milliseconds &+ SupervisorModule.firstTick) % SupervisorModule.ticksPeriod))
        }
      },
      NativeDefinition("get_previous_traceback", 0, 0) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard let text = vm.boardState.services.previousTraceback, !text.isEmpty else { return .none }
          return try vm.makeStrChecked(text)
        }
      },
      NativeDefinition("set_next_code_file", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try SupervisorModule.setNextCodeFile(vm, a) }
      },
      NativeDefinition("set_usb_identification", 0, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in try SupervisorModule.setUSBIdentification(vm, a) }
      },
      NativeDefinition("reset_terminal", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          // The terminal on a display starts anew; without a display there is none.
          _ = (try vm.intArgument(a[0]), try vm.intArgument(a[1]))
          return .none
        }
      },
    ]
  }

  private static func fileName(_ vm: VM, _ value: Value, _ argument: StaticString) throws(PyError) -> [UInt8]? {
    if value.isNone { return nil }
    if value.has(.str) || value.has(.bytes) { return vm.text(value) }
    throw vm.typeError("\(argument) must be of type str or None, not \(vm.string(vm.typeName(value)))")
  }

  private static func exists(_ vm: VM, _ path: [UInt8]) throws(PyError) -> Bool {
    try vm.fileStatus(vm.absolutePath(path)) != nil
  }

  private static func setNextCodeFile(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var reader = ArgumentReader(vm, a)
    let file = try reader.required("filename")
    reader.keywordsOnly()
    let folder = reader.orNone("working_directory")
    var setting = NextCodeFile(filename: nil)
    setting.reloadOnSuccess = try reader.bool("reload_on_success", false)
    setting.reloadOnError = try reader.bool("reload_on_error", false)
    setting.stickyOnSuccess = try reader.bool("sticky_on_success", false)
    setting.stickyOnError = try reader.bool("sticky_on_error", false)
    setting.stickyOnReload = try reader.bool("sticky_on_reload", false)
    try reader.finish()
    setting.filename = try fileName(vm, file, "filename")
    setting.workingDirectory = try fileName(vm, folder, "working_directory")
    if let name = setting.filename, !name.isEmpty, try !exists(vm, name) { throw vm.valueError("File not found") }
    if let name = setting.workingDirectory, try !exists(vm, name) { throw vm.valueError("Invalid working_directory") }
    if setting.filename?.isEmpty == true { setting.filename = nil }
    let isCleared = setting.filename == nil && setting == NextCodeFile(filename: nil)
    vm.boardState.services.setNextCodeFile(isCleared ? nil : setting)
    return .none
  }

  private static func setUSBIdentification(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var reader = ArgumentReader(vm, a)
    let manufacturer = reader.orNone("manufacturer")
    let product = reader.orNone("product")
    let vendorID = try reader.int("vid", -1)
    let productID = try reader.int("pid", -1)
    try reader.finish()
    try vm.check(vendorID, in: -1...0xFFFF, "vid")
    try vm.check(productID, in: -1...0xFFFF, "pid")
    for (text, name) in [(manufacturer, "manufacturer"), (product, "product")] where !text.isNone {
      let count = text.has(.str) ? StrLayout.length(text.pointer) : try vm.buffer(text).sizeBytes
      if count > 126 { throw vm.valueError("\(name) length must be 0-126") }
    }
    vm.interpreter.host.note("supervisor.set_usb_identification: this board is on no USB bus that could show it")
    return .none
  }

  /// As `os.getenv`, but the value has its type: str, bool, int or float.
  private static var getSetting: NativeDefinition {
    NativeDefinition("get_setting", 1, 2, keywords: true) {
      native($0, $1, $2) { vm, a throws(PyError) in
        var reader = ArgumentReader(vm, a)
        let key = try reader.required("key")
        let standard = reader.orNone("default")
        try reader.finish()
        guard key.has(.str) else { throw vm.cannotConvert(key, to: "str") }
        switch try vm.setting(vm.text(key)) {
        case .missing: return standard
        case .malformed: throw vm.valueError("Invalid value")
        case .text(let text): return try vm.makeStrChecked(text)
        case .bare(let text): return try SupervisorModule.bareValue(vm, text)
        }
      }
    }
  }

  private static func bareValue(_ vm: VM, _ bytes: [UInt8]) throws(PyError) -> Value {
    let text = String(decoding: bytes, as: UTF8.self)
    if text == "true" { return .true }
    if text == "false" { return .false }
    if bytes.count <= 15, let number = integer(text) { return try vm.makeInt(number) }
    if bytes.count <= 47, let number = Double(text), !text.lowercased().hasPrefix("0x") {
      return try vm.makeFloat(number)
    }
    throw vm.valueError("Invalid value")
  }

  /// C's `strtol` with base 0: 0x… is hexadecimal, 0… octal.
  private static func integer(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
    guard let first = digits.utf8.first, (0x30...0x39).contains(first) else { return nil }
    let magnitude: Int?
    if digits.lowercased().hasPrefix("0x") {
      magnitude = Int(digits.dropFirst(2), radix: 16)
    } else {
      magnitude = digits.count > 1 && first == 0x30 ? Int(digits, radix: 8) : Int(digits)
    }
    return magnitude.map { isNegative ? -$0 : $0 }
  }
}
