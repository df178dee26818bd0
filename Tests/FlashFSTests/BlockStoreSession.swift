import Synchronization

@testable import FlashFS

/// One change of a scripted transaction.
enum VolumeChange {
  case patch(Int, [UInt8])
  case fill(Int, count: Int, byte: UInt8)

  func apply(to content: inout [UInt8]) {
    switch self {
    case .patch(let offset, let bytes): content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    case .fill(let offset, let count, let byte):
      content.replaceSubrange(offset..<offset + count, with: repeatElement(byte, count: count))
    }
  }
}

/// What a test found wrong.
struct SessionProblem: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// The flash just before one operation, and what a cut there may recover to.
struct FlashSnapshot: Sendable {
  /// Writes that the session's store had seen.
  var writeCount: Int
  var unsettled: [UnsettledCells]
  var operation: FlashOperation
  var accepted: [[UInt8]]

  /// The flash after a cut in this operation of a session on `store`. Nil: the operation never began.
  func torn(_ tear: Tear?, in store: LoggedStore, geometry: FlashGeometry) -> (bytes: [UInt8], [UnsettledCells]) {
    let torn = LoggedStore(store.bytes(beforeWrite: writeCount))
    let flash = SimulatedNORFlash(
      store: torn, geometry: geometry, faults: CutAt(index: 0, tear: tear), unsettled: unsettled)
    switch operation {
    case .program(let offset):
      try? store.payload(ofWrite: writeCount).withUnsafeBufferPointer { (bytes) throws(FlashError) in
        try flash.program(offset, .init(bytes))
      }
    case .erase(let block): try? flash.erase(block: block)
    }
    return (torn.bytes, flash.unsettled)
  }
}

/// Records every operation of a session, or cuts it at one.
final class SessionPlan: FaultPlan {
  struct State: Sendable {
    var accepted: [[UInt8]]
    var snapshots: [FlashSnapshot] = []
    var isRecording: Bool
    /// The operation to cut, and what picks how.
    var cutIndex: UInt64?
    var random: SplitMix64
    weak var flash: SimulatedNORFlash?
    var store: LoggedStore?
  }
  let state: Mutex<State>

  init(accepted: [[UInt8]], isRecording: Bool = false, cutIndex: UInt64? = nil, seed: UInt64 = 0) {
    state = Mutex(
      State(accepted: accepted, isRecording: isRecording, cutIndex: cutIndex, random: SplitMix64(seed: seed)))
  }

  var accepted: [[UInt8]] {
    get { state.withLock { $0.accepted } }
    set { state.withLock { $0.accepted = newValue } }
  }
  var snapshots: [FlashSnapshot] { state.withLock { $0.snapshots } }

  func before(_ operation: FlashOperation, index: UInt64) -> FaultAction {
    state.withLock { state in
      if state.isRecording, let flash = state.flash, let store = state.store {
        state.snapshots.append(
          FlashSnapshot(
            writeCount: store.writeCount, unsettled: flash.unsettled, operation: operation, accepted: state.accepted))
      }
      guard index == state.cutIndex else { return .none }
      let kinds = Tear.kinds(of: operation)
      let pick = Int.random(in: 0...kinds.count, using: &state.random)
      return pick == kinds.count ? .cut : .tear(Tear(kinds[pick], seed: state.random.next()))
    }
  }
}

/// A block store on a simulated chip next to a model of its content; each step checks one against the other.
final class BlockStoreSession {
  let layout: ImageLayout
  let store: LoggedStore
  let plan: SessionPlan
  let flash: SimulatedNORFlash
  let durability: Durability
  private(set) var blocks: BlockStore?
  /// Off for long random runs.
  var checksInvariants = true
  private var takenStep: CheckpointStep?

  init(
    layout: ImageLayout, store: LoggedStore, unsettled: [UnsettledCells] = [], plan: SessionPlan,
    durability: Durability = .process
  ) {
    self.layout = layout
    self.store = store
    self.plan = plan
    self.durability = durability
    flash = SimulatedNORFlash(store: store, geometry: layout.flashGeometry, faults: plan, unsettled: unsettled)
    plan.state.withLock { [flash] in
      $0.flash = flash
      $0.store = store
    }
  }

  /// The bytes of a chip with a journal around `content`.
  static func makeImage(_ layout: ImageLayout, content: [UInt8]) throws -> [UInt8] {
    let rest = [UInt8](repeating: 0xFF, count: layout.flashBytes - content.count)
    let store = LoggedStore(content + rest)
    try BlockStore.create(on: SimulatedNORFlash(store: store, geometry: layout.flashGeometry), layout: layout)
    return store.bytes
  }

