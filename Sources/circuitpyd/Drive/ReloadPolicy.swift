import FlashFS

/// Decides when a changed drive reloads the program (`flashfs.md` §13). A pure state machine: told of every committed change and
/// the time, it says when to look again and whether to reload. Not thread-safe; `ReloadThread` owns one.
struct ReloadPolicy {
  enum Mode: String, Sendable, CaseIterable {
    /// As soon as a save is complete.
    case prompt
    /// As `prompt`, after 750 ms without another change.
    case settled
    /// As the boards do: any change by the host stops the program, 750 ms without another restart it.
    case board
  }

  /// Why nothing reloads at the moment.
  struct Suspension: OptionSet, Sendable {
    let rawValue: UInt8
    static let repl = Suspension(rawValue: 1)
    /// `supervisor.runtime.autoreload = False`
    static let disabled = Suspension(rawValue: 2)
    static let unmounting = Suspension(rawValue: 4)
  }

  enum Decision: Sendable, Equatable {
    case nothing
    /// Mode `board`: the program stops at the first change and starts again when the drive is quiet.
    case stop
    case reload(ReloadCause)
  }

  private static let millisecond: UInt64 = 1_000_000
  private static let shortQuiet = 5 * millisecond
  private static let longQuiet = 250 * millisecond
  private static let settledQuiet = 750 * millisecond
  /// A relevant event so soon after a reload was part of what caused it: the drive needs more quiet.
  private static let echoWindow = 300 * millisecond
  private static let forgetWindow = 2_000 * millisecond
  private static let heldOpenLimit = 5_000 * millisecond
  private static let unbrokenLimit = 30_000 * millisecond
  /// What a saver does to its file's times or to its backup so soon after the save belongs to it.
  private static let afterworkWindow = 1_000 * millisecond

  let mode: Mode
  private var burst: ReloadBurst?
  /// Files written since they were opened for writing, the ignored ones too: a rename can make one plain.
  private var beingWritten: [UInt64: [UInt8]] = [:]
  /// Files just created; their creators open them next.
  private var createdPaths: [UInt64: [UInt8]] = [:]
  /// Files whose opening was told before their creation: another thread was handing on the volume's events.
  private var openedEarly: Set<UInt64> = []
  /// When each file was last saved, to know the times that its saver sets afterwards.
  private var savedAt: [UInt64: UInt64] = [:]
  /// What the saves of the last reload moved out of their way: the removal that ends such a save is no change of its own.
  private var backups: Set<UInt64> = []
  private var lastRelevant: UInt64 = 0
  /// As `lastRelevant`, with what an incomplete save does besides.
  private var lastStep: UInt64 = 0
  private var lastReload: UInt64?
  private var adaptedQuiet = ReloadPolicy.shortQuiet
  private var currentQuiet = ReloadPolicy.longQuiet
  private var coveredSequence: UInt64 = 0
  private var suspension: Suspension = []
  private var hasChangedWhileSuspended = false

  init(mode: Mode) { self.mode = mode }

  /// Whether a reload is due or coming.
  var isPending: Bool { burst != nil }
  /// Plain files whose save is not complete.
  var isSaveInProgress: Bool { beingWritten.contains { !IgnoredNames.contains($0.value) } }
  /// Whether the host changed something that nobody reloaded for, while the REPL or the program had reloads off.
  var changedWhileSuspended: Bool { hasChangedWhileSuspended }

  // MARK: - Events

  /// Takes a committed change. The answer is `.stop` or `.nothing`; reloads come from `poll`.
  mutating func note(_ event: VolumeEvent, at now: UInt64) -> Decision {
    let completesSave = track(event, at: now)
    guard event.origin != .runtime, event.sequence > coveredSequence else { return .nothing }
    guard isRelevant(event, completesSave: completesSave, at: now) else {
      // A saver at work between two steps (swap file, times): the rest of a save that is not complete still comes.
      if burst != nil, currentQuiet == Self.longQuiet, mode == .prompt { lastStep = now }
      return .nothing
    }
    if !suspension.isEmpty {
      if event.kind != .closed { hasChangedWhileSuspended = true }
      return .nothing
    }
    let isFirst = burst == nil
    if isFirst {
      adapt(at: now)
      burst = ReloadBurst(start: now)
    }
    lastRelevant = now
    lastStep = now
    let completes = burst!.add(event)
    switch mode {
    case .prompt: currentQuiet = completes ? adaptedQuiet : Self.longQuiet
    case .settled, .board: currentQuiet = Self.settledQuiet
    }
    return mode == .board && isFirst ? .stop : .nothing
  }

