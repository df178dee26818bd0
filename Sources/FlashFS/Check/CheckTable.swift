/// An allocation table in memory, as the check reads it.
struct CheckTable {
  enum Link: Equatable {
    case to(UInt32)
    case end
    case free
    case bad
    /// No cluster, no mark.
    case nowhere(UInt32)
  }

  let layout: CheckLayout
  private(set) var bytes: [UInt8]
  var isChanged = false

  init(_ layout: CheckLayout, bytes: [UInt8]) {
    self.layout = layout
    self.bytes = bytes
  }

  subscript(_ cluster: UInt32) -> UInt32 {
    get {
      let index = Int(cluster)
      switch layout.bits {
      case 12:
        let pair = bytes.number16(index * 3 / 2)
        return UInt32(index % 2 == 0 ? pair & 0xFFF : pair >> 4)
      case 16: return UInt32(bytes.number16(index * 2))
      default: return bytes.number32(index * 4) & 0x0FFF_FFFF
      }
    }
    set {
      let index = Int(cluster)
      isChanged = true
      switch layout.bits {
      case 12:
        let at = index * 3 / 2
        let pair = bytes.number16(at)
        let value = Int(newValue & 0xFFF)
        bytes.replaceSubrange(
          at..<at + 2, with: bytes16(index % 2 == 0 ? pair & 0xF000 | value : pair & 0xF | value << 4))
      case 16: bytes.replaceSubrange(index * 2..<index * 2 + 2, with: bytes16(Int(newValue & 0xFFFF)))
      default:
        let kept = bytes.number32(index * 4) & 0xF000_0000
        bytes.replaceSubrange(index * 4..<index * 4 + 4, with: bytes32(kept | newValue & 0x0FFF_FFFF))
      }
    }
  }

  func link(_ cluster: UInt32) -> Link {
    let value = self[cluster]
    if value == 0 { return .free }
    if value >= layout.mask - 7 { return .end }
    if value == layout.mask - 8 { return .bad }
    return layout.isCluster(value) ? .to(value) : .nowhere(value)
  }

  /// Entries that cannot be: what tells a good copy from a bad one.
  func faults() -> Int {
    var count = self[0] & 0xFF == UInt32(layout.media) ? 0 : 1
    for cluster in 2..<UInt32(layout.clusters + 2) {
      switch link(cluster) {
      case .nowhere: count += 1
      case .to(let next): if link(next) == .free { count += 1 }
      default: break
      }
    }
    return count
  }
}
