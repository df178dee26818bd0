import Runtime

/// rainbowio
enum RainbowioModule {
  static var module: NativeModule {
    NativeModule("rainbowio") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("colorwheel", 1, 1) {
            native($0, $1, $2) { vm, a throws(PyError) in
              Value(small: RainbowioModule.color(try vm.floatArgument(a[0])))
            }
          }
        ])
    }
  }

  /// Three ramps of 85 steps: red to green, green to blue, blue to red. Positions wrap at 256.
  private static func color(_ position: Double) -> Int {
    guard position.isFinite else { return 0 }
    let wrapped = position >= 256 ? position.truncatingRemainder(dividingBy: 256) : position
    let third = wrapped < 85 ? 0 : wrapped < 170 ? 1 : 2
    let rising = Int(min(max((wrapped - Double(third) * 85) * 3, 0), 255))
    let (risingShift, fallingShift) = third == 0 ? (8, 16) : third == 1 ? (0, 8) : (16, 0)
    return rising << risingShift | (255 - rising) << fallingShift
  }
}
