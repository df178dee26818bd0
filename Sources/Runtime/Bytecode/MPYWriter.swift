/// The `.mpy` file of a module.
/// - Parameter smallIntBits: what the file claims to need; 31 is what the reference compiler writes.
package func encodeMPY(_ module: CodeModule, dialect: Dialect, smallIntBits: UInt8 = 31) -> [UInt8] {
  var writer = MPYWriter(bytes: [dialect.letter, MPYFormat.version, 0, smallIntBits])
  writer.write(module)
  return writer.bytes
}

private struct MPYWriter {
  var bytes: [UInt8]

  mutating func write(_ module: CodeModule) {
    CodeBytes.append(unsigned: module.names.count, to: &bytes)
    CodeBytes.append(unsigned: module.constants.count, to: &bytes)
    for name in module.names {
      if let number = StaticNames.number(of: name) {
        CodeBytes.append(unsigned: number << 1 | 1, to: &bytes)
      } else {
        CodeBytes.append(unsigned: name.count << 1, to: &bytes)
        bytes += name
        bytes.append(0)
      }
    }
    for constant in module.constants { write(constant) }
    write(module.root)
  }

  private mutating func write(_ constant: Constant) {
    switch constant {
    case .none: begin(.none)
    case .false: begin(.false)
    case .true: begin(.true)
    case .ellipsis: begin(.ellipsis)
    case .str(let text): write(.str, text, isZeroTerminated: true)
    case .bytes(let data): write(.bytes, data, isZeroTerminated: true)
    case .int(let text): write(.int, text, isZeroTerminated: false)
    case .float(let text): write(.float, text, isZeroTerminated: false)
    case .complex(let text): write(.complex, text, isZeroTerminated: false)
    case .tuple(let items):
      begin(.tuple)
      CodeBytes.append(unsigned: items.count, to: &bytes)
      for item in items { write(item) }
    }
  }

  private mutating func begin(_ type: MPYFormat.ConstantType) { bytes.append(type.rawValue) }

  private mutating func write(_ type: MPYFormat.ConstantType, _ data: [UInt8], isZeroTerminated: Bool) {
    begin(type)
    CodeBytes.append(unsigned: data.count, to: &bytes)
    bytes += data
    if isZeroTerminated { bytes.append(0) }
  }

  private mutating func write(_ code: RawCode) {
    let flags = (code.children.isEmpty ? 0 : MPYFormat.hasChildren) | MPYFormat.bytecodeKind
    CodeBytes.append(unsigned: code.bytes.count << 3 | flags, to: &bytes)
    bytes += code.bytes
    guard !code.children.isEmpty else { return }
    CodeBytes.append(unsigned: code.children.count, to: &bytes)
    for child in code.children { write(child) }
  }
}
