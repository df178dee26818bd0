import Glibc

/// Whole erase blocks: what checkpoints and recoveries write.
extension FlashDevice {
  /// Erases a block and programs those pages that are not blank.
  func replace(block: Int, with bytes: UnsafeRawBufferPointer) throws(FlashError) {
    try erase(block: block)
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.pageBytes, alignment: 16) {
      (blank) throws(FlashError) in
      memset(blank.baseAddress!, 0xFF, blank.count)
      try programPages(of: block, bytes) { equalBytes($1, UnsafeRawBufferPointer(blank)) }
    }
  }

  /// Brings a block, of which no operation was ever cut since it was last erased, to `bytes`: without an erase when only bits
  /// go down.
  func update(block: Int, to bytes: UnsafeRawBufferPointer) throws(FlashError) {
    try withBlock(block) { (old) throws(FlashError) in
      guard onlyClearsBits(from: old, to: bytes) else { return try replace(block: block, with: bytes) }
      try programPages(of: block, bytes) { at, page in
        equalBytes(page, UnsafeRawBufferPointer(rebasing: old[at..<at + page.count]))
      }
    }
  }

  /// Lends `body` the content of a block.
  func withBlock<Result>(
    _ block: Int, _ body: (UnsafeRawBufferPointer) throws(FlashError) -> Result
  ) throws(FlashError) -> Result {
    try withUnsafeTemporaryAllocation(byteCount: FlashGeometry.eraseBytes, alignment: 16) {
      (memory) throws(FlashError) in
      try read(block * FlashGeometry.eraseBytes, into: memory)
      return try body(UnsafeRawBufferPointer(memory))
    }
  }

  /// Programs the pages for which `mayOmit(offset in the block, page)` is false, each run of them at once.
  private func programPages(
    of block: Int, _ bytes: UnsafeRawBufferPointer, mayOmit: (Int, UnsafeRawBufferPointer) -> Bool
  ) throws(FlashError) {
    let start = block * FlashGeometry.eraseBytes
    let pageBytes = FlashGeometry.pageBytes
    var runStart: Int?
    for at in stride(from: 0, to: bytes.count, by: pageBytes) {
      if mayOmit(at, UnsafeRawBufferPointer(rebasing: bytes[at..<at + pageBytes])) {
        if let from = runStart { try program(start + from, UnsafeRawBufferPointer(rebasing: bytes[from..<at])) }
        runStart = nil
      } else if runStart == nil {
        runStart = at
      }
    }
    if let from = runStart { try program(start + from, UnsafeRawBufferPointer(rebasing: bytes[from...])) }
  }
}
