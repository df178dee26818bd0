import Runtime

/// One PixelBuf object, seen through its fields.
struct PixelBuf {
  private enum Field {
    static let instance = 0, buffer = 1, unscaled = 2, count = 3, layout = 4, headerBytes = 5, scale = 6, brightness = 7
    static let autoWrite = 8, byteorder = 9, all = 10
  }
  /// Full brightness: colours are scaled by n / 256.
  private static let fullScale = 256
  /// A DotStar pixel begins with three set bits and five of brightness.
  private static let dotstarStart: UInt8 = 0xE0, dotstarFull: UInt8 = 0xFF

  let vm: VM
  private let p: UnsafeMutableRawPointer

  /// The object behind `self`; raises when `__init__` never ran.
  init(_ vm: VM, _ value: Value) throws(PyError) {
    self.vm = vm
    p = try vm.receiver(value, .pixelBuf)
    if ObjectLayout.field(p, Field.buffer).isNone { throw vm.notInitialised() }
  }

  /// An object before `__init__`.
  /// - Parameter instance: the instance of a subclass that wraps it, or None.
  static func makeBlank(_ vm: VM, _ type: Value, instance: Value) throws(PyError) -> Value {
    let object = try vm.makeObject(type, fields: Field.all)
    ObjectLayout.set(object.pointer, Field.instance, instance)
    return object
  }

  static func initialise(_ vm: VM, _ object: Value, _ a: Arguments) throws(PyError) {
    var reader = ArgumentReader(vm, a, first: 1)
    let count = try vm.intArgument(try reader.required("size"))
    reader.keywordsOnly()
    let byteorder = reader.optional("byteorder")
    let brightnessValue = reader.orNone("brightness")
    let isAutoWrite = try reader.bool("auto_write", false)
    let header = reader.orNone("header")
    let trailer = reader.orNone("trailer")
    try reader.finish()
    let layout = try PixelLayout(vm, byteorder)
    let brightness = brightnessValue.isNone ? 1 : clamp(try vm.floatArgument(brightnessValue))
    try vm.check(count, in: 0...(Int(Int32.max) / 8), "size")

    let pixelBytes = count * layout.bytesPerPixel
    let headerBytes = header.isNone ? 0 : try vm.buffer(header).sizeBytes
    let trailerBytes = trailer.isNone ? 0 : try vm.buffer(trailer).sizeBytes
    try vm.ensureRoom(headerBytes + pixelBytes + trailerBytes)
    let buffer = try vm.makeBytearray(count: headerBytes + pixelBytes + trailerBytes)
    if let bytes = try vm.buffer(buffer, writable: true).start {
      if headerBytes > 0, let from = try vm.buffer(header).start {
        bytes.copyMemory(from: from, byteCount: headerBytes)
      }
      if trailerBytes > 0, let from = try vm.buffer(trailer).start {
        (bytes + headerBytes + pixelBytes).copyMemory(from: from, byteCount: trailerBytes)
      }
      if layout.isDotstar {
        for i in 0..<count { bytes.storeBytes(of: dotstarFull, toByteOffset: headerBytes + i * 4, as: UInt8.self) }
      }
    }
    let p = object.pointer
    ObjectLayout.set(p, Field.buffer, buffer)
    ObjectLayout.set(p, Field.unscaled, .none)
    ObjectLayout.set(p, Field.count, Value(small: count))
    ObjectLayout.set(p, Field.layout, Value(small: layout.packed))
    ObjectLayout.set(p, Field.headerBytes, Value(small: headerBytes))
    ObjectLayout.set(p, Field.scale, Value(small: fullScale))
    ObjectLayout.set(p, Field.brightness, try vm.makeFloat(1))
    ObjectLayout.set(p, Field.autoWrite, .false)
    ObjectLayout.set(p, Field.byteorder, byteorder.isEmpty ? vm.intern("BGR") : byteorder)
    try PixelBuf(vm, object).setBrightness(brightness)
    ObjectLayout.set(p, Field.autoWrite, Value(isAutoWrite))
  }

  private static func clamp(_ brightness: Double) -> Double { brightness > 1 ? 1 : brightness > 0 ? brightness : 0 }

  // MARK: What the fields say

  var count: Int { ObjectLayout.field(p, Field.count).small }
  var layout: PixelLayout { PixelLayout(packed: ObjectLayout.field(p, Field.layout).small) }
  var byteorder: Value { ObjectLayout.field(p, Field.byteorder) }
  var brightness: Value { ObjectLayout.field(p, Field.brightness) }
  var isAutoWrite: Bool { ObjectLayout.field(p, Field.autoWrite) == .true }
  func setAutoWrite(_ on: Bool) { ObjectLayout.set(p, Field.autoWrite, Value(on)) }
  private var scale: Int { ObjectLayout.field(p, Field.scale).small }

  /// The pixels as they are sent. A program that shortened the buffer it was given to send gets an error, not a crash.
  private func sentPixels() throws(PyError) -> UnsafeMutablePointer<UInt8>? {
    let view = try vm.buffer(ObjectLayout.field(p, Field.buffer), writable: true)
    let headerBytes = ObjectLayout.field(p, Field.headerBytes).small
    if view.sizeBytes < headerBytes + count * layout.bytesPerPixel { throw vm.indexError() }
    return view.start.map { ($0 + headerBytes).assumingMemoryBound(to: UInt8.self) }
  }

