import Glibc
import Testing

@testable import Board

/// Takes `capacity` bytes a write and answers with what it last got.
private final class EchoTarget: I2CTarget {
  var addresses: [UInt8]
  let capacity: Int
  var isBusy = false
  var last: [UInt8] = []
  var stops = 0

  init(_ address: UInt8, capacity: Int = 100) {
    addresses = [address]
    self.capacity = capacity
  }

  func write(_ bytes: [UInt8], to address: UInt8) -> Int {
    if isBusy { return -1 }
    last = Array(bytes.prefix(capacity))
    return last.count
  }

  func read(_ count: Int, from address: UInt8) -> [UInt8] { Array(last.prefix(count)) }
  func stop() { stops += 1 }
}

private final class InvertingTarget: SPITarget {
  var ended = 0
  func exchange(_ bytes: [UInt8]) -> [UInt8] { bytes.map { ~$0 } }
  func deselect() { ended += 1 }
}

private final class ShoutingPeer: UARTPeer {
  func receive(_ bytes: [UInt8], from bus: UARTBus) {
    bus.deliver(bytes.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 })
  }
}

@Suite struct I2CBusTests {
  @Test func pullUps() throws {
    let feather = try makeBoard()
    #expect(try #require(feather.defaultI2CBus()).hasPullUps)
    let pico = try makeBoard("raspberry_pi_pico")
    let bus = try #require(pico.defaultI2CBus())
    #expect(!bus.hasPullUps && !bus.scl.level)
    let part = EchoTarget(0x48)
    try bus.attach(part)
    #expect(bus.hasPullUps && bus.scl.level && bus.sda.level)
    bus.scl.setDrive(.low, source: "short")
    #expect(!bus.hasPullUps && !bus.probe(0x48).isAddressAcknowledged)
    bus.scl.setDrive(.released, source: "short")
    #expect(bus.probe(0x48).isAddressAcknowledged)
    bus.detach(part)
    #expect(!bus.hasPullUps && bus.attachedTargets.isEmpty)
  }

  @Test func oneBusAPairOfPins() throws {
    let board = try makeBoard()
    let scl = try #require(board.pin(attribute: "SCL"))
    let sda = try #require(board.pin(attribute: "SDA"))
    #expect(board.i2cBus(scl: scl, sda: sda) === board.defaultI2CBus())
    #expect(board.i2cBus(scl: sda, sda: scl) !== board.defaultI2CBus())
    #expect(board.defaultI2CBus(1) == nil)
  }

  @Test func acknowledgements() throws {
    let bus = try #require(try makeBoard().defaultI2CBus())
    let part = EchoTarget(0x48, capacity: 2)
    try bus.attach(part)
    #expect(bus.write([1, 2], to: 0x48).acknowledgedBytes == 2)
    let partial = bus.write([1, 2, 3, 4], to: 0x48)
    #expect(partial.isAddressAcknowledged && partial.acknowledgedBytes == 2)
    #expect(!bus.write([1], to: 0x49).isAddressAcknowledged)
    #expect(!bus.read(1, from: 0x49).isAddressAcknowledged && bus.read(1, from: 0x49).bytes.isEmpty)
    #expect((0..<128).filter { bus.probe($0).isAddressAcknowledged } == [0x48])
    part.isBusy = true
    #expect(!bus.probe(0x48).isAddressAcknowledged)
  }

  @Test func readsAndRepeatedStart() throws {
    let bus = try #require(try makeBoard().defaultI2CBus())
    let part = EchoTarget(0x48, capacity: 2)
    try bus.attach(part)
    let result = bus.writeThenRead([7, 8], count: 3, address: 0x48)
    #expect(result.bytes == [7, 8, 0xFF] && result.acknowledgedBytes == 2)
    #expect(part.stops == 1)
    let refused = bus.writeThenRead([7, 8, 9], count: 3, address: 0x48)
    #expect(refused.acknowledgedBytes == 2 && refused.bytes.isEmpty && part.stops == 2)
  }

