import FlashFS
import Testing

@testable import circuitpyd

/// Who `circuitpyd status` says may write.
@Suite struct WriteAccessTests {
  @Test func saysWhatTheVolumeAllows() {
    for flags in 0..<16 {
      var protection = WriteProtection()
      protection.isUSBWritable = flags & 1 != 0
      protection.isIgnored = flags & 2 != 0
      let isShared = flags & 4 != 0
      protection.isConcurrentProtected = flags & 8 != 0 && !isShared
      let access = WriteAccess(protection, isShared: isShared, hasFailed: false)
      let mayHost = access.text.contains("the computer (code may not") || access.text.hasPrefix("both")
      let mayCode = access.text.hasPrefix("code") || access.text.hasPrefix("both")
      #expect(mayHost == protection.mayHostWrite && mayCode == protection.mayCodeWrite, "\(protection)")
      #expect(WriteAccess(protection, isShared: isShared, hasFailed: true) == .nobody)
    }
  }

  @Test func texts() {
    var protection = WriteProtection()
    func text(isShared: Bool = false) -> String { WriteAccess(protection, isShared: isShared, hasFailed: false).text }
    #expect(
      text() == "the computer (code may not: the drive is mounted there; "
        + "storage.remount(\"/\", readonly=False) in boot.py changes it)")
    #expect(text(isShared: true) == "both, the computer and code (--shared-write)")
    protection.isUSBWritable = false
    #expect(text() == "code (storage.remount in boot.py; the computer may only read)")
    protection.isIgnored = true
    #expect(text() == "both, the computer and code (boot.py is running)")
    protection.isIgnored = false
    protection.isConcurrentProtected = false
    #expect(text() == "both, the computer and code (boot.py switched the protection off)")
  }
}
