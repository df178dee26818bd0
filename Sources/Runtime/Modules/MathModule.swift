import Glibc

/// math
enum MathModule {
  static var module: NativeModule {
    NativeModule("math") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "pi", try vm.makeFloat(.pi))
      try vm.define(globals, constant: "e", try vm.makeFloat(M_E))
      if vm.options.dialect == .micropython {
        try vm.define(globals, constant: "tau", try vm.makeFloat(2 * .pi))
        try vm.define(globals, constant: "inf", try vm.makeFloat(.infinity))
        try vm.define(globals, constant: "nan", try vm.makeFloat(.nan))
      }
      try vm.define(globals, functions: functions)
    }
  }

  private static func number(_ vm: VM, _ v: Value) throws(PyError) -> Double {
    if let x = vm.asNumber(v) { return x }
    let converted = try vm.unary(.float, v)
    return vm.asNumber(converted) ?? .nan
  }

  /// A function of one number; a NaN or infinity out of ordinary input is a domain error.
  private static func one(_ vm: VM, _ a: Arguments, _ f: (Double) -> Double) throws(PyError) -> Value {
    let x = try MathModule.number(vm, a[0])
    let y = f(x)
    if (y.isNaN && !x.isNaN) || (y.isInfinite && x.isFinite) { throw vm.valueError("math domain error") }
    return try vm.makeFloat(y)
  }
  private static func two(_ vm: VM, _ a: Arguments, _ f: (Double, Double) -> Double) throws(PyError) -> Value {
    let (x, y) = (try MathModule.number(vm, a[0]), try MathModule.number(vm, a[1]))
    let z = f(x, y)
    if (z.isNaN && !x.isNaN && !y.isNaN) || (z.isInfinite && x.isFinite && y.isFinite) {
      throw vm.valueError("math domain error")
    }
    return try vm.makeFloat(z)
  }

  private static var functions: [NativeDefinition] {
    [
      NativeDefinition("sqrt", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a) { $0.squareRoot() } }
      },
      NativeDefinition("exp", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, exp) } },
      NativeDefinition("expm1", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, expm1) }
      },
      NativeDefinition("log2", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, log2) }
      },
      NativeDefinition("log10", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, log10) }
      },
      NativeDefinition("log", 1, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let x = try MathModule.number(vm, a[0])
          if x <= 0 { throw vm.valueError("math domain error") }
          if a.count == 1 { return try vm.makeFloat(log(x)) }
          let base = try MathModule.number(vm, a[1])
          if base <= 0 { throw vm.valueError("math domain error") }
          if base == 1 { throw vm.zeroDivision() }
          return try vm.makeFloat(log(x) / log(base))
        }
      },
      NativeDefinition("pow", 2, 2) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.two(vm, a, pow) } },
      NativeDefinition("fmod", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.two(vm, a, fmod) }
      },
      NativeDefinition("atan2", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.two(vm, a, atan2) }
      },
      NativeDefinition("copysign", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.two(vm, a, copysign) }
      },
      NativeDefinition("cos", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, cos) } },
      NativeDefinition("sin", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, sin) } },
      NativeDefinition("tan", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, tan) } },
      NativeDefinition("acos", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, acos) }
      },
      NativeDefinition("asin", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, asin) }
      },
      NativeDefinition("atan", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, atan) }
      },
      NativeDefinition("cosh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, cosh) }
      },
      NativeDefinition("sinh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, sinh) }
      },
      NativeDefinition("tanh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, tanh) }
      },
      NativeDefinition("acosh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, acosh) }
      },
      NativeDefinition("asinh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, asinh) }
      },
      NativeDefinition("atanh", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, atanh) }
      },
      NativeDefinition("erf", 1, 1) { native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, erf) } },
      NativeDefinition("erfc", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, erfc) }
      },
      NativeDefinition("gamma", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a, tgamma) }
      },
      NativeDefinition("lgamma", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a) { Glibc.lgamma($0) } }
      },
      NativeDefinition("degrees", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a) { $0 * 180 / .pi } }
      },
      NativeDefinition("radians", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a) { $0 * .pi / 180 } }
      },
      NativeDefinition("fabs", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in try MathModule.one(vm, a) { abs($0) } }
      },
      NativeDefinition("ceil", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.intFromDouble(try MathModule.number(vm, a[0]).rounded(.up))
        }
      },
      NativeDefinition("floor", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.intFromDouble(try MathModule.number(vm, a[0]).rounded(.down))
        }
      },
      NativeDefinition("trunc", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.intFromDouble(try MathModule.number(vm, a[0]))
        }
      },
      NativeDefinition("isfinite", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try MathModule.number(vm, a[0]).isFinite) }
      },
      NativeDefinition("isinf", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try MathModule.number(vm, a[0]).isInfinite) }
      },
      NativeDefinition("isnan", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in Value(try MathModule.number(vm, a[0]).isNaN) }
      },
      NativeDefinition("frexp", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let (fraction, exponent) = frexp(try MathModule.number(vm, a[0]))
          return try vm.makeTuple(try vm.makeFloat(fraction), Value(small: exponent))
        }
      },
      NativeDefinition("ldexp", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try vm.makeFloat(scalbn(try MathModule.number(vm, a[0]), min(max(try vm.intArgument(a[1]), -5000), 5000)))
        }
      },
      NativeDefinition("modf", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          let x = try MathModule.number(vm, a[0])
          let whole = x.rounded(.towardZero)
          return try vm.makeTuple(try vm.makeFloat(x.isInfinite ? copysign(0, x) : x - whole), try vm.makeFloat(whole))
        }
      },
    ]
  }
}
