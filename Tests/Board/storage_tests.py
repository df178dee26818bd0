"""The drive as programs and users share it: write protection, taking it away, erasing it, SD cards, one tree for both sides."""
import errno
import os
import subprocess
import time

from board import Board, Failure, expect, visible

REMOUNT = "import storage\nstorage.remount('/', readonly=False)\n"
LOGGER = """import os, storage
print("readonly", storage.getmount("/").readonly)
with open("/log.txt", "a") as f:
    f.write("from code\\n")
print("names", "log.txt" in os.listdir("/"), os.stat("/LOG.TXT")[6])
"""


def refused(path, number, text="x"):
    try:
        path.write_text(text)
    except OSError as e:
        expect(e.errno == number, f"{path.name}: {e}")
        return
    raise Failure(f"{path.name}: was written")


def test_remount_in_boot_and_back(context):
    with Board(context) as board:
        log = visible(board.run_code(LOGGER, "Code done running"))
        expect("readonly True" in log and "[Errno 30] Read-only filesystem" in log, log)
        board.save(REMOUNT, "boot.py")
        board.command("reset")
        board.wait_for("names True 10")
        expect((board.drive / "log.txt").read_text() == "from code\n", "the computer does not see the log")
        refused(board.drive / "new.txt", errno.EROFS)
        refused(board.drive / "code.py", errno.EROFS)
        for change in (lambda: os.remove(board.drive / "boot.py"), lambda: os.mkdir(board.drive / "d")):
            try:
                change()
            except OSError as e:
                expect(e.errno == errno.EROFS, str(e))
            else:
                raise Failure("a change was accepted")
        status = board.command("status")
        expect("writes:  code (storage.remount in boot.py" in status, status)
        # What code appends later is seen as well, by an open file too.
        with open(board.drive / "log.txt") as f:
            expect(f.read() == "from code\n", "log")
            before = len(board.log())
            with open(board.serial, "rb+", buffering=0) as port:
                port.write(b"\x03\x04")
                board.wait_for("names True 20", after=before)
            expect(f.read() == "from code\n", "the open file does not see what was appended")
        # Back: at the prompt boot.py can go.
        before = len(board.log())
        with open(board.serial, "rb+", buffering=0) as port:
            port.write(b"\x03\r")
            board.wait_for(">>> ", after=before)
            port.write(b"import os; os.remove('/boot.py'); import microcontroller; microcontroller.reset()\r")
            board.wait_for("Errno 30", after=before)
        board.save("print('mine again')\n")
        board.wait_for("mine again")


def test_remount_is_refused_while_the_computer_has_the_drive(context):
    with Board(context) as board:
        log = visible(board.run_code(REMOUNT, "Code done running"))
        expect("RuntimeError: Cannot remount path when visible via USB." in log, log)


def test_both_write(context):
    with Board(context) as board:
        board.save("import storage\nstorage.remount('/', False, disable_concurrent_write_protection=True)\n", "boot.py")
        board.command("reset")
        time.sleep(0.3)
        log = visible(board.run_code(LOGGER, "Code done running"))
        expect("names True 10" in log, log)
        (board.drive / "log.txt").write_text("from the computer\n")
        board.wait_for("names True 28")
        expect((board.drive / "log.txt").read_text() == "from the computer\nfrom code\n", "log")


def test_disabled_drive_vanishes_and_comes_back(context):
    with Board(context) as board:
        held = open(board.drive / "code.py")
        board.save("import storage\nstorage.disable_usb_drive()\n", "boot.py")
        board.save(LOGGER + """
import storage, sys
try:
    storage.disable_usb_drive()
except RuntimeError as e:
    print(e)
""")
        board.wait_for("Code done running")
        board.command("reset")
        board.wait_for("names True 10")
        board.wait_for("Cannot change USB devices now")
        for name, look in (("list", lambda: os.listdir(board.drive)), ("open", lambda: open(board.drive / "code.py")),
                           ("stat", lambda: os.stat(board.drive / "log.txt")), ("read", lambda: os.pread(held.fileno(), 1, 0)),
                           ("create", lambda: open(board.drive / "new", "w")), ("mkdir", lambda: os.mkdir(board.drive / "d"))):
            try:
                look()
            except OSError as e:
                expect(e.errno == errno.ENODEV, f"{name}: {e}")
            else:
                if name != "read":  # the kernel may have the page
                    raise Failure(f"{name}: the drive is still there")
        held.close()
        status = board.command("status")
        expect("not offered: storage.disable_usb_drive()" in status and "writes:  code alone (storage.disable_usb_drive" in status,
               status)
        expect("the computer sees no drive" in board.notes(), board.notes())
        with open(board.serial, "rb+", buffering=0) as port:
            port.write(b"\x03\r")
            board.wait_for(">>> ")
            port.write(b"import storage; storage.enable_usb_drive()\r")
            Board.wait(lambda: "the computer sees the drive again" in board.notes(), "the drive")
        names = sorted(os.listdir(board.drive))
        expect("log.txt" in names and "boot.py" in names, names)
        expect((board.drive / "log.txt").read_text() == "from code\n", "log.txt")
        os.remove(board.drive / "boot.py")
        board.command("reset")
        board.save("print('as before')\n")
        board.wait_for("as before")


