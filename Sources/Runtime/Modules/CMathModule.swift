import Glibc

/// cmath: MicroPython's; a board's firmware has none, so strict boards refuse it.
enum CMathModule {
  static var module: NativeModule {
    NativeModule("cmath") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "pi", try vm.makeFloat(.pi))
      try vm.define(globals, constant: "e", try vm.makeFloat(M_E))
      try vm.define(globals, functions: functions)
    }
  }

  private static func argument(_ vm: VM, _ v: Value) throws(PyError) -> (Double, Double) {
    guard let parts = vm.asComplex(v) else { throw vm.cannotConvert(v, to: "complex") }
    return parts
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("phase", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          return try vm.makeFloat(atan2(i, r))
        }
      },
      NativeDefinition("polar", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          return try vm.makeTuple(try vm.makeFloat(hypot(r, i)), try vm.makeFloat(atan2(i, r)))
        }
      },
      NativeDefinition("rect", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          guard let length = vm.asNumber(a[0]), let angle = vm.asNumber(a[1]) else {
            throw vm.cannotConvert(a[0], to: "float")
          }
          return try vm.makeComplex(length * cos(angle), length * sin(angle))
        }
      },
      NativeDefinition("exp", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          return try vm.makeComplex(exp(r) * cos(i), exp(r) * sin(i))
        }
      },
      NativeDefinition("log", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          if r == 0 && i == 0 { throw vm.valueError("math domain error") }
          return try vm.makeComplex(log(hypot(r, i)), atan2(i, r))
        }
      },
      NativeDefinition("log10", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          if r == 0 && i == 0 { throw vm.valueError("math domain error") }
          return try vm.makeComplex(log10(hypot(r, i)), atan2(i, r) / log(10))
        }
      },
      NativeDefinition("sqrt", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          let length = hypot(r, i).squareRoot()
          let angle = atan2(i, r) / 2
          return try vm.makeComplex(length * cos(angle), length * sin(angle))
        }
      },
      NativeDefinition("cos", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          return try vm.makeComplex(cos(r) * cosh(i), -sin(r) * sinh(i))
        }
      },
      NativeDefinition("sin", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (r, i) = try CMathModule.argument(vm, a[0])
          return try vm.makeComplex(sin(r) * cosh(i), cos(r) * sinh(i))
        }
      },
    ]
  }
}
