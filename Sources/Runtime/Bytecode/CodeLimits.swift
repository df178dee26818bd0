/// What a file may ask for before it is refused. Each is far above what a compiler makes of real programs and low
/// enough that a hostile file costs neither much memory nor much time.
package enum CodeLimits {
  /// Locals and stack of one function. The reference stores the number in 16 bits; a board has no room for a tenth of it.
  package static let stateSlots = 0x2000
  /// Nested with, try and finally blocks. The reference compiler's own recursion ends sooner.
  package static let exceptionSlots = 256
  /// How far a stack may exceed `stateSlots` of its prelude: old compilers counted one too few (a return inside
  /// nested finally blocks).
  package static let missingStateSlots = 4
  /// Nested constant tuples, and functions within functions; both are read recursively.
  package static let nesting = 100
  /// Digits of an integer constant: conversion takes quadratic time.
  package static let integerDigits = 16_384
  /// Characters of a float or complex constant; a repr has at most 25.
  package static let floatCharacters = 256
  /// Bytes of a variable-length unsigned integer, whose value stays below 2³¹.
  package static let unsignedBytes = 5
  /// Bytes of a small integer: 63 bits, the widest a 64-bit runtime could mean.
  package static let signedBytes = 9
  /// Bytes of a signature or a sizes field; enough for every number within the other limits.
  package static let preludeFieldBytes = 8
  /// Bytes of one function; they bound the time of its analysis.
  package static let functionBytes = 1 << 20
  /// Stack shapes at one instruction: one for each way out of the finally blocks around it.
  package static let shapes = 200
  /// Work of the flow analysis for each instruction; compiled code needs fewer than ten units.
  package static let workPerInstruction = 512
}
