/// atexit: what the program wants called when it has ended, last registered first.
enum AtExitModule {
  static var module: NativeModule {
    NativeModule("atexit") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("register", 1, nil, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard vm.isCallable(a[0]) else {
                throw vm.typeError("'\(vm.string(vm.typeName(a[0])))' object isn't callable")
              }
              // Function, positional arguments, then names and values of keyword arguments.
              let positional = try vm.makeTuple(from: a.base + 8, count: a.count - 1)
              let keywords = try vm.makeTuple(from: a.base + a.count * 8, count: 2 * a.keywordCount)
              try vm.append(try AtExitModule.callbacks(vm), try vm.makeTuple(a[0], positional, keywords))
              return a[0]
            }
          },
          NativeDefinition("unregister", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let list = try AtExitModule.callbacks(vm)
              var i = 0
              while i < ListLayout.count(list.pointer) {
                if try vm.equal(TupleLayout.item(ListLayout.item(list.pointer, i).pointer, 0), a[0]) {
                  try vm.listReplace(list, i, i + 1, nil, 0)
                } else {
                  i += 1
                }
              }
              return .none
            }
          },
        ])
    }
  }

  fileprivate static let key = "atexit.callbacks"

  /// The list of callbacks, kept alive with the VM.
  private static func callbacks(_ vm: VM) throws(PyError) -> Value {
    try vm.nativeType(key) { vm throws(PyError) in try vm.makeList() }
  }
}

extension Interpreter {
  /// Calls what `atexit` was given, and forgets it. Each exception that leaves a callback is printed, and the next one is called; the last
  /// of them is what is returned. `run` does it after a whole program; a REPL's owner calls it when the REPL ends.
  @discardableResult package func runExitCallbacks() -> RunEnd? {
    guard let list = nativeTypes[AtExitModule.key] else { return nil }
    var end: RunEnd?
    while ListLayout.count(list.pointer) > 0 {
      let last = ListLayout.count(list.pointer) - 1
      let callback = ListLayout.item(list.pointer, last).pointer
      vm.push(Value(callback))
      defer { vm.pop() }
      do throws(PyError) {
        try vm.listReplace(list, last, last + 1, nil, 0)
        let positional = TupleLayout.item(callback, 1)
        let keywords = TupleLayout.item(callback, 2)
        let base = vm.s.pointee.top
        defer { vm.s.pointee.top = base }
        let (n, words) = (TupleLayout.count(positional.pointer), TupleLayout.count(keywords.pointer))
        for i in 0..<n { vm.push(TupleLayout.item(positional.pointer, i)) }
        for i in 0..<words { vm.push(TupleLayout.item(keywords.pointer, i)) }
        _ = try vm.call(TupleLayout.item(callback, 0), at: base, n | (words / 2) << 16)
      } catch {
        end = self.end(of: vm.takeException())
      }
    }
    return end
  }
}