def test_drive_disabled_while_the_computer_writes_it(context):
    with Board(context) as board:
        (board.drive / "data.bin").write_bytes(b"before ")
        with open(board.drive / "data.bin", "r+b", buffering=0) as held:
            held.seek(7)
            board.run_code("""import storage, supervisor, time
storage.unsafe_disable_usb_drive()
with open("/x.txt", "w") as f:
    f.write("by code")
print("hidden")
while not supervisor.runtime.serial_bytes_available:
    time.sleep(0.05)
storage.enable_usb_drive()
print("shown")
while True:
    time.sleep(1)
""", "hidden")
            for name, use in (("write", lambda: held.write(b"lost")), ("list", lambda: os.listdir(board.drive)),
                              ("sync", lambda: os.fsync(held.fileno()))):
                try:
                    use()
                except OSError as e:
                    expect(e.errno == errno.ENODEV, f"{name}: {e}")
                else:
                    raise Failure(f"{name}: the drive is still there")
            with open(board.serial, "rb+", buffering=0) as port:
                port.write(b"x")
                board.wait_for("shown")
            held.write(b"after")
        expect((board.drive / "data.bin").read_bytes() == b"before after", (board.drive / "data.bin").read_bytes())
        expect((board.drive / "x.txt").read_text() == "by code", "x.txt")


def test_erase_filesystem(context):
    with Board(context) as board:
        (board.drive / "lib" / "mine.py").write_text("x = 1\n")
        (board.drive / "big.bin").write_bytes(bytes(1 << 20))
        held = open(board.drive / "big.bin", "rb")
        serial = board.check_image_header()
        before = len(board.log())
        board.save("import storage\nprint('erasing')\nstorage.erase_filesystem()\nprint('never')\n")
        board.wait_for("erasing", after=before)
        log = visible(board.wait_for("Hello World!", after=board.log().index("erasing", before)))
        expect("never" not in log, log)
        Board.wait(lambda: (board.drive / "boot_out.txt").exists(), "boot_out.txt")
        names = sorted(p.name for p in board.drive.iterdir())
        expect(names == [".Trash-1000", ".Trashes", ".fseventsd", ".metadata_never_index", "boot_out.txt", "code.py", "lib",
                         "sd", "settings.toml"], names)
        expect((board.drive / "code.py").read_text() == 'print("Hello World!")\n', "code.py")
        expect(not os.listdir(board.drive / "lib"), "lib is not empty")
        free = os.statvfs(board.drive)
        expect(free.f_bfree > free.f_blocks - 10, f"{free.f_bfree} of {free.f_blocks} clusters are free")
        held.close()
        expect(board.check_image_header() != serial, "the volume has the old serial number")
        board.save("print('saved anew')\n")
        board.wait_for("saved anew")


CARD = """import board, os, sdcardio, storage, sys
card = sdcardio.SDCard(board.SPI(), board.D10)
print("before", os.listdir("/sd"))
storage.mount(storage.VfsFat(card), "/sd")
print("mounted", os.listdir("/sd"), os.listdir("/").count("sd"))
sys.path.append("/sd")
import on_card
with open("/sd/data.csv", "a") as f:
    for i in range(50):
        f.write("%d,%d\\n" % (i, i * i))
print("size", os.stat("/sd/data.csv")[6])
"""


def test_sd_card(context):
    with Board(context, "--sd", "8M") as board:
        image = board.folder / "CIRCUITPY.sd.img"
        # A card that the computer's reader has written.
        board.process.send_signal(2)
        board.process.wait(20)
        source = board.folder / "on_card.py"
        source.write_text("print('imported from', __file__)\n")
        subprocess.run(["mcopy", "-i", image, source, "::on_card.py"], check=True)
        board.start()
        log = visible(board.run_code(CARD, "size "))
        expect("before ['placeholder.txt']" in log, log)
        expect("mounted ['on_card.py'] 2" in log and "imported from /sd/on_card.py" in log, log)
        board.wait_for("size 344")
        # The computer's view of the drive is that of the drive alone.
        expect(os.listdir(board.drive / "sd") == ["placeholder.txt"], os.listdir(board.drive / "sd"))
        before = len(board.log())
        board.command("set", "sd.card=removed")
        board.save(CARD + "\n")
        board.wait_for("OSError: no SD card", after=before)
        board.command("set", "sd.card=inserted")
        board.run_code(CARD, "size 688")
        status = board.command("status")
        expect("sd.card=inserted" in status, status)
        fsck = subprocess.run(["fsck.fat", "-n", image], capture_output=True, text=True)
        expect(fsck.returncode == 0, fsck.stdout)
        text = subprocess.run(["mtype", "-i", image, "::data.csv"], capture_output=True, text=True).stdout
        expect(len(text.splitlines()) == 100 and text.splitlines()[99] == "49,2401", text[-100:])


