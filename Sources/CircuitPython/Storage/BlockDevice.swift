import Runtime

/// A block device as the program gives it: any object with `readblocks`, in one of the two protocols that boards know (`ioctl`, or
/// `count` and perhaps `sync`). It is kept alive by the `VfsFat` object that stands on it. Its methods may be Python code.
final class BlockDevice {
  static let sectorBytes = 512
  /// The operations of `ioctl`.
  private enum Operation: Int { case initialise = 1, sync = 3, count = 4, size = 5 }

  let vm: VM
  let object: Value
  private let hasIOCTL: Bool
  private let hasSync: Bool
  let isWritable: Bool
  let sectorCount: Int

  /// - Throws: AttributeError for an object without the methods, OSError 16 when it does not get ready, 5 for sectors of another size, and what
  ///   its code raises.
  init(_ vm: VM, _ object: Value) throws(PyError) {
    func has(_ name: StaticString) throws(PyError) -> Bool { try !vm.findMethod(object, vm.intern(name)).0.isEmpty }
    if try !has("readblocks") { throw vm.noAttribute(object, vm.intern("readblocks")) }
    self.vm = vm
    self.object = object
    isWritable = try has("writeblocks")
    hasIOCTL = try has("ioctl")
    hasSync = try has("sync")
    if !hasIOCTL {
      let count = try CallBuilder(vm, object, "count").call()
      sectorCount = try vm.intArgument(count)
      return
    }
    let state = try Self.ioctl(vm, object, .initialise)
    if !state.isNone, try vm.intArgument(state) != 0 { throw vm.osError(16) }
    let size = try Self.ioctl(vm, object, .size)
    if !size.isNone, try vm.intArgument(size) != Self.sectorBytes { throw vm.osError(5) }
    let count = try Self.ioctl(vm, object, .count)
    sectorCount = count.isNone ? 0 : try vm.intArgument(count)
  }

  private static func ioctl(_ vm: VM, _ object: Value, _ operation: Operation) throws(PyError) -> Value {
    var call = try CallBuilder(vm, object, "ioctl")
    call.add(Value(small: operation.rawValue))
    call.add(Value(small: 0))
    return try call.call()
  }

  /// Reads whole sectors.
  func read(_ sector: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PyError) {
    let bytes = try vm.makeFirmwareBytearray(count: buffer.count)
    vm.push(bytes)
    defer { vm.pop() }
    try call("readblocks", sector, bytes)
    // The program had it in its hands: it may be shorter now.
    let view = try vm.bufferView(bytes)
    if view.count < buffer.count { throw vm.osError(5) }
    buffer.copyMemory(from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: view[..<buffer.count])))
  }

  /// Writes whole sectors.
  func write(_ sector: Int, _ content: [UInt8]) throws(PyError) {
    let bytes = try vm.makeFirmwareBytearray(count: content.count)
    vm.push(bytes)
    defer { vm.pop() }
    if let start = try vm.buffer(bytes, writable: true).start {
      content.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: start, count: content.count).copyMemory(from: $0) }
    }
    try call("writeblocks", sector, bytes)
  }

  private func call(_ method: StaticString, _ sector: Int, _ bytes: Value) throws(PyError) {
    var call = try CallBuilder(vm, object, method)
    call.add(Value(small: sector))
    call.add(bytes)
    _ = try call.call()
  }

  func sync() throws(PyError) {
    if hasIOCTL {
      _ = try Self.ioctl(vm, object, .sync)
    } else if hasSync {
      _ = try CallBuilder(vm, object, "sync").call()
    }
  }
}