  /// The creator of a file has it open for writing now: the file is not complete before it is closed.
  mutating func noteOpenedAfterCreation(_ node: NodeID) {
    if let path = createdPaths.removeValue(forKey: node.rawValue) {
      beingWritten[node.rawValue] = path
    } else {
      openedEarly.insert(node.rawValue)
    }
  }

  /// Keeps the set of files being written; true when the event ends the save of one.
  private mutating func track(_ event: VolumeEvent, at now: UInt64) -> Bool {
    let node = event.node.rawValue
    switch event.kind {
    case .written, .resized:
      if event.writersOpen > 0 { beingWritten[node] = event.path } else { savedAt[node] = now }
    case .created:
      if event.writersOpen > 0 || openedEarly.remove(node) != nil {
        beingWritten[node] = event.path
      } else {
        createdPaths[node] = event.path
      }
    case .closed:
      let wasWritten = beingWritten.removeValue(forKey: node) != nil
      if event.didWrite { savedAt[node] = now }
      openedEarly.remove(node)
      return wasWritten
    case .unlinked:
      beingWritten[node] = nil
      savedAt[node] = nil
    case .renamed:
      if event.replacedExisting {
        // The file that was there: whoever still has it open writes nothing that a program could read.
        for (other, path) in beingWritten where other != node && path == event.path { beingWritten[other] = nil }
      }
      if beingWritten[node] != nil { beingWritten[node] = event.path }
      savedAt[node] = now
    case .timesSet, .directoryMade, .directoryRemoved: break
    }
    if savedAt.count > 1024 { savedAt = savedAt.filter { now - $0.value < Self.afterworkWindow } }
    return false
  }

  private func isRelevant(_ event: VolumeEvent, completesSave: Bool, at now: UInt64) -> Bool {
    if event.kind == .closed {
      // The end of a save whose changes a reload already covers asks for nothing.
      return completesSave && burst != nil && mode != .board && !IgnoredNames.contains(event.path)
    }
    if mode == .board { return true }
    if event.kind == .timesSet, let saved = savedAt[event.node.rawValue], now - saved < Self.afterworkWindow {
      return false
    }
    if event.kind == .unlinked, burst == nil, backups.contains(event.node.rawValue),
      now - lastRelevant < Self.afterworkWindow
    {
      return false
    }
    if !IgnoredNames.contains(event.path) { return true }
    return event.oldPath.map { !IgnoredNames.contains($0) } ?? false
  }

  private mutating func adapt(at now: UInt64) {
    if now - lastRelevant > Self.forgetWindow { adaptedQuiet = Self.shortQuiet }
    guard let lastReload, now - lastReload < Self.echoWindow else { return }
    adaptedQuiet = min(adaptedQuiet * 4, Self.longQuiet)
  }

  // MARK: - Decisions

  /// When to call `poll` next; nil while no reload is coming.
  var nextDeadline: UInt64? {
    guard let burst else { return nil }
    if mode == .board { return lastRelevant + currentQuiet }
    if isSaveInProgress { return lastRelevant + Self.heldOpenLimit }
    return min(lastStep + currentQuiet, burst.start + Self.unbrokenLimit)
  }

  mutating func poll(at now: UInt64) -> Decision {
    guard let burst, let nextDeadline, now >= nextDeadline else { return .nothing }
    self.burst = nil
    createdPaths.removeAll()
    openedEarly.removeAll()
    lastReload = now
    coveredSequence = burst.lastSequence
    backups = burst.backups
    return .reload(burst.cause)
  }

  /// No reload is coming and no save is in progress, or the reload that was coming is due: a program may read its files.
  func isSettled(at now: UInt64) -> Bool {
    guard let nextDeadline else { return !isSaveInProgress || now >= lastRelevant + Self.heldOpenLimit }
    return now >= nextDeadline
  }

  /// A program starts now: it sees every change so far, none of them reloads it. The last event that it covers.
  mutating func programStarts() -> UInt64 {
    if let burst {
      coveredSequence = burst.lastSequence
      backups = burst.backups
    }
    burst = nil
    return coveredSequence
  }

  mutating func suspend(_ reason: Suspension) {
    suspension.insert(reason)
    if burst != nil { hasChangedWhileSuspended = true }
    burst = nil
  }

  /// Changes in the meantime reload nothing.
  mutating func resume(_ reason: Suspension) {
    suspension.remove(reason)
    if suspension.isEmpty { hasChangedWhileSuspended = false }
  }
}
