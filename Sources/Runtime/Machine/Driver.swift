/// How handlers follow one another. In a release build each handler ends in an indirect jump to the next (tail calls, which the
/// optimiser makes; `make check-vm` proves it). In a debug build a handler leaves its continuation in the VM and returns to a
/// loop: the same handlers, on a trampoline.
typealias PC = UnsafeMutablePointer<UInt64>
typealias Raw = UnsafeMutableRawPointer

/// (pc behind the instruction word, frame base, vm, handler table, instruction word)
typealias Handler = @convention(c) (PC, Raw, Raw, Raw, UInt64) -> Void

@inline(__always) func dispatch(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw) {
  #if VM_THREADED
    let w = pc.pointee
    tb.load(fromByteOffset: Int(truncatingIfNeeded: w & 0xFFFF) &* 8, as: Handler.self)(pc + 1, r, vm, tb, w)
  #else
    let s = vm.assumingMemoryBound(to: VMState.self)
    s.pointee.resumePC = pc
    s.pointee.resumeBase = r
  #endif
}

/// Runs from `pc` until a handler leaves the loop.
func drive(_ pc: PC, _ r: Raw, _ vm: Raw, _ tb: Raw) {
  #if VM_THREADED
    dispatch(pc, r, vm, tb)
  #else
    let s = vm.assumingMemoryBound(to: VMState.self)
    s.pointee.resumePC = pc
    s.pointee.resumeBase = r
    s.pointee.running = true
    while s.pointee.running {
      let pc = s.pointee.resumePC
      let w = pc.pointee
      tb.load(fromByteOffset: Int(w & 0xFFFF) * 8, as: Handler.self)(pc + 1, s.pointee.resumeBase, vm, tb, w)
    }
    // The loop that called us, if any, is in the middle of a handler and goes on.
    s.pointee.running = true
  #endif
}

/// Leaves the run loop: by just returning, everything before having been tail calls.
@inline(__always) func leave(_ vm: Raw) {
  #if !VM_THREADED
    vm.assumingMemoryBound(to: VMState.self).pointee.running = false
  #endif
}

// Operand fields of an instruction word: op:16 | a:16 | b:16 | c:16. Registers are byte offsets from the frame base.
@inline(__always) func fieldA(_ w: UInt64) -> Int { Int(truncatingIfNeeded: (w &>> 16) & 0xFFFF) }
@inline(__always) func fieldB(_ w: UInt64) -> Int { Int(truncatingIfNeeded: (w &>> 32) & 0xFFFF) }
@inline(__always) func fieldC(_ w: UInt64) -> Int { Int(truncatingIfNeeded: w &>> 48) }
@inline(__always) func signedA(_ w: UInt64) -> Int { Int(Int16(truncatingIfNeeded: w &>> 16)) }
@inline(__always) func signedC(_ w: UInt64) -> Int { Int(Int16(truncatingIfNeeded: w &>> 48)) }
/// b and c together as a signed number.
@inline(__always) func wide(_ w: UInt64) -> Int { Int(Int32(truncatingIfNeeded: w &>> 32)) }

@inline(__always) func state(_ vm: Raw) -> UnsafeMutablePointer<VMState> { vm.assumingMemoryBound(to: VMState.self) }

/// Makes the frame at `r` whole for the collector and for native code: everything up to its end is live.
@inline(__always) func settle(_ r: Raw, _ vm: Raw) {
  state(vm).pointee.resumeFrame = r
  state(vm).pointee.top = r + r.value(Frame.function).pointer.body.pointee.frameBytes
}
