/// select: poll and select over the console and over objects that tell what they hold (`in_waiting`, or `ioctl` of a stream class).
enum SelectModule {
  private static let readable = 1
  private static let writable = 4
  private static let failed = 8
  private static let hungUp = 16
  /// The stream request that asks for readiness.
  private static let pollRequest = 3
  /// Longest wait between two looks at things other than the console.
  private static let sliceNanoseconds: UInt64 = 5_000_000

  static var module: NativeModule {
    NativeModule("select") { vm, globals throws(PyError) in
      for (name, bit) in [
        ("POLLIN" as StaticString, readable), ("POLLOUT", writable), ("POLLERR", failed), ("POLLHUP", hungUp),
      ] { try vm.define(globals, constant: name, Value(small: bit)) }
      try vm.define(
        globals,
        functions: [
          NativeDefinition("poll", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let poll = try vm.makeObject(try SelectModule.pollType(vm), fields: 2)
              ObjectLayout.set(poll.pointer, 0, try vm.makeList())
              ObjectLayout.set(poll.pointer, 1, try vm.makeList())
              return poll
            }
          },
          NativeDefinition("select", 3, 4) {
            native($0, $1, $2) { vm, a throws(PyError) in try SelectModule.select(vm, a) }
          },
        ])
    }
  }

  /// A poll's fields: the registered objects, and their event masks.
  private static func pollType(_ vm: VM) throws(PyError) -> Value {
    try vm.nativeType("select.poll") { vm throws(PyError) in
      try vm.makeType(
        "poll",
        methods: [
          NativeDefinition("register", 2, 3) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let mask = a.count > 2 ? try vm.intArgument(a[2]) : SelectModule.readable | SelectModule.writable
              _ = try SelectModule.ready(vm, a[1], mask)
              if let i = SelectModule.place(a[0], a[1]) {
                ListLayout.at(SelectModule.masks(a[0]).pointer, i).set(0, Value(small: mask))
              } else {
                try vm.append(SelectModule.objects(a[0]), a[1])
                try vm.append(SelectModule.masks(a[0]), Value(small: mask))
              }
              return .none
            }
          },
          NativeDefinition("unregister", 2, 2) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard let i = SelectModule.place(a[0], a[1]) else { return .none }
              try vm.listReplace(SelectModule.objects(a[0]), i, i + 1, nil, 0)
              try vm.listReplace(SelectModule.masks(a[0]), i, i + 1, nil, 0)
              return .none
            }
          },
          NativeDefinition("modify", 3, 3) {
            native($0, $1, $2) { vm, a throws(PyError) in
              guard let i = SelectModule.place(a[0], a[1]) else { throw vm.osError(2) }
              let mask = try vm.intArgument(a[2])
              ListLayout.at(SelectModule.masks(a[0]).pointer, i).set(0, Value(small: mask))
              return .none
            }
          },
          NativeDefinition("poll", 1, 3) {
            native($0, $1, $2) { vm, a throws(PyError) in try SelectModule.poll(vm, a) }
          },
          NativeDefinition("ipoll", 1, 3) {
            native($0, $1, $2) { vm, a throws(PyError) in try vm.iterator(try SelectModule.poll(vm, a)) }
          },
        ])
    }
  }

  private static func objects(_ poll: Value) -> Value { ObjectLayout.field(poll.pointer, 0) }
  private static func masks(_ poll: Value) -> Value { ObjectLayout.field(poll.pointer, 1) }
  private static func place(_ poll: Value, _ object: Value) -> Int? {
    let p = objects(poll).pointer
    return (0..<ListLayout.count(p)).first { ListLayout.item(p, $0) == object }
  }

  /// Which of the events in `mask` an object is ready for; OSError when it cannot tell.
  private static func ready(_ vm: VM, _ object: Value, _ mask: Int) throws(PyError) -> Int {
    if IOModule.isConsole(vm, object) {
      return mask & ((vm.interpreter.host.consoleAvailable > 0 ? readable : 0) | writable)
    }
    if object.isObject {
      let ioctl = object.has(.instance) ? try vm.findAttribute(object, vm.intern("ioctl")) : .empty
      if !ioctl.isEmpty {
        return try vm.intArgument(try vm.call(ioctl, Value(small: pollRequest), Value(small: mask)))
      }
      let waiting = try vm.findAttribute(object, vm.intern("in_waiting"))
      if !waiting.isEmpty { return mask & ((try vm.isTrue(waiting) ? readable : 0) | writable) }
    }
    throw vm.error(.osError, "stream operation not supported")
  }

  /// Calls `check` until it is true or `milliseconds` (negative: no limit) have passed; ctrl-c and reload end the wait by raising.
  private static func wait(_ vm: VM, milliseconds: Int, _ check: () throws(PyError) -> Bool) throws(PyError) {
    let host = vm.interpreter.host
    let start = host.monotonicNanoseconds
    let limit = milliseconds < 0 ? UInt64.max : UInt64(min(milliseconds, 1 << 40)) * 1_000_000
    while try !check() {
      let passed = host.monotonicNanoseconds &- start
      if passed >= limit { return }
      host.waitForConsole(nanoseconds: min(limit - passed, sliceNanoseconds))
      try vm.poll()
    }
  }

  /// `poll.poll([milliseconds[, flags]])`: pairs of object and events. With flag 1 what was reported is not watched any longer.
  private static func poll(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    let milliseconds = a.count > 1 && !a[1].isNone ? try vm.intArgument(a[1]) : -1
    let isOnce = a.count > 2 ? try vm.intArgument(a[2]) & 1 != 0 : false
    let list = try vm.makeList()
    vm.push(list)
    defer { vm.pop() }
    try wait(vm, milliseconds: milliseconds) { () throws(PyError) in
      var i = 0
      while i < ListLayout.count(objects(a[0]).pointer) {
        let object = ListLayout.item(objects(a[0]).pointer, i)
        let mask = ListLayout.item(masks(a[0]).pointer, i).small
        let events = mask == 0 ? 0 : try ready(vm, object, mask)
        if events != 0 {
          try vm.append(list, try vm.makeTuple(object, Value(small: events)))
          if isOnce { ListLayout.at(masks(a[0]).pointer, i).set(0, Value(small: 0)) }
        }
        i += 1
      }
      return ListLayout.count(list.pointer) > 0
    }
    return list
  }

  /// `select(readers, writers, others[, seconds])`: the three lists of those that are ready.
  private static func select(_ vm: VM, _ a: Arguments) throws(PyError) -> Value {
    var milliseconds = -1
    if a.count > 3 && !a[3].isNone {
      guard let seconds = vm.asNumber(a[3]) else { throw vm.cannotConvert(a[3], to: "float") }
      milliseconds = seconds < 0 || seconds.isNaN ? -1 : Int(min(seconds * 1000, 1e12))
    }
    let base = vm.s.pointee.top
    defer { vm.s.pointee.top = base }
    for _ in 0..<3 { vm.push(try vm.makeList()) }
    for i in 0..<3 { vm.push(try vm.list(from: a[i])) }
    try wait(vm, milliseconds: milliseconds) { () throws(PyError) in
      var isAnyReady = false
      for (i, mask) in [readable, writable, failed | hungUp].enumerated() {
        let watched = base.value((3 + i) * 8)
        for j in 0..<ListLayout.count(watched.pointer) {
          let object = ListLayout.item(watched.pointer, j)
          if try ready(vm, object, mask) == 0 { continue }
          try vm.append(base.value(i * 8), object)
          isAnyReady = true
        }
      }
      return isAnyReady
    }
    return try vm.makeTuple(from: base, count: 3)
  }
}