def test_sd_card_by_the_driver_in_python(context):
    with Board(context, "--sd", "card.img") as board:
        board.install("adafruit_sdcard.py")
        program = CARD.replace("sdcardio.SDCard(board.SPI(), board.D10)", "adafruit_sdcard.SDCard(board.SPI(), "
                               "digitalio.DigitalInOut(board.D10))").replace("sdcardio, ", "adafruit_sdcard, digitalio, ")
        board.run_code(program.replace("import on_card\n", ""), "size 344", 30)


def test_one_tree_for_both_sides(context):
    with Board(context, "--shared-write") as board:
        (board.drive / "Data").mkdir()
        (board.drive / "Data" / "Ünï.txt").write_text("computer\n")
        os.utime(board.drive / "Data" / "Ünï.txt", (1700000001, 1700000001))
        log = visible(board.run_code("""import os
print(sorted(os.listdir("/data")), os.stat("/DATA/Ünï.TXT"))
try:
    os.stat("/Data/ünï.txt")
except OSError as e:
    print(e)
os.rename("/Data/Ünï.txt", "/Data/moved.txt")
with open("/Data/moved.txt", "a") as f:
    f.write("code\\n")
os.mkdir("/Data/new")
os.utime("/Data/moved.txt", (0, 1600000000))
with open("/Data/other.txt", "w") as f:
    f.write("other")
os.rename("/Data/other.txt", "/Data/moved2.txt")
print(os.statvfs("/")[:5], "end")
""", " end"))
        expect("['Ünï.txt'] (32768, 0, 0, 0, 0, 0, 9, 1700000000, 1700000000, 1700000000)" in log, log)
        expect("[Errno 2] No such file/directory" in log, "the board folds more than ASCII: " + log)
        seen = sorted(p.name for p in (board.drive / "Data").iterdir())
        expect(seen == ["moved.txt", "moved2.txt", "new"], seen)
        expect((board.drive / "data" / "MOVED.txt").read_text() == "computer\ncode\n", "moved.txt")
        expect(os.stat(board.drive / "Data" / "moved.txt").st_mtime == 1600000000, "time of moved.txt")
        free = os.statvfs(board.drive)
        expect(f"({free.f_bsize}, {free.f_bsize}, {free.f_blocks}, {free.f_bfree}, {free.f_bfree}) end" in log, (free, log))
        # Rename over, while the computer has the file open.
        with open(board.drive / "Data" / "moved2.txt") as held:
            board.run_code("import os\nos.rename('/Data/moved.txt', '/Data/moved2.txt')\nprint('renamed')\n", "renamed")
            expect(held.read() == "other", "the open file lost its content")
        expect((board.drive / "Data" / "moved2.txt").read_text() == "computer\ncode\n", "moved2.txt")


def test_a_save_during_boot_and_at_the_prompt(context):
    with Board(context) as board:
        board.save("import time\nprint('booting')\ntime.sleep(0.7)\n", "boot.py")
        board.save("print('first')\n")
        board.wait_for("first")
        before = len(board.log())
        board.command("reset")
        board.wait_for("booting", after=before)
        board.save("print('saved while booting')\n")
        log = board.wait_for("saved while booting", after=before)[before:]
        time.sleep(0.5)
        log = visible(board.log()[before:])
        expect("first" not in log and log.count("code.py output:") == 1, "not one run of what was saved: " + log)
        with open(board.serial, "rb+", buffering=0) as port:
            port.write(b"\x03\r")
            board.wait_for(">>> ", after=before)
            runs = board.runs()
            board.save("print('saved at the prompt')\n")
            time.sleep(0.5)
            expect(board.runs() == runs, "a save reloaded at the prompt")
            Board.wait(lambda: "no reload" in board.notes(), "the line in the daemon's log")
            port.write(b"\x04")
            board.wait_for("saved at the prompt")
            time.sleep(0.3)
            expect(board.runs() == runs + 1, "not one run after the prompt")
