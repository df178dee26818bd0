/// Stable merge sort of values on the VM stack's side: keys and items live in lists, so user comparisons may do what they like.
extension VM {
  /// Sorts a list in place by `key(item)` (or the item), ascending or descending; equal items keep their order.
  func sort(_ list: Value, key: Value, reverse: Bool) throws(PyError) {
    let n = ListLayout.count(list.pointer)
    let base = s.pointee.top
    defer { s.pointee.top = base }
    // The items are taken out while user code runs, as in CPython, so that changes to the list cannot hurt.
    let items = try makeList(from: ListLayout.at(list.pointer, 0), count: n)
    push(items)
    var keys = items
    if !key.isNone && !key.isEmpty {
      keys = try makeList(capacity: n)
      push(keys)
      for i in 0..<n { try append(keys, try call(key, ListLayout.item(items.pointer, i))) }
    }
    var order = Array(0..<n)
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
    if ListLayout.count(list.pointer) != n { throw valueError("list modified during sort") }
    for i in 0..<n { ListLayout.at(list.pointer, i).set(0, ListLayout.item(items.pointer, order[i])) }
  }

  private func merge(
    _ keys: Value, _ from: inout [Int], _ to: inout [Int], _ low: Int, _ middle: Int, _ high: Int, _ reverse: Bool
  ) throws(PyError) {
    var i = low
    var j = middle
    for k in low..<high {
      try poll()
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
      throw typeError("unexpected keyword argument '\(string(a.keywordName(i)))'")
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
