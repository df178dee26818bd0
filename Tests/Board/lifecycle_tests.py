"""Ends and starts: signals, kill -9, stale mounts, serial clients."""
import os
import pathlib
import signal
import subprocess
import threading
import time

from board import Board, Failure, expect, visible


def test_mpremote_exec(context):
    with Board(context) as board:
        board.wait_for("Code done running")
        port = os.readlink(board.serial)
        run = subprocess.run([context.tools / "mpremote", "connect", port, "exec", "print(6*7)"],
                             capture_output=True, text=True, timeout=30)
        expect(run.returncode == 0 and run.stdout.strip() == "42", f"{run.stdout!r} {run.stderr!r}")
        return run.stdout.strip()


def test_kill_under_load_loses_nothing(context):
    acknowledged = {}
    with Board(context) as board:
        stop = threading.Event()

        def write():
            n = 0
            while not stop.is_set():
                name, content = f"file{n % 7}.txt", f"{n}\n" * 500
                try:
                    temporary = board.drive / f"temporary{n % 3}"
                    temporary.write_text(content)
                    os.replace(temporary, board.drive / name)
                    acknowledged[name] = content
                except OSError:
                    return
                n += 1

        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(0.7)
        board.kill()
        stop.set()
        thread.join()
        expect(len(acknowledged) == 7, f"only {len(acknowledged)} files written")
        start = time.monotonic()
        board.start()
        seconds = time.monotonic() - start
        # The one rename in flight may have happened: then its file is newer than what was acknowledged.
        newer = 0
        for name, content in acknowledged.items():
            found = (board.drive / name).read_text()
            lines = set(found.split())
            expect(len(lines) == 1 and found.count("\n") == 500, f"{name} is torn")
            newer += int(found.split()[0]) > int(content.split()[0])
            expect(int(found.split()[0]) >= int(content.split()[0]), f"{name} is older than acknowledged")
        expect(newer <= 1, f"{newer} files newer than acknowledged")
        board.process.send_signal(signal.SIGTERM)
        expect(board.process.wait(20) == 0, board.notes())
        listing = board.check_image()
        expect("file0" in listing.lower(), listing)
        board.start()
    return f"7 files whole, mounted again in {seconds:.2f} s"


def test_unmount_command_and_image_survive(context):
    with Board(context) as board:
        board.run_code("print('kept')", "kept")
        board.command("unmount", board.drive)
        expect(board.process.wait(20) == 0, board.notes())
        expect(not os.path.ismount(board.drive), "still mounted")
        for leftover in (board.serial, board.folder / "CIRCUITPY.ctl"):
            expect(not os.path.lexists(leftover), f"{leftover} is left")
        board.check_image()
        board.start()
        expect((board.drive / "code.py").read_text() == "print('kept')", "content after remount")


def test_second_daemon_is_refused(context):
    with Board(context) as board:
        for arguments in ([board.drive], [board.folder / "OTHER", "--flash", board.image]):
            error = board.command("mount", *arguments, fails=True).strip()
            expect(error.startswith("circuitpyd: ") and len(error.splitlines()) == 1, error)
        expect(str(board.process.pid) in error, error)
        os.rmdir(board.folder / "OTHER")
        return error


def test_log_status_and_daemon(context):
    with Board(context) as board:
        board.run_code("print('logged')", "Code done running")
        expect("logged" in board.command("log", board.drive), "log")
        status = board.command("status", board.drive)
        expect("Adafruit Feather RP2040" in status, status)
        board.command("unmount", board.drive)
        board.process.wait(20)
        # --daemon returns when the drive is there.
        board.command("mount", "--daemon", board.drive)
        try:
            expect(os.path.ismount(board.drive), "not mounted after mount --daemon returned")
            expect((board.drive / "code.py").read_text() == "print('logged')", "content")
        finally:
            board.command("unmount", board.drive)
        expect(not os.path.ismount(board.drive), "still mounted")
        return status.splitlines()[0]


def test_serial_console(context):
    """ctrl-c, the REPL, ctrl-d over the pseudo-terminal."""
    with Board(context) as board:
        board.run_code("print('going')\nwhile True: pass", "going")
        port = os.open(board.serial, os.O_RDWR | os.O_NOCTTY)
        try:
            start = len(board.log())
            time.sleep(0.1)
            os.write(port, b"\x03")
            board.wait_for("KeyboardInterrupt: ", after=start)
            board.wait_for("Press any key to enter the REPL", after=start)
            os.write(port, b"\r")
            board.wait_for(">>> ", after=start)
            os.write(port, b"2**100\r")
            board.wait_for("1267650600228229401496703205376", after=start)
            os.write(port, b"\x04")
            board.wait_for("soft reboot", after=start)
            board.wait_for("going", after=start)
            got = os.read(port, 65536)
            expect(b"KeyboardInterrupt" in got, got)
        finally:
            os.close(port)
