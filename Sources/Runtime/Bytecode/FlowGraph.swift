/// One place of the reference's stack. A return or jump in progress takes two: `.pendingLow`, and `.pendingHigh` with
/// the number of its destination.
struct FlowItem: Hashable {
  var kind: SlotKind
  var destination: Int32 = -1

  /// What stands for both where paths meet; nil when they can't.
  func joined(with other: FlowItem) -> FlowItem? {
    if self == other { return self }
    guard kind.destinationFree && other.kind.destinationFree else { return nil }
    return kind.joined(with: other.kind).map { FlowItem(kind: $0) }
  }
}

extension SlotKind {
  fileprivate var destinationFree: Bool { self != .pendingHigh && self != .pending }

  /// Plain values stay plain, states of a finally handler become `.finallyState`; None is at home among both.
  func joined(with other: SlotKind) -> SlotKind? {
    if self == other { return self }
    if SlotSet.plain.contains(self) && SlotSet.plain.contains(other) { return .value }
    if SlotSet.finallyStates.contains(self) && SlotSet.finallyStates.contains(other) { return .finallyState }
    return nil
  }
}

/// A set of slot kinds.
struct SlotSet: OptionSet {
  let rawValue: UInt32
  init(rawValue: UInt32) { self.rawValue = rawValue }
  init(_ kinds: SlotKind...) { rawValue = kinds.reduce(0) { $0 | 1 << UInt32($1.rawValue) } }

  func contains(_ kind: SlotKind) -> Bool { rawValue & 1 << UInt32(kind.rawValue) != 0 }

  static let plain = SlotSet(.value, .none, .caught)
  static let values = SlotSet(.value, .none, .caught, .exception)
  static let valuesOrNull = values.union(SlotSet(.null))
  static let iterators = SlotSet(.iterator0, .iterator1, .iterator2, .iterator3)
  static let finallyStates = SlotSet(.none, .exception, .finallyState, .pending)
}

/// Stack and exception stack before an instruction, as numbers in a `FlowGraph`.
struct FlowShape: Equatable {
  var stack: Int
  var handlers: Int
}

/// All stacks that an analysis meets, each stored once as its top and the stack below: so a push costs nothing but a
/// look-up, equal stacks have equal numbers, and a list of 5000 items is no matter.
struct FlowGraph: Sendable {
  /// Number of the empty stack and of the empty exception stack.
  static let empty = 0

  private struct StackNode: Hashable, Sendable {
    var below: Int
    var top: FlowItem
  }

  private struct HandlerNode: Hashable, Sendable {
    var outer: Int
    var entry: HandlerEntry
    /// The entry's depth as the reference counts it.
    var places: Int
  }

  private var stackNodes = [StackNode(below: -1, top: FlowItem(kind: .null))]
  private var depths = [0]
  /// Depths with a whole return or jump in progress as one.
  private var canonicalCounts = [0]
  private var stackNumbers: [StackNode: Int] = [:]
  private var handlerNodes = [
    HandlerNode(outer: -1, entry: HandlerEntry(kind: .except, handler: -1, depth: 0), places: 0)
  ]
  private var levels = [0]
  private var handlerNumbers: [HandlerNode: Int] = [:]
  /// Shapes before each instruction.
  var shapes: [[FlowShape]]

  init(instructionCount: Int) { shapes = Array(repeating: [], count: instructionCount) }

  func depth(_ stack: Int) -> Int { depths[stack] }
  func canonicalCount(_ stack: Int) -> Int { canonicalCounts[stack] }
  func below(_ stack: Int) -> Int { stackNodes[stack].below }
  /// The top item; of the empty stack a null that no caller relies on, as depths are checked first.
  func top(_ stack: Int) -> FlowItem { stackNodes[stack].top }