  /// The pixels before brightness is applied; nil as long as it always was 1.
  private func unscaledPixels() throws(PyError) -> UnsafeMutablePointer<UInt8>? {
    let unscaled = ObjectLayout.field(p, Field.unscaled)
    return unscaled.isNone ? nil : try vm.buffer(unscaled, writable: true).start?.assumingMemoryBound(to: UInt8.self)
  }

  // MARK: Brightness

  func setBrightness(_ wanted: Double) throws(PyError) {
    let brightness = PixelBuf.clamp(wanted)
    ObjectLayout.set(p, Field.brightness, try vm.makeFloat(brightness))
    let scale = Int(vm.asNumber(self.brightness).map { $0 * 256 } ?? 256)
    if scale == self.scale { return }
    ObjectLayout.set(p, Field.scale, Value(small: scale))
    let layout = self.layout
    let pixelBytes = count * layout.bytesPerPixel
    guard let sent = try sentPixels() else { return }
    if ObjectLayout.field(p, Field.unscaled).isNone {
      let copy = try vm.makeBytearray(UnsafeBufferPointer(start: UnsafePointer(sent), count: pixelBytes))
      ObjectLayout.set(p, Field.unscaled, copy)
    }
    guard let unscaled = try unscaledPixels() else { return }
    for i in 0..<pixelBytes where !(layout.isDotstar && i & 3 == 0) {
      sent[i] = UInt8(Int(unscaled[i]) * scale / PixelBuf.fullScale)
    }
    if isAutoWrite { try show() }
  }

  // MARK: Pixels

  func load(_ index: Value) throws(PyError) -> Value {
    if !index.has(.slice) { return try pixel(try vm.index(index, count, "PixelBuf")) }
    let slice = try vm.sliceBounds(index, count)
    let tuple = try vm.makeTuple(count: slice.length)
    for i in 0..<slice.length { TupleLayout.set(tuple.pointer, i, try pixel(slice.start + i * slice.step)) }
    return tuple
  }

  func store(_ index: Value, _ value: Value) throws(PyError) {
    if index.has(.slice) {
      try storeSlice(index, value)
    } else {
      let i = try vm.index(index, count, "PixelBuf")
      try set(i, try PixelColor(vm, value, layout))
    }
    if isAutoWrite { try show() }
  }

  /// Colours one by one, or their components in one flat sequence.
  private func storeSlice(_ index: Value, _ value: Value) throws(PyError) {
    let slice = try vm.sliceBounds(index, count)
    let given = try vm.length(value)
    let width = layout.bytesPerColor
    let isFlat = given != slice.length
    if isFlat && given != slice.length * width {
      throw vm.valueError("Unmatched number of items on RHS (expected \(slice.length), got \(given)).")
    }
    // No Python code runs between here and the end.
    let items = try vm.list(from: value)
    let colors = min(ListLayout.count(items.pointer) / (isFlat ? width : 1), slice.length)
    for i in 0..<colors {
      let color =
        isFlat
        ? try PixelColor(vm, ListLayout.at(items.pointer, i * width), count: width, layout)
        : try PixelColor(vm, ListLayout.item(items.pointer, i), layout)
      try set(slice.start + i * slice.step, color)
    }
  }

  func fill(_ value: Value) throws(PyError) {
    let color = try PixelColor(vm, value, layout)
    for i in 0..<count { try set(i, color) }
    if isAutoWrite { try show() }
  }

  /// Sends the buffer: `self._transmit(buffer)` on the outermost object.
  func show() throws(PyError) {
    let instance = ObjectLayout.field(p, Field.instance)
    _ = try vm.callMethod(
      instance.isNone ? Value(p) : instance, vm.intern("_transmit"), ObjectLayout.field(p, Field.buffer))
  }

  private func pixel(_ index: Int) throws(PyError) -> Value {
    let layout = self.layout
    let unscaled = try unscaledPixels()
    guard let pixels = unscaled == nil ? try sentPixels() : unscaled else { throw vm.indexError() }
    let bytes = pixels + index * layout.bytesPerPixel
    let tuple = try vm.makeTuple(count: layout.bytesPerColor)
    TupleLayout.set(tuple.pointer, 0, Value(small: Int(bytes[layout.red])))
    TupleLayout.set(tuple.pointer, 1, Value(small: Int(bytes[layout.green])))
    TupleLayout.set(tuple.pointer, 2, Value(small: Int(bytes[layout.blue])))
    if layout.bytesPerColor > 3 {
      let white = bytes[layout.white]
      TupleLayout.set(
        tuple.pointer, 3,
        layout.isDotstar ? try vm.makeFloat(Double(white & 0x1F) / 31) : Value(small: Int(white)))
    }
    return tuple
  }

  private func set(_ index: Int, _ color: PixelColor) throws(PyError) {
    let layout = self.layout
    let white = layout.isDotstar ? PixelBuf.dotstarStart | color.white >> 3 : color.white
    guard let sent = try sentPixels() else { return }
    let offset = index * layout.bytesPerPixel
    guard let unscaled = try unscaledPixels() else {
      layout.write(color.red, color.green, color.blue, white, to: sent + offset)
      return
    }
    layout.write(color.red, color.green, color.blue, white, to: unscaled + offset)
    let scale = self.scale
    func scaled(_ level: UInt8) -> UInt8 { UInt8(Int(level) * scale / PixelBuf.fullScale) }
    layout.write(
      scaled(color.red), scaled(color.green), scaled(color.blue), layout.isDotstar ? white : scaled(white),
      to: sent + offset)
  }
}
