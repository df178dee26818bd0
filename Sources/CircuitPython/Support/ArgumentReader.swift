import Runtime

/// Reads a native's arguments by position and by keyword, as the board's argument parser does. Positions count from `first`:
/// 1 for methods, whose self is argument 0.
///
///     var reader = ArgumentReader(vm, a, first: 1)
///     let address = try reader.required("address")
///     reader.keywordsOnly()
///     let start = reader.optional("start")
///     try reader.finish()
struct ArgumentReader {
  private let vm: VM
  private let arguments: Arguments
  private var position: Int
  private var takesPositions = true
  private var keywordsTaken = 0

  init(_ vm: VM, _ arguments: Arguments, first: Int = 0) {
    self.vm = vm
    self.arguments = arguments
    position = first
  }

  /// From here on arguments have to be named.
  mutating func keywordsOnly() { takesPositions = false }

  /// The next argument, `.empty` when it was not given.
  mutating func optional(_ name: StaticString) -> Value {
    if takesPositions {
      if position < arguments.count {
        position += 1
        return arguments[position - 1]
      }
      position += 1
    }
    if arguments.keywordCount == 0 { return .empty }
    let value = arguments.keyword(vm.intern(name))
    if !value.isEmpty { keywordsTaken += 1 }
    return value
  }

  mutating func required(_ name: StaticString) throws(PyError) -> Value {
    let value = optional(name)
    if value.isEmpty { throw vm.typeError("'\(name)' argument required") }
    return value
  }

  mutating func int(_ name: StaticString, _ standard: Int) throws(PyError) -> Int {
    let value = optional(name)
    return value.isEmpty ? standard : try vm.intArgument(value)
  }

  mutating func bool(_ name: StaticString, _ standard: Bool) throws(PyError) -> Bool {
    let value = optional(name)
    return value.isEmpty ? standard : try vm.isTrue(value)
  }

  /// None counts as not given.
  mutating func orNone(_ name: StaticString) -> Value {
    let value = optional(name)
    return value.isEmpty ? .none : value
  }

  /// Raises when something was given that nobody asked for.
  func finish() throws(PyError) {
    if position < arguments.count { throw vm.typeError("extra positional arguments given") }
    if keywordsTaken < arguments.keywordCount { throw vm.typeError("extra keyword arguments given") }
  }
}

extension VM {
  /// A float argument; TypeError `can't convert X to float` otherwise.
  func floatArgument(_ value: Value) throws(PyError) -> Double {
    guard let number = asNumber(value) else { throw cannotConvert(value, to: "float") }
    return number
  }

  /// The low word of any int; nil for what is none.
  func truncatedInt(_ value: Value) -> Int? {
    if let small = asIndex(value) { return small }
    guard value.has(.int), let low = IntLayout.magnitude(value.pointer).first else { return nil }
    let word = Int(truncatingIfNeeded: low)
    return IntLayout.isNegative(value.pointer) ? 0 &- word : word
  }

  /// `x must be >= 0` and the like.
  func check(_ value: Int, atLeast minimum: Int, _ name: StaticString) throws(PyError) {
    if value < minimum { throw valueError("\(name) must be >= \(minimum)") }
  }

  func check(_ value: Int, in range: ClosedRange<Int>, _ name: StaticString) throws(PyError) {
    if !range.contains(value) { throw valueError("\(name) must be \(range.lowerBound)-\(range.upperBound)") }
  }

  /// The part of a buffer from item `start` to before item `end`, both counted from the end when negative, both clamped.
  func part(_ view: BufferView, _ start: Int, _ end: Int) -> UnsafeMutableRawBufferPointer {
    let itemBytes = view.itemBytes
    let count = view.sizeBytes / itemBytes
    func clamp(_ i: Int) -> Int { min(max(i < 0 ? i + count : i, 0), count) }
    let (first, last) = (clamp(start), clamp(end))
    guard let memory = view.start, last > first else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    return UnsafeMutableRawBufferPointer(start: memory + first * itemBytes, count: (last - first) * itemBytes)
  }
}
