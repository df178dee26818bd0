#!/usr/bin/env python3
"""Writes Sources/Board/Data/BoardTable+Generated.swift and PinTable+Generated.swift from data/boards.json and
data/mcu-pins.json. Facts that the tables give for a chip family, or as rules in words, are resolved here, so that a
board is one self-contained line. The format of a line is described in Sources/Board/Data/TableLine.swift."""
import json
import pathlib

root = pathlib.Path(__file__).parent.parent
boards_json = json.loads((root / "data/boards.json").read_text(encoding="utf-8"))
pins_json = json.loads((root / "data/mcu-pins.json").read_text(encoding="utf-8"))
KIB = 1024

# sys.platform where boards.json has no family entry. The STM, Broadcom, Silabs, Analog and Spresense texts are the
# chip's name: not checked against a board.
PLATFORM_BY_PORT = {"espressif": "Espressif", "mimxrt10xx": "NXP IMXRT10XX", "zephyr-cp": "Zephyr", "renode": "Renode"}
# Hz, from the chips' data sheets, where boards.json has no family entry.
CPU_HZ = {
    "mimxrt1011": 500_000_000, "mimxrt1015": 500_000_000, "mimxrt1021": 500_000_000, "mimxrt1042": 528_000_000,
    "mimxrt1052": 600_000_000, "mimxrt1062": 600_000_000, "f4": 100_000_000, "f7": 216_000_000, "h7": 480_000_000,
    "l4": 80_000_000, "esp32c2": 120_000_000, "esp32c61": 160_000_000, "esp32h2": 96_000_000,
    "esp32p4": 360_000_000, "bcm2711": 1_500_000_000, "bcm2835": 1_000_000_000, "bcm2837": 1_000_000_000,
    "mg24": 78_000_000, "max32": 120_000_000, "cxd56": 156_000_000, "litex": 12_000_000, "renode": 100_000_000,
    "zephyr": 64_000_000,
}
# Bytes of microcontroller.cpu.uid.
UID_BYTES = {"raspberrypi": 8, "atmel-samd": 16, "nordic": 8, "espressif": 6, "stm": 12, "mimxrt10xx": 16}
# On-board pull-up resistors of boards whose STEMMA_I2C object is only a name for header pins: none.
BARE_I2C = ("raspberry_pi_pico", "wiznet_", "studiolab_picoexpander")


def has_external_flash(board):
    return board.get("filesystem", {}).get("kind", "").startswith("external")


def heap_bytes(board):
    """gc.mem_free() of a fresh VM: the table of measured boards first, then the family's estimate."""
    family, ram = board["family"], board.get("ram_kib", 256) * KIB
    psram = int(board["psram"].removesuffix("MB")) * KIB * KIB if "psram" in board else 0
    if family.startswith("esp32") and psram:
        return psram - 120 * KIB
    if family == "samd21":
        return 16_000 if has_external_flash(board) else 18_000
    known = {
        "samd51": 130_000, "same51": 130_000, "nrf52840": 120_000, "esp32s3": 160_000, "mimxrt1062": 940_000,
        "rp2040": 126_000 if "wifi" in board else 160_000,
    }
    if family in known:
        return known[family] + psram
    if family == "rp2350" and "wifi" not in board:
        return 400_000 + psram
    facts = boards_json["families"].get(family)
    if facts:
        kib = facts["heap_kib_estimate_wifi"] if "wifi" in board else facts["heap_kib_estimate"]
        return kib * KIB + psram
    return ram * 6 // 10 + psram


def volume_bytes(board):
    """Bytes of the FAT volume. A SPI or QSPI chip loses one 4 KiB erase sector, used as scratch."""
    filesystem = board.get("filesystem", {})
    size = filesystem.get("fs_size")
    if size is None:
        return None
    return size - 4096 if filesystem["kind"] in ("external-spi", "external-qspi") else size


def nvm_bytes(board):
    """The table gives every SAMD board the SAMD21's 256 bytes; the SAMD5x have 8192 (behaviour specification, 11)."""
    return 8192 if board["family"] in ("samd51", "same51", "same54") else board.get("nvm_size", 0)


def pin_family(board):
    if board["family"] == "rp2350":
        numbers = [int(p["pin"][4:]) for p in board["pins"] if p["pin"].startswith("GPIO")]
        return "rp2350b" if max(numbers, default=0) >= 30 else "rp2350a"
    if board["family"] in ("same51", "same54"):
        return "samd51"
    return board["family"] if board["family"] in pins_json["families"] else ""


def constant(value):
    """A value inside a board dict: pin name, pins, number or truth."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "+".join(value) + "+"
    return str(value)


def object_text(item):
    kind = item["kind"]
    value = {
        "i2c": lambda: item["bus"], "spi": lambda: item["bus"], "uart": lambda: item["bus"],
        "display": lambda: item["index"], "int": lambda: item["value"], "none": lambda: "",
        "tuple": lambda: "+".join(item["pins"]),
        "dict": lambda: ";".join(f"{k}={constant(v)}" for k, v in item["value"].items()),
        "object": lambda: item["target"].split("&")[-1],
    }[kind]()
    return f"{item['name']}:{kind}:{value}"


def button_text(board, name):
    """The level of a pressed button: the Circuit Playgrounds' buttons connect to 3.3 V, all others to ground."""
    is_high = board["board_id"].startswith("circuitplayground") and name.startswith("BUTTON")
    return f"{name}:{'high' if is_high else 'low'}"


