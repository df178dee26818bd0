extension Interpreter {
  /// Makes the builtin types and functions. Nothing here can run out of memory: the charge starts after it.
  func bootstrap() {
    let s = vm.s
    s.pointee.floatChargeBlocks = options.floatMode == .double ? 1 : 0
    s.pointee.floatHeader = Header(.float, leaf: true, blocks: 1, chargeBlocks: s.pointee.floatChargeBlocks).bits
    let limit = s.pointee.chargeLimitBlocks
    s.pointee.chargeLimitBlocks = Header.maximumBlocks
    do throws(PyError) {
      try installEverything()
    } catch {
      preconditionFailure("the builtin types could not be made")
    }
    s.pointee.chargedBlocks = 0
    s.pointee.chargeLimitBlocks = limit
    // What the firmware keeps in flash is not charged to the board's heap at collections either.
    vm.collect()
    firmwareBlocks = s.pointee.chargedBlocks
    s.pointee.chargedBlocks = 0
    clearCollectionRequest()
  }

  private func installEverything() throws(PyError) {
    try vm.installCoreTypes()
    try vm.installExceptions()
    try vm.installTuple()
    try vm.installDict()
    try vm.installList()
    try vm.installSets()
    try vm.installIntAndBool()
    try vm.installFloatAndComplex()
    try vm.installStr()
    try vm.installBytes()
    try vm.installMemoryviewAndArray()
    try vm.installRangeAndSlice()
    try vm.installGenerators()
    try vm.installBuiltins()
    try vm.installIteratorTypes()
    modules = try vm.makeDict()
    vm.addRoot(modules)
    mainGlobals = try vm.makeDict()
    vm.addRoot(mainGlobals)
    registerStandardModules()
  }

  private func clearCollectionRequest() { vm.clearPending(Pending.collect) }
}