  @Test func durations() throws {
    let bus = try #require(try makeBoard().defaultI2CBus())
    try bus.attach(EchoTarget(0x48))
    // Start, stop and 9 bits a byte, the address being one.
    #expect(bus.write([1, 2], to: 0x48).durationNanoseconds == 29 * 10_000)
    bus.frequencyHz = 400_000
    #expect(bus.read(2, from: 0x48).durationNanoseconds == 29 * 2_500)
    #expect(bus.probe(0x50).durationNanoseconds == 11 * 2_500)
    #expect(bus.writeThenRead([0], count: 1, address: 0x48).durationNanoseconds == 2 * 20 * 2_500)
  }

  @Test func oneAddressOnePart() throws {
    let bus = try #require(try makeBoard().defaultI2CBus())
    try bus.attach(EchoTarget(0x48))
    #expect(throws: BoardError.addressTaken(0x48, by: "another part")) { try bus.attach(EchoTarget(0x48)) }
    try bus.attach(EchoTarget(0x49))
    #expect(bus.attachedTargets.count == 2)
  }

  /// Transfers on one thread, stimuli on another: every transfer is whole and nothing is lost.
  @Test func threads() async throws {
    let board = try makeBoard()
    let bus = try #require(board.defaultI2CBus())
    let pin = try #require(board.pin(attribute: "D5"))
    try bus.attach(EchoTarget(0x48))
    let rounds = 2000
    async let stimuli: Void = Task.detached {
      for round in 0..<rounds { pin.setDrive(round % 2 == 0 ? .high : .low, source: "stimulus") }
    }.value
    async let wrong = Task.detached {
      (0..<rounds).filter { round in
        let byte = UInt8(truncatingIfNeeded: round)
        return bus.writeThenRead([byte, ~byte], count: 2, address: 0x48).bytes != [byte, ~byte]
      }.count
    }.value
    async let alsoWrong = Task.detached {
      (0..<rounds).filter { round in
        let byte = UInt8(truncatingIfNeeded: round &* 7)
        return bus.writeThenRead([byte], count: 1, address: 0x48).bytes != [byte]
      }.count
    }.value
    await stimuli
    #expect(await wrong == 0)
    #expect(await alsoWrong == 0)
    #expect(pin.risingEdgeCount == rounds / 2 && pin.fallingEdgeCount == rounds / 2)
  }
}

@Suite struct OtherBusTests {
  @Test func spi() throws {
    let board = try makeBoard()
    let clock = try #require(board.pin(attribute: "SCK"))
    let bus = board.spiBus(clock: clock, mosi: board.pin(attribute: "MOSI"), miso: board.pin(attribute: "MISO"))
    bus.frequencyHz = 1_000_000
    let idle = bus.exchange([1, 2])
    #expect(idle.bytes == [0, 0] && idle.durationNanoseconds == 16_000)
    let select = try #require(board.pin(attribute: "D10"))
    select.configureOutput(value: true)
    let part = InvertingTarget()
    bus.attach(part, chipSelect: select)
    #expect(bus.exchange([0x0F]).bytes == [0])
    select.outputValue = false
    #expect(bus.exchange([0x0F]).bytes == [0xF0])
    select.outputValue = true
    #expect(part.ended == 1)
    bus.detach(part)
    bus.isLoopback = true
    #expect(bus.exchange([1, 2, 3]).bytes == [1, 2, 3])
    #expect(bus === board.spiBus(clock: clock, mosi: bus.mosi, miso: bus.miso))
  }

  @Test func uart() throws {
    let board = try makeBoard()
    let bus = board.uartBus(tx: board.pin(attribute: "TX"), rx: board.pin(attribute: "RX"))
    #expect(bus.transmit([1]) == 1_041_666)
    #expect(bus.availableBytes == 0)
    bus.attach(ShoutingPeer())
    bus.baudRate = 115_200
    #expect(bus.transmit(Array("hi".utf8)) == 173_611)
    #expect(bus.read(1) == Array("H".utf8) && bus.read(5) == Array("I".utf8) && bus.read(5).isEmpty)
    bus.detachPeer()
    bus.isLoopback = true
    bus.receiverBufferBytes = 3
    _ = bus.transmit([1, 2, 3, 4])
    #expect(bus.read(10) == [1, 2, 3])
    _ = bus.transmit([9])
    board.resetForNewVM()
    #expect(bus.availableBytes == 0)
  }
}
