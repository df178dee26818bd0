/// One operation of the chip.
package enum FlashOperation: Sendable, Equatable {
  case program(offset: Int)
  case erase(block: Int)
}

/// What becomes of an operation.
package enum FaultAction: Sendable, Equatable {
  case none
  /// The power goes before anything moved.
  case cut
  /// The power goes during the operation.
  case tear(Tear)
}

/// Decides which operation is hit. Asked before each program and erase, in order.
package protocol FaultPlan: Sendable {
  /// `index` counts the operations of this device object from 0.
  func before(_ operation: FlashOperation, index: UInt64) -> FaultAction
}

/// A healthy chip.
package struct NoFaults: FaultPlan {
  package init() {}
  package func before(_ operation: FlashOperation, index: UInt64) -> FaultAction { .none }
}

/// Cuts the power at one operation. `tear` says what is left of it; nil: it never began.
package struct CutAt: FaultPlan {
  let index: UInt64
  let tear: Tear?
  package init(index: UInt64, tear: Tear?) {
    self.index = index
    self.tear = tear
  }
  package func before(_ operation: FlashOperation, index: UInt64) -> FaultAction {
    guard index == self.index else { return .none }
    guard let tear else { return .cut }
    return .tear(tear)
  }
}

/// How an operation that was cut leaves its cells. The seed picks among the states of a kind.
package struct Tear: Sendable, Equatable {
  package enum Kind: Sendable, CaseIterable {
    /// It was done, but nobody was told.
    case complete
    /// Program: the first bytes only.
    case prefix
    /// Program: the first bytes, and some bits of the next.
    case prefixAndBits
    /// Program: a random part of the bits.
    case someBits
    /// Program: nearly all of the bits.
    case mostBits
    /// Program: one bit is missing.
    case oneBitShort
    /// Program: reads right now, loses bits later.
    case fading
    /// Program: reads torn now, the rest lands later.
    case late
    /// Erase: each byte old, FF or noise.
    case mixedBytes
    /// Erase: some of the bits are up.
    case mixedBits
    /// Erase: the first pages are still old.
    case oldHead
    /// Erase: the last pages are still old.
    case oldTail
    /// Erase: reads FF now, falls back later.
    case weak
    /// Erase: the first part weakly erased, the rest old.
    case weakPart
  }
  package var kind: Kind
  package var seed: UInt64
  package init(_ kind: Kind, seed: UInt64) {
    self.kind = kind
    self.seed = seed
  }

  package static let programKinds: [Kind] = [
    .complete, .prefix, .prefixAndBits, .someBits, .mostBits, .oneBitShort, .fading, .late,
  ]
  package static let eraseKinds: [Kind] = [
    .complete, .mixedBytes, .mixedBits, .oldHead, .oldTail, .weak, .weakPart,
  ]
  package static func kinds(of operation: FlashOperation) -> [Kind] {
    switch operation {
    case .program: programKinds
    case .erase: eraseKinds
    }
  }
}

/// Cells that a cut left between two states: they settle some operations after the power came back, unless the page is
/// programmed again or the block erased first. Handed from the device that was cut to the next one on the same store.
package struct UnsettledCells: Sendable, Equatable {
  enum Cause: Sendable { case fading, late, weak }
  struct Change: Sendable, Equatable {
    var offset: Int
    /// The byte becomes (byte & keep) | set.
    var keep: UInt8
    var set: UInt8
  }
  /// Operations until they settle.
  var countdown: Int
  var cause: Cause
  /// Start of the page, or of the erase block for `weak`.
  var anchor: Int
  var changes: [Change]
}
