/// A Python value in one machine word: trivial to copy, no reference counting.
///
/// `…1` small int (63 bits) · `…0000` object (16-byte aligned address) · `…100` immediate (None, False …) ·
/// `0` no value (error sentinel, unbound local, empty slot).
package struct Value: Equatable {
  package var bits: UInt64

  @inline(__always) package init(bits: UInt64) { self.bits = bits }
  @inline(__always) package init(_ pointer: UnsafeMutableRawPointer) { bits = UInt64(UInt(bitPattern: pointer)) }
  /// A small int; the caller knows that it fits (`fitsSmall`).
  @inline(__always) package init(small: Int) { bits = UInt64(bitPattern: Int64(small)) &<< 1 | 1 }
  @inline(__always) package init(_ flag: Bool) { bits = flag ? 20 : 12 }

  /// No value: error sentinel, unbound local, empty slot. Never visible to Python.
  @inline(__always) package static var empty: Value { Value(bits: 0) }
  @inline(__always) package static var none: Value { Value(bits: 4) }
  @inline(__always) package static var `false`: Value { Value(bits: 12) }
  @inline(__always) package static var `true`: Value { Value(bits: 20) }
  @inline(__always) package static var ellipsis: Value { Value(bits: 28) }
  @inline(__always) package static var notImplemented: Value { Value(bits: 36) }
  /// What a native iterator's `next` returns at its end. Never visible to Python.
  @inline(__always) package static var stop: Value { Value(bits: 44) }
  /// "This type does not do that": an operation's answer that makes the caller try the next way. Never visible to Python.
  @inline(__always) package static var unsupported: Value { Value(bits: 52) }

  /// A slow call's answer: a Python function's window is bound at `top`, and the loop is to go on in it. Never visible to Python.
  @inline(__always) static var entered: Value { Value(bits: 60) }

  @inline(__always) package var isEmpty: Bool { bits == 0 }
  @inline(__always) package var isSmallInt: Bool { bits & 1 != 0 }
  @inline(__always) package var isObject: Bool { bits & 7 == 0 && bits != 0 }
  @inline(__always) package var isNone: Bool { bits == 4 }
  @inline(__always) package var isBool: Bool { bits == 12 || bits == 20 }
  @inline(__always) package var small: Int { Int(truncatingIfNeeded: Int64(bitPattern: bits) &>> 1) }
  /// The object's address; only for `isObject`.
  @inline(__always) package var pointer: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(bits)).unsafelyUnwrapped
  }
  /// The type tag of an object; only for `isObject`.
  @inline(__always) package var tag: Tag { Tag(rawValue: pointer.load(as: UInt8.self)) }
  /// Whether this is an object with that tag.
  @inline(__always) package func has(_ tag: Tag) -> Bool { isObject && self.tag == tag }

  @inline(__always) package static func fitsSmall(_ value: Int) -> Bool {
    value >= -0x4000_0000_0000_0000 && value <= 0x3FFF_FFFF_FFFF_FFFF
  }
  @inline(__always) package static func bothSmall(_ a: Value, _ b: Value) -> Bool { a.bits & b.bits & 1 != 0 }
}

/// What an object is, in the low byte of its header. Builtin types dispatch on it.
package struct Tag: Equatable {
  package var rawValue: UInt8
  @inline(__always) package init(rawValue: UInt8) { self.rawValue = rawValue }
  @inline(__always) init(_ rawValue: UInt8) { self.rawValue = rawValue }

  @inline(__always) package static var int: Tag { Tag(1) }
  @inline(__always) package static var float: Tag { Tag(2) }
  @inline(__always) package static var complex: Tag { Tag(3) }
  @inline(__always) package static var str: Tag { Tag(4) }
  @inline(__always) package static var bytes: Tag { Tag(5) }
  @inline(__always) package static var bytearray: Tag { Tag(6) }
  @inline(__always) package static var memoryview: Tag { Tag(7) }
  @inline(__always) package static var array: Tag { Tag(8) }
  @inline(__always) package static var list: Tag { Tag(9) }
  @inline(__always) package static var tuple: Tag { Tag(10) }
  @inline(__always) package static var dict: Tag { Tag(11) }
  @inline(__always) package static var set: Tag { Tag(12) }
  @inline(__always) package static var frozenset: Tag { Tag(13) }
  @inline(__always) package static var range: Tag { Tag(14) }
  @inline(__always) package static var slice: Tag { Tag(15) }
  @inline(__always) package static var function: Tag { Tag(16) }
  @inline(__always) package static var boundMethod: Tag { Tag(17) }
  @inline(__always) package static var native: Tag { Tag(18) }
  @inline(__always) package static var generator: Tag { Tag(19) }
  @inline(__always) package static var cell: Tag { Tag(20) }
  @inline(__always) package static var type: Tag { Tag(21) }
  /// Of a class written in Python (or a subclass of a builtin): shape at +8.
  @inline(__always) package static var instance: Tag { Tag(22) }
  @inline(__always) package static var exception: Tag { Tag(23) }
  @inline(__always) package static var module: Tag { Tag(24) }
  /// An object of a native type without a tag of its own: type at +8, then values.
  @inline(__always) package static var object: Tag { Tag(25) }
  /// A namedtuple: laid out as a tuple, with its class in the word before the items.
  @inline(__always) package static var namedTuple: Tag { Tag(26) }

  // Parts of other objects, never values themselves.
  @inline(__always) package static var items: Tag { Tag(40) }
  @inline(__always) package static var buffer: Tag { Tag(41) }
  @inline(__always) package static var unit: Tag { Tag(42) }
  @inline(__always) package static var shape: Tag { Tag(43) }
}
