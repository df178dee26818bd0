"""The serial port as tools use it: mpremote and plain opening and closing."""
import os
import subprocess
import tempfile
import time

from board import Board, expect


def mpremote(context, board, *words, fails=False):
    run = subprocess.run([context.tools / "mpremote", "connect", board.serial, *words], capture_output=True, text=True, timeout=60)
    expect((run.returncode != 0) == fails, f"mpremote {words}: {run.returncode} {run.stdout!r} {run.stderr!r}")
    return run.stdout + run.stderr if fails else run.stdout.replace("\r\n", "\n")


def test_mpremote_interrupts_a_running_program(context):
    with Board(context) as board:
        board.run_code("print('going')\nwhile True: pass", "going")
        for number in range(3):
            expect(mpremote(context, board, "exec", f"print({number} + 1)") == f"{number + 1}\n", "exec")
        expect(mpremote(context, board, "eval", "'a' * 3") == "aaa\n", "eval")
        error = mpremote(context, board, "exec", "undefined", fails=True)
        expect("NameError: name 'undefined' isn't defined" in error, error)


def test_mpremote_runs_a_long_script_with_flow_control(context):
    with Board(context) as board, tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        board.wait_for("Code done running")
        lines = [f"print({n}, 'x' * 40)  # {'-' * 60}" for n in range(200)]
        script.write("\n".join(lines))
        script.flush()
        output = mpremote(context, board, "run", script.name).splitlines()
        expect(output == [f"{n} {'x' * 40}" for n in range(200)], output[:3])


def test_mpremote_files(context):
    with Board(context) as board:
        board.run_code("print('kept')", "Code done running")
        expect("code.py" in mpremote(context, board, "fs", "ls"), "ls")
        expect(mpremote(context, board, "fs", "cat", ":code.py") == "print('kept')", "cat")
        # The computer may write the drive, so the code may not.
        error = mpremote(context, board, "exec", "open('/x', 'w')", fails=True)
        expect("Read-only filesystem" in error, error)


def test_console_of_clients_that_come_and_go(context):
    with Board(context) as board:
        board.wait_for("Code done running")
        for _ in range(5):
            port = os.open(board.serial, os.O_RDWR | os.O_NOCTTY)
            got = b""
            while b"Press any key to enter the REPL. Use CTRL-D to reload.\r\n" not in got:
                got += os.read(port, 4096)
            # Each client is greeted by the prompt, and finds nothing that was meant for the one before it.
            expect(got.count(b"Press any key") == 1, got)
            os.close(port)
            time.sleep(0.05)
        # Saves while nobody listens run all the same.
        board.run_code("print('alone')", "alone")
        start = len(board.log())
        with open(board.serial, "wb", buffering=0) as port:
            port.write(b"\x04")
        board.wait_for("alone", after=start)
