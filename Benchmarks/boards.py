"""Whole boards: saves and start-up."""
import contextlib
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time

SAVES = 100
BURST_SAVES = 100
STARTS = 15
#: Between saves, so that each is a save of its own and not part of a burst.
GAP_SECONDS = 0.5


@contextlib.contextmanager
def board(binary, folder):
    """A mounted board in `folder`; gives the drive and the log's path."""
    drive, log = folder / "CIRCUITPY", folder / "CIRCUITPY.log"
    process = subprocess.Popen([binary, "mount", drive], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=folder)
    try:
        wait_for(log, b"Code done running", 20)
        yield drive, log
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def wait_for(log, text, seconds=10.0):
    """Waits until the log holds `text` and returns when that was seen."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        with contextlib.suppress(FileNotFoundError):
            if text in log.read_bytes():
                return time.perf_counter()
        time.sleep(0.0002)
    raise SystemExit(f"benchmark: {text!r} did not come within {seconds:g} s")


def save(drive, number):
    start = time.perf_counter()
    (drive / "code.py").write_text(f'print("save {number} seen")\n')
    return start


def table(rows, *header):
    return ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)] + ["| " + " | ".join(row) + " |" for row in rows]


def measure_saves(binary):
    with tempfile.TemporaryDirectory() as work, board(binary, pathlib.Path(work)) as (drive, log):
        lone, burst = [], []
        for number in range(SAVES):
            time.sleep(GAP_SECONDS)
            start = save(drive, number)
            lone.append(wait_for(log, b"\nsave %d seen\n" % number) - start)
        time.sleep(3)
        start = time.perf_counter()
        for number in range(SAVES, SAVES + BURST_SAVES):
            save(drive, number)
        last = time.perf_counter()
        burst = wait_for(log, b"\nsave %d seen\n" % (SAVES + BURST_SAVES - 1)) - last
    rows = [[f"{SAVES} saves of an existing code.py, {GAP_SECONDS} s apart", f"{statistics.median(lone) * 1000:.1f} ms", f"{max(lone) * 1000:.1f} ms"],
            [f"{BURST_SAVES} saves back to back in {last - start:.2f} s, from the last one", f"{burst * 1000:.1f} ms", ""]]
    return ["## Save to first output", "", "From before open() of code.py to the first printed byte seen in the log.", ""] + table(rows, "what", "median", "maximum")


def measure_start(binary):
    mounted, ran = [], []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work)
            for times in (None, mounted):
                # The second start finds an image, as all but a board's first do.
                (folder / "CIRCUITPY.log").unlink(missing_ok=True)
                start = time.perf_counter()
                process = subprocess.Popen([binary, "mount", folder / "CIRCUITPY"], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                seen = wait_for(folder / "CIRCUITPY.log", b"Hello World!")
                if times is not None:
                    times.append(seen - start)
                wait_for(folder / "CIRCUITPY.log", b"Code done running")
                process.send_signal(signal.SIGINT)
                process.wait(20)
        start = time.perf_counter()
        subprocess.run([binary, "run", "-c", "print(1)"], check=True, capture_output=True)
        ran.append(time.perf_counter() - start)
    rows = [[name, f"{statistics.median(times) * 1000:.1f} ms", f"{max(times) * 1000:.1f} ms"]
            for name, times in (("`circuitpyd mount` of an existing image", mounted), ("`circuitpyd run -c 'print(1)'`, whole process", ran))]
    return ["## Start to first output", ""] + table(rows, "what", "median", "maximum")
