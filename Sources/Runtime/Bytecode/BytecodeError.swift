/// Why code was refused. Python sees one of three texts; `description` says more, for logs and tests.
package enum BytecodeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A MicroPython file in a strict CircuitPython runtime.
  case microPythonFile
  /// Machine code, which no simulated board runs.
  case nativeCode
  case incompatibleFile(CodeFault, CodeLocation)

  /// The text of the ValueError that a board raises.
  package var pythonMessage: String {
    switch self {
    case .microPythonFile: "MicroPython .mpy file; use CircuitPython mpy-cross"
    case .nativeCode: "native code in .mpy unsupported"
    case .incompatibleFile: "incompatible .mpy file"
    }
  }

  package var description: String {
    switch self {
    case .microPythonFile, .nativeCode: pythonMessage
    case .incompatibleFile(let fault, let location): "\(pythonMessage): \(fault.rawValue) (\(location))"
    }
  }
}

/// Where a fault was found.
package struct CodeLocation: Equatable, Sendable, CustomStringConvertible {
  /// Child numbers from the module body down to the function; nil when `offset` counts from the start of the file.
  package var path: [Int]?
  /// Bytes from the start of the function's code, or of the file.
  package var offset: Int

  package init(path: [Int]?, offset: Int) {
    self.path = path
    self.offset = offset
  }

  package var description: String {
    guard let path else { return "byte \(offset) of the file" }
    let name = path.isEmpty ? "module body" : "function " + path.map(String.init).joined(separator: ".")
    return "byte \(offset) of \(name)"
  }
}

/// The rule of `docs/bytecode.md` that a file breaks, with its fixed wording.
package enum CodeFault: String, Sendable, CaseIterable {
  // Container
  case wrongLetter = "first byte is not this dialect's letter"
  case wrongVersion = "bytecode version is not 6"
  case wrongSubVersion = "native sub-version is not 3"
  case wideSmallIntegers = "small integers wider than the runtime's"
  case architectureFlags = "architecture flags without native code"
  case nativeKind = "native code in a bytecode file"
  case truncated = "truncated"
  case numberTooLarge = "number too large"
  case numberNotShortest = "number not in its shortest form"
  case countTooLarge = "count larger than the bytes left"
  case unknownStaticName = "unknown static name"
  case missingZeroByte = "missing zero byte after a string"
  case noNames = "no file name"
  case unknownConstantType = "unknown constant type"
  case badNumberText = "bad number text"
  case nestedTooDeeply = "nested too deeply"
  case noChildren = "child flag without children"
  case trailingBytes = "bytes after the module body"
  // Prelude
  case moduleTakesArguments = "module body takes arguments or has flags"
  case functionTooLong = "function too long"
  case tooManySlots = "too many local or stack slots"
  case unknownFlags = "unknown function flags"
  case tooManyDefaults = "more defaults than positional arguments"
  case argumentsExceedSlots = "more arguments than slots"
  case badSizes = "sizes do not fit the code"
  case badName = "no such name"
  case badLineTable = "bad line table"
  case badCell = "bad cell list"
  // Instructions
  case unknownOpcode = "unknown opcode"
  case runsOffTheEnd = "runs off the end"
  case badConstant = "no such constant"
  case badChild = "no such child"
  case badLocal = "no such local"
  case badJump = "jump into the middle of an instruction"
  case badOperand = "operand out of range"
  case yieldOutsideGenerator = "yield outside a generator"
  case notACell = "local is not a cell"
  case cellOverwritten = "local is a cell"
  case makersDisagree = "made with different numbers of cells"
  case tooManyClosedOver = "more closed-over cells than positional arguments"
  case defaultsMissing = "function with defaults made without them"
  // Stack
  case stackUnderflow = "stack underflow"
  case protectedStack = "stack of a handler touched"
  case wrongOperandKind = "operand of the wrong kind"
  case stackTooDeep = "stack too deep"
  case noIterator = "no iterator on the stack"
  case noMethod = "no method on the stack"
  case noWithBlock = "no with block on the stack"
  case noFinallyState = "no finally state on the stack"
  case noHandler = "no exception block to leave"
  case tooManyHandlers = "more exception blocks than declared"
  case backIntoBlock = "jump back into an exception block"
  case cellReturned = "cell returned through a handler or from a generator"
  case finallyOutOfStep = "jump out of a finally block with a different stack"
  case stacksDiffer = "paths with different stacks meet"
  case handlersDiffer = "paths with different exception blocks meet"
  case tooComplex = "too complex to verify"
}