def has_pull_ups(board, index):
    """A STEMMA or Qwiic connector comes with resistors on the board."""
    if board["board_id"].startswith(BARE_I2C):
        return False
    return any(
        o["kind"] == "i2c" and o["bus"] == index and ("STEMMA" in o["name"] or "QWIIC" in o["name"])
        for o in board.get("objects", []))


def bus_text(board):
    buses = board.get("buses", {})
    texts = [
        f"i2c:{b['scl']}:{b['sda']}:{'up' if has_pull_ups(board, n) else ''}"
        for n, b in enumerate(buses.get("i2c", []))]
    texts += [f"spi:{b['clock']}:{b['mosi']}:{b.get('miso', '')}" for b in buses.get("spi", [])]
    texts += [f"uart:{b['tx']}:{b['rx']}:" for b in buses.get("uart", [])]
    return ",".join(texts)


def fields(board):
    facts = boards_json["families"].get(board["family"], {})
    usb, ids = board.get("usb", {}), board.get("ids", {})
    mcu = board.get("mcu", board["family"])
    platform = facts.get("sys_platform") or PLATFORM_BY_PORT.get(board["port"], mcu)
    is_small = board["family"] == "samd21"
    volume = volume_bytes(board)
    stack = (4248 if board["board_id"].startswith("circuitplayground") else 3584) if is_small else 24 * KIB
    return [
        board["board_id"], board["name"], mcu, board["family"], board["port"], board.get("chip", ""), platform,
        pin_family(board), facts.get("cpu_hz") or CPU_HZ[board["family"]],
        "" if volume is None else volume, board.get("ram_kib", 0) * KIB,
        heap_bytes(board), stack, 1536 if is_small else 2048, facts.get("float_bits", 30),
        0 if is_small and not has_external_flash(board) else 1, nvm_bytes(board),
        UID_BYTES.get(board["port"], 8), board.get("modules", ""), ",".join(board.get("modules_extra", [])),
        ",".join(board.get("frozen", [])), 0 if usb.get("device", True) is False else 1,
        usb.get("vid", ""), usb.get("pid", ""), usb.get("manufacturer", ""), usb.get("product", ""),
        ids.get("creator_id", ""), ids.get("creation_id", ""), board.get("wifi", ""),
        ",".join(f"{p['name']}:{p['pin']}" for p in board["pins"]), bus_text(board),
        ",".join(object_text(o) for o in board.get("objects", [])),
        ",".join(f"{k}:{constant(v)}" for k, v in (board.get("status", {}) | board.get("other_pins", {})).items()),
        ",".join(button_text(board, b) for b in board.get("buttons", [])), ",".join(board.get("led_pins", [])),
        ",".join(
            f"{d['kind']}:{d.get('bus', '')}:{d.get('width', 0)}:{d.get('height', 0)}:{d.get('rotation', 0)}"
            for d in board.get("display", [])),
    ]


def pin_text(name, facts):
    """GPIO0 i2c=0.sda spi=0.miso uart=0.tx pwm=0A: a role given twice is two items."""
    items = [name]
    for role, value in facts.items():
        items += [f"{role}={v}" for v in (value if isinstance(value, list) else [value])]
    return " ".join(items)


def write(name, doc, variables):
    lines = [
        "// Generated by scripts/generate-board-data.py. Do not edit.", "// swift-format-ignore-file", "",
        f"/// {doc}", f"enum {name} {{"]
    for variable, text in variables:
        assert '"""#' not in text and "\\#" not in text
        lines += [f'  static let {variable}: StaticString = #"""', text, '"""#']
    lines += ["}"]
    path = root / f"Sources/Board/Data/{name}+Generated.swift"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


rows = []
for board in boards_json["boards"]:
    row = [str(f) for f in fields(board)]
    assert not any("\t" in f or "\n" in f for f in row), board["board_id"]
    rows.append("\t".join(row))
alias_rows = [f"{alias}\t{board}" for board, names in boards_json["aliases"].items() for alias in names]
write("BoardTable", "One line a board; every line starts after a line end. See `TableLine`.", [
    ("boards", "\n" + "\n".join(rows) + "\n"),
    ("aliases", "\n" + "\n".join(alias_rows) + "\n"),
    ("moduleNames", ",".join(boards_json["module_names"])),
])
write("PinTable", "One line a chip family: its name, then what each pin can do. See `TableLine`.", [
    ("families", "\n" + "\n".join(
        "\t".join([family] + [pin_text(n, f) for n, f in facts["pins"].items()])
        for family, facts in pins_json["families"].items()) + "\n"),
])
