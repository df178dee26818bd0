import Runtime

/// A host in memory: console output is collected, files are a dictionary, time is virtual.
final class MemoryHost: Host {
  var output: [UInt8] = []
  var input: [UInt8] = []
  var notes: [String] = []
  var files: (any FileStore)?
  var monotonicNanoseconds: UInt64 = 0
  var rtcSeconds: Int64 = 946_684_800
  var consoleAvailable: Int { input.count }

  var text: String { String(decoding: output, as: UTF8.self).replacing("\r\n", with: "\n") }

  func writeConsole(_ bytes: UnsafeRawBufferPointer) { output += bytes }
  func readConsole() -> UInt8? { input.isEmpty ? nil : input.removeFirst() }
  func waitForConsole(nanoseconds: UInt64) { monotonicNanoseconds += nanoseconds }
  func sleep(nanoseconds: UInt64) { monotonicNanoseconds += nanoseconds }
  func wake() {}
  func random(into buffer: UnsafeMutableRawBufferPointer) { for i in buffer.indices { buffer[i] = UInt8(i & 255) } }
  func note(_ line: String) { notes.append(line) }
}
