import Runtime

/// Where a pixel's bytes are, from a byte order such as "GRB", "RGBW" or "PBGR" (P: DotStar brightness).
struct PixelLayout {
  let red, green, blue, white: Int
  let isDotstar, hasWhite: Bool
  /// Values in a colour tuple.
  let bytesPerColor: Int
  var bytesPerPixel: Int { isDotstar ? 4 : bytesPerColor }

  /// - Parameter byteorder: a str, or `.empty` for the standard "BGR".
  init(_ vm: VM, _ byteorder: Value) throws(PyError) {
    if !byteorder.isEmpty && !byteorder.has(.str) { throw vm.wrongType("byteorder", "str", byteorder) }
    let letters = byteorder.isEmpty ? [0x42, 0x47, 0x52] : vm.text(byteorder)
    func place(_ letter: UInt8) -> Int? { letters.firstIndex(of: letter) }
    guard (3...4).contains(letters.count), let red = place(0x52), let green = place(0x47), let blue = place(0x42) else {
      throw vm.valueError("Invalid byteorder")
    }
    let dotstar = place(0x50)
    let white = place(0x57)
    if letters.count == 4 && (dotstar == nil) == (white == nil) || dotstar ?? 0 != 0 {
      throw vm.valueError("Invalid byteorder")
    }
    self.red = red
    self.green = green
    self.blue = blue
    self.white = white ?? 0
    isDotstar = dotstar != nil
    hasWhite = white != nil
    bytesPerColor = letters.count
  }

  /// In one small int, as PixelBuf keeps it.
  var packed: Int {
    red | green << 2 | blue << 4 | white << 6 | bytesPerColor << 8 | (isDotstar ? 1 << 12 : 0)
      | (hasWhite ? 1 << 13 : 0)
  }

  init(packed: Int) {
    red = packed & 3
    green = packed >> 2 & 3
    blue = packed >> 4 & 3
    white = packed >> 6 & 3
    bytesPerColor = packed >> 8 & 7
    isDotstar = packed & 1 << 12 != 0
    hasWhite = packed & 1 << 13 != 0
  }

  func write(_ r: UInt8, _ g: UInt8, _ b: UInt8, _ w: UInt8, to pixel: UnsafeMutablePointer<UInt8>) {
    if bytesPerPixel == 4 { pixel[white] = w }
    pixel[red] = r
    pixel[green] = g
    pixel[blue] = b
  }
}

/// A colour as programs give it: 0xRRGGBB, (r, g, b) or (r, g, b, w); w of a DotStar is brightness, 0 to 1.
struct PixelColor {
  private(set) var red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0
  /// White, or a DotStar's brightness of which the upper five bits count.
  private(set) var white: UInt8 = 0

  private init() {}

  init(_ vm: VM, _ value: Value, _ layout: PixelLayout) throws(PyError) {
    if value.has(.tuple) || value.has(.namedTuple) {
      try self.init(vm, TupleLayout.at(value.pointer, 0), count: TupleLayout.count(value.pointer), layout)
      return
    }
    if value.has(.list) {
      try self.init(vm, ListLayout.at(value.pointer, 0), count: ListLayout.count(value.pointer), layout)
      return
    }
    guard let number = PixelColor.truncated(vm, value) else {
      throw vm.typeError("object '\(vm.string(vm.typeName(value)))' isn't a tuple or list")
    }
    self.init()
    red = UInt8(truncatingIfNeeded: number >> 16)
    green = UInt8(truncatingIfNeeded: number >> 8)
    blue = UInt8(truncatingIfNeeded: number)
    if layout.isDotstar { white = 255 }
    moveGreyToWhite(layout)
  }

  /// From components that lie one behind the other.
  init(_ vm: VM, _ items: UnsafeMutableRawPointer, count: Int, _ layout: PixelLayout) throws(PyError) {
    self.init()
    if count < 3 || count > 4 { throw vm.valueError("color length must be 3-4") }
    red = try PixelColor.component(vm, items.value(0))
    green = try PixelColor.component(vm, items.value(8))
    blue = try PixelColor.component(vm, items.value(16))
    if count == 4 {
      let last = items.value(24)
      if last.has(.float) {
        let level = FloatLayout.value(last.pointer) * 255
        white = level.isFinite ? UInt8(truncatingIfNeeded: Int(max(min(level, 1e9), -1e9))) : 0
      } else {
        white = try PixelColor.component(vm, last)
      }
      return
    }
    if layout.isDotstar { white = 255 }
    moveGreyToWhite(layout)
  }

  /// A strip with white LEDs shows grey on them.
  private mutating func moveGreyToWhite(_ layout: PixelLayout) {
    guard layout.hasWhite, red == green, red == blue else { return }
    (red, green, blue, white) = (0, 0, 0, red)
  }

  private static func component(_ vm: VM, _ value: Value) throws(PyError) -> UInt8 {
    guard let number = truncated(vm, value) else { throw vm.cannotConvert(value, to: "int") }
    return UInt8(truncatingIfNeeded: number)
  }

  private static func truncated(_ vm: VM, _ value: Value) -> Int? {
    if value.has(.float) {
      let number = FloatLayout.value(value.pointer)
      return number.isFinite ? Int(max(min(number, 1e15), -1e15)) : 0
    }
    return vm.truncatedInt(value)
  }
}
