"""A saved code.py runs: output, drivers, memory, confinement."""
import time

from board import Board, expect, visible

THERMOMETER = """import board, busio, adafruit_adt7410
i2c = busio.I2C(board.SCL, board.SDA)
sensor = adafruit_adt7410.ADT7410(i2c)
print("Temperature: {:.2f} C".format(sensor.temperature))
"""
LIBRARIES = ("adafruit_adt7410.py", "adafruit_bus_device", "adafruit_register")


def test_fresh_board_says_hello(context):
    with Board(context) as board:
        log = board.wait_for("Code done running")
        expect("Hello World!\n" in visible(log), repr(log))
        files = sorted(p.name for p in board.drive.iterdir() if not p.name.startswith("."))
        expect(files == ["boot_out.txt", "code.py", "lib", "sd", "settings.toml"], files)
        return visible(log).strip().splitlines()[0]


def temperatures(context, *arguments, compiled=False):
    with Board(context, *arguments) as board:
        board.install(*LIBRARIES, compiled=compiled)
        log = visible(board.run_code(THERMOMETER, "Temperature: "))
        first = log.split("Temperature: ")[1].split("\n")[0]
        board.command("set", "adt7410.temperature=30.5")
        log = visible(board.run_code(THERMOMETER + "\n", "30.50 C"))
        expect(first != "30.50 C", first)
        return first, board.notes()


def test_real_driver_reads_simulated_sensor(context):
    first, notes = temperatures(context)
    expect("adt7410" in notes, "no line about the part: " + notes)
    return f"{first}, then 30.50 C after `circuitpyd set`"


def test_real_driver_compiled_by_mpy_cross(context):
    first, notes = temperatures(context, compiled=True)
    expect("MicroPython" in notes, "no line about MicroPython's header: " + notes)
    return first


def test_strict_refuses_micropython_mpy(context):
    with Board(context, "--strict") as board:
        board.install(*LIBRARIES, compiled=True)
        log = board.run_code(THERMOMETER, "Code done running")
        expect("ValueError: MicroPython .mpy file; use CircuitPython mpy-cross" in visible(log), log)


def test_bus_device_from_lib_on_a_board_without_it(context):
    # A Trinket M0 has neither adafruit_bus_device nor much of a drive; the files in lib/ are used there.
    with Board(context, "--board", "trinket_m0", "--flash-size", "256K", "--heap", "64K") as board:
        board.install(*LIBRARIES)
        source = THERMOMETER + "import adafruit_bus_device.i2c_device as m\nprint(m.__file__)\n"
        log = visible(board.run_code(source, "Code done running"))
        expect("Temperature: " in log and "/lib/adafruit_bus_device/i2c_device.py" in log, log)


def test_machine_pin_blinks(context):
    with Board(context) as board:
        log = visible(board.run_code("""import machine, time
led = machine.Pin(25, machine.Pin.OUT)
for i in range(4):
    led.toggle()
    time.sleep(0.01)
start = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < 30:
    led.value(not led.value())
print("blinked", led)
""", "Code done running"))
        expect("blinked Pin(GPIO25, mode=OUT)" in log, log)


def test_blinks_in_20K_and_memory_errors(context):
    with Board(context, "--heap", "20K") as board:
        log = visible(board.run_code("""import board, digitalio, time, gc
led = digitalio.DigitalInOut(board.LED)
led.direction = digitalio.Direction.OUTPUT
for i in range(6):
    led.value = not led.value
    time.sleep(0.005)
print("blinked", led.value)
before = gc.mem_alloc()
floats = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]
print("floats", gc.mem_alloc() - before)
x = [0] * 100000
""", "Code done running"))
        expect("blinked False" in log, log)
        expect("floats 80" in log, log)
        expect("MemoryError: memory allocation failed, allocating 400000 bytes" in log, log)
        expect("after" in board.run_code("print('after')", "Code done running"), "the daemon did not live on")


def test_code_is_confined(context):
    with Board(context) as board:
        log = visible(board.run_code("""
for path in ("/etc/passwd", "../../../../etc/passwd"):
    try:
        open(path)
    except OSError as e:
        print(e)
try:
    open("/new.txt", "w")
except OSError as e:
    print(repr(e), e)
""", "Code done running"))
        expect(log.count("[Errno 2] No such file/directory") == 2, log)
        expect("[Errno 30] Read-only filesystem" in log, log)


def test_remount_in_boot_py(context):
    with Board(context) as board:
        board.save('import storage\nstorage.remount("/", readonly=False)\n', "boot.py")
        board.run_code('print("saved")', "Code done running")
        before = len(board.log())
        board.save('open("/new.txt", "w").write("by code")\nprint("written")\n')
        board.command("reset")
        board.wait_for("written", after=before)
        expect((board.drive / "new.txt").read_text() == "by code", "content")
        try:
            board.save("refused")
        except OSError as error:
            expect(error.errno == 30, error)
        else:
            expect(False, "the host could write")


def test_save_interrupts_busy_and_sleeping_programs(context):
    with Board(context) as board:
        board.run_code("print('busy')\nwhile True: pass", "busy")
        start = time.monotonic()
        board.run_code("import time\nprint('sleeping')\ntime.sleep(10)\nprint('slept')", "sleeping\n")
        over_loop = time.monotonic() - start
        start = time.monotonic()
        board.run_code("print('next')", "next\n")
        over_sleep = time.monotonic() - start
        expect("slept" not in board.log(), "the sleep was not cut short")
        expect(over_loop < 2 and over_sleep < 2, (over_loop, over_sleep))
        return f"{over_loop * 1000:.0f} ms over the loop, {over_sleep * 1000:.0f} ms over the sleep"