  var content: [UInt8] { plan.accepted[0] }

  /// Opens the store; whatever was open before is just dropped, as by SIGKILL.
  func open() throws {
    blocks = nil
    takenStep = nil
    let opened = try BlockStore(device: flash, layout: layout, durability: durability)
    blocks = opened
    let found = try readAll()
    guard plan.accepted.contains(where: { isEqual($0, found) }) else {
      throw SessionProblem("recovered content is none of the \(plan.accepted.count) accepted")
    }
    guard isEqual(store.bytes(0, layout.volumeBytes), found) else {
      throw SessionProblem("the volume is not in place after the recovery")
    }
    plan.accepted = [found]
    try check()
  }

  func readAll() throws -> [UInt8] {
    guard let blocks else { throw SessionProblem("not open") }
    var bytes = [UInt8](repeating: 0, count: layout.volumeBytes)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FlashError) in
      try blocks.read(0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  func commit(_ changes: [VolumeChange]) throws {
    guard let blocks else { throw SessionProblem("not open") }
    var transaction = Transaction()
    var next = content
    for change in changes {
      switch change {
      case .patch(let offset, let bytes): transaction.patch(offset, bytes)
      case .fill(let offset, let count, let byte): transaction.fill(offset, count: count, byte: byte)
      }
      change.apply(to: &next)
    }
    plan.accepted = [content, next]
    try blocks.commit(transaction)
    plan.accepted = [next]
    try check()
  }

  /// One checkpoint batch; true while more is to do.
  @discardableResult func slice() throws -> Bool {
    guard let blocks else { throw SessionProblem("not open") }
    let hasMore = try blocks.checkpointSlice()
    try check()
    return hasMore
  }

  /// One step of a checkpoint, so that commits come between any two; a step may be given out and finished later, or by a commit
  /// that needs room.
  func step(_ random: inout SplitMix64) throws {
    guard let blocks else { throw SessionProblem("not open") }
    if let step = takenStep {
      takenStep = nil
      // What it throws, `finish` throws again.
      if Bool.random(using: &random) { try? step.perform() }
      _ = try blocks.finish(step)
    } else if let step = try blocks.nextCheckpointStep() {
      if Bool.random(using: &random) {
        takenStep = step
      } else {
        _ = try blocks.finish(step)
      }
    }
    try check()
  }

  func checkpoint() throws {
    while try slice() {}
  }

  func close() throws {
    try blocks?.close()
    blocks = nil
    guard isEqual(store.bytes(0, layout.volumeBytes), content) else {
      throw SessionProblem("the volume is not in place after close")
    }
  }

  private func check() throws {
    guard let blocks else { return }
    if checksInvariants {
      let problems = try blocks.checkInvariants()
      if !problems.isEmpty { throw SessionProblem(problems.joined(separator: "; ")) }
    }
    guard isEqual(try readAll(), content) else { throw SessionProblem("what is read is not what was committed") }
  }
}

// MARK: Random work

extension SplitMix64 {
  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

extension BlockStoreSession {
  /// Blank blocks, full ones, and such of a few pages only; `isSparse` leaves out the full ones, which cost many operations.
  static func randomContent(_ layout: ImageLayout, _ random: inout SplitMix64, isSparse: Bool = false) -> [UInt8] {
    var content = [UInt8](repeating: 0xFF, count: layout.volumeBytes)
    for block in 0..<layout.volumeBlocks {
      let start = block * FlashGeometry.eraseBytes
      let kind = Int.random(in: 0..<(isSparse ? 2 : 3), using: &random)
      let pages = [0, Int.random(in: 1...3, using: &random), FlashGeometry.pagesPerBlock][kind]
      let first = Int.random(in: 0...FlashGeometry.pagesPerBlock - pages, using: &random)
      let range = start + first * FlashGeometry.pageBytes..<start + (first + pages) * FlashGeometry.pageBytes
      content.replaceSubrange(range, with: random.bytes(range.count))
    }
    return content
  }

