import Runtime

/// What makes an object usable in `with`.
extension NativeDefinition {
  static var enter: NativeDefinition {
    NativeDefinition("__enter__", 1, 1) { _, args, _ in args.value(0).bits }.asInstanceMethod
  }

  /// Calls the object's `deinit`, a subclass's own if it has one.
  static var exitByDeinit: NativeDefinition {
    NativeDefinition("__exit__", 4, 4) {
      native($0, $1, $2) { vm, a throws(PyError) in
        _ = try CallBuilder(vm, a[0], "deinit").call()
        return .none
      }
    }.asInstanceMethod
  }
}
