import Foundation
import Testing

@testable import Board

/// Every board of the generated table against data/boards.json, read with another reader.
@Suite struct BoardTableTests {
  struct Source: Decodable {
    struct Family: Decodable {
      let sys_platform: String
      let cpu_hz: Int
      let float_bits: Int
    }
    struct Pin: Decodable {
      let name: String
      let pin: String
    }
    struct I2C: Decodable {
      let scl: String
      let sda: String
    }
    struct SPI: Decodable {
      let clock: String
      let mosi: String
      let miso: String?
    }
    struct UART: Decodable {
      let tx: String
      let rx: String
    }
    struct Buses: Decodable {
      let i2c: [I2C]?
      let spi: [SPI]?
      let uart: [UART]?
    }
    struct USB: Decodable {
      let vid: String?
      let pid: String?
      let manufacturer: String?
      let product: String?
      let device: Bool?
    }
    struct Object: Decodable {
      let name: String
      let kind: String
    }
    struct Status: Decodable {
      let led: String?
      let neopixel: String?
      let neopixel_count: Int?
      let power: String?
    }
    struct Board: Decodable {
      let board_id: String
      let name: String
      let mcu: String?
      let family: String
      let port: String
      let pins: [Pin]
      let buses: Buses?
      let objects: [Object]?
      let usb: USB?
      let status: Status?
      let modules: String?
      let modules_extra: [String]?
      let frozen: [String]?
      let nvm_size: Int?
      let buttons: [String]?
      let led_pins: [String]?
    }
    let module_names: [String]
    let families: [String: Family]
    let aliases: [String: [String: String]]
    let boards: [Board]
  }

  static let source = Result {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try JSONDecoder().decode(Source.self, from: Data(contentsOf: root.appending(path: "data/boards.json")))
  }

  @Test func allIDsInOrder() throws {
    let source = try Self.source.get()
    #expect(BoardDefinition.ids == source.boards.map(\.board_id))
    #expect(ModuleSet.names == source.module_names)
  }

  @Test func everyBoardAgreesWithTheSource() throws {
    let source = try Self.source.get()
    for board in source.boards {
      let found = try #require(BoardDefinition.find(board.board_id), "\(board.board_id)")
      let context = Comment(rawValue: board.board_id)
      #expect(found.id == board.board_id && found.name == board.name && found.port == board.port, context)
      #expect(found.mcu == board.mcu ?? board.family, context)
      #expect(found.pins.map(\.name) == board.pins.map(\.name), context)
      #expect(found.pins.map(\.mcuPin) == board.pins.map(\.pin), context)
      #expect(found.buses.i2c.map(\.scl) == (board.buses?.i2c ?? []).map(\.scl), context)
      #expect(found.buses.i2c.map(\.sda) == (board.buses?.i2c ?? []).map(\.sda), context)
      #expect(found.buses.spi.map(\.clock) == (board.buses?.spi ?? []).map(\.clock), context)
      #expect(found.buses.spi.map(\.mosi) == (board.buses?.spi ?? []).map(\.mosi), context)
      #expect(found.buses.spi.map(\.miso) == (board.buses?.spi ?? []).map(\.miso), context)
      #expect(found.buses.uart.map(\.tx) == (board.buses?.uart ?? []).map(\.tx), context)
      #expect(found.buses.uart.map(\.rx) == (board.buses?.uart ?? []).map(\.rx), context)
      #expect(found.objects.map(\.name) == (board.objects ?? []).map(\.name), context)
      #expect(found.buttons.map(\.name) == board.buttons ?? [], context)
      #expect(found.leds == board.led_pins ?? [], context)
      #expect(found.frozenLibraries == board.frozen ?? [], context)
      let isSAMD5 = board.family.hasPrefix("samd5") || board.family.hasPrefix("same5")
      #expect(found.nvmBytes == (isSAMD5 ? 8192 : board.nvm_size ?? 0), context)
      #expect(found.status.led == board.status?.led && found.status.neopixel == board.status?.neopixel, context)
      #expect(found.status.power == board.status?.power, context)
      #expect(found.status.neopixelCount == board.status?.neopixel_count ?? 1, context)
      #expect(found.usb.isNative == board.usb?.device ?? true, context)
      #expect(found.usb.manufacturer == board.usb?.manufacturer ?? "", context)
      #expect(found.usb.product == board.usb?.product ?? "", context)
      #expect(found.usb.vendorID == board.usb?.vid.flatMap { UInt16($0.dropFirst(2), radix: 16) }, context)
      if let family = source.families[board.family] {
        #expect(found.platform == family.sys_platform && found.cpuHz == family.cpu_hz, context)
        #expect(found.floatBits == family.float_bits, context)
      }
      #expect(found.heapBytes > 8000 && found.pystackBytes >= 1536 && found.cpuHz > 0, context)
      #expect(found.volumeBytes % 512 == 0 && found.volumeBytes >= 48 << 10, context)
    }
  }

  @Test func moduleBitsOfEveryBoard() throws {
    let source = try Self.source.get()
    for board in source.boards {
      let modules = try #require(BoardDefinition.find(board.board_id)).modules
      guard let digits = board.modules else {
        #expect(!modules.isKnown && modules.contains("digitalio"))
        continue
      }
      // Bit n from the least significant end, by a way of its own.
      let bits = digits.reversed().flatMap { digit -> [Bool] in
        let value = digit.hexDigitValue ?? 0
        return (0..<4).map { value >> $0 & 1 == 1 }
      }
      let expected = source.module_names.indices.filter { $0 < bits.count && bits[$0] }.map { source.module_names[$0] }
      #expect(modules.list == expected + (board.modules_extra ?? []), "\(board.board_id)")
    }
  }

  @Test func aliasesRunTheirBoardsFirmware() throws {
    for (board, names) in try Self.source.get().aliases {
      for alias in names.keys { #expect(BoardDefinition.find(alias)?.id == board) }
    }
  }
}