  /// A transaction of one of the kinds that are hard for a journal.
  func randomTransaction(_ random: inout SplitMix64) -> [VolumeChange] {
    let size = layout.volumeBytes
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<6: return largestTransaction(&random)
    case 6..<12:
      let block = Int.random(in: 0..<layout.volumeBlocks, using: &random)
      let byte: UInt8 = [255, 255, 0].randomElement(using: &random) ?? 0
      return [.fill(block * FlashGeometry.eraseBytes, count: FlashGeometry.eraseBytes, byte: byte)]
    case 12..<22:
      let offset = Int.random(in: 0...size - 40, using: &random)
      return [.patch(offset, content[offset..<offset + 40].map { $0 & UInt8.random(in: 0...255, using: &random) })]
    case 22..<30: return [fakeFrames(&random)]
    case 30..<40: return wholeBlocks(&random)
    case 40..<46:
      let count = Int.random(in: 1...3 * FlashGeometry.eraseBytes, using: &random)
      return [.fill(Int.random(in: 0...size - count, using: &random), count: count, byte: UInt8(random.next() & 3))]
    default:
      return (0..<Int.random(in: 1...3, using: &random)).map { _ in
        let count = [1, 2, 32, 200, 700, 1200].randomElement(using: &random) ?? 1
        return .patch(Int.random(in: 0...size - count, using: &random), random.bytes(count))
      }
    }
  }

  /// New content for some whole blocks, in pieces or with neighbours' edges: a checkpoint needs no scratch for those.
  func wholeBlocks(_ random: inout SplitMix64) -> [VolumeChange] {
    let size = FlashGeometry.eraseBytes
    let edges = 700 + 300 + 2 * Transaction.recordHeaderBytes
    let most = ((blocks?.maximumTransactionBytes ?? 0) - edges) / size
    if most < 1 { return [.fill(0, count: size, byte: UInt8(random.next() & 0xFF))] }
    let count = Int.random(in: 1...min(3, most, layout.volumeBlocks), using: &random)
    let first = Int.random(in: 0...layout.volumeBlocks - count, using: &random) * size
    let end = first + count * size
    switch Int.random(in: 0..<3, using: &random) {
    case 0: return [.patch(first, random.bytes(count * size))]
    case 1:
      let from = max(0, first - Int.random(in: 0...700, using: &random))
      return [.patch(from, random.bytes(min(layout.volumeBytes, end + 300) - from))]
    default:
      // Cut at a border of 512 bytes, or beside one: then the block is not wholly covered.
      let middle = first + 1024 + Int.random(in: 0...1, using: &random)
      return [.patch(first, random.bytes(middle - first)), .fill(middle, count: end - middle, byte: 0xA5)]
    }
  }

  /// As large as the ring allows.
  func largestTransaction(_ random: inout SplitMix64) -> [VolumeChange] {
    var room = blocks?.maximumTransactionBytes ?? 0
    var changes: [VolumeChange] = []
    while room > Transaction.recordHeaderBytes {
      let count = min(room - Transaction.recordHeaderBytes, layout.volumeBytes)
      changes.append(.patch(Int.random(in: 0...layout.volumeBytes - count, using: &random), random.bytes(count)))
      room -= count + Transaction.recordHeaderBytes
    }
    return changes
  }

  /// File content that looks like ring blocks with frames of the near future, aligned so that each lies on a page of the
  /// ring.
  func fakeFrames(_ random: inout SplitMix64) -> VolumeChange {
    let sequence = (blocks?.sequence ?? 0) + UInt64.random(in: 1...3, using: &random)
    var evil = Transaction()
    evil.patch(Int.random(in: 0..<layout.volumeBytes - 4, using: &random), [0x45, 0x56, 0x49, 0x4C])
    let frame = Frame()
    frame.build(evil, sequence: sequence, isWide: false)
    var header = [UInt8](repeating: 0, count: FlashGeometry.pageBytes)
    header.withUnsafeMutableBytes {
      RingBlockHeader(epoch: (blocks?.position.epoch ?? 0) + UInt64.random(in: 0...2, using: &random)).write(to: $0)
    }
    let lead = FlashGeometry.pageBytes - Frame.headerBytes - Transaction.recordHeaderBytes
    let pages = (0..<4).map { _ in Bool.random(using: &random) ? Array(frame.bytes) : header }
    let bytes = [UInt8](repeating: 0, count: lead) + pages.joined()
    return .patch(Int.random(in: 0...layout.volumeBytes - bytes.count, using: &random), bytes)
  }

  /// One random step, with the weights of the executable model.
  func randomStep(_ random: inout SplitMix64) throws {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<60: try commit(randomTransaction(&random))
    case 60..<75: try slice()
    case 75..<88: try step(&random)
    case 88..<95: try checkpoint()
    case 95..<98:
      try close()
      try open()
    default: try open()
    }
  }
}
