import FlashFS

@testable import circuitpyd

/// Writes down what programs do to a drive as the events a volume sends for it, with the time of each.
struct SaveRecorder {
  struct Step {
    /// Microseconds since the step before, at recorded speed.
    var gap: UInt64
    var event: VolumeEvent?
    /// The node that `create` opened, told apart from the volume's events.
    var openedAfterCreation: NodeID?
  }
  private(set) var steps: [Step] = []
  private var nodes: [String: UInt64] = [:]
  private var nextNode: UInt64 = 2
  private var writers: [UInt64: Int] = [:]
  private var written: Set<UInt64> = []
  private var sequence: UInt64 = 0

  init(existing: [String]) {
    for path in existing {
      nodes[path] = nextNode
      nextNode += 1
    }
  }

  private mutating func send(
    _ kind: VolumeEvent.Kind, _ path: String, node: UInt64, old: String? = nil, replaced: Bool = false,
    didWrite: Bool = false, origin: Origin = .host, gap: UInt64
  ) {
    sequence += 1
    steps.append(
      Step(
        gap: gap,
        event: VolumeEvent(
          sequence: sequence, origin: origin, kind: kind, path: Array(path.utf8), oldPath: old.map { Array($0.utf8) },
          node: NodeID(node), parent: .root, oldParent: old == nil ? nil : .root, replacedExisting: replaced,
          writersOpen: writers[node] ?? 0, didWrite: didWrite)))
  }

  mutating func create(_ path: String, gap: UInt64 = 100) {
    nodes[path] = nextNode
    send(.created, path, node: nextNode, gap: gap)
    writers[nextNode] = 1
    steps.append(Step(gap: 0, event: nil, openedAfterCreation: NodeID(nextNode)))
    nextNode += 1
  }
  mutating func open(_ path: String, truncate: Bool = false, gap: UInt64 = 100) {
    let node = nodes[path]!
    writers[node, default: 0] += 1
    if truncate { resize(path, gap: gap) }
  }
  mutating func resize(_ path: String, gap: UInt64 = 100) {
    written.insert(nodes[path]!)
    send(.resized, path, node: nodes[path]!, gap: gap)
  }
  mutating func write(_ path: String, origin: Origin = .host, gap: UInt64 = 100) {
    written.insert(nodes[path]!)
    send(.written, path, node: nodes[path]!, origin: origin, gap: gap)
  }
  mutating func close(_ path: String, gap: UInt64 = 400) {
    let node = nodes[path]!
    writers[node]! -= 1
    if writers[node] == 0 {
      send(.closed, path, node: node, didWrite: written.remove(node) != nil, gap: gap)
    }
  }
  mutating func setTimes(_ path: String, gap: UInt64 = 100) { send(.timesSet, path, node: nodes[path]!, gap: gap) }
  mutating func unlink(_ path: String, gap: UInt64 = 100) {
    send(.unlinked, path, node: nodes.removeValue(forKey: path)!, gap: gap)
  }
  mutating func rename(_ old: String, _ new: String, gap: UInt64 = 400) {
    let node = nodes.removeValue(forKey: old)!
    let replaced = nodes[new] != nil
    nodes[new] = node
    send(.renamed, new, node: node, old: old, replaced: replaced, gap: gap)
  }
  mutating func makeDirectory(_ path: String, gap: UInt64 = 100) {
    nodes[path] = nextNode
    send(.directoryMade, path, node: nextNode, gap: gap)
    nextNode += 1
  }
  /// Nothing for a while, at any speed of the replay.
  mutating func pause(milliseconds: UInt64) { steps.append(Step(gap: milliseconds * 1000, event: nil)) }

  struct Replay {
    var reloads: [(time: UInt64, cause: ReloadCause)] = []
    var stops = 0
    /// When the last event came.
    var end: UInt64 = 0
  }

  /// Runs the steps against `policy` with every gap `slower` times as long (0: all at once), then waits for what is pending.
  func replay(_ policy: inout ReloadPolicy, slower: UInt64, from start: UInt64 = 10_000_000_000) -> Replay {
    var now = start
    var result = Replay()
    func advance(to time: UInt64) {
      while let deadline = policy.nextDeadline, deadline <= time {
        if case .reload(let cause) = policy.poll(at: deadline) { result.reloads.append((deadline, cause)) }
      }
      now = time
    }
    for step in steps {
      let isPause = step.event == nil && step.openedAfterCreation == nil
      advance(to: now + step.gap * 1000 * (isPause ? 1 : slower))
      if let event = step.event, policy.note(event, at: now) == .stop { result.stops += 1 }
      if let node = step.openedAfterCreation { policy.noteOpenedAfterCreation(node) }
    }
    result.end = now
    advance(to: now + 60_000_000_000)
    return result
  }
}
