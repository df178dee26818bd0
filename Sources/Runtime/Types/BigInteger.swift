/// Ints beyond the small range. PLACEHOLDER
extension VM {
  func overflow() -> PyError { error(.overflowError, "small int overflow") }
  func bigUnary(_ op: UnaryOperation, _ v: Value) throws(PyError) -> Value { throw overflow() }
  func bigBinary(_ op: BinaryOperation, _ a: Value, _ b: Value) throws(PyError) -> Value { throw overflow() }
  func bigToDouble(_ v: Value) -> Double { 0 }
  func bigFromDouble(_ x: Double) throws(PyError) -> Value { throw overflow() }
  func bitLength(_ v: Value) -> Int { v.isSmallInt ? Int.bitWidth - v.small.magnitude.leadingZeroBitCount : 0 }
  func printBig(_ v: Value, _ out: TextBuffer) { out.append("?") }
  func printInt(_ v: Value, base: Int, _ out: TextBuffer) { out.append(String(v.isSmallInt ? v.small : v == .true ? 1 : 0, radix: base)) }
  func powerModulo(_ a: Value, _ b: Value, _ c: Value) throws(PyError) -> Value { throw overflow() }
  func parseInt(_ text: [UInt8], base: Int) throws(PyError) -> Value {
    guard let n = Int(String(decoding: text, as: UTF8.self).filter { $0 != " " && $0 != "\n" }, radix: base == 0 ? 10 : base) else {
      throw valueError("invalid syntax for integer with base \(base)") }
    return try makeInt(n)
  }
  func parseFloat(_ text: [UInt8]) throws(PyError) -> Double {
    guard let x = Double(String(decoding: text, as: UTF8.self).filter { $0 != " " && $0 != "\n" }) else { throw valueError("invalid syntax for number") }
    return x
  }
  func printFloat(_ x: Double, _ out: TextBuffer, isPart: Bool = false) { out.append(s.pointee.floatMode == .double ? "\(x)" : "\(Float(x))") }
}
func intFromBytes(_ vm: VM, _ a: Arguments) throws(PyError) -> Value { throw vm.overflow() }
func intToBytes(_ vm: VM, _ a: Arguments) throws(PyError) -> Value { throw vm.overflow() }
extension VM {
  func installMemoryviewAndArray() throws(PyError) { install(try makeType("memoryview", tag: .memoryview), for: .memoryview) }
  func compileSource(_ bytes: [UInt8], fileName: [UInt8], mode: Interpreter.SourceMode) throws(PyError) -> CodeModule { throw valueError("no compiler") }
}
