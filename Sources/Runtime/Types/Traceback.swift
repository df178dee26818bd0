/// Tracebacks as the board prints them.
extension VM {
  /// Writes an exception with its traceback and what it came from; LF line ends (the console makes CR LF of them).
  package func printTraceback(_ exception: Value, _ out: TextBuffer, depth: Int = 0) throws(PyError) {
    guard exception.has(.exception) else {
      try print(exception, .str, out)
      out.append("\n")
      return
    }
    let p = exception.pointer
    if depth < Interpreter.maximumChainDepth {
      let context = p.value(ExceptionLayout.context)
      let cause = p.value(ExceptionLayout.cause)
      let isSuppressed = p.word(ExceptionLayout.flags) & 1 != 0
      if context.has(.exception) && !isSuppressed {
        try printTraceback(context, out, depth: depth + 1)
        out.append("\nDuring handling of the above exception, another exception occurred:\n\n")
      } else if cause.has(.exception) {
        try printTraceback(cause, out, depth: depth + 1)
        out.append("\nThe above exception was the direct cause of the following exception:\n\n")
      }
    }
    let traceback = p.value(ExceptionLayout.traceback)
    if traceback.has(.list) {
      let n = ListLayout.count(traceback.pointer) / 3
      out.append("Traceback (most recent call last):\n")
      for i in stride(from: n - 1, through: 0, by: -1) {
        let file = ListLayout.item(traceback.pointer, i * 3)
        let line = ListLayout.item(traceback.pointer, i * 3 + 1)
        let function = ListLayout.item(traceback.pointer, i * 3 + 2)
        out.append("  File \"")
        try print(file, .str, out)
        out.append("\", line \(line.small)")
        if function.has(.str) {
          out.append(", in ")
          try print(function, .str, out)
        }
        out.append("\n")
      }
    }
    out.append(StrLayout.buffer(p.value(ExceptionLayout.type).pointer.value(TypeLayout.name).pointer))
    out.append(": ")
    try print(exception, .str, out)
    out.append("\n")
  }

  /// File and line of the innermost frame of an exception, if it has a traceback.
  package func innermostFrame(_ exception: Value) -> (file: String, line: Int)? {
    guard exception.has(.exception) else { return nil }
    let traceback = exception.pointer.value(ExceptionLayout.traceback)
    guard traceback.has(.list), ListLayout.count(traceback.pointer) >= 3 else { return nil }
    return (string(ListLayout.item(traceback.pointer, 0)), ListLayout.item(traceback.pointer, 1).small)
  }
}
