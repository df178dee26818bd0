/// The 8-byte header of every object:
/// tag (bits 0–7) · flags (8–15) · physical size in 16-byte blocks (16–39) · charge in 16-byte board blocks (40–63).
///
/// The charge is what the object costs on the board (4-byte words); it alone decides when memory is out.
package struct Header {
  var bits: UInt64

  @inline(__always) init(bits: UInt64) { self.bits = bits }
  @inline(__always) init(_ tag: Tag, leaf: Bool, blocks: Int, chargeBlocks: Int) {
    bits =
      UInt64(tag.rawValue) | (leaf ? Header.leafFlag : 0) | UInt64(truncatingIfNeeded: blocks) &<< 16
      | UInt64(truncatingIfNeeded: chargeBlocks) &<< 40
  }

  /// The payload holds no references.
  @inline(__always) static var leafFlag: UInt64 { 1 &<< 8 }
  /// An interned string: equal content means the same address.
  @inline(__always) static var internedFlag: UInt64 { 1 &<< 9 }
  /// A string known to be ASCII only, so that characters are bytes.
  @inline(__always) static var asciiFlag: UInt64 { 1 &<< 10 }
  /// A dict that keeps insertion order, or one that Python may not change; a list being sorted; see the type's file.
  @inline(__always) static var orderedFlag: UInt64 { 1 &<< 11 }
  @inline(__always) static var fixedFlag: UInt64 { 1 &<< 12 }
  /// Must be told before it is freed (it owns something outside the arena).
  @inline(__always) static var finalisedFlag: UInt64 { 1 &<< 13 }

  /// An OrderedDict.
  @inline(__always) static var orderedDictFlag: UInt64 { 1 &<< 15 }

  @inline(__always) var blocks: Int { Int(truncatingIfNeeded: (bits &>> 16) & 0xFF_FFFF) }
  @inline(__always) var chargeBlocks: Int { Int(truncatingIfNeeded: bits &>> 40) }
  @inline(__always) var isLeaf: Bool { bits & Header.leafFlag != 0 }

  /// Largest object, from the 24-bit size field: 256 MiB.
  static let maximumBlocks = 0xFF_FFFF
}

package let blockBytes = 16

extension UnsafeMutableRawPointer {
  @inline(__always) var header: Header {
    get { Header(bits: load(as: UInt64.self)) }
    nonmutating set { storeBytes(of: newValue.bits, as: UInt64.self) }
  }
  @inline(__always) package func value(_ offset: Int) -> Value {
    Value(bits: load(fromByteOffset: offset, as: UInt64.self))
  }
  @inline(__always) package func set(_ offset: Int, _ value: Value) {
    storeBytes(of: value.bits, toByteOffset: offset, as: UInt64.self)
  }
  @inline(__always) package func word(_ offset: Int) -> Int { load(fromByteOffset: offset, as: Int.self) }
  @inline(__always) package func set(_ offset: Int, word: Int) {
    storeBytes(of: word, toByteOffset: offset, as: Int.self)
  }
  @inline(__always) func raw(_ offset: Int) -> UnsafeMutableRawPointer {
    load(fromByteOffset: offset, as: UnsafeMutableRawPointer.self)
  }
  @inline(__always) func optionalRaw(_ offset: Int) -> UnsafeMutableRawPointer? {
    load(fromByteOffset: offset, as: UnsafeMutableRawPointer?.self)
  }
}
