import Runtime

/// adafruit_pixelbuf: a buffer of pixel colours in a strip's byte order; a subclass sends it (`_transmit`).
enum PixelBufModule {
  static var module: NativeModule {
    NativeModule("adafruit_pixelbuf") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "PixelBuf", try PixelBufModule.makeType(vm))
    }
  }

  private static func makeType(_ vm: VM) throws(PyError) -> Value {
    try vm.type(.pixelBuf) { vm throws(PyError) in
      let type = try vm.makeType("PixelBuf", methods: methods, slots: slots)
      try vm.define(
        type, property: "bpp",
        get: {
          native($0, $1, $2) { vm, a throws(PyError) in Value(small: try PixelBuf(vm, a[0]).layout.bytesPerColor) }
        })
      try vm.define(
        type, property: "byteorder",
        get: { native($0, $1, $2) { vm, a throws(PyError) in try PixelBuf(vm, a[0]).byteorder } })
      try vm.define(
        type, property: "brightness",
        get: { native($0, $1, $2) { vm, a throws(PyError) in try PixelBuf(vm, a[0]).brightness } },
        set: {
          native($0, $1, $2) { vm, a throws(PyError) in
            try PixelBuf(vm, a[0]).setBrightness(try vm.floatArgument(a[1]))
            return .none
          }
        })
      try vm.define(
        type, property: "auto_write",
        get: { native($0, $1, $2) { vm, a throws(PyError) in Value(try PixelBuf(vm, a[0]).isAutoWrite) } },
        set: {
          native($0, $1, $2) { vm, a throws(PyError) in
            try PixelBuf(vm, a[0]).setAutoWrite(try vm.isTrue(a[1]))
            return .none
          }
        })
      return type
    }
  }

  private static var slots: TypeSlots {
    var slots = TypeSlots()
    slots.make = {
      native($0, $1, $2) { vm, a throws(PyError) in
        let object = try PixelBuf.makeBlank(vm, a[0], instance: .none)
        vm.push(object)
        defer { vm.pop() }
        try PixelBuf.initialise(vm, object, a)
        return object
      }
    }
    slots.blank = { vm, type, instance in
      operation(vm) { vm throws(PyError) in
        try PixelBuf.makeBlank(vm, Value(bits: type), instance: Value(bits: instance))
      }
    }
    slots.unary = { vm, op, v in
      operation(vm) { vm throws(PyError) in
        switch UnaryOperation(rawValue: op) {
        case .length: Value(small: try PixelBuf(vm, Value(bits: v)).count)
        case .bool: .true
        default: .unsupported
        }
      }
    }
    slots.iterate = { vm, v in operation(vm) { vm throws(PyError) in try vm.makeSequenceIterator(Value(bits: v)) } }
    slots.loadItem = { vm, v, index in
      operation(vm) { vm throws(PyError) in try PixelBuf(vm, Value(bits: v)).load(Value(bits: index)) }
    }
    slots.storeItem = { vm, v, index, value in
      if value == 0 { return Value.unsupported.bits }
      return operation(vm) { vm throws(PyError) in
        try PixelBuf(vm, Value(bits: v)).store(Value(bits: index), Value(bits: value))
        return .none
      }
    }
    return slots
  }

  private static var methods: [NativeDefinition] {
    [
      NativeDefinition("__init__", 1, nil, keywords: true) {
        native($0, $1, $2) { vm, a throws(PyError) in
          _ = try vm.receiver(a, .pixelBuf)
          try PixelBuf.initialise(vm, a[0], a)
          return .none
        }
      },
      NativeDefinition("show", 1, 1) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try PixelBuf(vm, a[0]).show()
          return .none
        }
      },
      NativeDefinition("fill", 2, 2) {
        native($0, $1, $2) { vm, a throws(PyError) in
          try PixelBuf(vm, a[0]).fill(a[1])
          return .none
        }
      },
    ]
  }
}
