/// A module whose code is safe to run: every rule of `docs/bytecode.md` that can be checked before running holds.
package struct VerifiedModule: Sendable {
  package let module: CodeModule
  package let root: VerifiedFunction
}

/// One function of a verified module.
package struct VerifiedFunction: Sendable {
  package let flow: FunctionFlow
  /// One for each child of the raw code; nil for those that no instruction names (the compiler keeps functions whose
  /// definition is dead code). They are not checked and must not run.
  package let children: [VerifiedFunction?]
}

/// Checks all functions of a module that can ever run.
/// - Parameter dialect: the one that wrote the code; CircuitPython has one function flag more.
package func verify(_ module: CodeModule, dialect: Dialect) throws(BytecodeError) -> VerifiedModule {
  let facts = ModuleFacts(module, dialect: dialect)
  let root = try verify(module.root, path: [], made: MakerFacts(), facts: facts)
  return VerifiedModule(module: module, root: root)
}

private func verify(
  _ code: RawCode, path: [Int], made: MakerFacts, facts: ModuleFacts
) throws(BytecodeError) -> VerifiedFunction {
  guard path.count <= CodeLimits.nesting else {
    throw .incompatibleFile(.nestedTooDeeply, CodeLocation(path: path, offset: 0))
  }
  let linear = try LinearFunction(code, path: path, made: made, facts: facts)
  var analysis = FlowAnalysis(linear, facts)
  let flow = try analysis.run()
  var children: [VerifiedFunction?] = []
  for (number, child) in code.children.enumerated() {
    if let made = linear.makers[number] {
      children.append(try verify(child, path: path + [number], made: made, facts: facts))
    } else {
      children.append(nil)
    }
  }
  return VerifiedFunction(flow: flow, children: children)
}
