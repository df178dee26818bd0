import Runtime

/// The prompt for programs such as mpremote and Thonny (`circuitpython-behaviour` §4.6, §4.7).
struct RawPrompt {
  private static let banner = Array("raw REPL; CTRL-B to exit\r\n>".utf8)
  /// Bytes that the host may send ahead before it needs another grant.
  private static let windowBytes = 128
  private let session: PromptSession
  init(_ session: PromptSession) { self.session = session }

  private var console: Console { session.console }

  func run() -> Supervisor.PromptEnd {
    console.write(RawPrompt.banner)
    var input: [UInt8] = []
    while let byte = session.readByte() {
      switch byte {
      case 0x01:
        if input == [0x05, 0x41] {
          input = []
          if let end = runRawPaste() { return end }
        } else if input.first == 0x05, input.count == 2 {
          // A command that does not exist.
          input = []
          console.write([0x52, 0x00])
        } else {
          input = []
          console.write(RawPrompt.banner)
        }
      case 0x02:
        console.write("\r\n")
        return .restart(isRaw: false, isSoftReset: false)
      case 0x03: input = []
      case 0x04:
        console.write("OK")
        if input.isEmpty {
          console.write("\r\n")
          return .restart(isRaw: true, isSoftReset: true)
        }
        if let end = execute(input) { return end }
        input = []
      default: input.append(byte)
      }
    }
    return .end
  }

  /// Runs what was received: output 04 traceback 04 `>`. A result ends this VM.
  private func execute(_ input: [UInt8]) -> Supervisor.PromptEnd? {
    var isOutputEnded = false
    let end = session.run(input, mode: .file) {
      console.write([0x04])
      isOutputEnded = true
    }
    if session.supervisor.isEnding { return .end }
    console.write(isOutputEnded ? [0x04] : [0x04, 0x04])
    switch end {
    case .completed, .exception, .keyboardInterrupt:
      console.write(">")
      return nil
    case .systemExit, .reload, .deepSleep: return .restart(isRaw: true, isSoftReset: true)
    }
  }

  /// Receives input with flow control: each `01` allows the host another window of bytes.
  private func runRawPaste() -> Supervisor.PromptEnd? {
    console.write([0x52, 0x01, UInt8(RawPrompt.windowBytes), 0x00, 0x01])
    var input: [UInt8] = []
    while let byte = session.readByte() {
      switch byte {
      case 0x03:
        console.write([0x04])
        return executeInterrupted()
      case 0x04:
        console.write([0x04])
        return execute(input)
      default:
        input.append(byte)
        if input.count % RawPrompt.windowBytes == 0 { console.write([0x01]) }
      }
    }
    return .end
  }

  /// ctrl-C in the middle of the input counts as one in the program.
  private func executeInterrupted() -> Supervisor.PromptEnd? {
    session.interpreter.request(.keyboardInterrupt)
    // Served at the first jump back.
    return execute(Array("while True: pass\n".utf8))
  }
}
