/// The same arithmetic on arrays without high zero limbs: what text conversion and `BigInt` use.
extension Limbs {
  static func array(capacity: Int, _ write: (LimbTarget) -> Int) -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: capacity) { target, count in count = write(target) }
  }

  static func sum(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        array(capacity: addCapacity(a.count, b.count)) { add(a, b, into: $0) }
      }
    }
  }

  /// `a − b`, where a ≥ b.
  static func difference(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        array(capacity: a.count) { subtract(a, b, into: $0) }
      }
    }
  }

  static func product(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        array(capacity: multiplyCapacity(a.count, b.count)) { multiply(a, b, into: $0) }
      }
    }
  }

  static func quotientAndRemainder(_ a: [UInt64], _ b: [UInt64]) -> ([UInt64], [UInt64]) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var remainder: [UInt64] = []
        let quotient = array(capacity: quotientCapacity(a.count, b.count)) { quotient in
          var counts = (quotientCount: 0, remainderCount: 0)
          remainder = array(capacity: max(b.count, 1)) { left in
            counts = divide(a, by: b, quotient: quotient, remainder: left)
            return counts.remainderCount
          }
          return counts.quotientCount
        }
        return (quotient, remainder)
      }
    }
  }

  static func order(_ a: [UInt64], _ b: [UInt64]) -> Int {
    a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in compare(a, b) } }
  }
}
