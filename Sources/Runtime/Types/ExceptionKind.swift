/// The builtin exception classes, in an order where a base comes before what derives from it.
package enum ExceptionKind: Int, CaseIterable, Sendable {
  case baseException, systemExit, keyboardInterrupt, generatorExit, reloadException
  case exception, stopIteration, stopAsyncIteration, arithmeticError, overflowError, zeroDivisionError, assertionError
  case attributeError, eofError, importError, lookupError, indexError, keyError, memoryError, nameError, osError
  case connectionError, brokenPipeError, timeoutError, runtimeError, notImplementedError, syntaxError, indentationError
  case typeError, valueError, unicodeError, warning, futureWarning, viewError

  var name: StaticString {
    switch self {
    case .baseException: "BaseException"
    case .systemExit: "SystemExit"
    case .keyboardInterrupt: "KeyboardInterrupt"
    case .generatorExit: "GeneratorExit"
    case .reloadException: "ReloadException"
    case .exception: "Exception"
    case .stopIteration: "StopIteration"
    case .stopAsyncIteration: "StopAsyncIteration"
    case .arithmeticError: "ArithmeticError"
    case .overflowError: "OverflowError"
    case .zeroDivisionError: "ZeroDivisionError"
    case .assertionError: "AssertionError"
    case .attributeError: "AttributeError"
    case .eofError: "EOFError"
    case .importError: "ImportError"
    case .lookupError: "LookupError"
    case .indexError: "IndexError"
    case .keyError: "KeyError"
    case .memoryError: "MemoryError"
    case .nameError: "NameError"
    case .osError: "OSError"
    case .connectionError: "ConnectionError"
    case .brokenPipeError: "BrokenPipeError"
    case .timeoutError: "TimeoutError"
    case .runtimeError: "RuntimeError"
    case .notImplementedError: "NotImplementedError"
    case .syntaxError: "SyntaxError"
    case .indentationError: "IndentationError"
    case .typeError: "TypeError"
    case .valueError: "ValueError"
    case .unicodeError: "UnicodeError"
    case .warning: "Warning"
    case .futureWarning: "FutureWarning"
    case .viewError: "ViewError"
    }
  }

  var base: ExceptionKind? {
    switch self {
    case .baseException: nil
    case .systemExit, .keyboardInterrupt, .generatorExit, .reloadException, .exception: .baseException
    case .overflowError, .zeroDivisionError: .arithmeticError
    case .indexError, .keyError: .lookupError
    case .connectionError, .timeoutError: .osError
    case .brokenPipeError: .connectionError
    case .notImplementedError: .runtimeError
    case .indentationError: .syntaxError
    case .unicodeError: .valueError
    case .futureWarning: .warning
    default: .exception
    }
  }
}

extension VM {
  package func exceptionType(_ kind: ExceptionKind) -> Value { interpreter.exceptionTypes[kind.rawValue] }

  /// Makes an exception and sets it: `throw vm.error(.valueError, "…")`.
  package func error(_ kind: ExceptionKind, _ message: String) -> PyError {
    do throws(PyError) {
      let text = try makeStr(message)
      return raise(try makeException(exceptionType(kind), args: try makeTuple(text)))
    } catch {
      return error
    }
  }
  /// With arguments as they are (a key, an errno).
  package func error(_ kind: ExceptionKind, args: Value...) -> PyError {
    do throws(PyError) {
      return raise(try makeException(exceptionType(kind), args: try makeTuple(args)))
    } catch {
      return error
    }
  }
  package func typeError(_ message: String) -> PyError { error(.typeError, message) }
  package func valueError(_ message: String) -> PyError { error(.valueError, message) }
  package func runtimeError(_ message: String) -> PyError { error(.runtimeError, message) }
  package func indexError() -> PyError { error(.indexError, "index out of range") }
  package func zeroDivision() -> PyError { error(.zeroDivisionError, "division by zero") }
  package func osError(_ errno: Int32) -> PyError { error(.osError, args: Value(small: Int(errno))) }
  package func osError(_ errno: Int32, path: Value) -> PyError { error(.osError, args: Value(small: Int(errno)), path) }
  /// `can't convert X to Y`
  package func cannotConvert(_ value: Value, to target: StaticString) -> PyError {
    typeError("can't convert \(string(typeName(value))) to \(target)")
  }

  /// Sets an exception instance as the current error.
  package func raise(_ exception: Value) -> PyError {
    s.pointee.exception = exception
    return PyError()
  }

  /// Takes the current error away; the VM has none afterwards.
  package func takeException() -> Value {
    let exception = s.pointee.exception
    s.pointee.exception = .empty
    return exception
  }

  /// Whether the current error is of that kind.
  package func exceptionIs(_ kind: ExceptionKind) -> Bool {
    !s.pointee.exception.isEmpty && isInstance(s.pointee.exception, exceptionType(kind))
  }

  /// Memory is out: the text carries the bytes asked for. The exception itself is made even so.
  func memoryError(bytes: Int) -> PyError {
    let limit = s.pointee.chargeLimitBlocks
    // Room for the exception and its text, as the board keeps an emergency buffer.
    s.pointee.chargeLimitBlocks = max(limit, s.pointee.chargedBlocks) + 32
    let error = error(.memoryError, "memory allocation failed, allocating \(bytes) bytes")
    s.pointee.chargeLimitBlocks = limit
    return error
  }

  package func makeException(_ type: Value, args: Value) throws(PyError) -> Value {
    let p = try allocateZeroed(.exception, leaf: false, payload: ExceptionLayout.payload, charge: 24)
    p.set(ExceptionLayout.type, type)
    p.set(ExceptionLayout.args, args)
    p.set(ExceptionLayout.cause, .none)
    p.set(ExceptionLayout.context, .none)
    p.set(ExceptionLayout.flags, word: 0)
    return Value(p)
  }
}
