/// Sorting values: keys and items live in lists on the VM stack, so user comparisons may do what they like.
///
/// The board's sort is a quicksort with the last item as pivot: not stable, so equal items come out in its order, and quadratic on sorted
/// input. Here the same is done as long as that takes tolerable time; then a stable merge sort does it.
extension VM {
  /// Comparisons that the board's way may take; there it would take minutes by then.
  private static var maximumQuickComparisons: Int { 20_000_000 }

  /// Sorts a list in place by `key(item)` (or the item), ascending or descending.
  func sort(_ list: Value, key: Value, reverse: Bool) throws(PyError) {
    let n = ListLayout.count(list.pointer)
    let base = s.pointee.top
    defer { s.pointee.top = base }
    // The items are taken out while user code runs, as in CPython, so that changes to the list cannot hurt.
    let items = try makeList(from: ListLayout.at(list.pointer, 0), count: n)
    uncharge(items)
    push(items)
    var keys = items
    if !key.isNone && !key.isEmpty {
      keys = try makeList(capacity: n)
      uncharge(keys)
      push(keys)
      for i in 0..<n { try append(keys, try call(key, ListLayout.item(items.pointer, i))) }
    }
    var order = Array(0..<n)
    if try !quicksort(keys, &order, reverse) {
      order = Array(0..<n)
      try mergesort(keys, &order, reverse)
    }
    if ListLayout.count(list.pointer) != n { throw valueError("list modified during sort") }
    for i in 0..<n { ListLayout.at(list.pointer, i).set(0, ListLayout.item(items.pointer, order[i])) }
  }

  /// The board sorts in place and keeps no keys: what is made for it here costs nothing there.
  private func uncharge(_ list: Value) {
    recharge(list.pointer, bytes: 0)
    recharge(list.pointer.raw(ListLayout.itemsOffset), bytes: 0)
  }

  /// The board's sort of the keys' places; false when it would take too long.
  private func quicksort(_ keys: Value, _ order: inout [Int], _ reverse: Bool) throws(PyError) -> Bool {
    var comparisons = 0
    var parts = [(first: 0, last: order.count - 1)]
    /// Whether the key at place `i` belongs before (or, reversed, not before) that at place `j`.
    func precedes(_ i: Int, _ j: Int) throws(PyError) -> Bool {
      try pollInterrupts()
      comparisons += 1
      return try less(ListLayout.item(keys.pointer, i), ListLayout.item(keys.pointer, j)) != reverse
    }
    // The longer part waits on the stack of parts, which so stays short.
    while let part = parts.popLast() {
      let (first, last) = part
      if first >= last { continue }
      if comparisons > VM.maximumQuickComparisons { return false }
      let pivot = order[last]
      var low = first - 1
      var high = last
      while true {
        low += 1
        while low < high {
          if try !precedes(order[low], pivot) { break }
          low += 1
        }
        high -= 1
        while low < high {
          if try !precedes(pivot, order[high]) { break }
          high -= 1
        }
        if low >= high { break }
        order.swapAt(low, high)
      }
      order.swapAt(low, last)
      if high - first < last - (low + 1) {
        parts.append((low + 1, last))
        parts.append((first, high))
      } else {
        parts.append((first, high))
        parts.append((low + 1, last))
      }
    }
    return true
  }

  private func mergesort(_ keys: Value, _ order: inout [Int], _ reverse: Bool) throws(PyError) {
    let n = order.count
    var other = order
    var width = 1
    while width < n {
      var low = 0
      while low < n {
        let middle = min(low + width, n)
        let high = min(low + 2 * width, n)
        try merge(keys, &order, &other, low, middle, high, reverse)
        low = high
      }
      swap(&order, &other)
      width *= 2
    }
  }

  private func merge(
    _ keys: Value, _ from: inout [Int], _ to: inout [Int], _ low: Int, _ middle: Int, _ high: Int, _ reverse: Bool
  ) throws(PyError) {
    var i = low
    var j = middle
    for k in low..<high {
      try pollInterrupts()
      let takesLeft: Bool
      if i >= middle {
        takesLeft = false
      } else if j >= high {
        takesLeft = true
      } else {
        let x = ListLayout.item(keys.pointer, from[i])
        let y = ListLayout.item(keys.pointer, from[j])
        // The right one goes first only if it is strictly smaller (larger when reversed): that keeps the sort stable.
        takesLeft = reverse ? try !less(x, y) : try !less(y, x)
      }
      if takesLeft {
        to[k] = from[i]
        i += 1
      } else {
        to[k] = from[j]
        j += 1
      }
    }
  }

  /// `key=` and `reverse=` of sort and sorted.
  func sortOptions(_ a: Arguments) throws(PyError) -> (key: Value, reverse: Bool) {
    let names = interpreter.names
    for i in 0..<a.keywordCount where a.keywordName(i) != names.key && a.keywordName(i) != names.reverse {
      throw typeError("extra keyword arguments given")
    }
    let reverse = a.keyword(names.reverse)
    return (a.keyword(names.key), reverse.isEmpty ? false : try isTrue(reverse))
  }
}

func listSort(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
  let (key, reverse) = try vm.sortOptions(a)
  try vm.sort(a[0], key: key, reverse: reverse)
  return .none
}
