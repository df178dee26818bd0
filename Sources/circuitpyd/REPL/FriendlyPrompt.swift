import Runtime

/// The prompt for people (`circuitpython-behaviour` §4.3 – §4.5).
struct FriendlyPrompt {
  private static let firstPrompt = Array(">>> ".utf8)
  private static let continuationPrompt = Array("... ".utf8)
  private static let pastePrompt = Array("=== ".utf8)
  private static let newLine: [UInt8] = [0x0D, 0x0A]
  private let session: PromptSession
  init(_ session: PromptSession) { self.session = session }

  private var console: Console { session.console }

  func run() -> Supervisor.PromptEnd {
    writeBanner()
    while true {
      var editor = LineEditor()
      var out: [UInt8] = []
      editor.begin(prompt: FriendlyPrompt.firstPrompt, out: &out)
      console.write(out)
      guard let outcome = readLine(&editor) else { return .end }
      switch outcome {
      case .control(0x01):
        console.write(FriendlyPrompt.newLine)
        return .restart(isRaw: true, isSoftReset: false)
      case .control(0x02):
        console.write(FriendlyPrompt.newLine)
        writeBanner()
        continue
      case .control(0x03):
        console.write(FriendlyPrompt.newLine)
        continue
      case .control(0x04):
        console.write(FriendlyPrompt.newLine)
        return .leave
      case .control:
        guard let input = readPaste() else { return .end }
        if let input, let end = execute(input, .file) { return end }
        continue
      case .submitted, .editing: break
      }
      guard let isComplete = readContinuation(&editor) else { return .end }
      if isComplete, !editor.text.isEmpty, let end = execute(editor.text, .single) { return end }
    }
  }

  private func writeBanner() { console.write("\r\n\(session.identity.fullVersion)\r\n") }

  /// Reads further lines until the input is a whole statement; false when ctrl-C gave it up, nil when the phase has to end.
  private func readContinuation(_ editor: inout LineEditor) -> Bool? {
    while inputNeedsMore(editor.text) {
      var out: [UInt8] = []
      editor.beginContinuation(prompt: FriendlyPrompt.continuationPrompt, out: &out)
      console.write(out)
      guard let outcome = readLine(&editor) else { return nil }
      if outcome == .control(0x03) {
        console.write(FriendlyPrompt.newLine)
        return false
      }
      if outcome == .control(0x04) { return true }
    }
    return true
  }

  /// Edits one physical line; nil when the phase has to end.
  private func readLine(_ editor: inout LineEditor) -> LineEditor.Outcome? {
    let interpreter = session.interpreter
    while let byte = session.readByte() {
      var out: [UInt8] = []
      let outcome = editor.feed(
        byte, history: &interpreter.lineHistory, complete: { interpreter.completion(of: $0) }, out: &out)
      if !out.isEmpty { console.write(out) }
      if outcome != .editing { return outcome }
    }
    return nil
  }

  /// Paste mode: text up to ctrl-D, echoed; `.some(nil)` when ctrl-C gave it up, nil when the phase has to end.
  private func readPaste() -> [UInt8]?? {
    console.write("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n")
    console.write(FriendlyPrompt.pastePrompt)
    var text: [UInt8] = []
    while let byte = session.readByte() {
      switch byte {
      case 0x03:
        console.write(FriendlyPrompt.newLine)
        return .some(nil)
      case 0x04:
        console.write(FriendlyPrompt.newLine)
        return text
      case 0x0D:
        text.append(0x0A)
        console.write(FriendlyPrompt.newLine + FriendlyPrompt.pastePrompt)
      default:
        text.append(byte)
        console.write([byte])
      }
    }
    return nil
  }

  /// Runs a statement; a result ends the prompt.
  private func execute(_ input: [UInt8], _ mode: CompileMode) -> Supervisor.PromptEnd? {
    let end = session.run(input, mode: mode)
    if session.supervisor.isEnding { return .end }
    switch end {
    case .systemExit, .reload, .deepSleep: return .leave
    case .completed, .exception, .keyboardInterrupt: return nil
    }
  }
}
