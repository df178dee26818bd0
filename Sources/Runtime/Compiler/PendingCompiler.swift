extension VM { func compileSource(_ bytes: [UInt8], fileName: [UInt8], mode: Interpreter.SourceMode) throws(PyError) -> CodeModule { throw valueError("no compiler") } }
