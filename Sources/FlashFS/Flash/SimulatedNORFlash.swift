import Synchronization

/// A NOR chip whose bytes lie in a store. It checks the rules on every operation, counts, wears, and breaks as its fault
/// plan says.
package final class SimulatedNORFlash: FlashDevice {
  private struct State: Sendable {
    var counters = FlashCounters()
    var wear: [UInt32]
    var operationIndex: UInt64 = 0
    var hasPower = true
    var unsettled: [UnsettledCells]
  }

  package let geometry: FlashGeometry
  package let store: any FlashStore
  private let faults: any FaultPlan
  private let hasFaults: Bool
  package let latency: FlashLatency?
  private let state: Mutex<State>

  /// `geometry` may cover only the first part of the store. `unsettled` is what an earlier device on the same store
  /// left.
  package init(
    store: any FlashStore, geometry: FlashGeometry, wear: [UInt32]? = nil, faults: any FaultPlan = NoFaults(),
    latency: FlashLatency? = nil, unsettled: [UnsettledCells] = []
  ) {
    self.store = store
    self.geometry = geometry
    self.faults = faults
    self.latency = latency
    // A healthy chip need not be asked page by page.
    hasFaults = !(faults is NoFaults) || !unsettled.isEmpty
    let noWear = [UInt32](repeating: 0, count: geometry.blockCount)
    state = Mutex(State(wear: wear ?? noWear, unsettled: unsettled))
    if !unsettled.isEmpty { try? settle() }
  }

  package var counters: FlashCounters { state.withLock { $0.counters } }
  package var wear: [UInt32] { state.withLock { $0.wear } }
  /// Cells that are between two states, for the next device on this store.
  package var unsettled: [UnsettledCells] { state.withLock { $0.unsettled } }
  /// Program and erase operations begun on this object.
  package var operationCount: UInt64 { state.withLock { $0.operationIndex } }

  package func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + buffer.count <= geometry.sizeBytes else { throw .outOfRange }
    let hasPower = state.withLock { state in
      state.counters.reads += 1
      return state.hasPower
    }
    guard hasPower else { throw .powerLost }
    try store.read(offset, into: buffer)
  }

  package func program(_ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(FlashError) {
    guard offset >= 0, offset + bytes.count <= geometry.sizeBytes else { throw .outOfRange }
    try requirePower()
    let pageBytes = FlashGeometry.pageBytes
    var done = 0
    var begin = 0
    while done < bytes.count {
      let at = offset + done
      let length = min(pageBytes - at % pageBytes, bytes.count - done)
      let page = UnsafeRawBufferPointer(rebasing: bytes[done..<done + length])
      if hasFaults {
        let action = try beginOperation(.program(offset: at))
        if action != .none {
          try store.write(offset + begin, .init(rebasing: bytes[begin..<done]))
          if case .tear(let tear) = action { try apply(tear, programming: page, at: at) }
          throw .powerLost
        }
      } else {
        state.withLock { $0.operationIndex += 1 }
      }
      try checkOnlyClears(at, page)
      done += length
      // Cells may settle between two pages: with faults each page goes by itself.
      if hasFaults {
        try store.write(at, page)
        begin = done
        state.withLock { state in state.unsettled.removeAll { $0.cause == .fading && $0.anchor == at } }
      }
      state.withLock { state in
        state.counters.programs += 1
        state.counters.programmedBytes += UInt64(length)
        state.counters.busyNanoseconds += latency?.programNanoseconds ?? 0
      }
    }
    if begin < done { try store.write(offset + begin, .init(rebasing: bytes[begin..<done])) }
  }

  package func erase(block: Int) throws(FlashError) {
    guard block >= 0, block < geometry.blockCount else { throw .outOfRange }
    try requirePower()
    let offset = block * FlashGeometry.eraseBytes
    let action = try beginOperation(.erase(block: block))
    if action != .none {
      if case .tear(let tear) = action { try apply(tear, erasing: offset) }
      throw .powerLost
    }
    try Self.blank.withUnsafeBufferPointer { (bytes) throws(FlashError) in try store.write(offset, .init(bytes)) }
    state.withLock { state in
      state.wear[block] &+= 1
      state.counters.erases += 1
      state.counters.busyNanoseconds += latency?.eraseNanoseconds ?? 0
      if !state.unsettled.isEmpty { Self.forgetCells(of: offset, &state) }
    }
  }

  package func sync() throws(FlashError) {
    try requirePower()
    try store.sync()
  }

  // MARK: Faults

  private static let blank = [UInt8](repeating: 0xFF, count: FlashGeometry.eraseBytes)

  private func requirePower() throws(FlashError) {
    if !state.withLock({ $0.hasPower }) { throw .powerLost }
  }

  private func beginOperation(_ operation: FlashOperation) throws(FlashError) -> FaultAction {
    let index = state.withLock { state in
      defer { state.operationIndex += 1 }
      return state.operationIndex
    }
    guard hasFaults else { return .none }
    try settle()
    let action = faults.before(operation, index: index)
    if action != .none { state.withLock { $0.hasPower = false } }
    return action
  }

  private func checkOnlyClears(_ offset: Int, _ page: UnsafeRawBufferPointer) throws(FlashError) {
    try withUnsafeTemporaryAllocation(byteCount: page.count, alignment: 8) { (old) throws(FlashError) in
      try store.read(offset, into: old)
      guard onlyClearsBits(from: UnsafeRawBufferPointer(old), to: page) else {
        assertionFailure("flash: program of \(offset) raises a bit")
        throw .notErased(offset: offset)
      }
    }
  }

  private func contents(_ offset: Int, _ length: Int) throws(FlashError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: length)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FlashError) in
      try store.read(offset, into: .init(buffer))
    }
    return bytes
  }

  private func put(_ offset: Int, _ bytes: [UInt8]) throws(FlashError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FlashError) in try store.write(offset, .init(buffer)) }
  }

  private func apply(
    _ tear: Tear, programming page: UnsafeRawBufferPointer, at offset: Int
  ) throws(FlashError) {
    let old = try contents(offset, page.count)
    let (torn, cells) = tear.applied(toPage: old, programming: Array(page), at: offset)
    try put(offset, torn)
    state.withLock { state in
      if tear.kind == .complete { state.unsettled.removeAll { $0.cause == .fading && $0.anchor == offset } }
      if let cells { state.unsettled.append(cells) }
    }
  }

  private func apply(_ tear: Tear, erasing offset: Int) throws(FlashError) {
    let old = try contents(offset, FlashGeometry.eraseBytes)
    let (torn, cells) = tear.applied(toBlock: old, at: offset)
    try put(offset, torn)
    state.withLock { state in
      if tear.kind == .complete || cells != nil { Self.forgetCells(of: offset, &state) }
      if let cells { state.unsettled.append(cells) }
    }
  }

  private static func forgetCells(of blockOffset: Int, _ state: inout State) {
    state.unsettled.removeAll { $0.anchor / FlashGeometry.eraseBytes == blockOffset / FlashGeometry.eraseBytes }
  }

  /// Lets one operation's time pass for cells between two states.
  private func settle() throws(FlashError) {
    let due = state.withLock { state in
      let due = state.unsettled.filter { $0.countdown <= 0 }
      state.unsettled.removeAll { $0.countdown <= 0 }
      for i in state.unsettled.indices { state.unsettled[i].countdown -= 1 }
      return due
    }
    for cells in due {
      for change in cells.changes {
        let byte = try contents(change.offset, 1)[0]
        try put(change.offset, [(byte & change.keep) | change.set])
      }
    }
  }
}
