/// Modules of a function or two: __future__, warnings, locale, codeop, getpass.
enum SmallModules {
  static var all: [NativeModule] { [future, warnings, locale, codeop, getpass] }

  /// `from __future__ import annotations` does nothing: annotations are never evaluated.
  private static var future: NativeModule {
    NativeModule("__future__") { vm, globals throws(PyError) in
      try vm.define(globals, constant: "annotations", .true)
    }
  }

  private static let warningsKey = "warnings.action"

  private static var warnings: NativeModule {
    NativeModule("warnings") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("warn", 1, 2, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              var category = a.optional(1)
              if category.isEmpty { category = a.keyword(vm.intern("category")) }
              if category.isEmpty { category = vm.exceptionType(.warning) }
              guard category.has(.type), vm.isSubtype(category, vm.exceptionType(.warning)) else {
                throw vm.typeError("category must be a subclass of Warning")
              }
              try SmallModules.warn(vm, a[0], category)
              return .none
            }
          },
          NativeDefinition("simplefilter", 1, 4, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              let action = a[0].has(.str) ? vm.string(a[0]) : ""
              guard ["default", "error", "ignore"].contains(action) else { throw vm.valueError("Invalid action") }
              vm.interpreter.nativeTypes[SmallModules.warningsKey] = vm.interned(a[0])
              return .none
            }
          },
        ])
    }
  }

  private static func warn(_ vm: VM, _ message: Value, _ category: Value) throws(PyError) {
    switch vm.interpreter.nativeTypes[warningsKey].map({ vm.string($0) }) {
    case "ignore": return
    case "error": throw vm.raise(try vm.call(category, message))
    default:
      let out = vm.takeBuffer()
      defer { vm.release(out) }
      out.append(vm.string(category.pointer.value(TypeLayout.name)))
      out.append(": ")
      try vm.print(message, .str, out)
      out.append("\n")
      vm.writeConsole(out.bytes)
    }
  }

  private static var locale: NativeModule {
    NativeModule("locale") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("getlocale", 0, 0) {
            native($0, $1, $2) { vm, a throws(PyError) in try vm.makeTuple(vm.intern("en_US"), vm.intern("utf-8")) }
          }
        ])
    }
  }

  private static var codeop: NativeModule {
    NativeModule("codeop") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("compile_command", 1, 3, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              func argument(_ i: Int, _ name: StaticString, _ standard: StaticString) throws(PyError) -> Value {
                var value = a.optional(i)
                if value.isEmpty { value = a.keyword(vm.intern(name)) }
                if value.isEmpty { return vm.intern(standard) }
                guard value.has(.str) else { throw vm.cannotConvert(value, to: "str") }
                return value
              }
              guard a[0].has(.str) else { throw vm.cannotConvert(a[0], to: "str") }
              let source = vm.text(a[0])
              if inputNeedsMore(source) { return .none }
              return try vm.compileObject(
                source, fileName: try argument(1, "filename", "<input>"), mode: try argument(2, "symbol", "single"))
            }
          }
        ])
    }
  }

  private static var getpass: NativeModule {
    NativeModule("getpass") { vm, globals throws(PyError) in
      try vm.define(
        globals,
        functions: [
          NativeDefinition("getpass", 0, 2, keywords: true) {
            native($0, $1, $2) { vm, a throws(PyError) in
              var prompt = a.optional(0)
              if prompt.isEmpty { prompt = a.keyword(vm.intern("prompt")) }
              if prompt.isEmpty { prompt = vm.intern("Password: ") }
              guard prompt.has(.str) else { throw vm.cannotConvert(prompt, to: "str") }
              var stream = a.optional(1)
              if stream.isEmpty { stream = a.keyword(vm.intern("stream")) }
              func show(_ text: Value) throws(PyError) {
                if stream.isEmpty || stream.isNone {
                  vm.writeConsole(StrLayout.buffer(text.pointer))
                } else {
                  _ = try vm.callMethod(stream, vm.intern("write"), text)
                }
              }
              try show(prompt)
              let line = try IOModule.readConsole(vm, count: nil, line: true)
              try show(vm.intern("\n"))
              return try vm.makeStrChecked(line.dropLast())
            }
          }
        ])
    }
  }
}
