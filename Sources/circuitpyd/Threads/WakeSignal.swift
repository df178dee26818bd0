/// A signal that one thread waits for and others send. One sent while nobody waits ends the next wait at once.
final class WakeSignal: Sendable {
  private let isSent = Monitor(false)

  func send() {
    isSent.update {
      $0 = true
      return true
    }
  }

  /// Waits for `send`, at most `nanoseconds`; for ever with nil.
  func wait(nanoseconds: UInt64?) {
    let end = nanoseconds.map { SystemClock.monotonicNanoseconds.addingReportingOverflow($0) }
    // A deadline beyond the clock's range is none.
    let deadline = end.flatMap { $0.overflow || $0.partialValue > UInt64(Int64.max) ? nil : $0.partialValue }
    isSent.wait { sent in
      if sent || deadline.map({ SystemClock.monotonicNanoseconds >= $0 }) == true {
        sent = false
        return .done(())
      }
      return .wait(until: deadline)
    }
  }
}
