#!/usr/bin/env python3
"""The drive's speed: drive.py CIRCUITPYD MEMFS

The same operations on a mounted board, on an in-memory FUSE file system with the same settings (the ceiling: no flash, no journal, no
FAT) and in a plain directory beside the image, round by round in turn. Writes docs/benchmarks-drive.md: medians, and ratios against the
targets of the specification. Timings never fail anything."""
import contextlib
import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from boards import board, table

ROUNDS = 7
MEGABYTE = 1 << 20
#: What fits the default board's drive with room to spare.
BIG_BYTES = 3 * MEGABYTE
SMALL_BYTES = 1536
FILES = 300
#: Operation → what its target compares with ("ceiling" or "plain") and the least ratio (flashfs.md, section 15).
TARGETS = {
    "write 128 KiB blocks, MB/s": ("ceiling", 0.5), "write 4 KiB blocks, MB/s": ("ceiling", 0.5),
    "read 128 KiB blocks warm, MB/s": ("ceiling", 0.9), "read 4 KiB blocks warm, MB/s": ("ceiling", 0.9),
    "read 128 KiB blocks cold, MB/s": ("ceiling", 0.6), "create, /s": ("ceiling", 0.4), "save 1.5 KB, /s": ("ceiling", 0.4),
    "save 1.5 KB + fsync, /s": ("plain", 0.5), "stat warm, /s": ("ceiling", 0.9), "list and stat, entries/s": ("ceiling", 0.7),
    "unlink, /s": ("ceiling", 0.4),
}


def figures(folder):
    """Name → figure (higher is better) of each operation of TARGETS in `folder`."""
    block = os.urandom(128 << 10)
    results = {}

    def rate(name, count, body):
        start = time.perf_counter()
        body()
        results[name] = count / (time.perf_counter() - start)

    big = folder / "big.bin"

    def write_big(size):
        with open(big, "wb", buffering=0) as file:
            for at in range(0, BIG_BYTES, size):
                file.write(block[:size])

    def read_big(size):
        with open(big, "rb", buffering=0) as file:
            while file.read(size):
                pass

    def drop_pages():
        # Forgets what the kernel has cached of the file, without privileges.
        descriptor = os.open(big, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)

    def save(sync):
        for _ in range(FILES):
            with open(folder / "saved.py", "wb") as file:
                file.write(block[:SMALL_BYTES])
                if sync:
                    file.flush()
                    os.fsync(file.fileno())

    def create():
        for n in range(FILES):
            with open(folder / f"created{n}.txt", "wb"):
                pass

    def list_and_stat():
        for _ in range(20):
            for entry in os.scandir(folder):
                entry.stat(follow_symlinks=False)

    rate("write 128 KiB blocks, MB/s", BIG_BYTES / MEGABYTE, lambda: write_big(128 << 10))
    drop_pages()
    rate("read 128 KiB blocks cold, MB/s", BIG_BYTES / MEGABYTE, lambda: read_big(128 << 10))
    rate("read 128 KiB blocks warm, MB/s", 8 * BIG_BYTES / MEGABYTE, lambda: [read_big(128 << 10) for _ in range(8)])
    rate("read 4 KiB blocks warm, MB/s", BIG_BYTES / MEGABYTE, lambda: read_big(4096))
    rate("write 4 KiB blocks, MB/s", BIG_BYTES / MEGABYTE, lambda: write_big(4096))
    big.unlink()
    rate("save 1.5 KB, /s", FILES, lambda: save(False))
    rate("save 1.5 KB + fsync, /s", FILES, lambda: save(True))
    rate("create, /s", FILES, create)
    names = [folder / f"created{n}.txt" for n in range(FILES)]
    rate("stat warm, /s", 10 * FILES, lambda: [os.stat(name) for _ in range(10) for name in names])
    rate("list and stat, entries/s", 20 * FILES, list_and_stat)
    rate("unlink, /s", FILES, lambda: [os.unlink(name) for name in names])
    return results


@contextlib.contextmanager
def ceiling(memfs, folder):
    """A mounted in-memory file system."""
    folder.mkdir()
    process = subprocess.Popen([memfs, folder])
    try:
        while not os.path.ismount(folder):
            time.sleep(0.01)
        yield folder
    finally:
        subprocess.run(["fusermount3", "-u", folder], check=True)
        process.wait(20)


def measure(binary, memfs):
    rounds = []
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        plain = folder / "plain"
        plain.mkdir()
        with board(binary, folder) as (drive, _), ceiling(memfs, folder / "memfs") as memory:
            # Nothing to run: the program must not take the drive's time.
            (drive / "code.py").unlink()
            # A root directory of FAT16 holds few files.
            places = (drive / "inside", memory / "inside", plain)
            for place in places[:2]:
                place.mkdir()
            for _ in range(ROUNDS):
                rounds.append([figures(place) for place in places])
                # The checkpoint after one place's round must not run in the next one's.
                time.sleep(0.5)
    rows = []
    for name, (against, target) in TARGETS.items():
        mine, memory, plain = (statistics.median(figures[place][name] for figures in rounds) for place in range(3))
        ratio = mine / (memory if against == "ceiling" else plain)
        rows.append([name, f"{mine:,.0f}", f"{memory:,.0f}", f"{plain:,.0f}", f"{ratio:.2f}", f"{target:g} of the {against}",
                     "yes" if ratio >= target else "no"])
    return table(rows, "operation", "drive", "in-memory FUSE", "plain directory", "ratio", "target", "met")


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent
    made = measure(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:3]))
    print("\n".join(made))
    page = here.parent / "docs/benchmarks-drive.md"
    notes = page.read_text().split("\n## ", 1)[1] if page.exists() and "\n## " in page.read_text() else ""
    head = ["# The drive's speed", "", f"Written by `make bench-drive` on {datetime.date.today()}: medians of {ROUNDS} rounds on a "
            f"{os.cpu_count()}-core machine. The in-memory FUSE file system (`Benchmarks/memfs`) has the daemon's settings and nothing behind them; "
            "the plain directory lies beside the image."]
    page.write_text("\n".join(head + [""] + made) + "\n" + ("\n## " + notes if notes else ""))
