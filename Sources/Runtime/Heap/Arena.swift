import Glibc

/// The arena's bookkeeping: one reservation of address space, a small-object region filled by bumping through holes,
/// and a large-object region filled first-fit; one mark bit for each 16-byte block of both.
///
/// The arena is far larger than the board's heap: memory is out when the *charge* says so, not when this is full.
struct Arena {
  /// Objects of more blocks than this go to the large region, so that holes stay usable.
  static let largeBlocks = 128
  /// Address space for small objects; pages cost nothing until touched.
  static let smallReserveBytes = 1 << 30
  /// Address space for large objects.
  static let largeReserveBytes = 1 << 32
  /// First share of the small region in use; more cache-friendly than the whole.
  static let initialSmallBytes = 1 << 20

  let base: UnsafeMutableRawPointer
  /// One bit a block, for both regions.
  let marks: UnsafeMutablePointer<UInt64>
  /// End of the part of the small region in use, in blocks.
  var smallEndBlock = Arena.initialSmallBytes / blockBytes
  /// Where the search for the next hole goes on, in blocks.
  var walkBlock = 0
  /// Highest block of the large region ever used, and where the next search begins.
  var largeEndBlock = Arena.smallReserveBytes / blockBytes
  var largeHintBlock = Arena.smallReserveBytes / blockBytes

  static let totalBytes = smallReserveBytes + largeReserveBytes
  static let firstLargeBlock = smallReserveBytes / blockBytes
  static let endBlock = totalBytes / blockBytes

  init() {
    base = Arena.reserve(Arena.totalBytes)
    marks = Arena.reserve(Arena.totalBytes / blockBytes / 8).assumingMemoryBound(to: UInt64.self)
  }

  /// Reserves zeroed address space without committing memory.
  static func reserve(_ bytes: Int) -> UnsafeMutableRawPointer {
    let p = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let p, p != MAP_FAILED else {
      fatalError("circuitpyd: the system refused \(bytes >> 20) MiB of address space (ulimit -v?)")
    }
    return p
  }

  func unmap() {
    munmap(base, Arena.totalBytes)
    munmap(marks, Arena.totalBytes / blockBytes / 8)
  }

  @inline(__always) func isMarked(_ block: Int) -> Bool { marks[block >> 6] & (1 &<< UInt64(block & 63)) != 0 }

  /// Sets the mark bits of `count` blocks.
  @inline(__always) func mark(_ block: Int, _ count: Int) {
    if count == 1 {
      marks[block >> 6] |= 1 &<< UInt64(block & 63)
      return
    }
    markRun(block, count)
  }

  func markRun(_ first: Int, _ count: Int) {
    var block = first
    var left = count
    while left > 0 {
      let bit = block & 63
      let n = min(64 - bit, left)
      let mask: UInt64 = n == 64 ? ~0 : ((1 &<< UInt64(n)) - 1) &<< UInt64(bit)
      marks[block >> 6] |= mask
      block += n
      left -= n
    }
  }

  /// The first block at or after `block` whose mark is `set`, or `limit`.
  func find(marked set: Bool, from block: Int, limit: Int) -> Int {
    if block >= limit { return limit }
    var index = block >> 6
    let flip: UInt64 = set ? 0 : ~0
    var word = (marks[index] ^ flip) & (~0 &<< UInt64(block & 63))
    let last = (limit - 1) >> 6
    while word == 0 {
      index += 1
      if index > last { return limit }
      word = marks[index] ^ flip
    }
    return min(limit, index << 6 + word.trailingZeroBitCount)
  }

  /// The next free run of at least `blocks` in the small region, or nil at its end. Shorter runs are passed over.
  mutating func nextHole(_ blocks: Int) -> Range<Int>? {
    var at = walkBlock
    while true {
      let start = find(marked: false, from: at, limit: smallEndBlock)
      if start >= smallEndBlock {
        walkBlock = smallEndBlock
        return nil
      }
      let end = find(marked: true, from: start, limit: smallEndBlock)
      if end - start >= blocks {
        walkBlock = end
        return start..<end
      }
      at = end
    }
  }

  /// A free run for a large object, marked at once; nil when the region is used up.
  mutating func takeLarge(_ blocks: Int) -> Int? {
    for start in [largeHintBlock, Arena.firstLargeBlock] {
      var at = start
      while at < largeEndBlock {
        let free = find(marked: false, from: at, limit: largeEndBlock)
        let end = find(marked: true, from: free, limit: largeEndBlock)
        if end - free >= blocks {
          mark(free, blocks)
          largeHintBlock = free + blocks
          return free
        }
        if end == largeEndBlock { break }
        at = end
      }
    }
    guard largeEndBlock + blocks <= Arena.endBlock else { return nil }
    let taken = largeEndBlock
    mark(taken, blocks)
    largeEndBlock += blocks
    largeHintBlock = largeEndBlock
    return taken
  }

  /// After marking: makes the part of the small region in use `wanted` blocks long, or as long as what lives there needs. Without giving
  /// back what grew between two collections, the region would creep through fresh pages for ever.
  mutating func fitSmallRegion(_ wanted: Int) {
    let wanted = min(wanted, Arena.firstLargeBlock)
    var last = (smallEndBlock - 1) >> 6
    while last > wanted >> 6 && marks[last] == 0 { last -= 1 }
    smallEndBlock = max(wanted, min(smallEndBlock, (last + 1) << 6))
  }

  /// Forgets all marks of the parts in use; a collection sets them again.
  mutating func clearMarks() {
    memset(marks, 0, (smallEndBlock + 63) / 64 * 8)
    let first = Arena.firstLargeBlock / 64
    memset(marks + first, 0, ((largeEndBlock + 63) / 64 - first) * 8)
  }
}
