import Board
import Runtime

/// `nvm.ByteArray`, without fields: the bytes are the daemon's.
enum NVMByteArray {
  static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.byteArray) { vm throws(PyError) in
      var slots = TypeSlots()
      slots.unary = { vm, op, _ in
        switch UnaryOperation(rawValue: op) {
        case .length: Value(small: NVMByteArray.count(VM(vm))).bits
        case .bool: Value(NVMByteArray.count(VM(vm)) > 0).bits
        default: Value.unsupported.bits
        }
      }
      slots.loadItem = { vm, _, index in
        operation(vm) { vm throws(PyError) in try NVMByteArray.load(vm, Value(bits: index)) }
      }
      slots.storeItem = { vm, _, index, value in
        if value == 0 { return Value.unsupported.bits }
        return operation(vm) { vm throws(PyError) in
          try NVMByteArray.store(vm, Value(bits: index), Value(bits: value))
          return .none
        }
      }
      slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
      return try vm.makeType("ByteArray", slots: slots)
    }
  }

  private static func count(_ vm: VM) -> Int { vm.boardState.board.definition.nvmBytes }

  /// The range of a slice with step 1.
  private static func range(_ vm: VM, _ index: Value) throws(PyError) -> Range<Int> {
    let slice = try vm.sliceBounds(index, count(vm))
    if slice.step != 1 {
      throw vm.error(.notImplementedError, "only slices with step=1 (aka None) are supported")
    }
    return slice.start..<(slice.start + slice.length)
  }

  private static func load(_ vm: VM, _ index: Value) throws(PyError) -> Value {
    let services = vm.boardState.services
    if !index.has(.slice) {
      let at = try vm.index(index, count(vm), "ByteArray")
      return Value(small: Int(services.readNVM(at, count: 1)[0]))
    }
    let range = try range(vm, index)
    return try services.readNVM(range.lowerBound, count: range.count).withUnsafeBufferPointer { bytes throws(PyError) in
      try vm.makeBytearray(bytes)
    }
  }

  private static func store(_ vm: VM, _ index: Value, _ value: Value) throws(PyError) {
    let services = vm.boardState.services
    if !index.has(.slice) {
      let at = try vm.index(index, count(vm), "ByteArray")
      let byte = try vm.intArgument(value)
      try vm.check(byte, in: 0...255, "bytes")
      services.writeNVM(at, [UInt8(byte)])
      return
    }
    let range = try range(vm, index)
    guard value.has(.array) || value.has(.bytearray) || value.has(.memoryview) || value.has(.bytes) else {
      throw vm.error(.notImplementedError, "array/bytes required on right side")
    }
    let view = try vm.buffer(value)
    if view.sizeBytes != range.count { throw vm.valueError("Slice and value different lengths.") }
    if view.itemBytes != 1 { throw vm.valueError("Array values should be single bytes.") }
    services.writeNVM(range.lowerBound, try vm.bufferBytes(value))
  }
}
