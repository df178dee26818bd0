/// input and help
extension VM {
  static var consoleFunctions: [NativeDefinition] {
    [
      NativeDefinition("input", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count > 0 { vm.writeConsole(try vm.describe(a[0])) }
          let line = vm.interpreter.host.isConsoleLineBuffered ? try vm.readPlainLine() : try vm.readEditedLine()
          return try vm.makeStrChecked(line)
        }
      },
      NativeDefinition("help", 0, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          if a.count == 0 {
            vm.writeConsole(VM.helpText)
          } else if a[0].has(.str), vm.string(a[0]) == "modules" {
            vm.printModules()
          } else {
            try vm.printHelp(a[0])
          }
          return .none
        }
      },
    ]
  }

  private static let helpText = """
    Welcome to Adafruit CircuitPython \(CircuitPythonVersion.tag)!

    Visit circuitpython.org for more information.

    To list built-in modules type `help("modules")`.

    """
  private static let moduleColumns = 4
  private static let moduleColumnWidth = 18

  /// One line with the board's line editor: echo, history, ctrl-C and ctrl-D as at the prompt.
  private func readEditedLine() throws(PyError) -> [UInt8] {
    let interpreter = self.interpreter
    let host = interpreter.host
    var editor = LineEditor()
    while true {
      try serveInterrupts()
      guard let byte = host.readConsole() else {
        if host.isConsoleAtEnd { throw error(.eofError) }
        host.waitForConsole(nanoseconds: VM.consoleWaitNanoseconds)
        continue
      }
      var echo: [UInt8] = []
      let outcome = editor.feed(
        byte, history: &interpreter.lineHistory, complete: { interpreter.completion(of: $0) }, out: &echo)
      if !echo.isEmpty { echo.withUnsafeBytes { host.writeConsole($0) } }
      switch outcome {
      case .editing: break
      case .submitted: return editor.text
      case .control(0x03):
        throw raise(try makeException(exceptionType(.keyboardInterrupt), args: try makeTuple()))
      case .control(0x04): throw error(.eofError)
      case .control: return []
      }
    }
  }

  /// Longest wait for a byte before interrupts are looked at again; a wake-up ends it earlier.
  static let consoleWaitNanoseconds: UInt64 = 50_000_000

  /// One line of a console that edits lines itself.
  private func readPlainLine() throws(PyError) -> [UInt8] {
    let host = interpreter.host
    var line: [UInt8] = []
    while true {
      try serveInterrupts()
      guard let byte = host.readConsole() else {
        if host.isConsoleAtEnd {
          if line.isEmpty { throw error(.eofError) }
          return line
        }
        host.waitForConsole(nanoseconds: VM.consoleWaitNanoseconds)
        continue
      }
      if byte == 0x0A { return line }
      if byte != 0x0D { line.append(byte) }
    }
  }

  private func printModules() {
    let names = interpreter.moduleNames
    let rows = (names.count + VM.moduleColumns - 1) / VM.moduleColumns
    var text = ""
    for row in 0..<rows {
      for index in stride(from: row, to: names.count, by: rows) {
        text += names[index]
        if index + rows < names.count {
          text += String(repeating: " ", count: VM.moduleColumnWidth - names[index].utf8.count % VM.moduleColumnWidth)
        }
      }
      text += "\n"
    }
    writeConsole(text + "Plus any modules on the filesystem\n")
  }

  private func printHelp(_ object: Value) throws(PyError) {
    let out = takeBuffer()
    defer { release(out) }
    out.append("object ")
    try print(object, .str, out)
    out.append(" is of type \(string(typeName(object)))\n")
    let names: Value
    if object.has(.module) {
      names = object.pointer.value(ModuleLayout.globals)
    } else {
      names = (object.has(.type) ? object : type(of: object)).pointer.value(TypeLayout.dict)
    }
    var at = 0
    while !names.isEmpty, let (slot, key, value) = dictNext(names, from: at) {
      at = slot + 1
      out.append("  ")
      try print(key, .str, out)
      out.append(" -- ")
      try print(value, .str, out)
      out.append("\n")
    }
    writeConsole(out.bytes)
  }
}
