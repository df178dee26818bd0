import Runtime

/// The status bar: the terminal's title (`circuitpython-behaviour` §4.9).
extension Supervisor {
  static func statusBar(_ status: String) -> [UInt8] {
    Array("\u{1B}]0;🐍\(status) | \(CircuitPythonVersion.tag)\u{1B}\\".utf8)
  }

  /// Changes what the status bar says and shows it.
  func showStatus(_ status: String) {
    let isShown = state.withLock {
      $0.status = status
      return $0.isStatusBarEnabled && !$0.isStatusBarSilent
    }
    if isShown && console.isConnected { console.writeControl(Supervisor.statusBar(status)) }
  }

  /// For somebody who just opened an end.
  func showStatus(on end: any ConsoleEnd) {
    let status = state.withLock { $0.isStatusBarEnabled && !$0.isStatusBarSilent && $0.phase != .off ? $0.status : nil }
    if let status { Supervisor.statusBar(status).withUnsafeBytes { end.writeControl($0) } }
  }

  /// `supervisor.status_bar.console`
  var isStatusBarEnabled: Bool {
    get { state.withLock { $0.isStatusBarEnabled } }
    set {
      let wasEnabled = state.withLock { state in
        defer { state.isStatusBarEnabled = newValue }
        return state.isStatusBarEnabled
      }
      if wasEnabled && !newValue && console.isConnected { console.writeControl(Array("\u{1B}]0;\u{1B}\\".utf8)) }
    }
  }
}
