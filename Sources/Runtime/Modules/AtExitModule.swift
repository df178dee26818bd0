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

  private static let key = "atexit.callbacks"

  /// The list of callbacks, kept alive with the VM.
  private static func callbacks(_ vm: VM) throws(PyError) -> Value {
    try vm.nativeType(key) { vm throws(PyError) in try vm.makeList() }
  }

  /// Takes the callback registered last off the list.
  static func takeLast(_ vm: VM) -> Value? {
    guard let list = vm.interpreter.nativeTypes[key], ListLayout.count(list.pointer) > 0 else { return nil }
    let last = ListLayout.count(list.pointer) - 1
    let callback = ListLayout.item(list.pointer, last)
    ListLayout.at(list.pointer, last).set(0, .empty)
    list.pointer.set(ListLayout.countOffset, word: last)
    return callback
  }

  static func call(_ vm: VM, _ callback: Value) throws(PyError) {
    vm.push(callback)
    let base = vm.s.pointee.top
    defer { vm.s.pointee.top = base - 8 }
    let positional = TupleLayout.item(callback.pointer, 1).pointer
    let keywords = TupleLayout.item(callback.pointer, 2).pointer
    let (count, words) = (TupleLayout.count(positional), TupleLayout.count(keywords))
    for i in 0..<count { vm.push(TupleLayout.item(positional, i)) }
    for i in 0..<words { vm.push(TupleLayout.item(keywords, i)) }
    _ = try vm.call(TupleLayout.item(callback.pointer, 0), at: base, count | (words / 2) << 16)
  }
}
