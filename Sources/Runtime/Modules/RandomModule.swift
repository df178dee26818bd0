/// random: a seedable generator; MicroPython's and CircuitPython's share the interface.
enum RandomModule {
  /// xorshift state of one VM.
  final class State {
    var bits: UInt64 = 0
    func next() -> UInt32 {
      bits ^= bits << 13
      bits ^= bits >> 7
      bits ^= bits << 17
      return UInt32(truncatingIfNeeded: bits >> 16)
    }
    /// Uniform in 0..<n, without bias.
    func below(_ n: UInt64) -> UInt64 {
      let limit = UInt64.max - UInt64.max % n
      while true {
        let x = UInt64(next()) << 32 | UInt64(next())
        if x < limit { return x % n }
      }
    }
    func fraction() -> Double { Double(next() >> 8) / Double(1 << 24) }
  }

  private static func state(_ vm: VM) -> State {
    if let known = vm.interpreter.moduleState["random"] as? State { return known }
    let state = State()
    withUnsafeMutableBytes(of: &state.bits) { vm.interpreter.host.random(into: $0) }
    state.bits |= 1
    vm.interpreter.moduleState["random"] = state
    return state
  }

  static var module: NativeModule {
    NativeModule("random") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("seed", 0, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let state = RandomModule.state(vm)
              if a.count == 0 || a[0].isNone {
                withUnsafeMutableBytes(of: &state.bits) { vm.interpreter.host.random(into: $0) }
              } else {
                state.bits =
                  UInt64(bitPattern: Int64(try vm.intArgument(a[0]))) &* 0x9E37_79B9_7F4A_7C15 ^ 0x5851_F42D_4C95_7F2D
              }
              state.bits |= 1
              for _ in 0..<8 { _ = state.next() }
              return .none
            }
          },
          NativeDefinition("getrandbits", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let n = try vm.intArgument(a[0])
              if n < 0 || n > 32 { throw vm.valueError("bits must be 32 or less") }
              return Value(small: n == 0 ? 0 : Int(RandomModule.state(vm).next() >> UInt32(32 - n)))
            }
          },
          NativeDefinition("randrange", 1, 3) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let first = try vm.intArgument(a[0])
              let start = a.count == 1 ? 0 : first
              let stop = a.count == 1 ? first : try vm.intArgument(a[1])
              let step = a.count > 2 ? try vm.intArgument(a[2]) : 1
              if step == 0 { throw vm.valueError("step must be non-zero") }
              let span = step > 0 ? stop - start : start - stop
              if span <= 0 { throw vm.valueError("stop not reachable from start") }
              let count = (span + abs(step) - 1) / abs(step)
              return try vm.makeInt(start + step * Int(RandomModule.state(vm).below(UInt64(count))))
            }
          },
          NativeDefinition("randint", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let (low, high) = (try vm.intArgument(a[0]), try vm.intArgument(a[1]))
              if low > high { throw vm.valueError("stop not reachable from start") }
              return try vm.makeInt(low + Int(RandomModule.state(vm).below(UInt64(high - low) + 1)))
            }
          },
          NativeDefinition("choice", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let n = try vm.length(a[0])
              if n == 0 { throw vm.error(.indexError, "empty sequence") }
              return try vm.getItem(a[0], Value(small: Int(RandomModule.state(vm).below(UInt64(n)))))
            }
          },
          NativeDefinition("random", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              try vm.makeFloat(RandomModule.state(vm).fraction())
            }
          },
          NativeDefinition("uniform", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard let low = vm.asNumber(a[0]), let high = vm.asNumber(a[1]) else {
                throw vm.cannotConvert(a[0], to: "float")
              }
              return try vm.makeFloat(low + (high - low) * RandomModule.state(vm).fraction())
            }
          },
        ])
    }
  }
}