  mutating func push(_ item: FlowItem, on stack: Int) -> Int {
    let node = StackNode(below: stack, top: item)
    if let known = stackNumbers[node] { return known }
    stackNodes.append(node)
    depths.append(depths[stack] + 1)
    let completesPair = item.kind == .pendingHigh && top(stack).kind == .pendingLow
    canonicalCounts.append(canonicalCounts[stack] + (completesPair ? 0 : 1))
    stackNumbers[node] = stackNodes.count - 1
    return stackNodes.count - 1
  }

  /// The join of two stacks of equal depth, with the number of items compared; nil when they are of different shape.
  mutating func join(_ first: Int, _ second: Int) -> (stack: Int?, compared: Int) {
    var (a, b) = (first, second)
    var items: [FlowItem] = []
    while a != b {
      guard let item = top(a).joined(with: top(b)) else { return (nil, items.count + 1) }
      items.append(item)
      a = below(a)
      b = below(b)
    }
    var joined = a
    for item in items.reversed() { joined = push(item, on: joined) }
    return (joined, items.count)
  }

  func level(_ handlers: Int) -> Int { levels[handlers] }
  func outer(_ handlers: Int) -> Int { handlerNodes[handlers].outer }
  func entry(_ handlers: Int) -> HandlerEntry { handlerNodes[handlers].entry }
  /// Depth of the stack, in the reference's places, when the innermost entry was set up.
  func places(_ handlers: Int) -> Int { handlerNodes[handlers].places }

  /// A new innermost entry for the stack as it is.
  mutating func setUp(_ kind: HandlerEntry.Kind, handler: Int, _ stack: Int, onHandlers outer: Int) -> Int {
    let entry = HandlerEntry(kind: kind, handler: handler, depth: canonicalCount(stack))
    let node = HandlerNode(outer: outer, entry: entry, places: depth(stack))
    if let known = handlerNumbers[node] { return known }
    handlerNodes.append(node)
    levels.append(levels[outer] + 1)
    handlerNumbers[node] = handlerNodes.count - 1
    return handlerNodes.count - 1
  }

  /// A stack bottom first, a whole return or jump in progress as one slot.
  func canonicalStack(_ stack: Int) -> [SlotKind] {
    var kinds: [SlotKind] = []
    kinds.reserveCapacity(depth(stack))
    var at = stack
    while at != FlowGraph.empty {
      let kind = top(at).kind
      at = below(at)
      if kind == .pendingHigh && top(at).kind == .pendingLow {
        kinds.append(.pending)
        at = below(at)
      } else {
        kinds.append(kind)
      }
    }
    return kinds.reversed()
  }

  /// The one state that stands for all shapes at an instruction; nil when nothing leads there.
  /// Shapes that no one state stands for never leave the analysis: see `findFault`.
  func canonicalState(at index: Int) -> FlowState? {
    guard let first = shapes[index].first else { return nil }
    var state = FlowState(stack: canonicalStack(first.stack), handlers: entries(first.handlers))
    for shape in shapes[index].dropFirst() {
      guard let joined = FlowGraph.joined(state.stack, canonicalStack(shape.stack)) else { return nil }
      state.stack = joined
    }
    return state
  }

  /// Why the shapes at an instruction have no state in common; nil when they have.
  func findFault(at index: Int) -> CodeFault? {
    guard let first = shapes[index].first else { return nil }
    if canonicalState(at: index) == nil { return .stacksDiffer }
    let handlers = entries(first.handlers)
    let isSame = shapes[index].dropFirst().allSatisfy { entries($0.handlers) == handlers }
    return isSame ? nil : .handlersDiffer
  }

  private func entries(_ handlers: Int) -> [HandlerEntry] {
    var entries: [HandlerEntry] = []
    var at = handlers
    while at != FlowGraph.empty {
      entries.append(entry(at))
      at = outer(at)
    }
    return entries.reversed()
  }

  private static func joined(_ first: [SlotKind], _ second: [SlotKind]) -> [SlotKind]? {
    guard first.count == second.count else { return nil }
    var stack: [SlotKind] = []
    for (a, b) in zip(first, second) {
      guard let kind = a.joined(with: b) else { return nil }
      stack.append(kind)
    }
    return stack
  }
}
