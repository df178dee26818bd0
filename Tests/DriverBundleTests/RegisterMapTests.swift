import Testing

@testable import DriverBundle

@Suite struct RegisterMapTests {
  @Test func bytesMoveOn() {
    let map = RegisterMap(addressing: .bytes)
    map.define(0x10, byteCount: 2, reset: 0x1234, writable: 0xFFFF)
    map.define(0x12, reset: 0x56)
    map.define(0x13, reset: 0xF0, writable: 0x0F)
    #expect(map.write([0x10]) == 1)
    #expect(map.read(5) == [0x12, 0x34, 0x56, 0xF0, 0])
    #expect(map.pointer == 0x15)
    _ = map.write([0x11, 0xAA, 0xBB, 0xCC])
    #expect(map[0x10] == 0x12AA && map[0x12] == 0x56 && map[0x13] == 0xFC)
    _ = map.write([0x11])
    #expect(map.read(1) == [0xAA])
    map.reset()
    #expect(map[0x10] == 0x1234 && map.pointer == 0)
  }

  @Test func littleEndian() {
    let map = RegisterMap(addressing: .bytes, byteOrder: .little)
    map.define(0x00, byteCount: 4, reset: 0x0102_0304, writable: 0xFFFF_FFFF)
    _ = map.write([0x00])
    #expect(map.read(4) == [4, 3, 2, 1])
    _ = map.write([0x00, 0xAA, 0xBB])
    #expect(map[0x00] == 0x0102_BBAA)
  }

  @Test func addressesThatAreRegisters() {
    let map = RegisterMap(addressing: .registers)
    map.define(0x00, byteCount: 2, reset: 0xABCD)
    map.define(0x01, byteCount: 2, reset: 0, writable: 0xFFF0)
    _ = map.write([0x00])
    #expect(map.read(4) == [0xAB, 0xCD, 0xAB, 0xCD])
    #expect(map.read(1) == [0xAB])
    _ = map.write([0x01, 0x12, 0x3F])
    #expect(map[0x01] == 0x1230 && map[0x00] == 0xABCD && map.pointer == 1)
    map.pointerMask = 0x0F
    _ = map.write([0xF0])
    #expect(map.read(2) == [0xAB, 0xCD])
  }

  @Test func hooks() {
    let map = RegisterMap(addressing: .bytes)
    map.define(0x00, byteCount: 2, writable: 0xFFFF)
    map.define(0x02, writable: 0x0F)
    var log: [String] = []
    map.willRead = { register in
      log.append("will \(register)")
      map[register] += 0x101
    }
    map.didRead = { log.append("did \($0)") }
    map.didWrite = { log.append("write \($0) \($1) \($2)") }
    _ = map.write([0x00])
    // The value is fetched once for both bytes.
    #expect(map.read(2) == [1, 1])
    #expect(log == ["will 0", "did 0"])
    log = []
    _ = map.write([0x00, 0x12, 0x34, 0xFF])
    #expect(log == ["write 0 257 4660", "write 2 0 15"])
    log = []
    _ = map.write([0x00, 0x77])
    #expect(log == ["write 0 4660 30516"])
  }

  @Test func nothingThere() {
    let map = RegisterMap(addressing: .bytes)
    #expect(map.write([]) == 0)
    #expect(map.write([0xFF, 1, 2]) == 3)
    #expect(map.read(3) == [0, 0, 0])
    #expect(map[0x40] == 0)
  }
}
