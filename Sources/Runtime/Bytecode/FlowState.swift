/// What the flow analysis tells the translator: one state for each instruction.
///
/// Finally blocks are the difficulty. A finally handler begins with one of four states on the stack: None (the block
/// ended), an exception, a return in progress or a jump in progress. The file counts the last two as two places. Here
/// any of them is ONE slot, in one of these kinds:
///
/// - `.none`: certainly None, as after LOAD_CONST_NONE (at most places simply a value that happens to be None);
/// - `.exception`: certainly an exception, as in a finally block whose body always raises, or after the test
///   of `async with`;
/// - `.pending`: certainly a return or a jump in progress;
/// - `.finallyState`: one of them, to be found out at run time.
///
/// So a handler's entry is `.finallyState` when it is reached in more than one way, and what arrives along an edge may
/// be narrower than what its target has. END_FINALLY, WITH_CLEANUP and an UNWIND_JUMP out of an active finally block
/// meet any of the four; no other instruction takes a `.finallyState` or `.pending` as an operand, except the ROT_*
/// and the test of `async with`.
///
/// The test (DUP_TOP, LOAD_GLOBAL BaseException, exception match, POP_JUMP_IF_FALSE on one of these kinds other than
/// `.none`) is one instruction to the analysis: `isAsyncWithTest` is true at its DUP_TOP, the three that follow have no
/// state, `.exception` goes on behind them and `.pending` to the jump's target. There two ROT_THREE bring the pending
/// slot below the context manager. The reference rotates places, and the slot has two, so in between it is cut:
/// `[context, pending]` becomes `[pendingHigh, context, pendingLow]`, then `[pending, context]`. ROT_THREE acts on
/// (context, low, high) the first time and on three slots the second.
package struct FlowState: Equatable, Sendable {
  /// Bottom first.
  package var stack: [SlotKind]
  /// Outermost first.
  package var handlers: [HandlerEntry]
}

package enum SlotKind: UInt8, Sendable {
  case value
  case none
  /// A marker, not a Python value: no default, delete, star key.
  case null
  /// The pair of a method load: the callable and its self.
  case method, receiver
  /// The four places of a loop.
  case iterator0, iterator1, iterator2, iterator3
  /// A cell on its way into a closure or out of a class body.
  case cell
  /// The exception that entered a finally handler.
  case exception
  /// The exception that entered an except handler; otherwise a value.
  case caught
  case finallyState, pending, pendingLow, pendingHigh
}

/// One entry of the exception stack. It is armed at instructions before its handler and active from the handler on.
package struct HandlerEntry: Hashable, Sendable {
  package enum Kind: Sendable { case except, finally }

  package var kind: Kind
  /// Instruction index.
  package var handler: Int
  /// Slots on the canonical stack when it was set up; the handler begins with these and its state.
  package var depth: Int
}

/// One function, checked, with the state before each of its instructions.
package struct FunctionFlow: Sendable {
  package let prelude: Prelude
  /// In order of address, jump targets as indexes.
  package let instructions: [DecodedInstruction]
  package let lines: LineTable
  /// Cells passed by the function's makers: its first positional arguments.
  package let closedOver: Int
  /// Whether a local holds a cell, passed or made on entry.
  package let isCell: [Bool]
  /// Whether an instruction is a jump's target or a handler's entry.
  package let isTarget: [Bool]
  /// Whether DUP_TOP and the three instructions after it are the test of `async with`.
  package let isAsyncWithTest: [Bool]
  /// Most slots on the canonical stack, with the room that calls of `__enter__` and `__exit__` need.
  package let maxDepth: Int
  /// Locals and stack together as the reference counts them; old compilers declared less in the prelude.
  package let neededStateSlots: Int
  let graph: FlowGraph

  package func isReachable(_ index: Int) -> Bool { !graph.shapes[index].isEmpty }

  /// The state before an instruction; nil when nothing leads there. Takes time proportional to the stack's depth.
  package func state(at index: Int) -> FlowState? { graph.canonicalState(at: index) }

  /// All states, for tests and small functions; a translator asks for one at a time.
  package var states: [FlowState?] { instructions.indices.map { state(at: $0) } }
}
