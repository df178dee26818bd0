/// A method call put together on the VM stack: positional arguments, then keyword arguments. Nothing else may be pushed meanwhile,
/// and the call has to follow.
package struct CallBuilder {
  private let vm: VM
  private let function: Value
  private let base: UnsafeMutableRawPointer
  private var counts = 0

  /// - Throws: AttributeError when the object has no such method.
  package init(_ vm: VM, _ object: Value, _ name: StaticString) throws(PyError) {
    let name = vm.intern(name)
    let (found, receiver) = try vm.findMethod(object, name)
    if found.isEmpty { throw vm.noAttribute(object, name) }
    self.vm = vm
    function = found
    vm.push(found)
    base = vm.s.pointee.top
    if !receiver.isEmpty { add(receiver) }
  }

  package mutating func add(_ value: Value) {
    vm.push(value)
    counts += 1
  }

  /// A keyword argument; no positional one may follow.
  package mutating func add(_ name: StaticString, _ value: Value) {
    vm.push(vm.intern(name))
    vm.push(value)
    counts += 1 << 16
  }

  package func call() throws(PyError) -> Value {
    defer { vm.s.pointee.top = base - 8 }
    return try vm.call(function, at: base, counts)
  }
}
