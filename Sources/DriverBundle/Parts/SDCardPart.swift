import Board

/// What is on a card: sectors of 512 bytes.
package protocol CardContent: AnyObject {
  var sectorCount: Int { get }
  /// nil when it cannot be read.
  func read(_ sector: Int) -> [UInt8]?
  /// False when it cannot be written.
  func write(_ sector: Int, _ bytes: [UInt8]) -> Bool
}

/// An SD card (SDHC, addressed by sectors) in SPI mode: SD Physical Layer Simplified Specification, chapter 7. Nothing takes time but the
/// bytes on the wires.
package final class SDCardPart: Part, SPITarget {
  /// The first byte of a response.
  private enum R1 {
    static let ready: UInt8 = 0, idle: UInt8 = 1, illegalCommand: UInt8 = 4, wrongCRC: UInt8 = 8,
      wrongArgument: UInt8 = 0x40
  }
  private enum Token {
    static let data: UInt8 = 0xFE, multipleData: UInt8 = 0xFC, stop: UInt8 = 0xFD, busy: UInt8 = 0
    static let accepted: UInt8 = 0x05, writeFailed: UInt8 = 0x0D
    /// "Out of range" in a data error token.
    static let readFailed: UInt8 = 0x08
  }
  private enum State: Equatable {
    case command
    /// The next sector that a multiple read sends.
    case reading(Int)
    /// A data token is awaited for this sector.
    case writing(Int, isMultiple: Bool)
  }
  private static let sectorBytes = 512
  /// A sector's data and its checksum.
  private static let blockBytes = sectorBytes + 2
  private static let idleByte: UInt8 = 0xFF
  /// Sizes in a card's registers count in these.
  package static let sizeUnitSectors = 1024

  package let name: String
  package let summary: String
  private let content: any CardContent
  private var isInserted = true
  private var isIdle = true
  private var isApplicationCommand = false
  private var state = State.command
  private var command: [UInt8] = []
  /// Data that is being received; nil between blocks.
  private var block: [UInt8]?
  /// What the card sends next, and how far it got.
  private var output: [UInt8] = []
  private var sent = 0

  package init(name: String, summary: String, content: any CardContent) {
    self.name = name
    self.summary = summary
    self.content = content
  }

  package var properties: [PartProperty] {
    [
      PartProperty(
        name: "card", summary: "whether the card is in its slot",
        value: .choice(
          ["inserted", "removed"], get: { [self] in isInserted ? "inserted" : "removed" },
          set: { [self] text in
            isInserted = text == "inserted"
            reset()
          }))
    ]
  }

  /// As after power-up.
  private func reset() {
    isIdle = true
    isApplicationCommand = false
    state = .command
    deselect()
  }

  // MARK: SPITarget

  package func exchange(_ bytes: [UInt8]) -> [UInt8] {
    if !isInserted { return [UInt8](repeating: Self.idleByte, count: bytes.count) }
    return bytes.map { received in
      let answer = nextOutput()
      take(received)
      return answer
    }
  }

  /// A multiple write goes on at the next selection; what was on its way does not.
  package func deselect() {
    command = []
    block = nil
    output = []
    sent = 0
    if case .reading = state { state = .command }
  }

  private func nextOutput() -> UInt8 {
    if sent == output.count, case .reading(let sector) = state {
      send(block(of: sector))
      state = .reading(sector + 1)
    }
    guard sent < output.count else { return Self.idleByte }
    sent += 1
    return output[sent - 1]
  }

  private func send(_ bytes: [UInt8]) {
    output = bytes
    sent = 0
  }

  private func take(_ byte: UInt8) {
    if block != nil { return takeData(byte) }
    if case .writing(_, let isMultiple) = state, command.isEmpty {
      if byte == (isMultiple ? Token.multipleData : Token.data) {
        block = []
        return
      }
      if isMultiple, byte == Token.stop {
        state = .command
        send([Self.idleByte, Token.busy, Self.idleByte])
        return
      }
    }
    // A command begins with the bits 01; between commands the line is high.
    if command.isEmpty && byte & 0xC0 != 0x40 { return }
    command.append(byte)
    if command.count == 6 {
      let whole = command
      command = []
      obey(whole)
    }
  }

  // MARK: Data

  private func takeData(_ byte: UInt8) {
    block?.append(byte)
    guard let data = block, data.count == Self.blockBytes, case .writing(let sector, let isMultiple) = state else {
      return
    }
    block = nil
    let isWritten = content.write(sector, Array(data.prefix(Self.sectorBytes)))
    send([isWritten ? Token.accepted : Token.writeFailed, Token.busy, Self.idleByte])
    state = isMultiple ? .writing(sector + 1, isMultiple: true) : .command
  }

  /// A sector as it goes over the wires: a gap, the token, data, checksum.
  private func block(of sector: Int) -> [UInt8] {
    guard sector < content.sectorCount, let data = content.read(sector) else {
      return [Self.idleByte, Token.readFailed]
    }
    return Self.block(data)
  }

  private static func block(_ data: [UInt8]) -> [UInt8] {
    let sum = crc16(data)
    return [idleByte, Token.data] + data + [UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum)]
  }

  // MARK: Commands

  private func obey(_ command: [UInt8]) {
    let number = Int(command[0] & 0x3F)
    let argument = command[1...4].reduce(0) { $0 << 8 | Int($1) }
    let isApplication = isApplicationCommand
    isApplicationCommand = false
    // Checksums are off in SPI mode, but not before the card knows that it is in it.
    if number == 0 || number == 8, Self.crc7(command.prefix(5)) != command[5] {
      return answer(R1.wrongCRC | (isIdle ? R1.idle : R1.ready))
    }
    switch number {
    case 0:
      reset()
      answer(R1.idle)
    case 8: answer(status, [0, 0, UInt8(argument >> 8 & 0xF), UInt8(argument & 0xFF)])
    case 41 where isApplication:
      isIdle = false
      answer(R1.ready)
    case 55:
      isApplicationCommand = true
      answer(status)
    case 58: answer(status, [isIdle ? 0 : 0xC0, 0xFF, 0x80, 0])
    case 59: answer(status)
    case _ where isIdle: answer(R1.illegalCommand | R1.idle)
    case 9: answer(R1.ready, Self.block(cardSpecificData))
    case 10: answer(R1.ready, Self.block(Self.cardIdentification))
    case 12:
      state = .command
      // A byte of the stream that was on its way, the response, the end of being busy.
      send([Self.idleByte, R1.ready, Self.idleByte])
    case 13: answer(R1.ready, [0])
    case 16: answer(argument == Self.sectorBytes ? R1.ready : R1.wrongArgument)
    case 17, 18, 24, 25: transfer(number, argument)
    default: answer(R1.illegalCommand)
    }
  }

  private func transfer(_ number: Int, _ sector: Int) {
    guard sector < content.sectorCount else { return answer(R1.wrongArgument) }
    switch number {
    case 17: answer(R1.ready, block(of: sector))
    case 18:
      answer(R1.ready)
      state = .reading(sector)
    case 24:
      answer(R1.ready)
      state = .writing(sector, isMultiple: false)
    default:
      answer(R1.ready)
      state = .writing(sector, isMultiple: true)
    }
  }

  private var status: UInt8 { isIdle ? R1.idle : R1.ready }

  private func answer(_ status: UInt8, _ more: [UInt8] = []) { send([Self.idleByte, status] + more) }

  // MARK: Registers

  /// CSD, version 2: what counts is the size.
  private var cardSpecificData: [UInt8] {
    let size = content.sectorCount / Self.sizeUnitSectors - 1
    var register: [UInt8] = [
      0x40, 0x0E, 0x00, 0x32, 0x5B, 0x59, 0x00, UInt8(size >> 16 & 0x3F), UInt8(size >> 8 & 0xFF), UInt8(size & 0xFF),
      0x7F, 0x80, 0x0A, 0x40, 0x00,
    ]
    register.append(Self.crc7(register[...]))
    return register
  }

  private static var cardIdentification: [UInt8] {
    var register: [UInt8] = [0x00] + Array("CPSIMSD".utf8) + [0x10, 0, 0, 0, 1, 0x01, 0x9B]
    register.append(crc7(register[...]))
    return register
  }

  /// With the end bit, as commands and registers carry it.
  private static func crc7(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    var sum: UInt8 = 0
    for byte in bytes {
      for bit in (0..<8).reversed() {
        let isSet = (byte >> bit ^ sum >> 6) & 1 == 1
        sum = (sum << 1 & 0x7F) ^ (isSet ? 0x09 : 0)
      }
    }
    return sum << 1 | 1
  }

  /// CCITT, as data blocks carry it.
  private static func crc16(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt16 = 0
    for byte in bytes {
      sum = sum << 8 | sum >> 8
      sum ^= UInt16(byte)
      sum ^= (sum & 0xFF) >> 4
      sum ^= sum << 12
      sum ^= (sum & 0xFF) << 5
    }
    return sum
  }
}
